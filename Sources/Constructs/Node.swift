// SPDX-License-Identifier: Apache-2.0

/// A place in a tree of constructs, and what is recorded about it.
///
/// A tree lives and dies as one: each node holds those above and below it, so that any construct can be used for as
/// long as one of the tree is held.
public final class Node: Scope {
    /// What separates the ids in a path; an id that contains it is recorded with `--` in its place.
    public static let pathSeparator: Character = "/"

    /// The name within the scope; empty for the root.
    public let id: String
    /// The place that holds this one; `nil` for the root.
    public let parent: Node?
    /// The ids from the root to here, such as `AuroraDemo/Vpc/PublicSubnet1`; empty for the root.
    public let path: String
    /// The places directly below, in the order of their creation.
    public private(set) var children: [Node] = []
    /// The construct whose place this is; `nil` only while it is being made.
    public private(set) var construct: Construct?
    /// What was remarked about the construct.
    public private(set) var diagnostics: [Diagnostic] = []
    /// What the construct, with all that it holds, waits for.
    public private(set) var dependencies: [any Dependable] = []
    /// Checks to make before synthesis; each returns the messages of what is wrong.
    public private(set) var validations: [() -> [String]] = []
    /// What is done to this construct and all below it before synthesis.
    public private(set) var aspects: [any Aspect] = []

    private var childrenByID: [String: Node] = [:]

    /// The place itself.
    public var node: Node { self }

    /// Makes the root of a tree.
    public init() {
        id = ""
        parent = nil
        path = ""
    }

    /// Makes a place below `scope` for a construct that is about to be made.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - requested: A name that is unique within `scope`.
    public init(_ scope: any Scope, _ requested: String) {
        let parent = scope.node
        var id = requested
        if id.utf8.contains(UInt8(ascii: "/")) {
            id = id.split(separator: Node.pathSeparator, omittingEmptySubsequences: false).joined(separator: "--")
        }
        if id.isEmpty {
            parent.addError("A construct needs an id: give the one declared here a name that is unique in its scope.")
            id = "Unnamed\(parent.children.count)"
        }
        if parent.childrenByID[id] != nil {
            parent.addError(
                "There is already a construct '\(id)' here: give the second one another id, "
                    + "as the id decides which deployed resource is meant.")
            while parent.childrenByID[id] != nil { id += "'" }
        }
        self.id = id
        self.parent = parent
        path = parent.path.isEmpty ? id : "\(parent.path)\(Node.pathSeparator)\(id)"
        parent.children.append(self)
        parent.childrenByID[id] = self
    }

    func attach(_ construct: Construct) {
        self.construct = construct
    }

    /// The place directly below with the given id, if there is one.
    public func child(_ id: String) -> Node? {
        childrenByID[id]
    }

    /// All constructs of this part of the tree, each before what it holds.
    public var subtree: [Construct] {
        var found: [Construct] = []
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [Construct]) {
        if let construct { found.append(construct) }
        for child in children { child.collect(into: &found) }
    }

    /// The places from the root to this one.
    public var scopes: [Node] {
        Array(sequence(first: self, next: \.parent)).reversed()
    }

    /// Makes this construct, with all that it holds, wait for others.
    public func addDependency(_ others: any Dependable...) {
        dependencies.append(contentsOf: others)
    }

    /// Adds an aspect to this construct and all below it.
    public func addAspect(_ aspect: any Aspect) {
        aspects.append(aspect)
    }

    /// Adds a check to be made before synthesis.
    ///
    /// - Parameter validation: Returns a message for each thing that is wrong, with its fix.
    public func addValidation(_ validation: @escaping () -> [String]) {
        validations.append(validation)
    }

    /// Records something good to know.
    public func addInfo(_ message: String) { add(.info, message) }

    /// Records a warning; a repeated one is recorded once.
    public func addWarning(_ message: String) { add(.warning, message) }

    /// Records an error: the application is not synthesized until it is mended.
    public func addError(_ message: String) { add(.error, message) }

    private func add(_ severity: Diagnostic.Severity, _ message: String) {
        let diagnostic = Diagnostic(severity, path: path, message: message)
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }
}

extension Node: Dependable {
    /// The places to wait for.
    public var dependencyRoots: [Node] { [self] }
}
