// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

/// The operations of AWS Systems Manager in use (its API Reference).
public struct SSMAPI: Sendable {
    /// A session that was started: what the session manager plugin needs, and nobody else may see.
    public struct Session: Codable, Sendable {
        /// The session's id.
        public let SessionId: String
        /// Where its data goes through.
        public let StreamUrl: String
        /// What lets its holder use it.
        public let TokenValue: String
    }

    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    private struct Nothing: Decodable {}

    private func call<Input: Encodable, Output: Decodable>(
        _ operation: String, _ input: Input, as output: Output.Type = Output.self
    ) async throws -> Output {
        try await client.json("ssm", variable: "SSM", target: "AmazonSSM.\(operation)", input)
    }

    /// Whether an instance's agent is connected, so that sessions can be started.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func isOnline(_ instance: String) async throws -> Bool {
        struct Filter: Encodable {
            let Key: String
            let Values: [String]
        }
        struct Input: Encodable { let Filters: [Filter] }
        struct Information: Decodable { let PingStatus: String? }
        struct Output: Decodable { let InstanceInformationList: [Information]? }
        let answer = try await call(
            "DescribeInstanceInformation", Input(Filters: [Filter(Key: "InstanceIds", Values: [instance])]),
            as: Output.self)
        return answer.InstanceInformationList?.first?.PingStatus == "Online"
    }

    /// Starts a session.
    ///
    /// - Parameters:
    ///   - instance: The instance.
    ///   - document: What kind of session, such as `AWS-StartPortForwardingSessionToRemoteHost`.
    ///   - parameters: What that document takes.
    /// - Returns: The session.
    /// - Throws: ``AWSError``, `HTTPError`.
    public func startSession(
        on instance: String, document: String, parameters: [String: [String]]
    ) async throws -> Session {
        struct Input: Encodable {
            let Target: String
            let DocumentName: String
            let Parameters: [String: [String]]
        }
        return try await call(
            "StartSession", Input(Target: instance, DocumentName: document, Parameters: parameters))
    }

    /// Ends a session.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func terminateSession(_ id: String) async throws {
        struct Input: Encodable { let SessionId: String }
        _ = try await call("TerminateSession", Input(SessionId: id), as: Nothing.self)
    }

    /// The sessions on an instance that are at work now.
    ///
    /// - Throws: ``AWSError``, `HTTPError`.
    public func activeSessions(on instance: String) async throws -> [String] {
        struct Filter: Encodable {
            let key: String
            let value: String
        }
        struct Input: Encodable {
            let State = "Active"
            let Filters: [Filter]
        }
        struct Active: Decodable { let SessionId: String }
        struct Output: Decodable { let Sessions: [Active]? }
        let answer = try await call(
            "DescribeSessions", Input(Filters: [Filter(key: "Target", value: instance)]), as: Output.self)
        return (answer.Sessions ?? []).map(\.SessionId)
    }
}
