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
    @OptionGroup var aws: AWSOptions

    func run() async throws {
        guard let stack, !local else { return try await rotateLocally(user, stack, options) }
        let names = try LocalAssembly(path: from).secretNames(ofStack: stack)
        let client = try await aws.client(verbose: options.verbose)
        let logins = try await explainingAWSErrors(stack: stack, region: client.region) {
            try await DeployedRotation(stack, names, options, client).run(user)
        }
        try RotatedLogin.show(logins)
    }
}

struct LocalRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a user of a local stack a new password, and show what works afterwards.")

    @Argument(help: "The user, by the last part of its secret's name, such as reader.")
    var user: String

    @OptionGroup var options: LocalOptions

    func run() async throws { try await rotateLocally(user, options.stack, options.shared) }
}

private func rotateLocally(_ user: String, _ stack: String?, _ options: SharedOptions) async throws {
    let running = try LocalStack.existing(
        stack, root: options.root, environment: options.environment, logger: options.logger)
    let report = try await running.rotate(user) { step, what in print("  \(step.rawValue): \(what)") }
    try RotatedLogin.show(
        report.logins.map {
            RotatedLogin(name: $0.name, username: $0.username, works: $0.works, worksThroughProxy: $0.worksThroughProxy)
        })
}

/// A login before or after a rotation.
struct RotatedLogin {
    let name: String
    let username: String
    /// `nil` where that could not be tried from here.
    let works: Bool?
    let worksThroughProxy: Bool?

    /// Shows what works.
    ///
    /// - Throws: An exit code where the new login does not.
    static func show(_ logins: [RotatedLogin]) throws {
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
}

/// A rotation that Secrets Manager and the stack's own function do.
struct DeployedRotation {
    // The function may take its whole time for each step.
    private static let patience = Duration.seconds(900)

    private let stack: String
    private let names: (manager: String, users: [String])
    private let api: SecretsManagerAPI
    private let client: AWSClient
    private let options: SharedOptions

    init(_ stack: String, _ names: (manager: String, users: [String]), _ options: SharedOptions, _ client: AWSClient) {
        self.stack = stack
        self.names = names
        self.options = options
        api = SecretsManagerAPI(client: client)
        self.client = client
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

    /// Waits for the end, and says what the function says meanwhile.
    private func wait(for secret: String, _ token: String, _ store: SecretsManagerStore) async throws {
        let start = Date.now
        let log = await FunctionLog(stack: stack, function: "RotationFunction", client: client)
        let deadline = ContinuousClock.now + Self.patience
        var seen = 0
        while ContinuousClock.now < deadline {
            let isCurrent = try await store.describe(secret).stages[token]?.contains(VersionStage.current) == true
            let lines = await log.lines(since: start).filter { $0.message.contains(secret) || $0.isError }
            for line in lines.dropFirst(seen) {
                if line.isError, !isCurrent {
                    throw CommandError(
                        "The rotation of '\(secret)' was refused: \(line.message) The current login goes on working.")
                }
                print("  \(Self.shortened(line.message, secret))")
            }
            seen = lines.count
            if isCurrent {
                if lines.isEmpty { print("  finishSecret: the new version is current") }
                return
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw CommandError(
            "The rotation of '\(secret)' did not finish in \(Self.patience): the log of the stack's RotationFunction "
                + "says why. The current login goes on working, and Secrets Manager tries again.")
    }

    /// `setSecret of arn:…: what was done`, without the secret, which was named before.
    private static func shortened(_ message: String, _ secret: String) -> String {
        guard let of = message.firstRange(of: " of "), let name = message.firstRange(of: secret),
            let colon = message[name.upperBound...].firstRange(of: ": ")
        else { return message }
        return message[..<of.lowerBound] + ": " + message[colon.upperBound...]
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
