// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

public import HTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Brings an answer to where CloudFormation waits for it.
public struct ResponseDelivery: Sendable {
    private static let attempts = 5

    private let http: any HTTPClient

    /// Uses a client.
    public init(http: any HTTPClient) {
        self.http = http
    }

    private struct Envelope: Decodable { let ResponseURL: String }

    /// Sends an answer to the address that a request names, again where that fails.
    ///
    /// - Throws: The last error, where none of the attempts succeeded.
    public func deliver(_ response: CustomResourceResponse, to event: [UInt8]) async throws {
        let url = try JSONDecoder().decode(Envelope.self, from: Data(event)).ResponseURL
        let body = Array(try JSONEncoder().encode(response))
        // The address is signed for an empty content type (CloudFormation User Guide, "Custom resource response").
        let request = HTTPRequest(.put, url: url, headers: [("Content-Type", "")], body: body)
        var pause = Duration.milliseconds(500)
        for attempt in 1... {
            do {
                let answer = try await http.send(request)
                if (200..<300).contains(answer.status) { return }
                guard attempt < Self.attempts else {
                    throw DeliveryError(reason: "CloudFormation's bucket answered with status \(answer.status)")
                }
            } catch let error as HTTPError {
                guard attempt < Self.attempts else { throw DeliveryError(reason: "\(error)") }
            }
            try await Task.sleep(for: pause)
            pause *= 2
        }
    }
}

/// Why CloudFormation could not be told.
public struct DeliveryError: Error, Sendable, CustomStringConvertible {
    /// What happened; the address is not part of it, as it lets anyone answer.
    public let reason: String

    /// What happened.
    public var description: String { "The answer could not be delivered: \(reason)." }
}
