// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What CloudFormation asks of a custom resource (its User Guide, "Custom resource request objects").
public struct CustomResourceRequest<Properties: Decodable & Sendable>: Decodable, Sendable {
    /// What is to be done.
    public enum RequestType: String, Decodable, Sendable {
        case create = "Create"
        case update = "Update"
        case delete = "Delete"
    }

    /// What is to be done.
    public let requestType: RequestType
    /// The request's id.
    public let requestID: String
    /// The stack.
    public let stackID: String
    /// The resource's name in the template.
    public let logicalResourceID: String
    /// The id that was answered to the creation.
    public let physicalResourceID: String?
    /// The properties as declared.
    public let properties: Properties
    /// The properties as they were before an update.
    public let oldProperties: Properties?

    /// Reads a request. Old properties that a former version wrote in another form are left out: they must not keep
    /// an update from being carried out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        requestType = try container.decode(RequestType.self, forKey: .requestType)
        requestID = try container.decode(String.self, forKey: .requestID)
        stackID = try container.decode(String.self, forKey: .stackID)
        logicalResourceID = try container.decode(String.self, forKey: .logicalResourceID)
        physicalResourceID = try container.decodeIfPresent(String.self, forKey: .physicalResourceID)
        properties = try container.decode(Properties.self, forKey: .properties)
        oldProperties = try? container.decodeIfPresent(Properties.self, forKey: .oldProperties)
    }

    enum CodingKeys: String, CodingKey {
        case requestType = "RequestType"
        case requestID = "RequestId"
        case stackID = "StackId"
        case logicalResourceID = "LogicalResourceId"
        case physicalResourceID = "PhysicalResourceId"
        case properties = "ResourceProperties"
        case oldProperties = "OldResourceProperties"
    }
}

/// What is answered to CloudFormation (its User Guide, "Custom resource response objects").
public struct CustomResourceResponse: Codable, Sendable, Equatable {
    /// Whether it was done.
    public enum Status: String, Codable, Sendable {
        case success = "SUCCESS"
        case failed = "FAILED"
    }

    /// Whether it was done.
    public var status: Status
    /// Why it was not done.
    public var reason: String?
    /// The resource's id; another one than before means that the resource was replaced.
    public var physicalResourceID: String
    /// The stack.
    public var stackID: String
    /// The request.
    public var requestID: String
    /// The resource's name in the template.
    public var logicalResourceID: String
    /// What `Fn::GetAtt` returns.
    public var data: [String: String]
    /// How much had to be changed; CloudFormation is not told, so that the same request has the same answer.
    public var changes = 0

    /// Describes an answer.
    public init(
        status: Status, reason: String?, physicalResourceID: String, stackID: String, requestID: String,
        logicalResourceID: String, data: [String: String]
    ) {
        self.status = status
        self.reason = reason
        self.physicalResourceID = physicalResourceID
        self.stackID = stackID
        self.requestID = requestID
        self.logicalResourceID = logicalResourceID
        self.data = data
    }

    enum CodingKeys: String, CodingKey {
        case status = "Status"
        case reason = "Reason"
        case physicalResourceID = "PhysicalResourceId"
        case stackID = "StackId"
        case requestID = "RequestId"
        case logicalResourceID = "LogicalResourceId"
        case data = "Data"
    }
}

/// Creates, changes and deletes resources of one custom type.
public protocol CustomResourceHandler: Sendable {
    /// The properties of the type.
    associatedtype Properties: Decodable & Sendable

    /// Whether work that takes longer than one invocation goes on in the next one, and does not fail then.
    var continuesInAnotherInvocation: Bool { get }

    /// Creates or changes a resource; the same request again must give the same answer.
    func createOrUpdate(_ request: CustomResourceRequest<Properties>) async throws -> CustomResourceOutcome

    /// Deletes a resource; one that is gone already is deleted.
    func delete(physicalResourceID: String, properties: Properties?) async throws
}

extension CustomResourceHandler {
    /// It does not.
    public var continuesInAnotherInvocation: Bool { false }
}

/// What came of a creation or a change.
public struct CustomResourceOutcome: Sendable, Equatable {
    /// The resource's id.
    public var physicalResourceID: String
    /// What `Fn::GetAtt` returns; the same for the same request.
    public var data: [String: String]
    /// How much had to be changed.
    public var changes: Int

    /// Describes what came of it.
    public init(physicalResourceID: String, data: [String: String] = [:], changes: Int = 0) {
        self.physicalResourceID = physicalResourceID
        self.data = data
        self.changes = changes
    }
}

