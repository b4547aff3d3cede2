// SPDX-License-Identifier: Apache-2.0

/// A request to a server.
public struct HTTPRequest: Sendable {
    /// What is asked for.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }

    /// How AWS knows who asks (AWS General Reference, "Signature Version 4").
    public struct Signature: Sendable {
        /// The service's name in the signature, such as `secretsmanager`.
        public var service: String
        /// The region.
        public var region: String
        /// The key's name.
        public var accessKeyID: String
        /// The key.
        public var secretAccessKey: String
        /// What goes with a temporary key.
        public var sessionToken: String?

        /// Describes who asks.
        public init(
            service: String, region: String, accessKeyID: String, secretAccessKey: String, sessionToken: String?
        ) {
            self.service = service
            self.region = region
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
        }
    }

    /// What is asked for.
    public var method: Method
    /// Of whom.
    public var url: String
    /// Names and values that go with it.
    public var headers: [(name: String, value: String)]
    /// What is sent.
    public var body: [UInt8]
    /// Who asks, where AWS has to know.
    public var signature: Signature?
    /// How long the whole may take; `nil` where the server answers only when it has something to say.
    public var deadline: Duration?

    /// Describes a request.
    public init(
        _ method: Method, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        signature: Signature? = nil, deadline: Duration? = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.signature = signature
        self.deadline = deadline
    }
}

/// What a server answered.
public struct HTTPResponse: Sendable {
    /// The status, such as 200.
    public let status: Int
    /// Names in lower case, and values.
    public let headers: [String: String]
    /// What was sent.
    public let body: [UInt8]

    /// Describes an answer.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// Why there was no answer.
public struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's name and port, without what was asked of it: a path or a query can hold a secret.
    public let server: String
    /// What happened.
    public let reason: String
    /// Whether it took too long.
    public let isTimeout: Bool

    /// Describes a failure.
    public init(server: String, reason: String, isTimeout: Bool) {
        self.server = server
        self.reason = reason
        self.isTimeout = isTimeout
    }

    /// Which server, and what happened.
    public var description: String { "\(server): \(reason)" }
}

/// What sends requests.
public protocol HTTPClient: Sendable {
    /// Sends a request and waits for the answer, whatever its status.
    ///
    /// - Throws: ``HTTPError`` where there is none, `CancellationError`.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}
