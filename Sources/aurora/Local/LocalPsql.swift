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

    @OptionGroup var login: LocalLogin

    @Argument(parsing: .postTerminator, help: "What psql is given.")
    var arguments: [String] = []

    func run() async throws {
        let stack = try login.options.existing()
        let (credentials, database, binaries) = try await login.find(in: stack)
        // Ctrl-C is psql's, which cancels a statement with it.
        signal(SIGINT, SIG_IGN)
        var psql = Psql(
            host: credentials.host ?? LocalStack.host, port: credentials.port, credentials: credentials,
            database: database, directory: stack.directory)
        let own = "\(binaries)/psql"
        if FileManager.default.isExecutableFile(atPath: own) { psql.executable = .path(FilePath(own)) }
        try await psql.run(arguments)
    }
}
