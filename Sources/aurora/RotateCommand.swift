// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalStack
import SecretRotation

struct RotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a user a new password now, and show what works afterwards.",
        discussion: "The exit code is 0 where the new login works.")

    @Argument(help: "The user, as 'aurora local status' calls it, such as reader.")
    var user: String

    @OptionGroup var options: LocalOptions

    func run() async throws {
        let stack = try options.existing()
        let report = try await stack.rotate(user) { step, what in print("  \(step.rawValue): \(what)") }
        let hasProxy = report.logins.contains { $0.worksThroughProxy != nil }
        var table = TextTable(["LOGIN", "USER", "DIRECT"] + (hasProxy ? ["THROUGH PROXY"] : []))
        for login in report.logins {
            table.rows.append(
                [login.name, login.username, verdict(login.works)]
                    + (hasProxy ? [verdict(login.worksThroughProxy)] : []))
        }
        print(table)
        guard report.logins.last?.works == true, report.logins.last?.worksThroughProxy != false else {
            throw ExitCode(1)
        }
    }
}
