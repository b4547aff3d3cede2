// SPDX-License-Identifier: Apache-2.0

public import Logging
public import PostgreSQL

/// A user's password: whether it works, and making it work.
public struct Login: Sendable {
    private let manager: PostgresConnection.Configuration
    private let connection: PostgresConnection?
    private let logger: Logger

    /// Uses the manager's login to change others.
    ///
    /// - Parameters:
    ///   - manager: The manager's login.
    ///   - connection: A connection of the manager's that stays open; where `nil`, one is opened for each change.
    ///   - logger: Gets the server's notices.
    public init(
        manager: PostgresConnection.Configuration, connection: PostgresConnection? = nil, logger: Logger
    ) {
        self.manager = manager
        self.connection = connection
        self.logger = logger
    }

    /// Whether a user can log in with a password.
    ///
    /// - Throws: `PostgresError` where that cannot be found out.
    public func works(username: String, password: String) async throws -> Bool {
        var configuration = manager
        (configuration.username, configuration.password) = (username, password)
        return try await PostgresConnection.accepts(configuration, logger: logger)
    }

    /// Gives a user a password, unless it has it already.
    ///
    /// The server gets a verifier, not the password, so that no log of statements can hold it.
    ///
    /// - Returns: Whether it was changed.
    /// - Throws: `PostgresError`.
    public func setPassword(_ password: String, of username: String) async throws -> Bool {
        if try await works(username: username, password: password) { return false }
        if let connection {
            try await connection.setPassword(password, of: username)
        } else {
            let connection = try await PostgresConnection.connect(manager, logger: logger)
            defer { Task { await connection.close() } }
            try await connection.setPassword(password, of: username)
        }
        return true
    }
}
