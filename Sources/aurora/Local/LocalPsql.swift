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

    @Option(help: "The user, as 'aurora local status' calls it.")
    var user = "reader"

    @Option(help: "Another database than the stack's.")
    var database: String?

    @Argument(parsing: .postTerminator, help: "What psql is given.")
    var arguments: [String] = []

    func run() async throws {
        let stack = try options.existing()
        let login = try await stack.login(as: user)
        let file = try PasswordFile(login.credentials, directory: stack.directory)
        defer { file.remove() }
        // Ctrl-C is psql's, which cancels a statement with it.
        signal(SIGINT, SIG_IGN)
        let ownPsql = "\(login.binaries)/psql"
        let executable: Executable =
            FileManager.default.isExecutableFile(atPath: ownPsql) ? .path(FilePath(ownPsql)) : .name("psql")
        let result: ExecutionResult<Void, FileDescriptorOutput, FileDescriptorOutput>
        do {
            result = try await Subprocess.run(
                executable,
                arguments: .init(
                    [
                        "--host", login.credentials.host ?? LocalStack.host, "--port", String(login.credentials.port),
                        "--username", login.credentials.username, "--dbname", database ?? login.database,
                    ] + arguments),
                environment: .inherit.updating(["PGPASSFILE": file.path, "PGPASSWORD": nil]),
                input: .currentStandardInput, output: .currentStandardOutput, error: .currentStandardError)
        } catch let error as SubprocessError {
            throw CommandError(
                "psql could not be started (\(error)): install it (on Debian: apt-get install postgresql-client).")
        }
        if case .exited(let code) = result.terminationStatus, code == 0 { return }
        if case .exited(let code) = result.terminationStatus { throw ExitCode(code) }
        throw ExitCode(1)
    }
}

/// A file from which psql reads the password, so that it stands neither in its arguments nor in its environment.
struct PasswordFile {
    let path: String

    /// Writes the file, readable by this user only (PostgreSQL documentation, "The Password File").
    init(_ credentials: DatabaseCredentials, directory: String) throws {
        path = "\(directory)/.pgpass.\(ProcessInfo.processInfo.processIdentifier)"
        func escaped(_ text: String) -> String {
            text.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
        }
        let fields = ["*", "*", "*", escaped(credentials.username), escaped(credentials.password)]
        try PrivateFile.replace(path, with: Array((fields.joined(separator: ":") + "\n").utf8))
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
