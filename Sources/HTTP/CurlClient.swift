// SPDX-License-Identifier: Apache-2.0

internal import CLibCurl
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Sends requests with libcurl, each on a thread that is there for that.
public final class CurlClient: HTTPClient {
    // libcurl must be set up once for a process, before any of its threads uses it.
    private static let isSetUp: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Where the authorities of the system are, whose certificates servers have to show.
    ///
    /// libcurl looks where they were on the system that it was built for, and a bundle for AWS Lambda is built on another.
    fileprivate static let authorities: String? = {
        let usual = [
            "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu
            "/etc/pki/tls/certs/ca-bundle.crt",  // Amazon Linux, Fedora
            "/etc/ssl/cert.pem",  // Alpine, macOS
            "/etc/ssl/ca-bundle.pem",  // SUSE
        ]
        let chosen = getenv("SSL_CERT_FILE").map { String(cString: $0) }
        return chosen ?? usual.first { access($0, R_OK) == 0 }
    }()

    private let queue = DispatchQueue(label: "aurora.http", attributes: .concurrent)
    private let handles = HandlePool()

    /// Makes a client.
    public init() {
        _ = Self.isSetUp
    }

    /// Sends a request and waits for the answer, whatever its status.
    ///
    /// - Throws: ``HTTPError`` where there is none, `CancellationError`.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let transfer = Transfer(request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { [handles] in
                    continuation.resume(with: Result { try handles.lend(transfer.perform(with:)) })
                }
            }
        } onCancel: {
            transfer.cancel()
        }
    }
}

/// Handles of libcurl that are at rest, with the connections that they keep open for the next request.
private final class HandlePool: Sendable {
    private struct Handle: Sendable {
        // Safe because a handle is with one request at a time, and may go from thread to thread in between, as libcurl
        // allows.
        nonisolated(unsafe) let pointer: UnsafeMutableRawPointer
    }

    private let idle = Mutex<[Handle]>([])

    /// Gives a handle to a request, and takes it back.
    func lend(_ body: (UnsafeMutableRawPointer?) throws -> HTTPResponse) throws -> HTTPResponse {
        let handle = idle.withLock { $0.popLast() } ?? curl_easy_init().map(Handle.init)
        defer {
            if let handle {
                // What was asked is forgotten, connections stay.
                curl_easy_reset(handle.pointer)
                idle.withLock { $0.append(handle) }
            }
        }
        return try Self.outlivingBrokenConnections { try body(handle?.pointer) }
    }

    deinit {
        Self.outlivingBrokenConnections {
            for handle in idle.withLock({ $0 }) { curl_easy_cleanup(handle.pointer) }
        }
    }

    /// A server may close a connection that is kept here, and to write to it then raises a signal that would end the
    /// process. Elsewhere than on Linux libcurl sees to that by itself.
    private static func outlivingBrokenConnections<T>(_ body: () throws -> T) rethrows -> T {
        #if os(Linux)
            var signals = sigset_t()
            var before = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, &before)
            defer {
                var now = timespec()
                while sigtimedwait(&signals, nil, &now) == SIGPIPE {}
                pthread_sigmask(SIG_SETMASK, &before, nil)
            }
        #endif
        return try body()
    }
}

/// One request on its way: one thread performs it, and any other may cancel it.
private final class Transfer: Sendable {
    /// What has come back so far.
    private struct Answer {
        var body: [UInt8] = []
        var headers: [String: String] = [:]
    }

    private let request: HTTPRequest
    private let isCancelled = Mutex(false)
    private let answer = Mutex(Answer())

    init(_ request: HTTPRequest) {
        self.request = request
    }

    func cancel() {
        isCancelled.withLock { $0 = true }
    }

    private var server: String {
        let rest = request.url.split(separator: "://", maxSplits: 1).last ?? ""
        return String(rest.prefix { $0 != "/" && $0 != "?" })
    }

    func perform(with handle: UnsafeMutableRawPointer?) throws -> HTTPResponse {
        guard let handle else {
            throw HTTPError(server: server, reason: "there is no memory for a request", isTimeout: false)
        }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for header in request.headers { list = curl_slist_append(list, "\(header.name): \(header.value)") }
        // Without this, libcurl waits for the server's consent before it sends a body.
        list = curl_slist_append(list, "Expect:")
        aurora_curl_set_string(handle, CURLOPT_URL, request.url)
        aurora_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        aurora_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        if let authorities = CurlClient.authorities { aurora_curl_set_string(handle, CURLOPT_CAINFO, authorities) }
        aurora_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        if let deadline = request.deadline {
            let parts = deadline.components
            aurora_curl_set_long(
                handle, CURLOPT_TIMEOUT_MS,
                max(1, Int(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)))
        }
        sign(handle, &list)
        aurora_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
        let context = Unmanaged.passUnretained(self).toOpaque()
        aurora_curl_set_callback(handle, CURLOPT_WRITEFUNCTION, Self.receive)
        aurora_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        aurora_curl_set_callback(handle, CURLOPT_HEADERFUNCTION, Self.receiveHeader)
        aurora_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        aurora_curl_set_progress_callback(handle, Self.progress)
        aurora_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        aurora_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        let code = request.body.withUnsafeBytes { body -> CURLcode in
            if request.method != .get {
                aurora_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
                aurora_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.count)
                // An empty body has no address, and libcurl would read one from standard input.
                aurora_curl_set_pointer(
                    handle, CURLOPT_POSTFIELDS,
                    UnsafeMutableRawPointer(mutating: body.baseAddress) ?? UnsafeMutableRawPointer(bitPattern: 1))
            }
            return curl_easy_perform(handle)
        }
        guard code == CURLE_OK else {
            if isCancelled.withLock({ $0 }) { throw CancellationError() }
            throw HTTPError(
                server: server, reason: String(cString: curl_easy_strerror(code)),
                isTimeout: code == CURLE_OPERATION_TIMEDOUT)
        }
        var status = 0
        aurora_curl_response_code(handle, &status)
        return answer.withLock { HTTPResponse(status: status, headers: $0.headers, body: $0.body) }
    }

    private func sign(_ handle: UnsafeMutableRawPointer, _ list: inout UnsafeMutablePointer<curl_slist>?) {
        guard let signature = request.signature else { return }
        aurora_curl_set_string(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
        aurora_curl_set_string(handle, CURLOPT_USERNAME, signature.accessKeyID)
        aurora_curl_set_string(handle, CURLOPT_PASSWORD, signature.secretAccessKey)
        if let token = signature.sessionToken { list = curl_slist_append(list, "x-amz-security-token: \(token)") }
    }

    private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let receive: aurora_curl_data_callback = { bytes, size, count, context in
        guard let transfer = Transfer.transfer(context), let bytes else { return 0 }
        let part = Array(UnsafeRawBufferPointer(start: bytes, count: size * count))
        transfer.answer.withLock { $0.body += part }
        return size * count
    }

    private static let receiveHeader: aurora_curl_data_callback = { bytes, size, count, context in
        guard let transfer = Transfer.transfer(context), let bytes else { return 0 }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
        if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            let (name, text) = (line[..<colon].lowercased(), String(value.prefix { !$0.isNewline }))
            transfer.answer.withLock { $0.headers[name] = text }
        }
        return size * count
    }

    private static let progress: aurora_curl_progress_callback = { context, _, _, _, _ in
        Transfer.transfer(context)?.isCancelled.withLock { $0 } == true ? 1 : 0
    }
}
