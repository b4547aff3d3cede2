// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess

/// A plan, for people: like a difference between two files.
struct PlanText: CustomStringConvertible {
    // More of a long statement helps nobody at a terminal; --sql shows all of it.
    private static let shownCharacters = 160

    let description: String

    init(_ plan: AccessPlan, colors: TerminalColors) {
        var lines: [String] = []
        func show(_ statement: AccessPlan.Statement, in database: String? = nil) {
            let takes = !statement.hazards.isEmpty
            let more = statement.objectCount > statement.objects.count ? ", …" : ""
            let objects = statement.objects.isEmpty ? "" : " (\(statement.objects.joined(separator: ", "))\(more))"
            let place = database.map { " [in \($0), afterwards]" } ?? ""
            let hazards = takes ? " [\(statement.hazards.map(\.words).joined(separator: ", "))]" : ""
            lines.append(
                colors.paint("\(takes ? "-" : "+") \(statement.reason)", takes ? .red : .green)
                    + "\(objects)\(place)\(hazards)")
            let isLong = statement.sql.count > Self.shownCharacters
            lines.append("    \(isLong ? statement.sql.prefix(Self.shownCharacters) + "…" : statement.sql[...]);")
        }
        if let database = plan.createsDatabase {
            lines.append(colors.paint("+ create the database \(database)", .green))
        }
        for statement in plan.statements { show(statement) }
        for transaction in plan.afterwards {
            for statement in transaction.statements { show(statement, in: transaction.database) }
        }
        for blocked in plan.blocked {
            lines.append(colors.paint("! \(blocked.reason); \(blocked.role) has to run:", .yellow))
            lines.append("    \(blocked.sql);")
        }
        lines += plan.notes.map { "  \($0)" }
        if plan.isEmpty, plan.blocked.isEmpty { lines.append("Everything is as declared: nothing has to change.") }
        description = lines.joined(separator: "\n")
    }
}

extension AccessPlan.Hazard {
    var words: String {
        switch self {
        case .revokesAccess: "revokes access"
        case .terminatesSessions: "terminates sessions"
        case .disablesLogin: "disables a login"
        case .dropsRole: "drops a role"
        case .takesLock: "takes a lock"
        }
    }
}

extension AccessPlan {
    /// All of it, as a script for psql.
    var script: String {
        var lines: [String] = []
        // A name can have line breaks in it, which would end a comment.
        func comment(_ text: String) -> String {
            "-- " + String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.isWhitespace ? " " : $0 }))
        }
        if let database = createsDatabase {
            lines.append(comment("The database '\(database)' has to be created first."))
        }
        func add(_ statements: [Statement]) {
            guard !statements.isEmpty else { return }
            lines.append("BEGIN;")
            for statement in statements { lines += [comment(statement.reason), "\(statement.sql);"] }
            lines.append("COMMIT;")
        }
        add(statements)
        for transaction in afterwards {
            lines.append(comment("In the database '\(transaction.database)':"))
            add(transaction.statements)
        }
        for blocked in blocked { lines.append(comment("\(blocked.role) has to run: \(blocked.sql);")) }
        return lines.joined(separator: "\n")
    }
}
