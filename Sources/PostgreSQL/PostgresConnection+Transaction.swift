// SPDX-License-Identifier: Apache-2.0

extension PostgresConnection {
    /// Runs statements as one transaction: all of them take effect, or none.
    ///
    /// - Parameter body: The statements, sent on this connection.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, after the transaction was rolled back; an error of the commit itself.
    public func withTransaction<T: Sendable>(_ body: (PostgresConnection) async throws -> T) async throws -> T {
        try await query("begin")
        do {
            let result = try await body(self)
            try await query("commit")
            return result
        } catch {
            // A lost connection has rolled back by itself.
            _ = try? await query("rollback")
            throw error
        }
    }
}
