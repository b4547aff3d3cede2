// SPDX-License-Identifier: Apache-2.0

import CDK
import CloudFormation
public import Constructs

/// How a network that exists already is found.
public enum VpcLookup: Hashable, Sendable {
    /// The region's default network.
    case isDefault
    /// By its id, such as `vpc-0123456789abcdef0`.
    case vpcId(String)
    /// By its tag `Name`.
    case vpcName(String)
    /// By tags.
    case tags([String: String])

    fileprivate var filter: [TemplateExpression.Member] {
        switch self {
        case .isDefault: [.init("isDefault", "true")]
        case .vpcId(let id): [.init("vpc-id", .string(id))]
        case .vpcName(let name): [.init("tag:Name", .string(name))]
        case .tags(let tags): tags.sorted { $0.key < $1.key }.map { .init("tag:\($0.key)", .string($0.value)) }
        }
    }
}

extension Vpc {
    /// Finds a network that exists already.
    ///
    /// The `cdk` CLI looks it up and keeps the answer in `cdk.context.json`; until then placeholders stand for it.
    /// The stack needs an environment.
    public static func lookup(_ scope: any Scope, _ id: String, _ lookup: VpcLookup) -> Vpc {
        let node = Node(scope, id)
        let query = ContextQuery(
            provider: "vpc-provider",
            properties: [
                .init("filter", .object(lookup.filter)), .init("returnAsymmetricSubnets", true),
            ],
            placeholder: placeholder)
        let answer = query.answer(for: node)
        let isPlaceholder = answer == placeholder
        var subnets: [SubnetType: [Subnet]] = [:]
        for group in answer["subnetGroups"]?.elements ?? [] {
            guard let name = group["name"]?.stringLiteral,
                let type = SubnetType.allCases.first(where: { $0.groupName == group["type"]?.stringLiteral })
            else { continue }
            for (index, subnet) in (group["subnets"]?.elements ?? []).enumerated() {
                subnets[type, default: []].append(
                    Subnet(
                        importing: node, "\(name)Subnet\(index + 1)", subnetId: subnet["subnetId"]?.stringLiteral ?? "",
                        availabilityZone: subnet["availabilityZone"]?.stringLiteral ?? "", groupName: name,
                        subnetType: type, routeTableId: subnet["routeTableId"]?.stringLiteral))
            }
        }
        return Vpc(
            importing: node, vpcId: answer["vpcId"]?.stringLiteral ?? "",
            cidr: answer["vpcCidrBlock"]?.stringLiteral ?? "", subnets: subnets, isPlaceholder: isPlaceholder)
    }

    // The CDK's own stand-ins, so that a first template looks the same from either.
    private static let placeholder: TemplateExpression = [
        "vpcId": "vpc-12345",
        "vpcCidrBlock": "1.2.3.4/5",
        "subnetGroups": [
            group("Public", "Public", prefix: "s"), group("Private", "Private", prefix: "p"),
            group("Isolated", "Isolated", prefix: "p"),
        ],
    ]

    private static func group(_ name: String, _ type: String, prefix: String) -> TemplateExpression {
        let subnets = [("12345", "a"), ("67890", "b")].map { number, zone -> TemplateExpression in
            [
                "subnetId": .string("\(prefix)-\(number)"), "availabilityZone": .string("dummy1\(zone)"),
                "routeTableId": .string("rtb-\(number)\(prefix)"),
            ]
        }
        return ["name": .string(name), "type": .string(type), "subnets": .list(subnets)]
    }
}
