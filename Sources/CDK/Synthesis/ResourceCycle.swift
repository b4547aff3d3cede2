// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// Resources of a stack that wait for each other, which CloudFormation refuses to deploy.
struct ResourceCycle {
    /// The paths of the resources, the first one at the end again.
    let trail: [String]

    /// Looks for a cycle; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - resources: The resources' paths, in the order in which they are looked at.
    ///   - needs: What each of them uses or waits for; what is no resource of the stack is passed over.
    init?(among resources: [String], needs: [String: [String]]) {
        var done: Set<String> = []
        var trail: [String] = []
        var places: [String: Int] = [:]
        func visit(_ resource: String) -> [String]? {
            if done.contains(resource) { return nil }
            if let start = places[resource] { return trail[start...] + [resource] }
            guard let next = needs[resource] else { return nil }
            places[resource] = trail.count
            trail.append(resource)
            for other in next {
                if let cycle = visit(other) { return cycle }
            }
            trail.removeLast()
            places[resource] = nil
            done.insert(resource)
            return nil
        }
        guard let cycle = resources.lazy.compactMap(visit).first else { return nil }
        self.trail = cycle
    }

    var diagnostic: Diagnostic {
        Diagnostic(
            .error, path: trail[0],
            message: "These resources wait for each other, which CloudFormation refuses: "
                + trail.joined(separator: " -> ") + ". Remove one of the uses or dependencies.")
    }
}
