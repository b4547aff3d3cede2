// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LocalStack
import SecretStore
import Subprocess
import SystemPackage

struct LocalExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command that logs in as one of the stack's users.",
        discussion: """
            The command finds PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE in its environment, as all programs do that \
            use libpq (PostgreSQL documentation, "Environment Variables"); the password is shown nowhere.
            aurora local exec --user migrations -- yoyo apply
            """)

    @OptionGroup var login: LocalLogin

    @Argument(parsing: .postTerminator, help: "The command, and what it is given.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Give a command after --, such as -- pg_dump.") }
    }

    func run() async throws {
        let (credentials, database, _) = try await login.find(in: try login.options.existing())
        let program = ForegroundProgram(
            executable: command[0].contains("/") ? .path(FilePath(command[0])) : .name(command[0]),
            arguments: Array(command.dropFirst()),
            environment: [
                "PGHOST": credentials.host ?? LocalStack.host, "PGPORT": String(credentials.port),
                "PGUSER": credentials.username, "PGPASSWORD": credentials.password,
                "PGDATABASE": database,
            ])
        // Ctrl-C is the command's.
        signal(SIGINT, SIG_IGN)
        do {
            try await program.run()
        } catch let error as SubprocessError {
            throw CommandError("'\(command[0])' could not be started: \(error)")
        }
    }
}
