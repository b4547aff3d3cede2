// SPDX-License-Identifier: Apache-2.0

public import HTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Who asks AWS.
public struct AWSCredentials: Sendable {
    /// The key's name.
    public let accessKeyID: String
    /// The key.
    public let secretAccessKey: String
    /// What goes with a temporary key.
    public let sessionToken: String?

    /// Takes the credentials from the environment, where Lambda and the usual tools put them.
    ///
    /// - Throws: ``AWSError`` where there are none.
    public init(environment: [String: String]) throws {
        guard let id = environment["AWS_ACCESS_KEY_ID"], let key = environment["AWS_SECRET_ACCESS_KEY"], !id.isEmpty,
            !key.isEmpty
        else {
            throw AWSError(
                service: "AWS", code: "NoCredentials",
                message: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; "
                    + "eval \"$(aws configure export-credentials --format env)\" sets them", status: nil)
        }
        accessKeyID = id
        secretAccessKey = key
        sessionToken = environment["AWS_SESSION_TOKEN"]
    }
}

extension AWSCredentials: CustomStringConvertible, CustomReflectable {
    /// The key's name only.
    public var description: String { accessKeyID }
    /// Shows the key to nobody.
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// What AWS refused, or why it could not be asked.
public struct AWSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The service, such as `secretsmanager`.
    public let service: String
    /// AWS's name for the error, such as `ResourceNotFoundException`.
    public let code: String
    /// AWS's words about it.
    public let message: String
    /// The HTTP status, where there was an answer.
    public let status: Int?

    /// Which service, which error, and AWS's words.
    public var description: String { "\(service): \(code): \(message)" }
}

/// Calls AWS's services, with retries where those promise something.
public struct AWSClient: Sendable {
    // AWS SDKs Reference Guide, "Retry behavior": three attempts with growing pauses.
    private static let attempts = 3

