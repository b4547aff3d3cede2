// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// What waits for what: dependencies between constructs, spelled out for the resources that they hold.
struct Dependencies {
    private var targets: [String: [CfnResource]] = [:]
    // Dependencies that one resource has on another by itself: they are written even where a use implies them, as
    // a deployed template may have them.
    private var explicit: [String: Set<String>] = [:]
    private var betweenStacks: [(dependent: Stack, dependency: Stack)] = []

    init(constructs: [Construct]) {
        for construct in constructs where !construct.node.dependencies.isEmpty {
            let roots = construct.node.dependencies.flatMap(\.dependencyRoots)
            let resources = Self.resources(below: roots)
            for source in Self.resources(below: [construct.node]) { add(source, waitsFor: resources) }
        }
        for construct in constructs {
            guard let resource = construct as? CfnResource, !resource.dependencies.isEmpty else { continue }
            explicit[resource.node.path] = Set(resource.dependencies.map(\.node.path))
            add(resource, waitsFor: resource.dependencies)
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

    /// The paths of what a resource of the same stack waits for.
    func paths(for resource: CfnResource) -> [String] { (targets[resource.node.path] ?? []).map(\.node.path) }

    /// The logical ids that a resource waits for, each once, in the order of their paths, without those that it
    /// waits for anyway because its properties use them.
    func logicalIDs(for resource: CfnResource, with properties: TemplateExpression) -> [String] {
        guard let found = targets[resource.node.path] else { return [] }
        var implied: Set<String> = []
        properties.visitReferences { implied.insert($0.target.path) }
        implied.subtract(explicit[resource.node.path] ?? [])
        var seen: Set<String> = []
        return found.sorted { $0.node.path < $1.node.path }.filter { !implied.contains($0.node.path) }
            .map(\.logicalID).filter { seen.insert($0).inserted }
    }
}
