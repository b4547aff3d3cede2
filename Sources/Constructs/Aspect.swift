// SPDX-License-Identifier: Apache-2.0

/// Something done to every construct of a part of the tree before it is synthesized, such as tagging or checking.
public protocol Aspect {
    /// Looks at, or changes, one construct.
    func visit(_ construct: Construct)
}

extension Node {
    /// Applies all aspects of this node and those below it.
    ///
    /// A construct is visited by the aspects of its outer scopes first, so that a nearer one has the last word.
    package func applyAspects() {
        applyAspects(inherited: [])
    }

    private func applyAspects(inherited: [any Aspect]) {
        let all = aspects.isEmpty ? inherited : inherited + aspects
        if let construct {
            for aspect in all { aspect.visit(construct) }
        }
        for child in children { child.applyAspects(inherited: all) }
    }
}
