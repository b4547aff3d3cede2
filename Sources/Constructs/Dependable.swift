// SPDX-License-Identifier: Apache-2.0

/// Something that others can wait for: all that is below its roots is made first.
public protocol Dependable {
    /// The places to wait for, each with all that is below it.
    var dependencyRoots: [Node] { get }
}

/// Several things to wait for as one.
///
/// A group may grow after others have begun to depend on it.
public final class DependencyGroup: Dependable {
    private var members: [any Dependable]

    /// Makes a group of the given members.
    public init(_ members: any Dependable...) {
        self.members = members
    }

    /// Adds one more to wait for.
    public func add(_ member: any Dependable) {
        members.append(member)
    }

    /// The places to wait for.
    public var dependencyRoots: [Node] { members.flatMap(\.dependencyRoots) }
}
