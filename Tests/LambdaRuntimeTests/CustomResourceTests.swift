// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import LambdaRuntime
import Logging
import Synchronization
import Testing

private struct Recorder: CustomResourceHandler {
    struct Properties: Decodable, Sendable {
        let name: String
        let count: Int?
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    func createOrUpdate(_ request: CustomResourceRequest<Properties>) async throws -> CustomResourceOutcome {
        switch request.properties.name {
        case "bad": throw Failure(description: String(repeating: "ä", count: 3000))
        case "quoted": throw Failure(description: String(repeating: "\"\\\n\u{1}", count: 3000))
        case "huge": return .init(physicalResourceID: "huge")
        default: break
        }
        return .init(physicalResourceID: request.properties.name, data: ["old": request.oldProperties?.name ?? "none"])
    }

    func delete(physicalResourceID: String, properties: Properties?) async throws {
        if physicalResourceID == "stuck" { throw Failure(description: "stuck") }
    }
}

@Suite("A custom resource")
struct CustomResourceTests {
    private func answer(_ type: String, _ properties: String, id: String? = nil, old: String? = nil) async throws
        -> CustomResourceResponse
    {
        let event = """
            {"RequestType":"\(type)","RequestId":"r","StackId":"s","LogicalResourceId":"l",
            \(id.map { "\"PhysicalResourceId\":\"\($0)\"," } ?? "")
            \(old.map { "\"OldResourceProperties\":\($0)," } ?? "")
            "ResponseURL":"http://example","ResourceProperties":\(properties)}
            """
        return try await CustomResourceAdapter(Recorder()).answer(Array(event.utf8))
    }

