// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// What waits for what: dependencies between constructs, spelled out for the resources that they hold.
struct Dependencies {
    private var targets: [String: [CfnResource]] = [:]
    private var betweenStacks: [(dependent: Stack, dependency: Stack)] = []

    init(constructs: [Construct]) {
        for construct in constructs where !construct.node.dependencies.isEmpty {
            let roots = construct.node.dependencies.flatMap(\.dependencyRoots)
            let resources = Self.resources(below: roots)
            for source in Self.resources(below: [construct.node]) { add(source, waitsFor: resources) }
        }
        for construct in constructs {
            if let resource = construct as? CfnResource { add(resource, waitsFor: resource.dependencies) }
        }
    }

    private static func resources(below roots: [Node]) -> [CfnResource] {
        roots.flatMap { $0.subtree.compactMap { $0 as? CfnResource } }
    }

    private mutating func add(_ source: CfnResource, waitsFor others: [CfnResource]) {
        guard !others.isEmpty else { return }
        let stack = source.stack
        for other in others where other !== source {
            if other.stack === stack {
                targets[source.node.path, default: []].append(other)
            } else {
                betweenStacks.append((stack, other.stack))
            }
        }
    }

    /// Makes stacks wait for those that hold what their resources wait for.
    func orderStacks() throws {
        for (dependent, dependency) in betweenStacks { dependent.addDependency(on: dependency) }
    }

    /// The logical ids that a resource waits for, each once, in the order of their paths.
    func logicalIDs(for resource: CfnResource) -> [String] {
        guard let found = targets[resource.node.path] else { return [] }
        var seen: Set<String> = []
        return found.sorted { $0.node.path < $1.node.path }.map(\.logicalID).filter { seen.insert($0).inserted }
    }
}
