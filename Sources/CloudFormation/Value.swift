// SPDX-License-Identifier: Apache-2.0

/// A value of a template: known now, or when the stack is deployed.
///
/// An attribute of a resource is such a value. Text is put together by interpolation:
///
/// ```swift
/// let url: Value<String> = "postgres://\(cluster.endpoint.address):\(cluster.endpoint.port)/demo"
/// ```
///
/// What is known only at deployment cannot be compared, sliced or counted, so none of that compiles; `literal`
/// gives what is known now.
public struct Value<Wrapped: Sendable>: ExpressionConvertible {
    /// The form it has in a template.
    public let expression: TemplateExpression

    /// Takes an expression on trust to have this type when the stack is deployed.
    public init(unchecked expression: TemplateExpression) {
        self.expression = expression
    }

    /// A use of an element.
    public init(_ reference: Reference) {
        expression = .reference(reference)
    }
}

extension Value where Wrapped == String {
    /// A text that is known now.
    public init(_ text: some StringProtocol) {
        self.init(unchecked: .string(String(text)))
    }

    /// The text, if it is known now.
    public var literal: String? { expression.stringLiteral }
}

extension Value where Wrapped == Int {
    /// A number that is known now.
    public init(_ number: Int) {
        self.init(unchecked: .integer(number))
    }

    /// A number that a text will hold when the stack is deployed, as CloudFormation reads either.
    public init(parsing text: Value<String>) {
        self.init(unchecked: text.expression)
    }

    /// The number, if it is known now.
    public var literal: Int? {
        if case .integer(let number) = expression { number } else { nil }
    }
}

extension Value where Wrapped == Bool {
    /// A truth value that is known now.
    public init(_ value: Bool) {
        self.init(unchecked: .boolean(value))
    }
}

extension Value where Wrapped == Double {
    /// A number that is known now.
    public init(_ number: Double) {
        self.init(unchecked: .number(number))
    }
}

extension Value: ExpressibleByUnicodeScalarLiteral, ExpressibleByExtendedGraphemeClusterLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation
where Wrapped == String {
    /// Collects the parts of an interpolated text.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var parts: [TemplateExpression] = []

        /// Makes room for the parts.
        public init(literalCapacity: Int, interpolationCount: Int) {
            parts.reserveCapacity(interpolationCount * 2 + 1)
        }

        /// Appends text that is known now.
        public mutating func appendLiteral(_ literal: String) {
            parts.append(.string(literal))
        }

        /// Appends a text that may be known only at deployment.
        public mutating func appendInterpolation(_ value: Value<String>) {
            parts.append(value.expression)
        }

        /// Appends a number that may be known only at deployment.
        public mutating func appendInterpolation(_ value: Value<Int>) {
            parts.append(value.literal.map { .string(String($0)) } ?? value.expression)
        }

        /// Appends a text that is known now.
        public mutating func appendInterpolation(_ text: some StringProtocol) {
            parts.append(.string(String(text)))
        }

        /// Appends a number that is known now.
        public mutating func appendInterpolation(_ number: Int) {
            parts.append(.string(String(number)))
        }
    }

    /// Takes a literal text.
    public init(stringLiteral value: String) {
        self.init(unchecked: .string(value))
    }

    /// Takes an interpolated text.
    public init(stringInterpolation: StringInterpolation) {
        self.init(unchecked: .joining(stringInterpolation.parts))
    }
}

extension Value: ExpressibleByIntegerLiteral where Wrapped == Int {
    /// Takes a literal whole number.
    public init(integerLiteral value: Int) { self.init(unchecked: .integer(value)) }
}

extension Value: ExpressibleByBooleanLiteral where Wrapped == Bool {
    /// Takes a literal truth value.
    public init(booleanLiteral value: Bool) { self.init(unchecked: .boolean(value)) }
}

extension Value: ExpressibleByFloatLiteral where Wrapped == Double {
    /// Takes a literal number.
    public init(floatLiteral value: Double) { self.init(unchecked: .number(value)) }
}
