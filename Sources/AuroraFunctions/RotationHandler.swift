// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import AuroraResources
import Logging
import SecretRotation
import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Rotates secrets, as Secrets Manager asks for it (AWS Secrets Manager User Guide, "Lambda rotation functions").
public struct RotationHandler: Sendable {
    private let environment: FunctionEnvironment

    /// Makes the handler.
    public init(_ environment: FunctionEnvironment) {
        self.environment = environment
    }

    private var resetManager: (@Sendable (DatabaseCredentials) async throws -> Void)? {
        guard let client = environment.aws else { return nil }
        return { manager in
            guard let cluster = manager.dbClusterIdentifier else {
                throw SecretStoreError.malformed(
                    secret: manager.username, reason: "has no 'dbClusterIdentifier': attach it to the cluster")
            }
            try await RDSAPI(client: client).modifyDBCluster(cluster, masterUserPassword: manager.password)
        }
    }

    /// Takes a step.
    ///
    /// - Parameter event: Secrets Manager's event.
    /// - Returns: What was done, in one line.
    /// - Throws: Why the step could not be taken; Secrets Manager shows it, and tries again.
    public func handle(_ event: [UInt8]) async throws -> String {
        let request: RotationRequest
        do {
            request = try JSONDecoder().decode(RotationRequest.self, from: Data(event))
        } catch {
            throw FunctionError.refused(
                "The event is none of Secrets Manager's: SecretId, ClientRequestToken and Step (one of "
                    + "\(RotationStep.allCases.map(\.rawValue).joined(separator: ", "))) are expected.")
        }
        let rotator = Rotator(
            store: environment.secrets, configuration: RotationMachine.Configuration(environment),
            tls: environment.tls, newVersionID: { UUID().uuidString }, resetManager: resetManager,
            logger: environment.logger)
        let report = try await rotator.take(request)
        environment.logger.info("\(request.step.rawValue) of \(request.secretID): \(report)")
        return report
    }
}

extension RotationMachine.Configuration {
    /// What the stack says in the function's environment.
    init(_ environment: FunctionEnvironment) {
        func variable(_ name: FunctionVariable) -> String? {
            environment.variables[name.rawValue].flatMap { $0.isEmpty ? nil : $0 }
        }
        self.init(
            managerSecret: variable(.managerSecretArn),
            usernames: variable(.usernames)?.split(separator: ",").map(String.init),
            listsBothUsers: variable(.proxyCredentials) == "bothUsers",
            resetsManager: environment.aws != nil && variable(.resetManagerPassword) == "true",
            rules: PasswordRules(
                length: variable(.passwordLength).flatMap { Int($0) } ?? PasswordRules.defaultLength,
                excludeCharacters: variable(.excludeCharacters) ?? ""))
    }
}
