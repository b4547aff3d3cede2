// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecretStore

/// How programs of this machine use a tunnel.
struct TunnelText {
    private static let mask = "****"

    private let credentials: DatabaseCredentials
    private let database: String
    private let port: Int
    private let sslMode: String
    private let passwordFile: String

    init(
        _ credentials: DatabaseCredentials, _ database: String, _ port: Int, _ sslMode: String, passwordFile: String
    ) {
        self.credentials = credentials
        self.database = database
        self.port = port
        self.sslMode = sslMode
        self.passwordFile = passwordFile
    }

    /// What to print.
    ///
    /// - Parameters:
    ///   - env: Whether as an environment.
    ///   - service: The name of an entry for a service file (PostgreSQL documentation, "The Connection Service File").
    ///   - showsPassword: Whether the password is shown; libpq reads it from a file otherwise.
    /// - Returns: The lines; a connection string where nothing else was asked for.
    func text(env: Bool, service: String?, showsPassword: Bool) -> String {
        var lines: [String] = []
        if env {
            lines += [
                "export PGHOST=127.0.0.1", "export PGPORT=\(port)",
                "export PGUSER=\(Self.quoted(credentials.username))",
                "export PGDATABASE=\(Self.quoted(database))", "export PGSSLMODE=\(sslMode)",
                showsPassword
                    ? "export PGPASSWORD=\(Self.quoted(credentials.password))"
                    : "export PGPASSFILE=\(Self.quoted(passwordFile))",
            ]
        }
        if let service {
            lines += [
                "[\(service)]", "host=127.0.0.1", "port=\(port)", "user=\(credentials.username)", "dbname=\(database)",
                "sslmode=\(sslMode)",
                showsPassword ? "password=\(credentials.password)" : "passfile=\(passwordFile)",
            ]
        }
        if lines.isEmpty {
            let password = showsPassword ? Self.encoded(credentials.password) : Self.mask
            lines.append(
                "postgres://\(Self.encoded(credentials.username)):\(password)@127.0.0.1:\(port)/"
                    + "\(Self.encoded(database))?sslmode=\(sslMode)")
        }
        return lines.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

    /// Text as it stands in an address; only these need no encoding in any place (RFC 3986, "Unreserved Characters").
    private static func encoded(_ text: String) -> String {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }
}
