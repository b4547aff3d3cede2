// SPDX-License-Identifier: Apache-2.0

public import DatabaseAccess
import PostgreSQL
import SecretStore

extension LocalStack {
    /// Plans and applies access as the stack's manager.
    ///
    /// - Throws: ``LocalStackError`` where the stack does not run.
    public func accessManager() async throws -> AccessManager {
        let login = try await login(as: "manager")
        return AccessManager(
            manager: configuration(login.credentials, database: login.database), logger: logger)
    }
}
