// SPDX-License-Identifier: Apache-2.0

public import CDK
public import CloudFormation
public import Constructs

/// A key of the Key Management Service, with which other services encrypt.
public final class Key: Construct {
    /// The key's ARN.
    public let keyArn: Value<String>

    private let resource: Cfn<KMS.Key>?
    private var policy = PolicyDocument()

    /// Declares a key, whose policy leaves permissions to the account's IAM policies.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - description: What it is for, at most 8,192 characters.
    ///   - enableKeyRotation: Whether KMS renews the key material once a year; CloudFormation's default is not to.
    ///   - alias: A name for people, with or without `alias/`.
    ///   - removalPolicy: What becomes of it with the stack. What it encrypts is lost with it, so it stays by default.
    public init(
        _ scope: any Scope, _ id: String, description: String? = nil, enableKeyRotation: Bool? = nil,
        alias: String? = nil, removalPolicy: RemovalPolicy = .retain
    ) {
        let node = Node(scope, id)
        let resource = Cfn<KMS.Key>(
            node, "Resource",
            .init(description: description.map { Value($0) }, enableKeyRotation: enableKeyRotation.map { Value($0) }))
        resource.removalPolicy = removalPolicy
        self.resource = resource
        keyArn = resource.attributes.arn
        super.init(at: node)
        let stack = Stack.of(node)
        addToResourcePolicy(
            PolicyStatement(
                principals: [.account(stack.account, partition: stack.partition)], actions: ["kms:*"], resources: ["*"])
        )
        if let alias {
            _ = Cfn<KMS.Alias>(
                Construct(node, "Alias"), "Resource",
                .init(
                    aliasName: Value(alias.hasPrefix("alias/") ? alias : "alias/\(alias)"), targetKeyId: keyArn))
        }
    }

    private init(at node: Node, arn: Value<String>) {
        resource = nil
        keyArn = arn
        super.init(at: node)
    }

    /// A key that exists already; its own policy is left alone.
    public static func fromArn(_ scope: any Scope, _ id: String, _ arn: Value<String>) -> Key {
        Key(at: Node(scope, id), arn: arn)
    }

    /// Adds a statement to the key's policy; nothing happens for a key that is only referred to.
    public func addToResourcePolicy(_ statement: PolicyStatement) {
        guard let resource else { return }
        policy.add(statement)
        resource.typed.keyPolicy = policy.expression
    }

    /// Lets a principal use the key, but only by way of another service.
    ///
    /// - Parameters:
    ///   - service: The service's host name in the region, such as `secretsmanager.eu-central-1.amazonaws.com`.
    ///   - principal: Who may use it.
    ///   - actions: What it may be used for.
    public func grant(via service: Value<String>, to principal: Principal, actions: [String]) {
        addToResourcePolicy(
            PolicyStatement(
                principals: [principal], actions: actions, resources: ["*"],
                conditions: ["StringEquals": ["kms:ViaService": service.expression]]))
    }

    /// Lets a role decrypt with the key.
    public func grantDecrypt(to role: Role) {
        role.addToPolicy(PolicyStatement(actions: ["kms:Decrypt"], resources: [keyArn]))
    }
}
