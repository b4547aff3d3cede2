// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SecretStore
import Subprocess
import SystemPackage

/// Runs psql as a user, with the password out of sight.
struct Psql {
    /// The program; the one on the path by default.
    var executable = Executable.name("psql")
    /// What psql and its certificates take for the server's name.
    let host: String
    /// Where it is reached, if not by that name.
    var hostAddress: String?
    let port: Int
    let credentials: DatabaseCredentials
    let database: String
    /// What is asked of TLS; psql's own default where `nil`.
    var sslMode: String?
    /// A folder of this user only.
    let directory: String

    /// Runs it until its user leaves it.
    ///
    /// - Throws: ``CommandError`` where it cannot be started, `ExitCode` with its own where that is not 0.
    func run(_ arguments: [String]) async throws {
        let file = try PasswordFile(credentials, directory: directory)
        defer { file.remove() }
        let environment: [Environment.Key: String?] = [
            "PGPASSFILE": file.path, "PGPASSWORD": nil, "PGHOSTADDR": hostAddress, "PGSSLMODE": sslMode,
        ]
        let program = ForegroundProgram(
            executable: executable,
            arguments: [
                "--host", host, "--port", String(port), "--username", credentials.username, "--dbname", database,
            ] + arguments,
            environment: environment.filter { $0.key != "PGSSLMODE" || sslMode != nil })
        do {
            try await program.run()
        } catch let error as SubprocessError {
            throw CommandError(
                "psql could not be started (\(error)): install it (on Debian: apt-get install postgresql-client).")
        }
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
