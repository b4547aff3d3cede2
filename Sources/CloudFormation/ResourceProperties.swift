// SPDX-License-Identifier: Apache-2.0

/// The properties of a resource type, generated from CloudFormation's schema of it.
public protocol ResourceProperties: ExpressionConvertible {
    /// What can be read of a resource of this type once it is deployed.
    associatedtype Attributes: ResourceAttributes
    /// The type's name, such as `AWS::RDS::DBCluster`.
    static var typeName: String { get }
}

/// What can be read of a deployed resource.
public protocol ResourceAttributes: Sendable {
    /// The resource they are read from.
    var resource: ElementID { get }
    /// Names the resource they are read from.
    init(of resource: ElementID)
}

extension ResourceAttributes {
    package func value<T>(_ name: String) -> Value<T> {
        Value(Reference(to: resource, .named(name)))
    }
}

/// A resource type that carries tags as a list of keys and values.
public protocol Taggable {
    /// The resource's tags.
    var tags: [Tag]? { get set }
}

/// A key and a value attached to a resource.
public struct Tag: ExpressionConvertible {
    /// The key: at most 128 characters, not beginning with `aws:`.
    public var key: Value<String>
    /// The value: at most 256 characters.
    public var value: Value<String>

    /// Makes a tag.
    public init(key: Value<String>, value: Value<String>) {
        self.key = key
        self.value = value
    }

    /// The form it has in a template.
    public var expression: TemplateExpression {
        .object([.init("Key", key.expression), .init("Value", value.expression)])
    }
}

/// Collects the properties that are given, in the schema's order.
package struct PropertyList {
    private var members: [TemplateExpression.Member] = []

    package init() {}

    package mutating func add(_ name: String, _ value: (some ExpressionConvertible)?) {
        if let value { members.append(.init(name, value.expression)) }
    }

    package var expression: TemplateExpression { .object(members) }
}
