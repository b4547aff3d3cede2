// SPDX-License-Identifier: Apache-2.0

public import PostgreSQL
public import SecretStore

extension LocalStack {
    /// How the stack's manager logs in, and what the other secrets hold.
    ///
    /// - Returns: The manager's login, and the secrets by name.
    /// - Throws: ``LocalStackError`` where the stack does not run.
    public func access() async throws -> (
        manager: PostgresConnection.Configuration, secrets: [(name: String, credentials: DatabaseCredentials)]
    ) {
        let login = try await login(as: "manager")
        var secrets: [(name: String, credentials: DatabaseCredentials)] = []
        for name in try orderedSecrets(try LocalState(directory: directory)) {
            secrets.append((name, try await credentials(of: name)))
        }
        return (configuration(login.credentials, database: login.database), secrets)
    }
}
