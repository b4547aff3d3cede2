// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The operations of Amazon CloudWatch Logs in use (its API Reference).
public struct LogsAPI: Sendable {
    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private struct Nothing: Decodable {}

    private func call<Output: Decodable>(
        _ operation: String, _ input: some Encodable, as output: Output.Type = Nothing.self
    ) async throws -> Output {
        try await client.json(
            "logs", variable: "CLOUDWATCH_LOGS", target: "Logs_20140328.\(operation)", input, as: Output.self)
    }

    /// Reads a log group's events from a moment on, oldest first; the first page of them.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func events(ofGroup name: String, since start: Date) async throws -> [String] {
        struct Input: Encodable {
            let logGroupName: String
            let startTime: Int
        }
        struct Event: Decodable {
            let message: String?
            let timestamp: Int?
        }
        struct Output: Decodable { let events: [Event]? }
        let input = Input(logGroupName: name, startTime: Int(start.timeIntervalSince1970 * 1000))
        let answer = try await call("FilterLogEvents", input, as: Output.self)
        return (answer.events ?? []).sorted { ($0.timestamp ?? 0) < ($1.timestamp ?? 0) }.compactMap(\.message)
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
            _ = try await call("CreateLogGroup", Input(logGroupName: name))
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
        _ = try await call("PutRetentionPolicy", Input(logGroupName: name, retentionInDays: days))
    }
}
