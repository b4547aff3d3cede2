// SPDX-License-Identifier: Apache-2.0

import Constructs
import Testing

@Suite("Logical ids")
struct UniqueIDTests {
    @Test(
        "are those that the CDK has given to deployed resources",
        arguments: [
            (["Vpc", "Resource"], "Vpc8378EB38"),
            (["AuroraDemo", "Database", "Subnets", "Default"], "AuroraDemoDatabaseSubnetsE0A8D552"),
            (
                ["AuroraDemo", "Database", "Secret", "Attachment", "Resource"],
                "AuroraDemoDatabaseSecretAttachment4F9E0B50"
            ),
            (["AuroraDemo", "ProxyEndpoint"], "AuroraDemoProxyEndpoint8668E482"),
        ])
    func known(path: [String], id: String) {
        #expect(UniqueID.make(path) == id)
    }

    @Test("of a single component are that component without punctuation")
    func single() {
        #expect(UniqueID.make(["My-Topic!"]) == "MyTopic")
    }

    @Test("say a repeated word once")
    func repeated() {
        #expect(
            UniqueID.make(["AuroraDemo", "AuroraDemo", "Client"]) == "AuroraDemoClient"
                + UniqueID.make(["AuroraDemo", "AuroraDemo", "Client"]).suffix(8))
    }

    @Test("stay within CloudFormation's 255 characters")
    func long() {
        let id = UniqueID.make([String(repeating: "a", count: 200), String(repeating: "b", count: 200)])
        #expect(id.count == 248)
    }
}

@Suite("A tree of constructs")
struct NodeTests {
    @Test("has paths from the root, and finds children by their ids")
    func paths() {
        let root = Construct(at: Node())
        let child = Construct(root, "Child")
        let grandchild = Construct(child, "Grand/Child")
        #expect(grandchild.node.path == "Child/Grand--Child")
        #expect(root.node.child("Child") === child.node)
        #expect(root.node.subtree.map(\.node.path) == ["", "Child", "Child/Grand--Child"])
    }

    @Test("records a second construct of the same id as an error, and keeps both")
    func duplicates() {
        let root = Construct(at: Node())
        _ = Construct(root, "Twin")
        _ = Construct(root, "Twin")
        #expect(root.node.children.count == 2)
        #expect(root.node.diagnostics.count == 1)
        #expect(root.node.diagnostics[0].severity == .error)
        #expect(root.node.diagnostics[0].message.contains("'Twin'"))
    }

    @Test("lets the aspect nearest to a construct speak last")
    func aspects() {
        final class Log { var entries: [String] = [] }
        struct Mark: Aspect {
            let name: String
            let log: Log
            func visit(_ construct: Construct) { log.entries.append("\(name) \(construct.node.path)") }
        }
        let log = Log()
        let root = Construct(at: Node())
        let child = Construct(root, "Child")
        child.node.addAspect(Mark(name: "inner", log: log))
        root.node.addAspect(Mark(name: "outer", log: log))
        root.node.applyAspects()
        #expect(log.entries == ["outer ", "outer Child", "inner Child"])
    }
}
