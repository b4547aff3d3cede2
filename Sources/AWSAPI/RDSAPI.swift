// SPDX-License-Identifier: Apache-2.0

/// The operations of Amazon RDS in use (its API Reference).
public struct RDSAPI: Sendable {
    private static let version = "2014-10-31"

    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    /// Sets the master user's password; it works a little later.
    ///
    /// - Parameters:
    ///   - identifier: The cluster.
    ///   - masterUserPassword: The password.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func modifyDBCluster(_ identifier: String, masterUserPassword: String) async throws {
        _ = try await client.query(
            "rds", variable: "RDS",
            [
                ("Action", "ModifyDBCluster"), ("Version", Self.version), ("DBClusterIdentifier", identifier),
                ("MasterUserPassword", masterUserPassword), ("ApplyImmediately", "true"),
            ])
    }
}
