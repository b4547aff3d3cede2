// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import LocalServers
import PostgreSQL
import SecretStore

extension LocalStack {
    static let proxyType = "AWS::RDS::DBProxy"

    /// What stands in for RDS Proxy.
    func pooler() async throws -> ConnectionPooler {
        guard let serverDirectory else { throw LocalStackError.notRunning(stack: name) }
        return try ConnectionPooler(
            directory: serverDirectory, administratorPassword: try await superuserPassword(), environment: environment)
    }

    /// The secrets that the template's proxy lists.
    func listedSecrets(_ evaluator: TemplateEvaluator) throws -> [String] {
        try evaluator.template.resources(ofType: Self.proxyType).flatMap { proxy in
            try (proxy.properties["Auth"]?.elements ?? []).compactMap {
                try evaluator.text($0["SecretArn"], of: proxy.logicalID)
            }
        }
    }

    /// Starts the proxy where there is one, and tells it whom its secrets name.
    func runProxy(_ state: LocalState) async throws {
        let pooler = try await pooler()
        guard state.hasProxy == true else { return await pooler.stop() }
        var logins: [ConnectionPooler.Login] = []
        for secret in state.listedSecrets ?? [] {
            let credentials = try await credentials(of: secret)
            logins.append(.init(username: credentials.username, password: credentials.password))
        }
        try await pooler.run(port: state.port, admitting: logins, logger: logger)
    }

    /// Whether the proxy lets somebody in.
    func proxyAccepts(_ credentials: DatabaseCredentials, database: String) async throws -> Bool {
        var proxied = credentials
        proxied.host = ConnectionPooler.host
        return try await logsIn(proxied, database: database)
    }
}

/// A store that tells somebody when a secret has changed, as RDS Proxy notices by itself.
struct NotifyingSecretStore: SecretStore {
    let base: FileSecretStore
    let changed: @Sendable () async throws -> Void

    func value(of secretID: String, stage: String) async throws -> SecretVersion {
        try await base.value(of: secretID, stage: stage)
    }

    func value(of secretID: String, versionID: String, stage: String) async throws -> SecretVersion {
        try await base.value(of: secretID, versionID: versionID, stage: stage)
    }

    func describe(_ secretID: String) async throws -> SecretDescription { try await base.describe(secretID) }

    func put(_ value: String, for secretID: String, versionID: String, stages: Set<String>) async throws {
        try await base.put(value, for: secretID, versionID: versionID, stages: stages)
        try await changed()
    }

    func moveStage(_ stage: String, of secretID: String, to versionID: String?, from other: String?) async throws {
        try await base.moveStage(stage, of: secretID, to: versionID, from: other)
        try await changed()
    }

    func randomPassword(_ rules: PasswordRules) async throws -> String { try await base.randomPassword(rules) }
}
