// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LocalStack
import SecretStore
import Subprocess
import SystemPackage

struct LocalPsql: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql", abstract: "Open psql as one of the stack's users.",
        discussion: "What follows -- goes to psql: aurora local psql --user reader -- -c 'select 1'")

    @OptionGroup var options: LocalOptions

    @Option(help: "The user, as 'aurora local status' calls it; by default the reader, or else the first one.")
    var user: String?

    @Option(help: "Another database than the stack's.")
    var database: String?

    @Argument(parsing: .postTerminator, help: "What psql is given.")
    var arguments: [String] = []

    func run() async throws {
        let stack = try options.existing()
        let login = try await stack.login(as: user)
        // Ctrl-C is psql's, which cancels a statement with it.
        signal(SIGINT, SIG_IGN)
        var psql = Psql(
            host: login.credentials.host ?? LocalStack.host, port: login.credentials.port,
            credentials: login.credentials, database: database ?? login.database, directory: stack.directory)
        let own = "\(login.binaries)/psql"
        if FileManager.default.isExecutableFile(atPath: own) { psql.executable = .path(FilePath(own)) }
        try await psql.run(arguments)
    }
}