/// Speaks CloudFormation's protocol for a handler: a request in, an answer out, whatever happens.
public struct CustomResourceAdapter<Handler: CustomResourceHandler>: Sendable {
    // CloudFormation takes answers of at most 4,096 bytes; the rest of it needs some of them.
    private static var longestReason: Int { 1024 }
    // Time to tell CloudFormation, also where its bucket does not answer at once.
    private static var deliveryTime: Duration { .seconds(15) }
    // What a creation that failed is called: its deletion, which CloudFormation asks for next, has nothing to do.
    private static var failedCreation: String { "failed-" }

    private let handler: Handler

    /// Adapts a handler.
    public init(_ handler: Handler) {
        self.handler = handler
    }

    private struct Envelope: Decodable {
        let RequestId: String
        let StackId: String
        let LogicalResourceId: String
        let PhysicalResourceId: String?
    }

    private struct Kind: Decodable { let RequestType: String }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - event: CloudFormation's request.
    ///   - deadline: When Lambda ends the invocation; never where `nil`.
    /// - Returns: The answer; one that says FAILED where anything went wrong, in time for it to be delivered.
    /// - Throws: ``UnansweredRequestError`` where the event is no request of CloudFormation's, so that it cannot be
    ///   answered;
    ///   ``DeadlineError`` where the work goes on in another invocation: CloudFormation invokes asynchronously, and
    ///   Lambda invokes again what has failed, twice (AWS Lambda Developer Guide, "Asynchronous invocation").
    public func answer(
        _ event: [UInt8], until deadline: ContinuousClock.Instant? = nil
    ) async throws -> CustomResourceResponse {
        let envelope: Envelope
        do {
            envelope = try JSONDecoder().decode(Envelope.self, from: Data(event))
        } catch {
            throw UnansweredRequestError(reason: Self.describe(error))
        }
        var response = CustomResourceResponse(
            status: .success, reason: nil,
            physicalResourceID: envelope.PhysicalResourceId ?? Self.failedCreation + envelope.RequestId,
            stackID: envelope.StackId, requestID: envelope.RequestId, logicalResourceID: envelope.LogicalResourceId,
            data: [:])
        do {
            let kind = try? JSONDecoder().decode(Kind.self, from: Data(event)).RequestType
            let (handler, id, isDelete) = (handler, response.physicalResourceID, kind == "Delete")
            let outcome = try await withDeadline(deadline.map { $0 - Self.deliveryTime }) {
                try await Self.handle(event, isDelete, id, handler)
            }
            response.physicalResourceID = outcome.physicalResourceID
            response.data = outcome.data
            response.changes = outcome.changes
        } catch is DeadlineError where handler.continuesInAnotherInvocation {
            throw DeadlineError()
        } catch {
            response.status = .failed
            response.reason = Self.shortened(Self.describe(error))
        }
        return response
    }

    private static func handle(
        _ event: [UInt8], _ isDelete: Bool, _ id: String, _ handler: Handler
    ) async throws -> CustomResourceOutcome {
        guard isDelete else {
            let request = try JSONDecoder().decode(
                CustomResourceRequest<Handler.Properties>.self, from: Data(event))
            return try await handler.createOrUpdate(request)
        }
        if !id.hasPrefix(failedCreation) {
            let request = try? JSONDecoder().decode(
                CustomResourceRequest<Handler.Properties>.self, from: Data(event))
            try await handler.delete(physicalResourceID: id, properties: request?.properties)
        }
        return CustomResourceOutcome(physicalResourceID: id)
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            (context.codingPath + (key.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
                .joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "The property \(path(context, key)) is missing."
        case .typeMismatch(let type, let context): "The property \(path(context)) is no \(type)."
        case .valueNotFound(_, let context): "The property \(path(context)) is null."
        case .dataCorrupted(let context): "The property \(path(context)) has a value that is not possible."
        @unknown default: "The request cannot be read."
        }
    }

    /// One line, as short as CloudFormation needs it once it is JSON, which writes some characters as two.
    private static func shortened(_ text: String) -> String {
        let line = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
        func size(_ character: Character) -> Int {
            character.utf8.count
                + character.utf8.count { [UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains($0) }
        }
        var (short, length) = ("", 0)
        for character in line {
            length += size(character)
            if length > longestReason - 3 { return short + "…" }
            short.append(character)
        }
        return line
    }
}

/// An event that is no request of CloudFormation's, or names nobody who could be answered.
public struct UnansweredRequestError: Error, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public let reason: String

    /// What happened.
    public var description: String { "The event is none of CloudFormation's requests: \(reason)" }
}