    @Test("is created, changed and deleted with the ids of the request")
    func success() async throws {
        let created = try await answer("Create", #"{"name":"a","ServiceToken":"t"}"#)
        #expect(created.status == .success)
        #expect(created.physicalResourceID == "a")
        #expect([created.stackID, created.requestID, created.logicalResourceID] == ["s", "r", "l"])
        let updated = try await answer("Update", #"{"name":"b"}"#, id: "a", old: #"{"name":"a"}"#)
        #expect(updated.data == ["old": "a"])
        #expect(try await answer("Delete", #"{"name":"b"}"#, id: "b").physicalResourceID == "b")
    }

    @Test("that fails says why, within CloudFormation's limit")
    func failure() async throws {
        let response = try await answer("Create", #"{"name":"bad"}"#)
        #expect(response.status == .failed)
        #expect((response.reason?.utf8.count ?? 0) <= 1024)
        #expect(try JSONEncoder().encode(response).count <= 4096)
        let quoted = try await answer("Create", #"{"name":"quoted"}"#)
        #expect(try JSONEncoder().encode(quoted).count <= 4096)
        #expect(quoted.reason?.contains("\n") == false)
        // CloudFormation deletes what was not created: there must be nothing to do.
        #expect(try await answer("Delete", #"{"name":"bad"}"#, id: response.physicalResourceID).status == .success)
        #expect(try await answer("Delete", #"{"name":"x"}"#, id: "stuck").reason == "stuck")
    }

    @Test(
        "names the property that is missing or wrong",
        arguments: [
            (#"{}"#, "The property ResourceProperties.name is missing."),
            (#"{"name":5}"#, "The property ResourceProperties.name is no String."),
            (#"{"name":null}"#, "The property ResourceProperties.name is null."),
        ])
    func properties(json: String, reason: String) async throws {
        #expect(try await answer("Create", json).reason == reason)
    }

    @Test("takes properties of any size, and refuses a type of request that it does not know")
    func unusual() async throws {
        let huge = String(repeating: "x", count: 1_000_000)
        let response = try await answer("Create", #"{"name":"huge","more":"\#(huge)"}"#)
        #expect(response.status == .success && response.physicalResourceID == "huge")
        let unknown = try await answer("Explode", #"{"name":"a"}"#)
        #expect(unknown.status == .failed)
        #expect(unknown.reason == "The property RequestType has a value that is not possible.")
    }

    @Test(
        "whose request cannot be answered is an error of one line",
        arguments: ["", "{}", "[1]", "{\"RequestId\":1}", "{\"RequestType\":\"Create\""])
    func malformed(event: String) async {
        let error = await #expect(throws: UnansweredRequestError.self) {
            try await CustomResourceAdapter(Recorder()).answer(Array(event.utf8))
        }
        #expect("\(String(describing: error))".contains("\n") == false)
    }
}

/// Answers requests from a list and keeps what was sent.
private final class ScriptedClient: HTTPClient {
    private let state: Mutex<(answers: [Result<HTTPResponse, HTTPError>], sent: [HTTPRequest])>

    init(_ answers: [Result<HTTPResponse, HTTPError>]) {
        state = Mutex((answers, []))
    }

    var sent: [HTTPRequest] { state.withLock { $0.sent } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try state.withLock { state in
            state.sent.append(request)
            return state.answers.isEmpty ? .success(HTTPResponse(status: 410)) : state.answers.removeFirst()
        }.get()
    }
}

@Suite("The runtime loop")
struct RuntimeLoopTests {
    private func event(_ body: String, deadline: Duration = .seconds(60)) -> Result<HTTPResponse, HTTPError> {
        let end = Date().timeIntervalSince1970 * 1000 + Double(deadline.components.seconds) * 1000
        return .success(
            HTTPResponse(
                status: 200,
                headers: ["lambda-runtime-aws-request-id": "r1", "lambda-runtime-deadline-ms": String(Int(end))],
                body: Array(body.utf8)))
    }

    @Test("answers events, reports failures, and goes on")
    func answers() async throws {
        let accepted = Result<HTTPResponse, HTTPError>.success(HTTPResponse(status: 202))
        let client = ScriptedClient([event("one"), accepted, event("bad"), accepted])
        let loop = LambdaRuntimeLoop(
            api: "api", http: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        struct Failure: Error {}
        try await loop.run { event, _ in
            if event == Array("bad".utf8) { throw Failure() }
            return event + Array("!".utf8)
        }
        let paths = client.sent.map { $0.url.split(separator: "/").suffix(2).joined(separator: "/") }
        #expect(paths == ["invocation/next", "r1/response", "invocation/next", "r1/error", "invocation/next"])
        #expect(client.sent[1].body == Array("one!".utf8))
    }

    @Test("says that there is no more time before Lambda ends the function")
    func deadline() async throws {
        let accepted = Result<HTTPResponse, HTTPError>.success(HTTPResponse(status: 202))
        let client = ScriptedClient([event("slow", deadline: .seconds(2)), accepted])
        let loop = LambdaRuntimeLoop(
            api: "api", http: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await loop.run { _, _ in
            try await Task.sleep(for: .seconds(600))
            return []
        }
        #expect(client.sent[1].url.hasSuffix("/error"))
        #expect(String(decoding: client.sent[1].body, as: UTF8.self).contains("longer timeout"))
    }
}

@Suite("The runtime loop, with a runtime API that is not well")
struct RuntimeLoopFailureTests {
    private let event = Result<HTTPResponse, HTTPError>.success(
        HTTPResponse(
            status: 200,
            headers: ["lambda-runtime-aws-request-id": "r1", "lambda-runtime-trace-id": "Root=1-2-3;Sampled=1"],
            body: Array("one".utf8)))
    private let accepted = Result<HTTPResponse, HTTPError>.success(HTTPResponse(status: 202))

    private func run(_ client: ScriptedClient) async throws {
        let loop = LambdaRuntimeLoop(
            api: "api", http: client, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await loop.run { event, context in event + Array((context.traceID ?? "no trace").utf8) }
    }

    private func paths(_ client: ScriptedClient) -> [String] {
        client.sent.map { $0.url.split(separator: "/").suffix(2).joined(separator: "/") }
    }

    @Test("connects again, and answers each event as what it is")
    func lost() async throws {
        let lost = Result<HTTPResponse, HTTPError>.failure(.lost)
        let client = ScriptedClient([lost, event, lost, lost, accepted])
        try await run(client)
        // A response that was not delivered is not turned into an error.
        #expect(
            paths(client) == [
                "invocation/next", "invocation/next", "r1/response", "r1/response", "r1/response", "invocation/next",
            ])
        #expect(client.sent.last { $0.method == .post }?.body == Array("oneRoot=1-2-3;Sampled=1".utf8))
    }

    @Test("ends where it is gone, or says so")
    func gone() async throws {
        let client = ScriptedClient(Array(repeating: .failure(.lost), count: 50))
        await #expect(throws: HTTPError.self) { try await run(client) }
        #expect(client.sent.count == 6)
        let ill = ScriptedClient([.success(HTTPResponse(status: 500))])
        await #expect(throws: RuntimeAPIError.self) { try await run(ill) }
        #expect(ill.sent.count == 1)
    }
}

@Suite("The answer to CloudFormation")
struct ResponseDeliveryTests {
    @Test("is sent again where that fails")
    func retried() async throws {
        let client = ScriptedClient([
            .success(HTTPResponse(status: 503)),
            .failure(HTTPError.lost),
            .success(HTTPResponse(status: 200)),
        ])
        let response = CustomResourceResponse(
            status: .success, reason: nil, physicalResourceID: "p", stackID: "s", requestID: "r",
            logicalResourceID: "l",
            data: [:])
        try await ResponseDelivery(http: client).deliver(
            response, to: Array(#"{"ResponseURL":"http://bucket/x"}"#.utf8))
        #expect(client.sent.count == 3)
        #expect(client.sent.allSatisfy { $0.url == "http://bucket/x" && $0.method == .put })
        // Where there is no more time, nothing is tried again.
        let late = ScriptedClient(Array(repeating: .failure(.lost), count: 5))
        await #expect(throws: DeliveryError.self) {
            try await ResponseDelivery(http: late).deliver(
                response, to: Array(#"{"ResponseURL":"http://bucket/x"}"#.utf8), until: .now + .seconds(1))
        }
        #expect(late.sent.count == 1)
    }
}

extension HTTPError {
    fileprivate static let lost = HTTPError(server: "bucket", reason: "lost", isTimeout: false)
}
