// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DatabaseAccess
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check whether a database's access is as declared, and explain why not.",
        discussion: """
            The exit code is 0 where it is, 2 where something differs, and 1 where that cannot be found out.

            With --user and --object it explains one case, from the login to the row: what is in the way, and what mends \
            it. The exit code is then 0 where the user can, and 2 where it cannot.
            """)

    @OptionGroup var access: AccessOptions

    @Flag(help: "Show what differs, and mend it.")
    var fix = false

    @Option(help: ArgumentHelp("The user to explain, by its role or the last part of its name.", valueName: "name"))
    var user: String?

    @Option(help: ArgumentHelp("The table, view, sequence, function or type to explain.", valueName: "schema.name"))
    var object: String?

    @Option(help: ArgumentHelp("The privilege to explain, such as select.", valueName: "privilege"))
    var privilege: String?

    @Option(help: ArgumentHelp("Write all of it as one page for a browser.", valueName: "file"))
    var html: String?

    func validate() throws {
        guard (user == nil) == (object == nil) else {
            throw ValidationError("--user and --object belong together: give both, or neither.")
        }
        if privilege != nil, user == nil {
            throw ValidationError("--privilege is about one case: give --user and --object as well.")
        }
        if fix, user != nil {
            throw ValidationError("--fix mends the whole access: leave --user and --object out.")
        }
        if let privilege, Privilege(rawValue: privilege.uppercased()) == nil {
            let known = Privilege.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            throw ValidationError("There is no privilege '\(privilege)': choose one of \(known).")
        }
    }

    func run() async throws {
        let target = try await access.resolve()
        if let user, let object { return try await explain(target, user, object) }
        let plan = try await target.manager.plan(target.desired)
        let isHealthy = plan.isEmpty && plan.blocked.isEmpty
        if plan.createsDatabase == nil, html != nil || !access.json {
            let report = try await target.manager.report(target.desired)
            if !access.json { print(ReportText(report, colors: .standardOutput)) }
            if let html { try ReportPage(report, plan).write(to: html) }
        } else if html != nil {
            throw CommandError(
                "There is no database \(target.desired.database) yet, and so nothing for a page: apply creates it.")
        }
        try access.show(plan)
        if isHealthy { return }
        guard fix else { throw ExitCode(2) }
        let applied = try await target.manager.apply(target.desired, reviewed: plan)
        if !applied.blocked.isEmpty { throw ExitCode(2) }
    }

    private func explain(_ target: AccessTarget, _ name: String, _ object: String) async throws {
        let user = try await target.user(named: name)
        let explanation = try await target.manager.explain(
            target.desired, login: user.login, object: object,
            privilege: privilege.flatMap { Privilege(rawValue: $0.uppercased()) }, password: user.password)
        if access.json {
            try printJSON(explanation)
        } else {
            print(ExplanationText(explanation, colors: .standardOutput))
        }
        guard explanation.isAllowed else { throw ExitCode(2) }
    }
}
