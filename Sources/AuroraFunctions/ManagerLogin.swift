// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import Logging
import PostgreSQL
import SecretRotation
import SecretStore

/// Logs in as the manager with what its secret says.
struct ManagerLogin: Sendable {
    private static let attempts = 60

    let secretArn: String
    let secrets: any SecretStore
    let tls: PostgresConnection.Configuration.TLS?
    let patience: Duration
    let logger: Logger

    /// The manager, logged in.
    struct Session {
        let credentials: DatabaseCredentials
        let configuration: PostgresConnection.Configuration
        let connection: PostgresConnection
    }

    /// Logs in to the maintenance database, once that works: a cluster may be starting, and a rotation may be changing
    /// the password just now.
    ///
    /// - Throws: `PostgresError` where it does not work in the time there is, ``SecretStoreError``, `CancellationError`.
    func logIn() async throws -> Session {
        var failure: (any Error)?
        for attempt in 1...Self.attempts {
            let credentials = try await secrets.credentials(of: secretArn)
            let configuration = try credentials.configuration(
                database: AccessManager.maintenanceDatabase, tls: tls, secret: secretArn)
            do {
                return Session(
                    credentials: credentials, configuration: configuration,
                    connection: try await PostgresConnection.connect(configuration, logger: logger))
            } catch let error as PostgresError {
                failure = error
                logger.warning("the manager cannot log in yet (attempt \(attempt) of \(Self.attempts)): \(error)")
            }
            if attempt < Self.attempts { try await Task.sleep(for: patience / Self.attempts) }
        }
        throw failure ?? CancellationError()
    }
}
