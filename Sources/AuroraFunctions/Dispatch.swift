// SPDX-License-Identifier: Apache-2.0

public import AuroraResources
public import LambdaRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension FunctionEnvironment {
    /// Does what a handler is there for.
    ///
    /// - Parameters:
    ///   - handler: Which one.
    ///   - event: The event.
    ///   - deadline: When Lambda ends the invocation; CloudFormation is answered before that.
    ///   - deliver: Sends CloudFormation the answer to a request.
    /// - Throws: Why it could not be done.
    public func handle(
        _ handler: HandlerName, _ event: [UInt8], until deadline: ContinuousClock.Instant,
        deliver: (CustomResourceResponse) async throws -> Void
    ) async throws {
        if handler == .rotation {
            _ = try await RotationHandler(self).handle(event)
        } else {
            try await deliver(try await answer(handler, event, until: deadline))
        }
    }

    /// Answers CloudFormation's request to a custom resource's handler.
    ///
    /// - Parameters:
    ///   - handler: Which one.
    ///   - event: The request.
    ///   - deadline: When Lambda ends the invocation; never where `nil`.
    /// - Returns: The answer, which says FAILED where anything went wrong.
    /// - Throws: ``FunctionError/unknownHandler(_:)`` where the handler has no custom resources; an error of decoding
    ///   where the event is no request.
    public func answer(
        _ handler: HandlerName, _ event: [UInt8], until deadline: ContinuousClock.Instant? = nil
    ) async throws -> CustomResourceResponse {
        switch handler {
        case .database:
            try await CustomResourceAdapter(DatabaseHandler(self)).answer(event, until: deadline)
        case .user:
            try await answerForUser(event, until: deadline)
        case .activityStream:
            try await CustomResourceAdapter(ActivityStreamHandler(self)).answer(event, until: deadline)
        case .logRetention:
            try await CustomResourceAdapter(LogRetentionHandler(self)).answer(event, until: deadline)
        case .rotation: throw FunctionError.unknownHandler(handler.rawValue)
        }
    }

    /// One function has two types of resources: the user, and what the proxy has to know of it before.
    private func answerForUser(
        _ event: [UInt8], until deadline: ContinuousClock.Instant?
    ) async throws -> CustomResourceResponse {
        struct Kind: Decodable {
            let type: String
            enum CodingKeys: String, CodingKey { case type = "ResourceType" }
        }
        let newVersionID: @Sendable () -> String = { UUID().uuidString }
        let kind = try? JSONDecoder().decode(Kind.self, from: Data(event))
        if kind?.type == ProxyCredentialsProperties.resourceType {
            return try await CustomResourceAdapter(ProxyCredentialsHandler(self, newVersionID: newVersionID))
                .answer(event, until: deadline)
        }
        return try await CustomResourceAdapter(UserHandler(self, newVersionID: newVersionID))
            .answer(event, until: deadline)
    }
}
