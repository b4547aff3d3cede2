// SPDX-License-Identifier: Apache-2.0

public import Constructs

/// A resource that tags can be put on.
package protocol TaggableResource: CfnResource {
    func setTag(_ key: String, _ value: String)
}

/// Puts a tag on every resource of a part of the tree that can carry it.
///
/// ```swift
/// stack.node.addAspect(TagAspect("team", "storage"))
/// ```
///
/// Where several set the same key, the one nearest to the resource wins.
public struct TagAspect: Aspect {
    /// The tag's key.
    public let key: String
    /// The tag's value.
    public let value: String
    /// The resource types to tag; all where empty.
    public let resourceTypes: Set<String>

    /// Makes a tag for a part of the tree.
    public init(_ key: String, _ value: String, resourceTypes: Set<String> = []) {
        self.key = key
        self.value = value
        self.resourceTypes = resourceTypes
    }

    /// Tags one resource, if it can be tagged.
    public func visit(_ construct: Construct) {
        guard let resource = construct as? any TaggableResource else { return }
        if resourceTypes.isEmpty || resourceTypes.contains(resource.type) { resource.setTag(key, value) }
    }
}
