// SPDX-License-Identifier: Apache-2.0

public import Logging

extension PostgresConnection {
    /// Whether the server lets somebody in.
    ///
    /// - Parameters:
    ///   - configuration: Where, and as whom.
    ///   - logger: Gets the server's notices.
    /// - Returns: Whether the login works.
    /// - Throws: ``PostgresError`` where that cannot be found out.
    public static func accepts(_ configuration: Configuration, logger: Logger) async throws -> Bool {
        do {
            let connection = try await connect(configuration, logger: logger)
            await connection.close()
            return true
        } catch let error as PostgresError where error.isAuthenticationFailure {
            return false
        }
    }

    /// Sets a role's password.
    ///
    /// The server gets a verifier, not the password, so that no log of statements can hold it.
    ///
    /// - Throws: ``PostgresError``.
    public func setPassword(_ password: String, of username: String) async throws {
        let verifier = try passwordVerifier(password, username: username)
        try await query("alter role \(identifier: username) password \(literal: verifier)")
    }
}
