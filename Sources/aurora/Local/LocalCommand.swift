// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LocalStack
import Logging
import PostgreSQL
import SecretStore

struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Run a stack on this machine, on a real PostgreSQL.",
        subcommands: [
            LocalUp.self, LocalStatus.self, LocalPsql.self, LocalExec.self, LocalRotate.self, LocalLogs.self,
            LocalDown.self,
        ])
}

/// What all commands take that look at what runs here.
struct SharedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder for local stacks.", valueName: "path"))
    var directory = LocalStack.usualDirectory

    @Flag(name: .shortAndLong, help: "Show every statement that is sent to a server, and every call of AWS.")
    var verbose = false

    var root: String { URL(fileURLWithPath: directory).standardizedFileURL.path }
    var environment: [String: String] { ProcessInfo.processInfo.environment }
    var logger: Logger { .console(verbose: verbose) }

    /// What is asked of TLS by deployed databases; without a word about it nothing is sent in clear.
    var tls: PostgresConnection.Configuration.TLS { .init(environment: environment) }
}

/// What all commands about local stacks take.
struct LocalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The stack; needed only where there are several.", valueName: "name"))
    var stack: String?

    @OptionGroup var shared: SharedOptions

    var root: String { shared.root }
    var environment: [String: String] { shared.environment }
    var logger: Logger { shared.logger }

    func existing() throws -> LocalStack {
        try LocalStack.existing(stack, root: root, environment: environment, logger: logger)
    }
}

/// What commands take that log in to a local stack.
struct LocalLogin: ParsableArguments {
    @OptionGroup var options: LocalOptions

    @Option(help: "The user, as 'aurora local status' calls it; by default the reader, or else the first one.")
    var user: String?

    @Option(help: "Another database than the stack's.")
    var database: String?

    /// The login, the database, and the folder of the server's programs.
    func find(
        in stack: LocalStack
    ) async throws -> (credentials: DatabaseCredentials, database: String, binaries: String) {
        var found = try await stack.login(as: user)
        if let database { found.database = database }
        return found
    }
}

/// Whether a login works, in words.
func verdict(_ works: Bool?) -> String { works.map { $0 ? "works" : "is refused" } ?? "not tried" }

/// Shows the logins of a stack, each tried just now.
func printLogins(_ status: LocalStack.Status) {
    let hasProxy = status.logins.contains { $0.worksThroughProxy != nil }
    var table = TextTable(["USER", "LOGS IN AS", "SECRET", "LOGIN"] + (hasProxy ? ["THROUGH PROXY"] : []))
    for login in status.logins {
        table.rows.append(
            [login.user, login.username, login.secret, verdict(login.works)]
                + (hasProxy ? [verdict(login.worksThroughProxy)] : []))
    }
    print(table)
}
