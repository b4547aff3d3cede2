// SPDX-License-Identifier: Apache-2.0

/// Why the server, or the way to it, did not do what it was asked.
public struct PostgresError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public enum Code: Hashable, Sendable {
        /// No connection could be made, or it was lost.
        case connection
        /// The server refused a statement; ``PostgresError/sqlState`` says why.
        case server
        /// Something took longer than it was given.
        case deadlineExceeded
        /// A second statement was sent while the first was at work.
        case busy
        /// A value was not what the caller takes it for.
        case decoding
    }

    /// What kind of failure it is.
    public let code: Code
    /// The server's code of five characters (PostgreSQL documentation, "PostgreSQL Error Codes").
    public let sqlState: String?
    /// What happened.
    public let message: String
    /// More about it, where the server gives that.
    public let detail: String?
    /// Which server and role it was.
    public let server: String

    init(_ code: Code, sqlState: String? = nil, message: String, detail: String? = nil, server: String) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.server = server
    }
}

extension PostgresError {
    /// The password, or the role itself, is not right.
    public var isAuthenticationFailure: Bool {
        // libpq 15 gives no SQLSTATE for a refused login, so its words have to do.
        sqlState == "28P01" || sqlState == "28000" || (code == .connection && message.contains("authentication failed"))
    }

    /// Nobody answers, or there is no way to the server.
    public var isUnreachable: Bool {
        sqlState == nil && (code == .connection || code == .deadlineExceeded) && !isAuthenticationFailure
    }

    /// The same statements can succeed when they are sent again: two transactions met.
    public var isTransient: Bool {
        switch sqlState {
        case "40001", "40P01", "55P03": true
        // Two sessions changed the privileges of one object: the server has no code of its own for that.
        case "XX000": message.contains("tuple concurrently")
        default: false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// What happened, where, and the server's code.
    public var description: String {
        var text = message
        if let detail { text += " (\(detail))" }
        if let sqlState { text += " [SQLSTATE \(sqlState)]" }
        return "\(server): \(text)"
    }
}
