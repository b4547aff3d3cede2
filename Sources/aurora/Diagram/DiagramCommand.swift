// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

struct DiagramCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case svg, mermaid
    }

    static let configuration = CommandConfiguration(
        commandName: "diagram",
        abstract: "Draw a stack: network, cluster, proxy, functions, secrets, users and what they may do.")

    @Argument(help: "A cloud assembly, or a template.")
    var source = "cdk.out"

    @Option(help: ArgumentHelp("The stack; needed only where there are several.", valueName: "name"))
    var stack: String?

    @Option(help: "svg, for pages and documents, or mermaid, which many pages draw by themselves.")
    var format = Format.svg

    @Option(name: [.short, .long], help: "The file; standard output by default.")
    var output: String?

    func run() throws {
        let stacks = try TemplateSource(path: source).stacks
        let chosen = stacks.filter { stack == nil || $0.name == stack }
        guard let found = chosen.first, chosen.count == 1 else {
            let names = stacks.compactMap(\.name).joined(separator: ", ")
            throw CommandError(
                chosen.isEmpty
                    ? "There is no stack '\(stack ?? "")': choose one of \(names)."
                    : "There are several stacks: choose one of \(names) with --stack.")
        }
        let diagram = try StackDiagram(found)
        let text = format == .svg ? VectorImage(diagram).description : MermaidText(diagram).description
        guard let output else { return print(text) }
        do {
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CommandError("'\(output)' cannot be written: \(error.localizedDescription)")
        }
        printError("The diagram is \(output)")
    }
}
