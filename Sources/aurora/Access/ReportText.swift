// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess

/// A report, for people: a line for each schema, a column for each user, a sign for each kind of objects.
struct ReportText: CustomStringConvertible {
    let description: String

    init(_ report: AccessReport, colors: TerminalColors) {
        var users: [String] = []
        for login in report.logins where !users.contains(login.user) { users.append(login.user) }
        let head = ["SCHEMA"] + users
        var rows: [[(text: String, color: TerminalColors.Color?)]] = []
        let groups = Dictionary(grouping: report.groups, by: \.schema)
        for schema in report.schemas {
            var row: [(String, TerminalColors.Color?)] = [(schema, nil)]
            for user in users {
                let places = report.logins.indices.filter { report.logins[$0].user == user }
                var signs = ""
                var isAsDeclared = true
                for kind in ObjectKind.allCases {
                    let cells = (groups[schema] ?? []).filter { $0.kind == kind }
                        .flatMap { group in places.map { group.cells[$0] } }
                    isAsDeclared = isAsDeclared && cells.allSatisfy(\.isAsDeclared)
                    signs += Self.sign(cells)
                }
                row.append((isAsDeclared ? signs : signs + " !", isAsDeclared ? nil : .red))
            }
            rows.append(row)
        }
        let widths = head.indices.map { column in
            max(head[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        func pad(_ text: String, _ column: Int) -> String {
            text + String(repeating: " ", count: widths[column] - text.count)
        }
        var lines = ["  " + head.enumerated().map { pad($1, $0) }.joined(separator: "  ")]
        for row in rows {
            lines.append(
                "  "
                    + row.enumerated().map { column, cell in
                        let text = pad(cell.text, column)
                        return cell.color.map { colors.paint(text, $0) } ?? text
                    }.joined(separator: "  "))
        }
        lines.append(
            colors.paint(
                "  tables, sequences, routines, types: r read, w write, a all, x use, - nothing, * mixed, . none there; ! not as declared",
                .dim))
        description = lines.joined(separator: "\n")
    }

    private static func sign(_ cells: [AccessReport.Cell]) -> String {
        let abilities = Set(cells.map(\.ability))
        guard let ability = abilities.first else { return "." }
        guard abilities.count == 1 else { return "*" }
        return switch ability {
        case .nothing: "-"
        case .read: "r"
        case .write: "w"
        case .everything: "a"
        case .use: "x"
        case .other: "*"
        }
    }
}

/// An explanation, for people.
struct ExplanationText: CustomStringConvertible {
    let description: String

    init(_ explanation: AccessExplanation, colors: TerminalColors) {
        let privileges = explanation.privileges.map(\.rawValue).joined(separator: ", ")
        let list = privileges.isEmpty ? "do anything" : privileges
        let verdict = explanation.isAllowed ? "can" : "cannot"
        var lines = ["\(explanation.login) \(verdict) \(list) on \(explanation.object)"]
        for link in explanation.links {
            let (sign, color): (String, TerminalColors.Color) =
                switch link.state {
                case .intact: ("ok", .green)
                case .doubtful: ("~ ", .yellow)
                case .broken: ("X ", .red)
                case .unknown: ("? ", .dim)
                }
            lines.append("  \(colors.paint(sign, color)) \(link.condition): \(link.finding)")
            if link.state != .intact, let remedy = link.remedy { lines.append("       \(remedy);") }
        }
        description = lines.joined(separator: "\n")
    }
}
