// SPDX-License-Identifier: Apache-2.0

/// What a change of a resource type's properties does to a deployed resource.
struct UpdateRules: Sendable {
    /// Properties whose change replaces the resource, as paths such as `DnsOptions.PrivateDnsPreference`.
    let createOnly: [String]
    /// Properties whose change replaces the resource under conditions that the schema does not tell.
    let conditionallyCreateOnly: [String]

    /// The rules of a type; `nil` where they are not known here.
    static func rules(ofType type: String) -> UpdateRules? { generated[type] }

    // The schemas do not tell which updates interrupt (AWS CloudFormation Template Reference, "Update requires: Some
    // interruptions").
    private static let interrupting: [String: Set<String>] = [
        "AWS::RDS::DBCluster": ["EngineVersion", "DBClusterParameterGroupName"],
        "AWS::RDS::DBInstance": ["DBInstanceClass", "EngineVersion"],
    ]

    /// Whether a change of a property interrupts the service of a resource.
    static func interrupts(_ path: String, ofType type: String) -> Bool {
        interrupting[type]?.contains { touches(path, $0) } ?? false
    }

    /// Whether a change at a path is one of a property, of a part of it, or of what it is a part of.
    static func touches(_ path: String, _ property: String) -> Bool {
        path == property || path.hasPrefix(property + ".") || property.hasPrefix(path + ".")
    }

    // What loses data when it is deleted or made anew.
    fileprivate static let stateful: Set = [
        "AWS::RDS::DBCluster", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::RDS::DBInstance",
        "AWS::DynamoDB::Table", "AWS::EFS::FileSystem", "AWS::S3::Bucket",
    ]
}

extension TemplateExpression {
    /// Whether a template's resource loses data when it is deleted or made anew. An instance of a cluster does not.
    package var resourceHoldsState: Bool {
        let type = self["Type"]?.stringLiteral ?? ""
        if type == "AWS::RDS::DBInstance" { return self["Properties"]?["DBClusterIdentifier"] == nil }
        return UpdateRules.stateful.contains(type)
    }
}
