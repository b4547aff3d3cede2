// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgreSQL
import SecretStore

/// The database, by a login that changes under way.
///
/// A rotation leaves the login that it replaces valid until the next one. So connections that are open go on, and a
/// new one asks for the secret first: nobody has to be told of a rotation, and nothing has to be restarted.
actor Database {
    private let secrets: any SecretStore
    private let secretID: String
    private let database: String
    private let tls: PostgresConnection.Configuration.TLS
    private let logger: Logger
    private var idle: [PostgresConnection] = []

    init(
        secrets: any SecretStore, secretID: String, database: String, tls: PostgresConnection.Configuration.TLS,
        logger: Logger
    ) {
        self.secrets = secrets
        self.secretID = secretID
        self.database = database
        self.tls = tls
        self.logger = logger
    }

    /// Runs a statement that may be run twice: where a connection turns out to be lost, it is run again on a new one.
    func query(_ query: PostgresQuery) async throws -> [PostgresRow] {
        while let connection = idle.popLast() {
            do {
                return try await run(query, on: connection)
            } catch let error as PostgresError where error.isUnreachable {
                logger.info("a connection was lost: \(error)")
            }
        }
        return try await run(query, on: try await connect())
    }

    private func run(_ query: PostgresQuery, on connection: PostgresConnection) async throws -> [PostgresRow] {
        let rows = try await connection.query(query)
        idle.append(connection)
        return rows
    }

    private func connect() async throws -> PostgresConnection {
        let login = try await secrets.credentials(of: secretID)
        // Through the proxy, where there is one.
        guard let host = login.proxyHost ?? login.host else {
            throw SecretStoreError.malformed(secret: secretID, reason: "names no host")
        }
        logger.info("connecting as \(login.username)")
        return try await PostgresConnection.connect(
            .init(
                host: host, port: login.port, username: login.username, password: login.password, database: database,
                tls: tls, applicationName: "orders"), logger: logger)
    }
}
