// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

/// What becomes of a resource that leaves the stack or is replaced.
public enum RemovalPolicy: String, Hashable, Sendable, CaseIterable {
    /// It is deleted.
    case destroy
    /// It stays, outside of the stack.
    case retain
    /// It is deleted after a last snapshot.
    case snapshot

    /// CloudFormation's word for it.
    public var deletionPolicy: String {
        switch self {
        case .destroy: "Delete"
        case .retain: "Retain"
        case .snapshot: "Snapshot"
        }
    }
}

/// A resource of any CloudFormation type.
///
/// With untyped properties it is the way out where no typed resource exists yet:
///
/// ```swift
/// let topic = CfnResource(self, "Alerts", type: "AWS::SNS::Topic", properties: ["TopicName": "alerts"])
/// let arn: Value<String> = topic.ref
/// ```
open class CfnResource: CfnElement {
    /// The type, such as `AWS::SNS::Topic`.
    public let type: String
    /// What becomes of it when it leaves the stack; CloudFormation's default where `nil`.
    public var removalPolicy: RemovalPolicy?
    /// What becomes of the old one when it is replaced; as ``removalPolicy`` where `nil`.
    public var updateReplacePolicy: RemovalPolicy?

    private let untypedProperties: TemplateExpression
    private var overrides: [(path: [String], value: TemplateExpression)] = []
    private var metadata: [TemplateExpression.Member] = []
    private var explicitDependencies: [CfnResource] = []

    /// Declares a resource.
    public init(_ scope: any Scope, _ id: String, type: String, properties: TemplateExpression = [:]) {
        self.type = type
        untypedProperties = properties
        super.init(at: Node(scope, id))
    }

    /// The properties as they stand in the template.
    open var properties: TemplateExpression { untypedProperties }

    /// What `Ref` returns: mostly the name or the id.
    public var ref: Value<String> { Value(Reference(to: elementID, .ref)) }

    /// What `Fn::GetAtt` returns for a name, such as `Arn`.
    public func attribute(_ name: String) -> Value<String> { Value(Reference(to: elementID, .named(name))) }

    /// Sets a property that the types do not offer, or removes it with `.null`.
    ///
    /// - Parameters:
    ///   - path: Names separated by dots, such as `Endpoint.Port`.
    ///   - value: What it is set to.
    public func addPropertyOverride(_ path: String, _ value: TemplateExpression) {
        overrides.append((path.split(separator: ".").map(String.init), value))
    }

    /// Adds something for tools that read the template; CloudFormation keeps it, and does nothing with it.
    ///
    /// - Parameters:
    ///   - name: Whose it is, such as `checkov`.
    ///   - value: What that tool reads.
    public func addMetadata(_ name: String, _ value: TemplateExpression) {
        metadata.removeAll { $0.name == name }
        metadata.append(.init(name, value))
    }

    /// Makes this resource wait for another one.
    public func addDependency(on other: CfnResource) {
        if other !== self, !explicitDependencies.contains(where: { $0 === other }) {
            explicitDependencies.append(other)
        }
    }

    package var dependencies: [CfnResource] { explicitDependencies }

    /// The properties with all that was overridden in them.
    var overriddenProperties: TemplateExpression {
        overrides.reduce(properties) { $0.setting($1.path[...], to: $1.value) }
    }

    /// The resource's entry in the template.
    func body(properties: TemplateExpression, dependsOn: [String], pathMetadata: Bool) -> TemplateExpression {
        var members: [TemplateExpression.Member] = [.init("Type", .string(type))]
        if !properties.members.isEmpty { members.append(.init("Properties", properties)) }
        if !dependsOn.isEmpty { members.append(.init("DependsOn", .list(dependsOn.map { .string($0) }))) }
        if let policy = updateReplacePolicy ?? removalPolicy {
            members.append(.init("UpdateReplacePolicy", .string(policy.deletionPolicy)))
        }
        if let policy = removalPolicy { members.append(.init("DeletionPolicy", .string(policy.deletionPolicy))) }
        let path = pathMetadata ? [TemplateExpression.Member("aws:cdk:path", .string(node.path))] : []
        if !(path + metadata).isEmpty { members.append(.init("Metadata", .object(path + metadata))) }
        return .object(members)
    }
}

extension TemplateExpression {
    /// The same object with a member somewhere in it replaced, added, or removed by `.null`.
    fileprivate func setting(_ path: ArraySlice<String>, to value: TemplateExpression) -> TemplateExpression {
        guard let name = path.first else { return value }
        var changed = members
        let index = changed.firstIndex { $0.name == name }
        let rest = path.dropFirst()
        if rest.isEmpty, value == .null {
            if let index { changed.remove(at: index) }
            return .object(changed)
        }
        let old = index.map { changed[$0].value } ?? .object([])
        let member = Member(name, old.setting(rest, to: value))
        if let index { changed[index] = member } else { changed.append(member) }
        return .object(changed)
    }
}

/// A resource with typed properties.
///
/// ```swift
/// let group = Cfn<Logs.LogGroup>(self, "Audit", .init(retentionInDays: 90))
/// let arn = group.attributes.arn
/// ```
public final class Cfn<Properties: ResourceProperties>: CfnResource, TaggableResource {
    /// The properties; they may change until the application is synthesized.
    public var typed: Properties

    /// Declares a resource.
    public init(_ scope: any Scope, _ id: String, _ properties: Properties) {
        typed = properties
        super.init(scope, id, type: Properties.typeName)
    }

    public override var properties: TemplateExpression { typed.expression }

    /// What can be read of the resource once it is deployed.
    public var attributes: Properties.Attributes { Properties.Attributes(of: elementID) }

    package func setTag(_ key: String, _ value: String) {
        guard var taggable = typed as? any Taggable else { return }
        var tags = (taggable.tags ?? []).filter { $0.key.literal != key }
        tags.append(Tag(key: Value(key), value: Value(value)))
        taggable.tags = tags
        if let changed = taggable as? Properties { typed = changed }
    }
}
