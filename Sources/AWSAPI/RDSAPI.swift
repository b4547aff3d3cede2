// SPDX-License-Identifier: Apache-2.0

/// The operations of Amazon RDS in use (its API Reference).
public struct RDSAPI: Sendable {
    private static let version = "2014-10-31"

    /// A database activity stream.
    public struct ActivityStream: Sendable, Equatable {
        /// `stopped`, `starting`, `started` or `stopping`.
        public let status: String
        /// The Kinesis stream, where there is one.
        public let kinesisStreamName: String?
        /// The key that events are encrypted with, where there is a stream.
        public let kmsKeyID: String?
    }

    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private func call(_ action: String, _ parameters: [(name: String, value: String)]) async throws -> String {
        try await client.query(
            "rds", variable: "RDS", [("Action", action), ("Version", Self.version)] + parameters)
    }

    /// Sets the master user's password; it works a little later.
    ///
    /// - Parameters:
    ///   - identifier: The cluster.
    ///   - masterUserPassword: The password.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func modifyDBCluster(_ identifier: String, masterUserPassword: String) async throws {
        _ = try await call(
            "ModifyDBCluster",
            [
                ("DBClusterIdentifier", identifier), ("MasterUserPassword", masterUserPassword),
                ("ApplyImmediately", "true"),
            ])
    }

    /// Looks at a cluster's activity stream.
    ///
    /// - Parameter clusterArn: The cluster.
    /// - Returns: The stream; `nil` where there is no such cluster.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func activityStream(ofCluster clusterArn: String) async throws -> ActivityStream? {
        do {
            let answer = try await call("DescribeDBClusters", [("DBClusterIdentifier", clusterArn)])
            guard AWSClient.element("DBClusterArn", in: answer) != nil else { return nil }
            return ActivityStream(
                status: AWSClient.element("ActivityStreamStatus", in: answer) ?? "stopped",
                kinesisStreamName: AWSClient.element("ActivityStreamKinesisStreamName", in: answer),
                kmsKeyID: AWSClient.element("ActivityStreamKmsKeyId", in: answer))
        } catch let error as AWSError where error.code.hasPrefix("DBClusterNotFound") {
            return nil
        }
    }

    /// Starts a cluster's activity stream at once, without waiting for it.
    ///
    /// - Parameters:
    ///   - clusterArn: The cluster.
    ///   - kmsKeyID: The key that events are encrypted with.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func startActivityStream(ofCluster clusterArn: String, kmsKeyID: String) async throws {
        _ = try await call(
            "StartActivityStream",
            [("ResourceArn", clusterArn), ("Mode", "async"), ("KmsKeyId", kmsKeyID), ("ApplyImmediately", "true")])
    }

    /// Stops a cluster's activity stream at once, without waiting for it.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func stopActivityStream(ofCluster clusterArn: String) async throws {
        _ = try await call("StopActivityStream", [("ResourceArn", clusterArn), ("ApplyImmediately", "true")])
    }
}
