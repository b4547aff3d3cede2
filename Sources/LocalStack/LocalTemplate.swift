// SPDX-License-Identifier: Apache-2.0

import CloudFormation

/// A synthesized template, as far as it is run on this machine.
struct LocalTemplate: Sendable {
    struct Resource: Sendable {
        let logicalID: String
        let type: String
        let properties: TemplateExpression
        let dependsOn: [String]
    }

    let stack: String
    let resources: [Resource]
    private let byID: [String: Resource]

    init(stack: String, body: TemplateExpression) {
        self.stack = stack
        resources = (body["Resources"]?.members ?? []).map { member in
            let dependsOn = member.value["DependsOn"]
            return Resource(
                logicalID: member.name, type: member.value["Type"]?.stringLiteral ?? "",
                properties: member.value["Properties"] ?? .object([]),
                dependsOn: dependsOn?.elements?.compactMap(\.stringLiteral)
                    ?? dependsOn?.stringLiteral.map { [$0] } ?? [])
        }
        byID = Dictionary(resources.map { ($0.logicalID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(logicalID: String) -> Resource? { byID[logicalID] }

    func resources(ofType type: String) -> [Resource] { resources.filter { $0.type == type } }

    var hasAurora: Bool { resources.contains { $0.type == CustomResourceTypes.database } }

    /// The custom resources that run here, each after those it waits for.
    var customResources: [Resource] {
        var ordered: [Resource] = []
        var seen: Set<String> = []
        func visit(_ resource: Resource) {
            guard seen.insert(resource.logicalID).inserted else { return }
            for id in resource.dependsOn + resource.properties.usedLogicalIDs { byID[id].map(visit) }
            if CustomResourceTypes.local.contains(resource.type) { ordered.append(resource) }
        }
        resources.forEach(visit)
        return ordered
    }
}
