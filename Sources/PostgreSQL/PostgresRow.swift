// SPDX-License-Identifier: Apache-2.0

/// What can be read from the server's text form of a value.
public protocol PostgresDecodable {
    /// Reads the text; `nil` where it is no such value.
    init?(postgresText: String)
}

extension String: PostgresDecodable {
    /// Takes the text as it is.
    public init?(postgresText: String) { self = postgresText }
}

extension Int: PostgresDecodable {
    /// Reads decimal digits.
    public init?(postgresText: String) { self.init(postgresText) }
}

extension Bool: PostgresDecodable {
    /// Reads `t` or `f`.
    public init?(postgresText: String) {
        switch postgresText {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension [String]: PostgresDecodable {
    /// Reads an array's text, such as `{a,"b c"}` (PostgreSQL documentation, "Array Input and Output Syntax").
    public init?(postgresText: String) {
        guard postgresText.hasPrefix("{"), postgresText.hasSuffix("}") else { return nil }
        var elements: [String] = []
        var current = ""
        var isElement = false
        var isQuoted = false
        var isEscaped = false
        for scalar in postgresText.unicodeScalars.dropFirst().dropLast() {
            if isEscaped {
                current.unicodeScalars.append(scalar)
                isEscaped = false
                continue
            }
            switch scalar {
            case "\\": isEscaped = true
            case "\"":
                isQuoted.toggle()
                isElement = true
            case "," where !isQuoted:
                elements.append(current)
                current = ""
            default: current.unicodeScalars.append(scalar)
            }
        }
        if isElement || !current.isEmpty || !elements.isEmpty { elements.append(current) }
        self = elements
    }
}

/// One row of a result.
public struct PostgresRow: Sendable {
    let columns: [String: Int]
    let values: [String?]
    let server: String

    /// Hands over the bytes of all values, each with a mark behind it, for hashing.
    package func feed(_ body: (UnsafeRawBufferPointer) -> Void) {
        let separator: [UInt8] = [0]
        let null: [UInt8] = [1, 0]
        for value in values {
            if var value {
                value.withUTF8 { body(UnsafeRawBufferPointer($0)) }
                separator.withUnsafeBytes(body)
            } else {
                null.withUnsafeBytes(body)
            }
        }
    }

    /// The value of a column, which is not null.
    ///
    /// - Throws: ``PostgresError`` where there is no such column, or no such value in it.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        guard let value = try decodeIfPresent(column, as: type) else {
            throw PostgresError(.decoding, message: "the column '\(column)' is null", server: server)
        }
        return value
    }

    /// The value of a column, or `nil` where it is null.
    ///
    /// - Throws: ``PostgresError`` where there is no such column, or no such value in it.
    public func decodeIfPresent<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T? {
        guard let index = columns[column] else {
            throw PostgresError(.decoding, message: "the result has no column '\(column)'", server: server)
        }
        guard let text = values[index] else { return nil }
        guard let value = T(postgresText: text) else {
            throw PostgresError(.decoding, message: "the column '\(column)' is no \(type)", server: server)
        }
        return value
    }
}
