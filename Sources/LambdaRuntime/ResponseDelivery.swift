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
    // What is left afterwards is for telling Lambda that it did not work.
    private static let margin = Duration.seconds(2)
    private static let longestAttempt = Duration.seconds(10)

    private let http: any HTTPClient

    /// Uses a client.
    public init(http: any HTTPClient) {
        self.http = http
    }

    private struct Envelope: Decodable { let ResponseURL: String }

    /// Sends an answer to the address that a request names, again where that fails.
    ///
    /// - Parameters:
    ///   - response: The answer.
    ///   - event: The request.
    ///   - deadline: When Lambda ends the invocation; never where `nil`.
    /// - Throws: The last error, where none of the attempts succeeded.
    public func deliver(
        _ response: CustomResourceResponse, to event: [UInt8], until deadline: ContinuousClock.Instant? = nil
    ) async throws {
        let url = try JSONDecoder().decode(Envelope.self, from: Data(event)).ResponseURL
        let body = Array(try JSONEncoder().encode(response))
        // The address is signed for an empty content type (CloudFormation User Guide, "Custom resource response").
        var request = HTTPRequest(.put, url: url, headers: [("Content-Type", "")], body: body)
        func isLast(_ attempt: Int) -> Bool {
            attempt >= Self.attempts || deadline.map { $0 - Self.margin <= .now } ?? false
        }
        var pause = Duration.milliseconds(500)
        for attempt in 1... {
            let left = deadline.map { max($0 - Self.margin - .now, .milliseconds(500)) } ?? Self.longestAttempt
            request.deadline = min(left, Self.longestAttempt)
            do {
                let answer = try await http.send(request)
                if (200..<300).contains(answer.status) { return }
                guard !isLast(attempt) else {
                    throw DeliveryError(reason: "CloudFormation's bucket answered with status \(answer.status)")
                }
            } catch let error as HTTPError {
                guard !isLast(attempt) else { throw DeliveryError(reason: "\(error)") }
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
