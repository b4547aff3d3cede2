// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
import Dispatch
public import Logging

/// A connection to a PostgreSQL server.
///
/// Statements are sent one at a time. Every wait has a deadline, and cancelling the task cancels the statement on the
/// server.
public actor PostgresConnection {
    /// How long a statement may take where nothing else is said.
    public static let defaultDeadline = Duration.seconds(120)
    // What the server gets to react to a cancellation before the connection is given up.
    private static let cancellationDeadline = Duration.seconds(5)

    /// Which server and role this is, without the password.
    public nonisolated let server: String
    /// The server's version, such as 150018 for 15.18.
    public nonisolated let serverVersion: Int

    private var handle: Handle?
    private var isBusy = false
    private let notices: NoticeReceiver

    /// libpq's connection.
    private struct Handle: Sendable {
        // Safe because one thread at a time uses it, as libpq demands: this actor's, or one that the actor waits for.
        nonisolated(unsafe) let pointer: OpaquePointer
    }

    private init(handle: Handle, server: String, notices: NoticeReceiver) {
        self.handle = handle
        self.server = server
        self.notices = notices
        serverVersion = Int(PQserverVersion(handle.pointer))
    }

    isolated deinit {
        if let handle { PQfinish(handle.pointer) }
    }

    /// Logs in.
    ///
    /// - Parameters:
    ///   - configuration: Where, and as whom.
    ///   - logger: Gets the server's notices.
    /// - Returns: The connection.
    /// - Throws: ``PostgresError`` where the server cannot be reached or refuses the login, `CancellationError`.
    public static func connect(
        _ configuration: Configuration, logger: Logger
    ) async throws -> PostgresConnection {
        let server = configuration.description
        // Looking up a host name blocks, and so does not happen on the cooperative pool.
        let handle = try await withoutPool { () throws -> Handle in
            var keywords = configuration.parameters.map { copy($0.keyword) } + [nil]
            var values = configuration.parameters.map { copy($0.value) } + [nil]
            defer { for text in keywords + values { text?.deallocate() } }
            guard let pointer = PQconnectStartParams(&keywords, &values, 0) else {
                throw PostgresError(.connection, message: "there is no memory for a connection", server: server)
            }
            return Handle(pointer: pointer)
        }
        do {
            try await finishLogin(handle, server, until: .now + configuration.connectTimeout)
        } catch {
            PQfinish(handle.pointer)
            throw error
        }
        let notices = NoticeReceiver(logger)
        PQsetnonblocking(handle.pointer, 1)
        PQsetNoticeProcessor(handle.pointer, NoticeReceiver.process, Unmanaged.passUnretained(notices).toOpaque())
        return PostgresConnection(handle: handle, server: server, notices: notices)
    }

    private static func copy(_ text: String) -> UnsafePointer<CChar>? {
        let bytes = text.utf8CString
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = buffer.initialize(from: bytes)
        return UnsafePointer(buffer.baseAddress)
    }

    private static func finishLogin(
        _ handle: Handle, _ server: String, until deadline: ContinuousClock.Instant
    ) async throws {
        while true {
            let interest: SocketReadiness.Interest
            switch PQconnectPoll(handle.pointer) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: interest = .read
            case PGRES_POLLING_WRITING: interest = .write
            default:
                throw PostgresError(.connection, message: lastMessage(handle), server: server)
            }
            switch await SocketReadiness.wait(for: interest, on: PQsocket(handle.pointer), until: deadline) {
            case .ready: continue
            case .cancelled: throw CancellationError()
            case .deadlineExceeded:
                throw PostgresError(.deadlineExceeded, message: "the server does not answer", server: server)
            }
        }
    }

    private static func lastMessage(_ handle: Handle) -> String {
        let text = String(cString: PQerrorMessage(handle.pointer))
        return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    /// Runs something that blocks on a thread that is there for that.
    private static func withoutPool<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Sends a statement and waits for its rows.
    ///
    /// - Parameters:
    ///   - query: The statement.
    ///   - deadline: How long it may take; it is then cancelled on the server.
    /// - Returns: Its rows; none for statements without any.
    /// - Throws: ``PostgresError``, or `CancellationError` when the task was cancelled, and then the statement too.
    @discardableResult
    public func query(_ query: PostgresQuery, deadline: Duration = defaultDeadline) async throws -> [PostgresRow] {
        let limit = ContinuousClock.now + deadline
        return try await exclusively { handle in
            var values = query.bindings.map { $0.flatMap(Self.copy) }
            defer { for value in values { value?.deallocate() } }
            let sent = PQsendQueryParams(handle.pointer, query.sql, Int32(values.count), nil, &values, nil, nil, 0)
            guard sent == 1 else { throw lost(handle) }
            return try await receive(handle, until: limit)
        }
    }

    /// Sends several statements, separated by semicolons, at once; outside of a transaction they are one by themselves.
    ///
    /// - Parameters:
    ///   - script: The statements: their text must not be made from what others wrote, unless it is quoted.
    ///   - deadline: How long all of it may take.
    /// - Throws: As ``query(_:deadline:)``.
    public func execute(unsafeScript script: String, deadline: Duration = defaultDeadline) async throws {
        let limit = ContinuousClock.now + deadline
        _ = try await exclusively { handle in
            guard PQsendQuery(handle.pointer, script) == 1 else { throw lost(handle) }
            return try await receive(handle, until: limit)
        }
    }

    /// The form in which a password is told to the server, from which nobody can find the password.
    ///
    /// - Parameters:
    ///   - password: The password.
    ///   - username: The role it is for.
    /// - Returns: A SCRAM-SHA-256 verifier.
    /// - Throws: ``PostgresError`` where libpq cannot compute it.
    public func passwordVerifier(_ password: String, username: String) throws -> String {
        guard let handle else { throw closed }
        guard let verifier = PQencryptPasswordConn(handle.pointer, password, username, "scram-sha-256") else {
            throw PostgresError(.connection, message: Self.lastMessage(handle), server: server)
        }
        defer { PQfreemem(verifier) }
        return String(cString: verifier)
    }

    /// Ends the connection; it cannot be used afterwards.
    public func close() {
        if let handle { PQfinish(handle.pointer) }
        handle = nil
    }

    private var closed: PostgresError {
        PostgresError(.connection, message: "the connection is closed", server: server)
    }

    private func lost(_ handle: Handle) -> PostgresError {
        PostgresError(.connection, message: Self.lastMessage(handle), server: server)
    }

    private func exclusively(
        _ body: (Handle) async throws -> [PostgresRow]
    ) async throws -> [PostgresRow] {
        guard let handle else { throw closed }
        guard !isBusy else {
            throw PostgresError(.busy, message: "another statement is still at work on this connection", server: server)
        }
        isBusy = true
        defer { isBusy = false }
        return try await body(handle)
    }

    /// Sends what is left and reads all results; the first error is thrown when the server is ready again.
    private func receive(_ handle: Handle, until limit: ContinuousClock.Instant) async throws -> [PostgresRow] {
        var rows: [PostgresRow] = []
        var failure: PostgresError?
        do {
            while try await !flush(handle, until: limit) {}
            while let result = try await nextResult(handle, until: limit) {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK: rows = Self.rows(of: result, server)
                case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
                default: if failure == nil { failure = Self.failure(of: result, server) }
                }
            }
        } catch let interruption as Interruption {
            await cancel(handle)
            throw interruption.error(server)
        }
        if let failure { throw failure }
        return rows
    }

    /// Why a wait ended before the server answered.
    private enum Interruption: Error {
        case deadline
        case cancellation

        func error(_ server: String) -> any Error {
            switch self {
            case .deadline:
                PostgresError(
                    .deadlineExceeded, message: "the statement took too long and was cancelled", server: server)
            case .cancellation: CancellationError()
            }
        }
    }

    private func wait(
        _ handle: Handle, for interest: SocketReadiness.Interest, until limit: ContinuousClock.Instant
    ) async throws {
        switch await SocketReadiness.wait(for: interest, on: PQsocket(handle.pointer), until: limit) {
        case .ready: break
        case .deadlineExceeded: throw Interruption.deadline
        case .cancelled: throw Interruption.cancellation
        }
    }

    private func flush(_ handle: Handle, until limit: ContinuousClock.Instant) async throws -> Bool {
        switch PQflush(handle.pointer) {
        case 0: return true
        case 1:
            try await wait(handle, for: .write, until: limit)
            // The server may wait for its own answers to be read before it reads on.
            if PQconsumeInput(handle.pointer) == 0 { throw lost(handle) }
            return false
        default: throw lost(handle)
        }
    }

    private func nextResult(_ handle: Handle, until limit: ContinuousClock.Instant) async throws -> OpaquePointer? {
        while PQisBusy(handle.pointer) == 1 {
            try await wait(handle, for: .read, until: limit)
            if PQconsumeInput(handle.pointer) == 0 { throw lost(handle) }
        }
        return PQgetResult(handle.pointer)
    }

    /// Cancels the statement on the server; a connection on which that does not help is closed.
    private func cancel(_ handle: Handle) async {
        // A task that is cancelled itself would stop waiting at once.
        let isIdle = await Task { () -> Bool in
            try? await Self.withoutPool {
                guard let request = PQgetCancel(handle.pointer) else { return }
                defer { PQfreeCancel(request) }
                var message = [CChar](repeating: 0, count: 256)
                _ = PQcancel(request, &message, Int32(message.count))
            }
            let limit = ContinuousClock.now + Self.cancellationDeadline
            do {
                while let result = try await self.nextResult(handle, until: limit) { PQclear(result) }
                return true
            } catch {
                return false
            }
        }.value
        if !isIdle { close() }
    }

    private static func rows(of result: OpaquePointer, _ server: String) -> [PostgresRow] {
        let count = PQnfields(result)
        var columns: [String: Int] = [:]
        for index in 0..<count { columns[String(cString: PQfname(result, index))] = Int(index) }
        return (0..<PQntuples(result)).map { row in
            let values = (0..<count).map { column -> String? in
                if PQgetisnull(result, row, column) == 1 { return nil }
                let length = Int(PQgetlength(result, row, column))
                let bytes = UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
                return String(decoding: bytes, as: UTF8.self)
            }
            return PostgresRow(columns: columns, values: values, server: server)
        }
    }

    private static func failure(of result: OpaquePointer, _ server: String) -> PostgresError {
        func field(_ code: Character) -> String? {
            guard let code = code.asciiValue, let text = PQresultErrorField(result, Int32(code)) else { return nil }
            return String(cString: text)
        }
        let state = field("C")
        return PostgresError(
            state == nil ? .connection : .server, sqlState: state,
            message: field("M") ?? String(cString: PQresultErrorMessage(result)), detail: field("D"), server: server)
    }
}

/// Hands the server's notices to the log.
private final class NoticeReceiver: Sendable {
    private let logger: Logger

    init(_ logger: Logger) {
        self.logger = logger
    }

    static let process: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void = { context, text in
        guard let context, let text else { return }
        let receiver = Unmanaged<NoticeReceiver>.fromOpaque(context).takeUnretainedValue()
        let message = String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
        receiver.logger.debug("PostgreSQL says: \(message)")
    }
}
