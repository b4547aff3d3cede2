// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import ArgumentParser
import Foundation
import LocalStack
import Logging
import PostgreSQL
import SecretRotation
import SecretStore

struct RotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a user a new password now, and show what works afterwards.",
        discussion: "The exit code is 0 where the new login works, as far as that can be tried from here.")

    @Argument(help: "The user, by the last part of its secret's name, such as reader.")
    var user: String

    @Flag(help: "The stack that runs on this machine; the default.")
    var local = false

    @Option(
        help: ArgumentHelp(
            "The deployed stack, with AWS credentials from the environment; with --local, the stack that is meant where there are several.",
            valueName: "name"))
    var stack: String?

    @Option(help: ArgumentHelp("The cloud assembly of the deployed stack.", valueName: "path"))
    var from = "cdk.out"

    @OptionGroup var options: SharedOptions

    func run() async throws {
        let logins =
            if let stack, !local {
                try await DeployedRotation(try LocalAssembly(path: from).secretNames(ofStack: stack), options).run(user)
            } else {
                try await rotateLocally()
            }
        let hasProxy = logins.contains { $0.worksThroughProxy != nil }
        var table = TextTable(["LOGIN", "USER", "DIRECT"] + (hasProxy ? ["THROUGH PROXY"] : []))
        for login in logins {
            table.rows.append(
                [login.name, login.username, verdict(login.works)]
                    + (hasProxy ? [verdict(login.worksThroughProxy)] : []))
        }
        print(table)
        guard logins.last?.works != false, logins.last?.worksThroughProxy != false else { throw ExitCode(1) }
    }

    private func rotateLocally() async throws -> [RotatedLogin] {
        let running = try LocalStack.existing(
            stack, root: options.root, environment: options.environment, logger: options.logger)
        let report = try await running.rotate(user) { step, what in print("  \(step.rawValue): \(what)") }
        return report.logins.map {
            RotatedLogin(name: $0.name, username: $0.username, works: $0.works, worksThroughProxy: $0.worksThroughProxy)
        }
    }
}

/// A login before or after a rotation.
struct RotatedLogin {
    let name: String
    let username: String
    /// `nil` where that could not be tried from here.
    let works: Bool?
    let worksThroughProxy: Bool?
}

/// A rotation that Secrets Manager and the stack's own function do.
struct DeployedRotation {
    // The function may take its whole time for each step.
    private static let patience = Duration.seconds(900)

    private let names: (manager: String, users: [String])
    private let api: SecretsManagerAPI
    private let options: SharedOptions

    init(_ names: (manager: String, users: [String]), _ options: SharedOptions) throws {
        self.names = names
        self.options = options
        api = try options.secretsManager()
    }

    /// Rotates, and tries the logins.
    func run(_ user: String) async throws -> [RotatedLogin] {
        let secret = try secretName(user)
        let store = SecretsManagerStore(api: api)
        let before = try await store.credentials(of: secret)
        let token = UUID().uuidString.lowercased()
        try await api.rotateSecret(secret, token: token)
        print("  Secrets Manager has begun the rotation of \(secret)")
        try await wait(for: secret, token, store)
        let after = try await store.credentials(of: secret)
        var logins: [RotatedLogin] = []
        for (name, credentials) in [("before", before), ("after", after)] {
            logins.append(
                RotatedLogin(
                    name: name, username: credentials.username, works: try await works(credentials, credentials.host),
                    worksThroughProxy: credentials.masterArn == nil
                        ? nil : try await works(credentials, credentials.proxyHost)))
        }
        return logins
    }

    private func secretName(_ user: String) throws -> String {
        let all = [names.manager] + names.users
        guard let found = all.first(where: { $0 == user || $0.lowercased().hasSuffix(user.lowercased()) }) else {
            throw CommandError("There is no user '\(user)': the secrets are \(all.joined(separator: ", ")).")
        }
        return found
    }

    private func wait(for secret: String, _ token: String, _ store: SecretsManagerStore) async throws {
        let deadline = ContinuousClock.now + Self.patience
        var isMade = false
        while ContinuousClock.now < deadline {
            let stages = try await store.describe(secret).stages[token] ?? []
            if stages.contains(VersionStage.current) {
                print("  finishSecret: the new version is current")
                return
            }
            if !isMade, (try? await store.value(of: secret, versionID: token, stage: VersionStage.pending)) != nil {
                print("  createSecret: a new value was made")
                isMade = true
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw CommandError(
            "The rotation of '\(secret)' did not finish in \(Self.patience): the log of the stack's RotationFunction "
                + "says why. The current login goes on working, and Secrets Manager tries again.")
    }

    /// Whether a login works; `nil` where the network does not lead there.
    private func works(_ credentials: DatabaseCredentials, _ host: String?) async throws -> Bool? {
        guard let host else { return nil }
        var credentials = credentials
        credentials.host = host
        let configuration = try credentials.configuration(
            database: credentials.databaseName ?? "postgres", tls: options.tls, secret: credentials.username)
        do {
            return try await PostgresConnection.accepts(configuration, logger: options.logger)
        } catch is PostgresError {
            return nil
        }
    }
}
