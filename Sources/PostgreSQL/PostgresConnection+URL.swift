// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PostgresConnection.Configuration {
    /// Reads an address such as `postgres://manager@db.example:5432/postgres`.
    ///
    /// - Parameters:
    ///   - url: The address; what stands in for special characters is decoded.
    ///   - password: The password, where the address has none, which is safer: others can see arguments.
    /// - Throws: ``PostgresError`` where it is no such address; the address is not shown, as it may hold a password.
    public init(url: String, password: String?) throws {
        guard let parts = URLComponents(string: url), ["postgres", "postgresql"].contains(parts.scheme ?? ""),
            let host = parts.host, !host.isEmpty, let user = parts.user, !user.isEmpty
        else {
            throw PostgresError(
                .connection, message: "the address must be like postgres://USER@HOST:PORT/DATABASE", server: "--url")
        }
        guard let password = parts.password ?? password else {
            throw PostgresError(
                .connection, message: "there is no password: set PGPASSWORD", server: "\(user)@\(host)")
        }
        let database = parts.path.drop { $0 == "/" }
        let isHere = ["127.0.0.1", "localhost", "::1"].contains(host)
        self.init(
            host: host, port: parts.port ?? 5432, username: user, password: password,
            database: database.isEmpty ? "postgres" : String(database), tls: isHere ? .prefer : .require)
    }
}
