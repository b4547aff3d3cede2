// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import AuroraResources
import CDK
import Constructs

/// An Aurora's properties as far as they have to be read, with all that is wrong recorded as errors.
struct CheckedProperties {
    // PostgreSQL documentation, "Identifiers and Key Words": names have at most 63 bytes.
    private static let longestIdentifier = 63

    let engineVersion: AuroraPostgresEngineVersion
    let instanceType: InstanceType

    init(_ properties: AuroraProperties, id: Namer, node: Node) {
        engineVersion =
            properties.postgresEngineVersion.map { text in
                AuroraPostgresEngineVersion(text)
                    ?? {
                        node.addError("postgresEngineVersion is '\(text)': write a version of Aurora such as 17.7.")
                        return .longTermSupport
                    }()
            } ?? .longTermSupport
        instanceType =
            InstanceType(properties.instanceType)
            ?? {
                node.addError("instanceType is '\(properties.instanceType)': write a type such as t4g.medium.")
                return Self.anyInstanceType
            }()
        checkNames(properties, id: id, node: node)
        checkNumbers(properties, node: node)
        checkCombinations(properties, node: node)
    }

    private static let anyInstanceType: InstanceType = {
        guard let type = InstanceType("t4g.medium") else { preconditionFailure("t4g.medium is an instance type") }
        return type
    }()

    private func checkNames(_ properties: AuroraProperties, id: Namer, node: Node) {
        check(properties.databaseName, "databaseName", node)
        for (index, schema) in properties.schemas.enumerated() { check(schema, "schemas[\(index)]", node) }
        for duplicate in Self.duplicates(properties.schemas) {
            node.addError("schemas has '\(duplicate)' twice: name each once.")
        }
        for (index, creator) in properties.creators.enumerated() { check(creator, "creators[\(index)]", node) }
        // Amazon RDS API Reference, `CreateDBCluster`: letters, digits and hyphens, a letter first, at most 63.
        let name = id.pascal
        if name.isEmpty {
            node.addError("The name is empty: give the Aurora a name of one word at least.")
        } else if !Self.isIdentifier(name) {
            node.addError(
                "The name '\(name)' cannot be that of a cluster: use letters and digits, beginning with a letter.")
        }
        // Instances have a number behind the name.
        if name.utf8.count > Self.longestIdentifier - String(properties.instances).count {
            node.addError(
                "The name '\(name)' has \(name.utf8.count) characters; with the instance's number RDS allows "
                    + "\(Self.longestIdentifier): shorten it.")
        }
        if !properties.skipProxy, name.contains("-") || name.utf8.count > 60 {
            node.addError("The name '\(name)' does not fit the proxy, which allows 60 letters and digits: shorten it.")
        }
        let names = AuroraNames(id: id, secretPrefix: properties.secretPrefix)
        for user in properties.users {
            let username = names.username(user.name)
            if username.utf8.count + UserProperties.cloneSuffix.utf8.count > Self.longestIdentifier {
                node.addError(
                    "The user '\(username)' has \(username.utf8.count) bytes; PostgreSQL allows "
                        + "\(Self.longestIdentifier), \(UserProperties.cloneSuffix.utf8.count) of which are for '_clone': shorten it."
                )
            }
            for schema in user.schemas ?? [] where !properties.schemas.contains(schema) {
                node.addError(
                    "The user '\(user.name.snake)' names the schema '\(schema)', which is not among the declared ones: "
                        + "add it to schemas, or choose one of \(properties.schemas.joined(separator: ", ")).")
            }
            if user.name.parts == ["manager"] {
                node.addError("A user cannot be called 'manager', which is the master user's name: choose another.")
            }
        }
        for duplicate in Self.duplicates(properties.users.map { $0.name.pascal }) {
            node.addError("There are two users '\(duplicate)': give each a name of its own.")
        }
        if properties.users.isEmpty {
            if !properties.skipProxy {
                node.addError("users is empty, and a proxy needs one user at least: declare one, or set skipProxy.")
            }
        }
        // Amazon RDS API Reference, `CreateDBProxy`: at most 200 entries of credentials.
        let entries = properties.users.count * (properties.proxyCredentials == .bothUsers ? 2 : 1)
        if !properties.skipProxy, entries > 200 {
            node.addError("The proxy would list \(entries) secrets; RDS allows 200: declare fewer users.")
        }
    }

    private func check(_ identifier: String, _ property: String, _ node: Node) {
        if identifier.isEmpty {
            node.addError("\(property) is empty: give a name of 1 to \(Self.longestIdentifier) bytes.")
        } else if identifier.utf8.count > Self.longestIdentifier {
            node.addError(
                "\(property) is '\(identifier)', which has \(identifier.utf8.count) bytes; PostgreSQL allows "
                    + "\(Self.longestIdentifier): shorten it.")
        } else if identifier.utf8.contains(0) {
            node.addError("\(property) contains the character NUL, which PostgreSQL does not allow: remove it.")
        }
    }

    private func checkNumbers(_ properties: AuroraProperties, node: Node) {
        if !(1...16).contains(properties.instances) {
            node.addError(
                "instances is \(properties.instances): an Aurora cluster has 1 to 16, a writer and its readers.")
        }
        if !(1...35).contains(properties.retentionDays) {
            node.addError("retentionDays is \(properties.retentionDays): RDS keeps backups for 1 to 35 days.")
        }
        let insights = properties.performanceInsightRetention
        if insights != 7, insights != 731, !(insights % 31 == 0 && (31...713).contains(insights)) {
            node.addError(
                "performanceInsightRetention is \(insights): RDS offers 7, 731, or a multiple of 31 up to 713 days.")
        }
        let logs = [
            ("cloudwatchLogsRetention", properties.cloudwatchLogsRetention as Int?),
            ("lambdaLogRetention", properties.lambdaLogRetention),
        ]
        for case (let name, let days?) in logs where LogRetention(days: days) == nil {
            node.addError(LogRetention.message(name, days))
        }
        let rotation = properties.commonRotationUserOptions.automaticallyAfterDays
        if !(1...1000).contains(rotation) {
            node.addError(
                "commonRotationUserOptions.automaticallyAfterDays is \(rotation): Secrets Manager allows 1 to 1,000.")
        }
        for log in properties.cloudwatchLogsExports where !["postgresql", "instance"].contains(log) {
            node.addError("cloudwatchLogsExports has '\(log)': Aurora PostgreSQL offers postgresql and instance.")
        }
    }

    private func checkCombinations(_ properties: AuroraProperties, node: Node) {
        if properties.parameterGroup != nil, properties.parameters != nil {
            node.addError("parameterGroup and parameters exclude each other: put the settings into one of them.")
        }
        if properties.skipProxy, properties.proxySecurityGroups != nil {
            node.addError("proxySecurityGroups has no use with skipProxy: remove one of them.")
        }
        if properties.proxySecurityGroups?.isEmpty == true {
            node.addError("proxySecurityGroups is empty: name one at least, or leave it out for a new one.")
        }
        if properties.securityGroups?.isEmpty == true {
            node.addError("securityGroups is empty: name one at least, or leave it out for a new one.")
        }
    }

    private static func duplicates(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }
    }

    private static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.first, first.isASCII, first.isLetter else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
}
