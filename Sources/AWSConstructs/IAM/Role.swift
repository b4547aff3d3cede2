// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// What a service or a person may act as.
public final class Role: Construct {
    private let resource: Cfn<IAM.Role>
    private var policy: Cfn<IAM.Policy>?
    private var document = PolicyDocument()

    /// Declares a role.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - assumedBy: Who may act as it.
    ///   - conditions: When it may be acted as.
    ///   - managedPolicies: ARNs of policies that AWS or the account keeps.
    ///   - description: What it is for, at most 1,000 characters.
    public init(
        _ scope: any Scope, _ id: String, assumedBy: Principal, conditions: TemplateExpression? = nil,
        managedPolicies: [Value<String>] = [], description: String? = nil
    ) {
        let node = Node(scope, id)
        let trust = PolicyDocument(
            PolicyStatement(
                principals: [assumedBy], actions: ["sts:AssumeRole"], resources: [], conditions: conditions))
        resource = Cfn(
            node, "Resource",
            .init(
                assumeRolePolicyDocument: trust.expression, description: description.map { Value($0) },
                managedPolicyArns: managedPolicies.isEmpty ? nil : managedPolicies))
        super.init(at: node)
    }

    /// The role's ARN.
    public var roleArn: Value<String> { resource.attributes.arn }
    /// The role's name.
    public var roleName: Value<String> { resource.ref }
    /// The role as a principal of other policies.
    public var principal: Principal { .role(roleArn) }

    /// Lets the role do something.
    ///
    /// The statements stand in a policy of their own, `DefaultPolicy`, so that a change of them leaves the role as it is.
    public func addToPolicy(_ statement: PolicyStatement) {
        document.add(statement)
        if let policy {
            policy.typed.policyDocument = document.expression
            return
        }
        let created = Cfn<IAM.Policy>(
            Construct(self, "DefaultPolicy"), "Resource",
            .init(policyDocument: document.expression, policyName: "", roles: [roleName]))
        // IAM allows 128 characters; the end holds the hash that tells policies apart.
        created.typed.policyName = Value(String(created.logicalID.suffix(128)))
        policy = created
    }
}
