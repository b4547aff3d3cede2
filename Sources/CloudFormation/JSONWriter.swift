// SPDX-License-Identifier: Apache-2.0

/// Writes expressions as JSON: two spaces a level, members in their order, so that the same input gives the same bytes.
public struct JSONWriter {
    private var bytes: [UInt8] = []
    private let spelling: (Reference) throws -> TemplateExpression

    private init(spelling: @escaping (Reference) throws -> TemplateExpression) {
        self.spelling = spelling
        bytes.reserveCapacity(1 << 16)
    }

    /// The JSON of an expression, ending in a line feed.
    ///
    /// - Parameters:
    ///   - expression: What to write.
    ///   - spelling: How a use of an element is written; by default there must be none.
    /// - Returns: The text's bytes.
    /// - Throws: What `spelling` throws.
    public static func write(
        _ expression: TemplateExpression,
        references spelling: @escaping (Reference) throws -> TemplateExpression = unresolved
    ) throws -> [UInt8] {
        var writer = JSONWriter(spelling: spelling)
        try writer.write(expression, indent: 0)
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    /// The JSON of an expression on one line, without spaces.
    public static func compact(
        _ expression: TemplateExpression,
        references spelling: @escaping (Reference) throws -> TemplateExpression = unresolved
    ) throws -> String {
        var writer = JSONWriter(spelling: spelling)
        try writer.write(expression, indent: nil)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Refuses every use of an element.
    public static func unresolved(_ reference: Reference) throws -> TemplateExpression {
        throw UnresolvedReference(reference: reference)
    }

    private mutating func write(_ expression: TemplateExpression, indent: Int?) throws {
        switch expression {
        case .null: append("null")
        case .boolean(let value): append(value ? "true" : "false")
        case .integer(let number): append(String(number))
        case .number(let number):
            append(number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number))
        case .string(let text): appendQuoted(text)
        case .list(let elements):
            bytes.append(UInt8(ascii: "["))
            for index in elements.indices {
                startElement(index, indent: indent)
                try write(elements[index], indent: indent.map { $0 + 1 })
            }
            end(UInt8(ascii: "]"), isEmpty: elements.isEmpty, indent: indent)
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for index in members.indices {
                startElement(index, indent: indent)
                appendQuoted(members[index].name)
                append(indent == nil ? ":" : ": ")
                try write(members[index].value, indent: indent.map { $0 + 1 })
            }
            end(UInt8(ascii: "}"), isEmpty: members.isEmpty, indent: indent)
        case .reference(let reference): try write(try spelling(reference), indent: indent)
        case .join(let parts):
            // Resolving may turn parts into known text: only then is it clear what is left to join.
            let resolved = try parts.map { part in try part.replacingReferences(spelling) }
            switch TemplateExpression.joining(resolved) {
            case .join(let parts):
                try write(.intrinsic("Fn::Join", .list([.string(""), .list(parts)])), indent: indent)
            case let simple: try write(simple, indent: indent)
            }
        }
    }

    private mutating func startElement(_ index: Int, indent: Int?) {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        newLine(indent.map { $0 + 1 })
    }

    private mutating func end(_ close: UInt8, isEmpty: Bool, indent: Int?) {
        if !isEmpty { newLine(indent) }
        bytes.append(close)
    }

    private mutating func newLine(_ indent: Int?) {
        guard let indent else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly all texts stand for themselves, and are copied as a whole.
        let copied: Void? = text.utf8.withContiguousStorageIfAvailable { utf8 in
            if utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: utf8)
            } else {
                appendEscaped(text)
            }
        }
        if copied == nil { appendEscaped(text) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: bytes.append(byte)
            }
        }
    }
}

/// A use of an element where its spelling is not known.
public struct UnresolvedReference: Error, CustomStringConvertible {
    /// The use.
    public let reference: Reference

    /// Names the use.
    public init(reference: Reference) {
        self.reference = reference
    }

    /// The facts as a sentence for people.
    public var description: String {
        "'\(reference.target.path)' is used here, but is not an element of this application: "
            + "a value of one App cannot be used in another."
    }
}
