// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// What stands in one stack's template, in the order of the tree, with uses of elements not yet spelled out.
///
/// Each element is asked once: what it says is then looked through, spelled and written.
final class StackContent {
    /// An element, and its entry in the template.
    struct Entry {
        let element: CfnElement
        let body: TemplateExpression
        /// What the body uses, in its order.
        let references: [Reference]

        init(_ element: CfnElement, body: TemplateExpression) {
            self.element = element
            self.body = body
            var references: [Reference] = []
            body.visitReferences { references.append($0) }
            self.references = references
        }
    }

    let stack: Stack
    private(set) var entries: [Entry]

    /// Asks all elements of a stack.
    init(of stack: Stack, dependencies: Dependencies, pathMetadata: Bool) {
        self.stack = stack
        entries = stack.elements.map { element in
            switch element {
            case let resource as CfnResource:
                let properties = resource.overriddenProperties
                return Entry(
                    resource,
                    body: resource.body(
                        properties: properties, dependsOn: dependencies.logicalIDs(for: resource, with: properties),
                        pathMetadata: pathMetadata))
            case let output as CfnOutput: return Entry(output, body: output.body)
            default: return Entry(element, body: .null)
            }
        }
    }

    /// Adds an output that another stack's use needs.
    func add(_ output: CfnOutput) {
        entries.append(Entry(output, body: output.body))
    }
}

extension Stack {
    /// What stands in this stack's template, in the order of the tree.
    var elements: [CfnElement] {
        var found: [CfnElement] = []
        func collect(_ node: Node) {
            for child in node.children {
                switch child.construct {
                case is Stack: continue
                case let element as CfnElement: found.append(element)
                default: break
                }
                collect(child)
            }
        }
        collect(node)
        return found
    }
}
