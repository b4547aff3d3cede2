// SPDX-License-Identifier: Apache-2.0

public import PostgreSQL
public import SecretStore

extension DatabaseCredentials {
    /// How the database is reached with these credentials.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - tls: What is asked of TLS; always TLS where `nil`, as the servers of AWS offer it.
    ///   - secret: The secret's name, for errors.
    /// - Returns: The login.
    /// - Throws: ``SecretStoreError/malformed(secret:reason:)`` where no host is named.
    public func configuration(
        database: String, tls: PostgresConnection.Configuration.TLS?, secret: String
    ) throws -> PostgresConnection.Configuration {
        guard let host, !host.isEmpty else {
            throw SecretStoreError.malformed(
                secret: secret,
                reason: "has no 'host': attach it to the cluster, which its attachment in the stack does")
        }
        return PostgresConnection.Configuration(
            host: host, port: port, username: username, password: password, database: database, tls: tls ?? .require)
    }
}
