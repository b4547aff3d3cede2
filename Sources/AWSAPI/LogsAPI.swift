// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

/// The operations of Amazon CloudWatch Logs in use (its API Reference).
public struct LogsAPI: Sendable {
    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private struct Nothing: Decodable {}

    private func call(_ operation: String, _ input: some Encodable) async throws {
        _ = try await client.json(
            "logs", variable: "CLOUDWATCH_LOGS", target: "Logs_20140328.\(operation)", input, as: Nothing.self)
    }

    /// Makes a log group.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Whether it was made; it may be there already.
    /// - Throws: ``AWSError``, `HTTPError`.
    @discardableResult
    public func createLogGroup(_ name: String) async throws -> Bool {
        struct Input: Encodable { let logGroupName: String }
        do {
            try await call("CreateLogGroup", Input(logGroupName: name))
            return true
        } catch let error as AWSError where error.code == "ResourceAlreadyExistsException" {
            return false
        }
    }

    /// Says how long a log group keeps its events.
    ///
    /// - Parameters:
    ///   - name: The log group.
    ///   - days: One of the numbers that CloudWatch Logs knows, such as 30.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func putRetentionPolicy(_ name: String, days: Int) async throws {
        struct Input: Encodable {
            let logGroupName: String
            let retentionInDays: Int
        }
        try await call("PutRetentionPolicy", Input(logGroupName: name, retentionInDays: days))
    }
}
