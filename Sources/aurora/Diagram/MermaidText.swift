// SPDX-License-Identifier: Apache-2.0

/// A diagram in Mermaid's language, which many pages draw by themselves.
struct MermaidText: CustomStringConvertible {
    let description: String

    init(_ diagram: StackDiagram) {
        func quoted(_ text: String) -> String {
            text.replacing("\"", with: "#quot;").replacing("<", with: "&lt;")
        }
        func box(_ box: StackDiagram.Box, _ indentation: String) -> String {
            let text = ([box.title] + box.lines).map(quoted).joined(separator: "<br/>")
            return "\(indentation)\(box.id)[\"\(text)\"]"
        }
        var lines = ["flowchart LR"]
        let boxes = diagram.columns.flatMap { $0 }
        lines += boxes.filter { !$0.isInNetwork }.map { box($0, "    ") }
        lines.append("    subgraph network[\"\(quoted(diagram.network ?? "Network"))\"]")
        lines += boxes.filter(\.isInNetwork).map { box($0, "        ") }
        lines.append("    end")
        lines += diagram.arrows.map { "    \($0.from) -->|\($0.label)| \($0.to)" }
        description = lines.joined(separator: "\n")
    }
}
