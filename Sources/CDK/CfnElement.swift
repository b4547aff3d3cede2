// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

/// Something that stands in a template under a logical id.
open class CfnElement: Construct {
    private var fixedLogicalID: String?

    /// Names this element in values, wherever they are used.
    public var elementID: ElementID { ElementID(path: node.path) }

    /// The stack whose template this element stands in.
    public private(set) lazy var stack: Stack = Stack.of(self)

    /// The name in the template: made from the path, so that it stays while the element stays where it is.
    public var logicalID: String { fixedLogicalID ?? idFromPath }

    // A place in the tree never changes, and every use of the element asks for this.
    private lazy var idFromPath: String = {
        let components = sequence(first: node, next: \.parent).prefix { !($0.construct is Stack) }.map(\.id)
        return UniqueID.make(components.reversed())
    }()

    /// Gives this element a logical id of its own, such as that of a resource which is deployed already.
    ///
    /// - Parameter id: Letters and digits, at most 255.
    public func overrideLogicalID(_ id: String) {
        fixedLogicalID = id
    }
}

/// A value that a stack shows after its deployment, and that others may import by name.
public final class CfnOutput: CfnElement {
    let value: Value<String>
    let exportName: Value<String>?
    let outputDescription: String?

    /// Declares an output.
    ///
    /// - Parameters:
    ///   - scope: The construct that holds it.
    ///   - id: Its name within `scope`.
    ///   - value: What is shown.
    ///   - exportName: A name, unique in account and region, for imports.
    ///   - description: What it is, at most 4 KB.
    public init(
        _ scope: any Scope, _ id: String, value: Value<String>, exportName: Value<String>? = nil,
        description: String? = nil
    ) {
        self.value = value
        self.exportName = exportName
        outputDescription = description
        super.init(at: Node(scope, id))
    }

    var body: TemplateExpression {
        var members: [TemplateExpression.Member] = []
        if let outputDescription { members.append(.init("Description", .string(outputDescription))) }
        members.append(.init("Value", value.expression))
        if let exportName { members.append(.init("Export", .object([.init("Name", exportName.expression)]))) }
        return .object(members)
    }
}