    let http: any HTTPClient
    /// Where the services are.
    public let region: String
    private let environment: [String: String]
    private var traceID: String?

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - http: What sends requests.
    ///   - environment: Region, credentials and endpoints are read from it as by every AWS SDK.
    /// - Throws: ``AWSError`` where no region is set.
    public init(http: any HTTPClient, environment: [String: String]) throws {
        guard let region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] else {
            throw AWSError(
                service: "AWS", code: "NoRegion", message: "AWS_REGION is not set; export AWS_REGION=REGION sets it",
                status: nil)
        }
        self.http = http
        self.environment = environment
        self.region = region
    }

    /// The same client, whose requests belong to a trace.
    ///
    /// - Parameter traceID: The X-Ray header (AWS X-Ray Developer Guide, "Tracing header").
    /// - Returns: The client.
    public func tracing(_ traceID: String?) -> AWSClient {
        var client = self
        client.traceID = traceID
        return client
    }

    /// A password of 15 minutes for a database user, signed with this client's credentials.
    ///
    /// - Throws: ``AWSError`` where there are no credentials.
    public func databaseAuthenticationToken(host: String, port: Int, username: String) throws -> String {
        DatabaseAuthenticationToken(
            host: host, port: port, username: username, region: region,
            credentials: try AWSCredentials(environment: environment)
        ).value
    }

    /// Where a service is asked.
    ///
    /// - Parameters:
    ///   - service: The service's name in its host name, such as `ssm`.
    ///   - variable: Its name in `AWS_ENDPOINT_URL_…`, such as `SSM`.
    /// - Returns: The address.
    public func endpoint(ofService service: String, variable: String) -> String {
        if let own = environment["AWS_ENDPOINT_URL_\(variable)"] ?? environment["AWS_ENDPOINT_URL"] {
            return own.hasSuffix("/") ? own : "\(own)/"
        }
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return "https://\(service).\(region).\(suffix)/"
    }

    /// Calls an operation of a service that speaks JSON.
    ///
    /// - Parameters:
    ///   - service: The service's name in its host name, such as `secretsmanager`.
    ///   - variable: Its name in `AWS_ENDPOINT_URL_…`, such as `SECRETS_MANAGER`.
    ///   - target: The operation, such as `secretsmanager.GetSecretValue`.
    ///   - input: What is asked.
    ///   - output: What the answer is read as.
    /// - Returns: The answer.
    /// - Throws: ``AWSError``, `HTTPError`, `CancellationError`.
    func json<Input: Encodable, Output: Decodable>(
        _ service: String, variable: String, target: String, _ input: Input, as output: Output.Type = Output.self
    ) async throws -> Output {
        let body = Array(try JSONEncoder().encode(input))
        let response = try await send(
            service, variable: variable, body: body,
            headers: [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", target)])
        let data = Data(response.body.isEmpty ? Array("{}".utf8) : response.body)
        return try JSONDecoder().decode(Output.self, from: data)
    }

    /// Calls an operation of a service that speaks the query protocol.
    ///
    /// - Parameters:
    ///   - service: The service's name in its host name, such as `rds`.
    ///   - variable: Its name in `AWS_ENDPOINT_URL_…`, such as `RDS`.
    ///   - parameters: The operation, its version and what is asked, by name.
    /// - Returns: The answer, as XML.
    /// - Throws: ``AWSError``, `HTTPError`, `CancellationError`.
    func query(
        _ service: String, variable: String, _ parameters: [(name: String, value: String)]
    ) async throws -> String {
        let body = parameters.map { "\($0.name)=\(Self.percentEncoded($0.value))" }.joined(separator: "&")
        let response = try await send(
            service, variable: variable, body: Array(body.utf8),
            headers: [("Content-Type", "application/x-www-form-urlencoded")])
        return String(decoding: response.body, as: UTF8.self)
    }

    /// The same, read as a document.
    func document(
        _ service: String, variable: String, _ parameters: [(name: String, value: String)]
    ) async throws -> XMLElement {
        let answer = try await query(service, variable: variable, parameters)
        guard let document = XMLElement(document: answer) else {
            throw AWSError(service: service, code: "UnreadableAnswer", message: "the answer is no XML", status: 200)
        }
        return document
    }

    /// Text as it stands in a query; only these need no encoding in any place (RFC 3986, "Unreserved Characters").
    static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                return String(Unicode.Scalar(byte))
            default: return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private func send(
        _ service: String, variable: String, body: [UInt8], headers: [(name: String, value: String)]
    ) async throws -> HTTPResponse {
        let credentials = try AWSCredentials(environment: environment)
        let request = HTTPRequest(
            .post, url: endpoint(ofService: service, variable: variable),
            headers: headers + (traceID.map { [("X-Amzn-Trace-Id", $0)] } ?? []), body: body,
            signature: .init(
                service: service, region: region, accessKeyID: credentials.accessKeyID,
                secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken))
        var pause = Duration.milliseconds(200)
        for attempt in 1... {
            do {
                let response = try await http.send(request)
                if (200..<300).contains(response.status) { return response }
                let error = Self.error(service, response)
                guard attempt < Self.attempts, Self.isTransient(error) else { throw error }
            } catch let error as HTTPError {
                guard attempt < Self.attempts else { throw error }
            }
            try await Task.sleep(for: pause)
            pause *= 4
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private static func isTransient(_ error: AWSError) -> Bool {
        (error.status ?? 0) >= 500 || error.code.contains("Throttl") || error.code == "TooManyRequestsException"
    }

    private static func error(_ service: String, _ response: HTTPResponse) -> AWSError {
        struct Body: Decodable {
            let type: String?
            let message: String?
            enum CodingKeys: String, CodingKey {
                case type = "__type"
                case message
                case upperMessage = "Message"
            }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                type = try container.decodeIfPresent(String.self, forKey: .type)
                message =
                    try container.decodeIfPresent(String.self, forKey: .message)
                    ?? container.decodeIfPresent(String.self, forKey: .upperMessage)
            }
        }
        let text = String(decoding: response.body, as: UTF8.self)
        if let code = element("Code", in: text) {
            return AWSError(
                service: service, code: code, message: element("Message", in: text) ?? "the answer has no reason in it",
                status: response.status)
        }
        let body = try? JSONDecoder().decode(Body.self, from: Data(response.body))
        let code = body?.type?.split(separator: "#").last.map(String.init) ?? "HTTP\(response.status)"
        return AWSError(
            service: service, code: code, message: body?.message ?? "the answer has no reason in it",
            status: response.status)
    }

    /// The text of an element of an XML document that occurs once, as errors are told in the query protocol.
    static func element(_ name: String, in document: String) -> String? {
        guard let start = document.firstRange(of: "<\(name)>"),
            let end = document[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        return String(document[start.upperBound..<end.lowerBound])
    }
}
