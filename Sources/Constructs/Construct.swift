// SPDX-License-Identifier: Apache-2.0

/// A place that constructs can be made below.
///
/// That is a ``Construct``, or, in an initializer of one, its ``Node``: so can a construct make its children before
/// it is whole itself, and keep them in constants.
public protocol Scope: AnyObject {
    /// The place in the tree.
    var node: Node { get }
}

/// A building block of a tree of infrastructure: it has a place, its ``node``, and may hold other constructs.
///
/// ```swift
/// final class Service: Construct {
///     let vpc: Vpc
///
///     init(_ scope: any Scope, _ id: String) {
///         let node = Node(scope, id)
///         vpc = Vpc(node, "Vpc")
///         super.init(at: node)
///     }
/// }
/// ```
///
/// All bookkeeping is in ``node``, so that a subclass has its names to itself.
open class Construct: Scope {
    /// The construct's place in the tree.
    public let node: Node

    /// Places a construct below `scope`.
    ///
    /// - Parameters:
    ///   - scope: What holds this construct.
    ///   - id: A name that is unique within `scope`. An id that is taken already, or empty, is recorded as an error
    ///     at the scope's path and reported with all others when the application is synthesized.
    public convenience init(_ scope: any Scope, _ id: String) {
        self.init(at: Node(scope, id))
    }

    /// Makes the construct of a place; each place has one.
    public init(at node: Node) {
        self.node = node
        node.attach(self)
    }
}

extension Construct: Dependable {
    /// The places to wait for.
    public var dependencyRoots: [Node] { [node] }
}
