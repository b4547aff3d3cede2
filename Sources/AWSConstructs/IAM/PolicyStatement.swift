// SPDX-License-Identifier: Apache-2.0

public import CloudFormation

/// Who a statement is about.
public enum Principal: Hashable, Sendable {
    /// An AWS service, such as `lambda.amazonaws.com`.
    case service(String)
    /// An account, user or role by its ARN.
    case arn(TemplateExpression)
    /// Anyone with credentials of AWS.
    case anyAWS

    /// All that an account lets act for it.
    public static func account(_ account: Value<String>, partition: Value<String>) -> Principal {
        .arn(Value<String>("arn:\(partition):iam::\(account):root").expression)
    }

    /// A role, by its ARN.
    public static func role(_ arn: Value<String>) -> Principal {
        .arn(arn.expression)
    }
}

/// One permission or refusal in a policy (IAM User Guide, "IAM JSON policy elements reference").
public struct PolicyStatement: Hashable, Sendable, ExpressionConvertible {
    /// Whether a statement permits or refuses.
    public enum Effect: String, Hashable, Sendable {
        case allow = "Allow"
        case deny = "Deny"
    }

    /// A name for the statement, letters and digits.
    public var sid: String?
    /// Whether it permits or refuses.
    public var effect: Effect
    /// Who it is about; empty in a policy that is attached to a role.
    public var principals: [Principal]
    /// What may be done, such as `kms:Decrypt`.
    public var actions: [String]
    /// With what: ARNs, or `*`.
    public var resources: [TemplateExpression]
    /// Under which conditions.
    public var conditions: TemplateExpression?

    /// Makes a statement.
    public init(
        sid: String? = nil, effect: Effect = .allow, principals: [Principal] = [], actions: [String],
        resources: [Value<String>], conditions: TemplateExpression? = nil
    ) {
        self.sid = sid
        self.effect = effect
        self.principals = principals
        self.actions = actions
        self.resources = resources.map(\.expression)
        self.conditions = conditions
    }

    /// The form it has in a template.
    public var expression: TemplateExpression {
        var members: [TemplateExpression.Member] = [
            .init("Action", Self.oneOrMore(actions.map { .string($0) }))
        ]
        if let conditions { members.append(.init("Condition", conditions)) }
        members.append(.init("Effect", .string(effect.rawValue)))
        if !principals.isEmpty { members.append(.init("Principal", principal)) }
        if !resources.isEmpty { members.append(.init("Resource", Self.oneOrMore(resources))) }
        if let sid { members.append(.init("Sid", .string(sid))) }
        return .object(members)
    }

    private var principal: TemplateExpression {
        var aws: [TemplateExpression] = []
        var services: [TemplateExpression] = []
        for principal in principals {
            switch principal {
            case .service(let name): services.append(.string(name))
            case .arn(let arn): aws.append(arn)
            case .anyAWS: aws.append("*")
            }
        }
        var members: [TemplateExpression.Member] = []
        if !aws.isEmpty { members.append(.init("AWS", Self.oneOrMore(aws))) }
        if !services.isEmpty { members.append(.init("Service", Self.oneOrMore(services))) }
        return .object(members)
    }

    private static func oneOrMore(_ values: [TemplateExpression]) -> TemplateExpression {
        values.count == 1 ? values[0] : .list(values)
    }
}

/// A set of statements.
public struct PolicyDocument: Hashable, Sendable, ExpressionConvertible {
    /// The statements, each once.
    public private(set) var statements: [PolicyStatement] = []

    /// Makes a document.
    public init(_ statements: PolicyStatement...) {
        for statement in statements { add(statement) }
    }

    /// Adds a statement, unless the same one is there already.
    public mutating func add(_ statement: PolicyStatement) {
        if !statements.contains(statement) { statements.append(statement) }
    }

    /// The form it has in a template.
    public var expression: TemplateExpression {
        ["Statement": statements.expression, "Version": "2012-10-17"]
    }
}
