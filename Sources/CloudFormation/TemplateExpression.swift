// SPDX-License-Identifier: Apache-2.0

/// What stands for an element of a template, before its logical id is known: its path in the tree.
public struct ElementID: Hashable, Sendable {
    /// The path of the element's construct, such as `AuroraDemo/Vpc/Resource`.
    public let path: String

    /// Names the element at a path.
    public init(path: String) {
        self.path = path
    }
}

/// A use of an element: its own `Ref`, or one of its attributes.
public struct Reference: Hashable, Sendable {
    /// What is used of the element.
    public enum Attribute: Hashable, Sendable {
        /// What `Ref` returns.
        case ref
        /// What `Fn::GetAtt` returns for this name, such as `Endpoint.Address`.
        case named(String)
    }

    /// The element that is used.
    public let target: ElementID
    /// What is used of it.
    public let attribute: Attribute

    /// Makes a use of an element.
    public init(to target: ElementID, _ attribute: Attribute) {
        self.target = target
        self.attribute = attribute
    }
}

/// What a template consists of: JSON with CloudFormation's intrinsic functions in it.
///
/// Use it where no type is known, as in `CfnResource`'s untyped properties; ``Value`` is the typed form.
///
/// ```swift
/// let properties: TemplateExpression = ["TopicName": "alerts", "FifoTopic": true]
/// ```
public enum TemplateExpression: Hashable, Sendable {
    /// A member of an object; the order of members is kept.
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public let name: String
        /// The member's value.
        public let value: TemplateExpression

        /// Makes a member.
        public init(_ name: String, _ value: TemplateExpression) {
            self.name = name
            self.value = value
        }
    }

    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateExpression])
    case object([Member])
    /// A use of an element, written as `Ref` or `Fn::GetAtt`, or as an import in another stack.
    indirect case reference(Reference)
    /// A text put together from parts, written as `Fn::Join`.
    case join([TemplateExpression])
}

extension TemplateExpression {
    /// An object with a single member, as all intrinsic functions are.
    public static func intrinsic(_ name: String, _ argument: TemplateExpression) -> TemplateExpression {
        .object([Member(name, argument)])
    }

    /// The members of an object; empty for anything else.
    public var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The value of an object's member, if there is one of that name.
    public subscript(name: String) -> TemplateExpression? {
        members.first { $0.name == name }?.value
    }

    /// The text, if it is known now.
    public var stringLiteral: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements of a list; `nil` for anything else.
    public var elements: [TemplateExpression]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    /// Calls `body` with every use of an element in here.
    public func visitReferences(_ body: (Reference) throws -> Void) rethrows {
        switch self {
        case .null, .boolean, .integer, .number, .string: break
        case .list(let elements), .join(let elements):
            for element in elements { try element.visitReferences(body) }
        case .object(let members):
            for member in members { try member.value.visitReferences(body) }
        case .reference(let reference): try body(reference)
        }
    }

    /// The same with every use of an element replaced.
    public func replacingReferences(_ body: (Reference) throws -> TemplateExpression) rethrows -> TemplateExpression {
        switch self {
        case .null, .boolean, .integer, .number, .string: self
        case .list(let elements): .list(try elements.map { try $0.replacingReferences(body) })
        case .join(let parts): .join(try parts.map { try $0.replacingReferences(body) })
        case .object(let members):
            .object(try members.map { Member($0.name, try $0.value.replacingReferences(body)) })
        case .reference(let reference): try body(reference)
        }
    }

    /// The parts of a join in their shortest form: nested joins opened, neighbouring texts put together.
    public static func flattened(_ parts: [TemplateExpression]) -> [TemplateExpression] {
        var flat: [TemplateExpression] = []
        func append(_ part: TemplateExpression) {
            switch part {
            case .join(let inner): inner.forEach(append)
            case .string(""): break
            case .string(let text):
                if case .string(let before)? = flat.last {
                    flat[flat.count - 1] = .string(before + text)
                } else {
                    flat.append(part)
                }
            default: flat.append(part)
            }
        }
        parts.forEach(append)
        return flat
    }

    /// A text from parts, as simple as it can be: a plain string where all parts are known.
    public static func joining(_ parts: [TemplateExpression]) -> TemplateExpression {
        let flat = flattened(parts)
        switch flat.count {
        case 0: return .string("")
        case 1: return flat[0]
        default: return .join(flat)
        }
    }
}

extension TemplateExpression: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// Takes a literal text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Takes a literal truth value.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// Takes a literal whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// Takes a literal number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// Takes a literal list.
    public init(arrayLiteral elements: TemplateExpression...) { self = .list(elements) }
    /// Takes a literal object; the order of members is kept.
    public init(dictionaryLiteral elements: (String, TemplateExpression)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    /// Takes a literal null.
    public init(nilLiteral: ()) { self = .null }
}

/// What can stand in a template.
public protocol ExpressionConvertible: Sendable {
    /// The form it has there.
    var expression: TemplateExpression { get }
}

extension TemplateExpression: ExpressionConvertible {
    /// The form it has in a template.
    public var expression: TemplateExpression { self }
}

extension Array: ExpressionConvertible where Element: ExpressionConvertible {
    /// The form it has in a template.
    public var expression: TemplateExpression { .list(map { $0.expression }) }
}

extension Dictionary: ExpressionConvertible where Key == String, Value: ExpressionConvertible {
    /// Sorted by name, as a dictionary has no order and a template should be the same each time.
    public var expression: TemplateExpression {
        .object(sorted { $0.key < $1.key }.map { TemplateExpression.Member($0.key, $0.value.expression) })
    }
}
