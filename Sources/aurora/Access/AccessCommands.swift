// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DatabaseAccess
import Foundation

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what has to change for a database's access to be as declared.",
        discussion: "Nothing is changed. A plan in JSON can be given to 'aurora apply --plan'.")

    @OptionGroup var access: AccessOptions

    @Flag(help: "Print the statements as SQL.")
    var sql = false

    func run() async throws {
        let (desired, manager) = try await access.resolve()
        let plan = try await manager.plan(desired)
        guard sql else { return try access.show(plan) }
        if let database = plan.createsDatabase { print("-- The database '\(database)' has to be created first.") }
        for statement in plan.statements { print("-- \(statement.reason)\n\(statement.sql);") }
    }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring a database's access into the declared state, in one transaction.")

    @OptionGroup var access: AccessOptions

    @Option(
        help: ArgumentHelp(
            "A plan in JSON that was looked at; refused where the database has changed since.", valueName: "file"))
    var plan: String?

    func run() async throws {
        let (desired, manager) = try await access.resolve()
        var reviewed: AccessPlan?
        if let plan {
            guard let data = FileManager.default.contents(atPath: plan) else {
                throw ValidationError(
                    "'\(plan)' cannot be read: give the file that 'aurora plan --json' was written to.")
            }
            do {
                reviewed = try JSONDecoder().decode(AccessPlan.self, from: data)
            } catch {
                throw ValidationError(
                    "'\(plan)' is not a plan: give the file that 'aurora plan --json' was written to.")
            }
        }
        try access.show(try await manager.apply(desired, reviewed: reviewed))
    }
}

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check whether a database's access is as declared.",
        discussion: "The exit code is 0 where it is, 2 where something differs, and 1 where that cannot be found out.")

    @OptionGroup var access: AccessOptions

    @Flag(help: "Show what differs, and mend it.")
    var fix = false

    func run() async throws {
        let (desired, manager) = try await access.resolve()
        let plan = try await manager.plan(desired)
        try access.show(plan)
        if plan.isEmpty, plan.blocked.isEmpty { return }
        guard fix else { throw ExitCode(2) }
        let applied = try await manager.apply(desired, reviewed: plan)
        if !applied.blocked.isEmpty { throw ExitCode(2) }
    }
}
