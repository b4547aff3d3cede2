// SPDX-License-Identifier: Apache-2.0

/// A statement whose interpolated values are sent apart from its text.
///
/// ```swift
/// try await connection.query("select * from tasks where owner = \(name)")
/// try await connection.query("create schema \(identifier: schema)")
/// ```
public struct PostgresQuery: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The text, with `$1`, `$2`, … where values go.
    public private(set) var sql: String
    /// The values.
    public private(set) var bindings: [String?]

    /// Takes a text as it is: it must not be made from what others wrote.
    public init(unsafe sql: String) {
        self.sql = sql
        bindings = []
    }

    /// Takes a literal text.
    public init(stringLiteral value: String) {
        self.init(unsafe: value)
    }

    /// Takes an interpolated text.
    public init(stringInterpolation: StringInterpolation) {
        sql = stringInterpolation.sql
        bindings = stringInterpolation.bindings
    }

    /// Adds a list of texts as the next value, for a statement from a file that has `any($1::text[])`.
    public mutating func bind(_ values: [String]) {
        bindings.append(Self.array(values))
    }

    private static func array(_ values: [String]) -> String {
        let elements = values.map { value in
            var element = "\""
            for scalar in value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { element.unicodeScalars.append("\\") }
                element.unicodeScalars.append(scalar)
            }
            return element + "\""
        }
        return "{\(elements.joined(separator: ","))}"
    }

    /// Collects text and values.
    public struct StringInterpolation: StringInterpolationProtocol {
        var sql = ""
        var bindings: [String?] = []

        /// Makes room for the text.
        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + interpolationCount * 3)
        }

        /// Appends text.
        public mutating func appendLiteral(_ literal: String) { sql += literal }

        /// Sends a text apart from the statement.
        public mutating func appendInterpolation(_ value: String?) {
            bindings.append(value)
            sql += "$\(bindings.count)"
        }

        /// Sends a number apart from the statement.
        public mutating func appendInterpolation(_ value: Int) { appendInterpolation(String(value)) }

        /// Sends a truth value apart from the statement.
        public mutating func appendInterpolation(_ value: Bool) { appendInterpolation(value ? "true" : "false") }

        /// Sends a list of texts apart from the statement, for `any($1::text[])`.
        public mutating func appendInterpolation(_ values: [String]) {
            appendInterpolation(PostgresQuery.array(values))
        }

        /// Writes a quoted name.
        public mutating func appendInterpolation(identifier name: String) { sql += SQL.identifier(name) }

        /// Writes a quoted text, for statements that take no values, as those that define something.
        public mutating func appendInterpolation(literal text: String) { sql += SQL.literal(text) }

        /// Writes text as it is: it must not be made from what others wrote.
        public mutating func appendInterpolation(unsafe text: String) { sql += text }
    }
}
