// SPDX-License-Identifier: Apache-2.0

public import HTTP
public import Logging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the runtime calls for each event.
public typealias InvocationHandler = @Sendable (_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8]

/// What is known about one invocation.
public struct InvocationContext: Sendable {
    /// The request's id.
    public let requestID: String
    /// When Lambda ends the invocation.
    public let deadline: ContinuousClock.Instant
    /// The X-Ray header, which goes on to what is called meanwhile (AWS X-Ray Developer Guide, "Tracing header").
    public let traceID: String?
    /// A log with the request's id.
    public let logger: Logger
}

/// The loop of a function that brings its own runtime (AWS Lambda Developer Guide, "Using the Lambda runtime API").
public struct LambdaRuntimeLoop: Sendable {
    // Time to say that there is no more time: a statement that is at work in the database is cancelled first.
    private static let margin = Duration.seconds(8)
    // A connection to the runtime API that was lost is made again, with growing pauses: 3 seconds in all.
    private static let attempts = 6
    private static let firstPause = Duration.milliseconds(100)

    private let base: String
    private let http: any HTTPClient
    private let logger: Logger

    /// Makes a loop.
    ///
    /// - Parameters:
    ///   - api: The runtime API's address, from `AWS_LAMBDA_RUNTIME_API`.
    ///   - http: What sends requests.
    ///   - logger: Gets what happens.
    public init(api: String, http: any HTTPClient, logger: Logger) {
        base = "http://\(api)/2018-06-01/runtime"
        self.http = http
        self.logger = logger
    }

    /// Tells Lambda that the function cannot start.
    public func reportInitializationError(_ error: any Error) async {
        _ = try? await http.send(
            HTTPRequest(.post, url: "\(base)/init/error", body: Self.body(of: error, type: "InitializationError")))
    }

    /// Handles events until the task is cancelled or the runtime API is gone.
    ///
    /// - Throws: `HTTPError` where the runtime API cannot be reached any more, ``RuntimeAPIError`` where it asks the
    ///   function to end, `CancellationError`.
    public func run(_ handler: @escaping InvocationHandler) async throws {
        while true {
            try Task.checkCancellation()
            let event = try await send(HTTPRequest(.get, url: "\(base)/invocation/next", deadline: nil))
            guard event.status == 200, let id = event.headers["lambda-runtime-aws-request-id"] else {
                if event.status == 410 { return }
                // With 500 the runtime should end promptly (AWS Lambda Developer Guide, "Next invocation").
                if event.status >= 500 { throw RuntimeAPIError(status: event.status) }
                logger.error("the runtime API answered with status \(event.status)")
                try await Task.sleep(for: Self.firstPause)
                continue
            }
            var log = logger
            log[metadataKey: "requestId"] = "\(id)"
            let context = InvocationContext(
                requestID: id, deadline: Self.deadline(event), traceID: event.headers["lambda-runtime-trace-id"],
                logger: log)
            let (what, body) = await outcome(of: event.body, context, handler)
            let answer = try await send(HTTPRequest(.post, url: "\(base)/invocation/\(id)/\(what)", body: body))
            if answer.status >= 400 { log.error("the runtime API refused the \(what) with status \(answer.status)") }
        }
    }

    private func outcome(
        of event: [UInt8], _ context: InvocationContext, _ handler: @escaping InvocationHandler
    ) async -> (what: String, body: [UInt8]) {
        // Where little time is given, most of it is for the work.
        let margin = min(Self.margin, (context.deadline - .now) / 4)
        do {
            return ("response", try await withDeadline(context.deadline - margin) { try await handler(event, context) })
        } catch {
            context.logger.error("\(error)")
            return ("error", Self.body(of: error, type: String(describing: type(of: error))))
        }
    }

    /// Sends a request, and again where the connection is lost.
    private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var pause = Self.firstPause
        for attempt in 1... {
            do {
                return try await http.send(request)
            } catch let error as HTTPError where attempt < Self.attempts {
                logger.debug("trying again after: \(error)")
                try await Task.sleep(for: pause)
                pause *= 2
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private static func deadline(_ event: HTTPResponse) -> ContinuousClock.Instant {
        let now = Date().timeIntervalSince1970 * 1000
        let end = event.headers["lambda-runtime-deadline-ms"].flatMap { Double($0) } ?? now + 900_000
        return .now + .milliseconds(Int64(min(max(end - now, 0), 900_000)))
    }

    private static func body(of error: any Error, type: String) -> [UInt8] {
        struct Body: Encodable {
            let errorMessage: String
            let errorType: String
        }
        let data = try? JSONEncoder().encode(Body(errorMessage: "\(error)", errorType: type))
        return data.map { Array($0) } ?? []
    }
}

/// The runtime API is in a state in which the function has to end.
public struct RuntimeAPIError: Error, Sendable, CustomStringConvertible {
    /// The HTTP status.
    public let status: Int

    /// What happened.
    public var description: String { "The runtime API answered with status \(status), and the function ends." }
}

/// The time that Lambda gives is over.
public struct DeadlineError: Error, Sendable, CustomStringConvertible {
    /// What happened, and what to do.
    public var description: String {
        "The work was not done in the time that the function has: give it a longer timeout, or look for what it waits for."
    }
}

/// Ends work that takes too long.
func withDeadline<Result: Sendable>(
    _ deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    guard let deadline else { return try await body() }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(until: deadline)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw DeadlineError() }
        return result
    }
}
