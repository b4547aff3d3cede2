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
        let target = try await access.resolve()
        let plan = try await target.manager.plan(target.desired)
        if sql { print(plan.script) } else { try access.show(plan) }
    }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring a database's access into the declared state, in one transaction.")

    @OptionGroup var access: AccessOptions

    @Option(
        help: ArgumentHelp(
            "A plan in JSON that was looked at; refused where the database or the declaration has changed since.",
            valueName: "file"))
    var plan: String?

    func run() async throws {
        let target = try await access.resolve()
        var reviewed: AccessPlan?
        if let plan {
            guard let data = FileManager.default.contents(atPath: plan) else {
                throw CommandError(
                    "'\(plan)' cannot be read: give the file that 'aurora plan --json' was written to.")
            }
            do {
                reviewed = try JSONDecoder().decode(AccessPlan.self, from: data)
            } catch {
                throw CommandError(
                    "'\(plan)' is not a plan: give the file that 'aurora plan --json' was written to.")
            }
        }
        try access.show(try await target.manager.apply(target.desired, reviewed: reviewed))
    }
}
