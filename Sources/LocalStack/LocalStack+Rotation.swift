// SPDX-License-Identifier: Apache-2.0

import AuroraFunctions
import AuroraResources
import CloudFormation
import PostgreSQL
public import SecretRotation
import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension LocalStack {
    /// What became of a rotation: whether the logins before and after it work.
    public struct RotationReport: Sendable {
        /// A login, tried just now.
        public struct Login: Sendable {
            /// What it is: `before` or `after` the rotation.
            public let name: String
            /// The user's name in the database.
            public let username: String
            /// Whether the server lets it in.
            public let works: Bool
            /// Whether the proxy does; `nil` where there is none, or where it is not meant for this user.
            public let worksThroughProxy: Bool?
        }

        /// The logins.
        public let logins: [Login]
    }

    /// Remembers what rotations need to know of the template.
    func prepareRotation(_ evaluator: TemplateEvaluator, _ state: inout LocalState) throws {
        state.listedSecrets = try listedSecrets(evaluator)
        state.rotationVariables = nil
        for function in evaluator.template.resources(ofType: "AWS::Lambda::Function")
        where function.properties["Handler"]?.stringLiteral == HandlerName.rotation.rawValue {
            state.rotationVariables = try evaluator.variables(of: function)
        }
        var rotated: Set<String> = []
        for schedule in evaluator.template.resources(ofType: "AWS::SecretsManager::RotationSchedule") {
            if let secret = try evaluator.text(schedule.properties["SecretId"], of: schedule.logicalID) {
                rotated.insert(secret)
            }
        }
        for name in try secrets.names {
            try secrets.setRotationEnabled(rotated.contains(FileSecretStore.arn(of: name)), of: name)
        }
    }

    /// Rotates a user's secret, as Secrets Manager does.
    ///
    /// - Parameters:
    ///   - user: What ``Login/user`` says, such as `reader`.
    ///   - progress: Gets what each step did.
    /// - Returns: What works afterwards.
    /// - Throws: ``LocalStackError``, `RotationRefusal`, `PostgresError`; the same again goes on where it was.
    public func rotate(
        _ user: String, progress: @Sendable (RotationStep, String) -> Void
    ) async throws -> RotationReport {
        let lock = try StackLock(directory: root, stack: name)
        defer { withExtendedLifetime(lock) {} }
        let state = try LocalState(directory: directory)
        let secret = try await secretName(of: user)
        let before = try await credentials(of: secret)
        guard let variables = state.rotationVariables, try await secrets.describe(secret).isRotationEnabled else {
            throw RotationRefusal.disabled(secret: secret)
        }
        let store = NotifyingSecretStore(base: secrets) { try await runProxy(state) }
        let handler = RotationHandler(
            FunctionEnvironment(variables: variables, secrets: store, tls: .disable, logger: logger))
        let versionID = try secrets.beginRotation(of: secret)
        for step in RotationStep.allCases {
            let request = RotationRequest(secretID: FileSecretStore.arn(of: secret), versionID: versionID, step: step)
            progress(step, try await handler.handle(Array(try JSONEncoder().encode(request))))
        }
        let after = try await credentials(of: secret)
        let isThroughProxy = state.hasProxy == true && before.masterArn != nil
        var logins: [RotationReport.Login] = []
        for (name, credentials) in [("before", before), ("after", after)] {
            logins.append(
                .init(
                    name: name, username: credentials.username,
                    works: try await logsIn(credentials, database: state.databaseName),
                    worksThroughProxy: isThroughProxy
                        ? try await proxyAccepts(credentials, database: state.databaseName) : nil))
        }
        return RotationReport(logins: logins)
    }
}
