// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Foundation

/// Compares a template with the reference's: all that holds state, names or network must be the same, to the logical id.
///
/// What replaces the reference's own helpers (functions, their roles and log retention, rotation applications) is left
/// out; so are custom resources, whose ids must differ for a deployed stack to be moved.
struct TemplateComparison {
    let differences: [String]
    let compared: Int

    init(reference: TemplateExpression, candidate: TemplateExpression) {
        var differences: [String] = []
        let found = Dictionary(
            (candidate["Resources"]?.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }
        )
        let wanted = (reference["Resources"]?.members ?? []).filter { Self.isContract($0) }
        let contract = Set(wanted.map(\.name))
        for resource in wanted {
            guard let other = found[resource.name] else {
                differences.append("\(resource.name) is missing")
                continue
            }
            for field in ["Type", "DeletionPolicy", "UpdateReplacePolicy"] where resource.value[field] != other[field] {
                differences.append("\(resource.name).\(field)")
            }
            Self.compare(
                Self.properties(resource.value), Self.properties(other), resource.name, &differences)
            let needs = (resource.value["DependsOn"]?.elements ?? []).compactMap(\.stringLiteral).filter(
                contract.contains)
            let has = (other["DependsOn"]?.elements ?? []).compactMap(\.stringLiteral)
            for need in needs where !has.contains(need) {
                differences.append("\(resource.name) does not wait for \(need)")
            }
        }
        for output in reference["Outputs"]?.members ?? [] {
            Self.compare(
                output.value, candidate["Outputs"]?[output.name] ?? .null, "Outputs.\(output.name)", &differences)
        }
        let known = Set((reference["Resources"]?.members ?? []).map(\.name))
        for (name, resource) in found.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
            let type = resource["Type"]?.stringLiteral ?? ""
            if ["AWS::RDS::", "AWS::KMS::", "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NatGateway"].contains(
                where: type.hasPrefix)
            {
                differences.append("\(name) (\(type)) is not in the reference")
            }
        }
        self.differences = differences
        compared = wanted.count
    }

    private static func isContract(_ resource: TemplateExpression.Member) -> Bool {
        let type = resource.value["Type"]?.stringLiteral ?? ""
        let id = resource.name
        if type == "AWS::EC2::SecurityGroupIngress" {
            return id.firstMatch(
                of: /from.*(provisiondatabase|provisionuser|RotationSingleUser|Database(Reader|Writer)SecurityGroup)/)
                == nil
        }
        if id.firstMatch(
            of:
                /(provisiondatabase|provisionuser|Provider(framework|waiter)|ActivityStream|LogRetention|RotationSingleUser(SecurityGroup|[0-9A-F]{8})|Database(Reader|Writer)(SecurityGroup)?[0-9A-F]{8}$)/
        ) != nil {
            return false
        }
        if ["EC2", "KMS", "RDS", "SecretsManager", "AutoScaling"].contains(where: { type.hasPrefix("AWS::\($0)::") }) {
            return true
        }
        return type.hasPrefix("AWS::IAM::") && id.contains("ProxyIAMRole")
    }

    private static func properties(_ resource: TemplateExpression) -> TemplateExpression {
        let members = resource["Properties"]?.members ?? []
        return .object(members.filter { $0.name != "RotationLambdaARN" })
    }

    private static func compare(
        _ reference: TemplateExpression, _ candidate: TemplateExpression, _ path: String, _ differences: inout [String]
    ) {
        let (left, right) = (normalized(reference, path), normalized(candidate, path))
        if left != right { differences.append("\(path): \(left) and not \(right)") }
    }

    /// One form for what means the same: members by name, sets in order, all scalars as text.
    private static func normalized(_ value: TemplateExpression, _ path: String) -> TemplateExpression {
        switch value {
        case .object(let members):
            var sorted = members.map { TemplateExpression.Member($0.name, normalized($0.value, $0.name)) }
                .sorted { $0.name < $1.name }
            if let index = sorted.firstIndex(where: { $0.name == "Statement" }) {
                sorted[index] = .init("Statement", mergedStatements(sorted[index].value))
            }
            return .object(sorted)
        case .list(let elements):
            let elements = elements.map { normalized($0, path) }
            let isSet = ["SecurityGroupEgress", "SecurityGroupIngress", "Tags", "Action", "Resource"].contains(path)
            return .list(isSet ? elements.sorted { "\($0)" < "\($1)" } : elements)
        case .boolean(let flag): return .string(flag ? "true" : "false")
        case .integer(let number): return .string(String(number))
        default: return value
        }
    }

    /// Statements are a set, and the actions of those that are otherwise equal add up.
    private static func mergedStatements(_ value: TemplateExpression) -> TemplateExpression {
        var actions: [TemplateExpression: Set<String>] = [:]
        for statement in value.elements ?? [] {
            let rest = statement.members.filter { $0.name != "Action" && $0.name != "Sid" }
            let names =
                statement["Action"]?.elements?.compactMap(\.stringLiteral) ?? [statement["Action"]?.stringLiteral ?? ""]
            actions[.object(rest), default: []].formUnion(names)
        }
        return .list(
            actions.map { rest, names in
                .object(rest.members + [.init("Action", .list(names.sorted().map { .string($0) }))])
            }.sorted { "\($0)" < "\($1)" })
    }
}
