// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CloudFormation

/// Which losses are meant.
struct Allowance: ParsableArguments {
    @Option(
        name: .customLong("allow"),
        help: ArgumentHelp(
            "A resource that holds state and may be replaced or deleted; may be repeated.", valueName: "logical id"))
    var ids: [String] = []

    var allowed: Set<String> { Set(ids) }
}

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say what CloudFormation would do to each resource.",
        discussion: """
            Compares two templates or cloud assemblies: whether a resource is updated in place, with an interruption, or \
            replaced, by the rules of CloudFormation's own schemas.

            The exit code is 2 where something that holds state would be replaced or deleted, unless --allow names it.
            """)

    @Argument(help: "What is deployed: a template, or a cloud assembly.")
    var old: String

    @Argument(help: "What is to be deployed.")
    var new = "cdk.out"

    @OptionGroup var allowance: Allowance

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let (before, after) = (try TemplateSource(path: old), try TemplateSource(path: new))
        let report = DifferenceReport(
            from: before.stacks.map { ($0.name, $0.template) }, to: after.stacks.map { ($0.name, $0.template) },
            allowing: allowance.allowed)
        if json { try printJSON(report) } else { print(report.text(colors: .standardOutput)) }
        guard report.losses.isEmpty else { throw ExitCode(2) }
    }
}

/// What becomes of the stacks' resources, for people and for programs.
struct DifferenceReport: Encodable {
    struct Stack: Encodable {
        let stack: String
        let changes: [TemplateDifference.Change]
    }

    let stacks: [Stack]
    /// What would be lost, and was not allowed.
    let losses: [TemplateDifference.Change]

    /// Compares stacks of the same name; single templates with each other.
    init(
        from old: [(name: String?, template: TemplateExpression)],
        to new: [(name: String?, template: TemplateExpression)],
        allowing allowed: Set<String>
    ) {
        var pairs: [(name: String, old: TemplateExpression, new: TemplateExpression)] = []
        if old.count == 1, new.count == 1, old[0].name == nil || new[0].name == nil {
            pairs.append((new[0].name ?? old[0].name ?? "the template", old[0].template, new[0].template))
        } else {
            let names =
                old.compactMap(\.name) + new.compactMap(\.name).filter { name in !old.contains { $0.name == name } }
            for name in names {
                let none = TemplateExpression.object([])
                pairs.append(
                    (
                        name, old.first { $0.name == name }?.template ?? none,
                        new.first { $0.name == name }?.template ?? none
                    ))
            }
        }
        let differences = pairs.map { ($0.name, TemplateDifference(from: $0.old, to: $0.new)) }
        stacks = differences.map { Stack(stack: $0.0, changes: $0.1.changes) }
        losses = differences.flatMap { $0.1.losses(allowing: allowed) }
    }

    func text(colors: TerminalColors) -> String {
        var lines: [String] = []
        for stack in stacks {
            lines.append(stack.changes.isEmpty ? "\(stack.stack): no difference" : stack.stack)
            for change in stack.changes {
                let (sign, color) = change.effect.mark
                let what = change.causes.isEmpty ? change.properties : change.causes
                let why = what.isEmpty ? "" : " (\(what.joined(separator: ", ")))"
                let loss = change.losesState ? "; its data is lost" : ""
                lines.append(
                    "  " + colors.paint("\(sign) \(change.effect.words)\(why)\(loss)", change.losesState ? .red : color)
                        + " \(change.type) \(change.logicalID)")
            }
        }
        if !losses.isEmpty {
            let ids = losses.map(\.logicalID)
            lines.append(
                "This would lose what \(ids.joined(separator: ", ")) \(ids.count == 1 ? "holds" : "hold"). If that is "
                    + "meant: \(ids.map { "--allow \($0)" }.joined(separator: " "))")
        }
        return lines.joined(separator: "\n")
    }
}

extension TemplateDifference.Effect {
    fileprivate var mark: (sign: String, color: TerminalColors.Color) {
        switch self {
        case .create: ("+", .green)
        case .update: ("~", .dim)
        case .updateWithInterruption, .mayReplace: ("~", .yellow)
        case .replace, .delete, .retain: ("-", .yellow)
        case .refuse: ("!", .red)
        }
    }

    fileprivate var words: String {
        switch self {
        case .create: "is created"
        case .update: "is updated in place"
        case .updateWithInterruption: "is updated with an interruption"
        case .mayReplace: "is updated in place, or replaced"
        case .replace: "is replaced"
        case .delete: "is deleted"
        case .retain: "leaves the stack, and stays"
        case .refuse: "cannot be changed like that"
        }
    }
}
