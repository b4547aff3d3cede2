// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// Settings of the database engine for a whole cluster.
public final class ParameterGroup: Construct {
    /// The group's name.
    public let parameterGroupName: Value<String>

    /// Declares a group.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - engineVersion: The version it is for; a change of the major version replaces the group.
    ///   - parameters: The settings by name.
    ///   - description: What it is for; made from the family by default. A change replaces the group.
    public init(
        _ scope: any Scope, _ id: String, engineVersion: AuroraPostgresEngineVersion, parameters: [String: String],
        description: String? = nil
    ) {
        let node = Node(scope, id)
        let family = engineVersion.parameterGroupFamily
        let group = Cfn<RDS.DBClusterParameterGroup>(
            node, "Resource",
            .init(
                description: Value(description ?? "Cluster parameter group for \(family)"), family: Value(family),
                parameters: parameters.mapValues { TemplateExpression.string($0) }.expression))
        parameterGroupName = group.ref
        super.init(at: node)
    }

    private init(at node: Node, name: String) {
        parameterGroupName = Value(name)
        super.init(at: node)
    }

    /// A group that exists already.
    public static func fromName(_ scope: any Scope, _ id: String, _ name: String) -> ParameterGroup {
        ParameterGroup(at: Node(scope, id), name: name)
    }
}
