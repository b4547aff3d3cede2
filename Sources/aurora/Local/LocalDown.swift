// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalStack

struct LocalDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop a stack's server; its data and secrets stay.")

    @OptionGroup var options: LocalOptions

    @Flag(help: "Delete the database and the secrets as well.")
    var delete = false

    func run() async throws {
        let stack = try options.existing()
        let ran = try await stack.down(deletingFiles: delete)
        print(ran ? "\(stack.name) was stopped." : "\(stack.name) did not run.")
        if delete { print("Its database and its secrets were deleted.") }
    }
}
