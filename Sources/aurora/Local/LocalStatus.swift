// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalStack

struct LocalStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether stacks run, and who can log in.")

    @OptionGroup var options: LocalOptions

    func run() async throws {
        let stacks: [LocalStack]
        if options.stack == nil, LocalStack.names(in: options.root).count > 1 {
            stacks = LocalStack.names(in: options.root).map {
                LocalStack(name: $0, root: options.root, environment: options.environment, logger: options.logger)
            }
        } else {
            stacks = [try options.existing()]
        }
        for stack in stacks {
            let status = try await stack.status()
            if let port = status.port {
                print("\(stack.name) runs: the database \(status.database) on \(LocalStack.host):\(port)")
            } else {
                print("\(stack.name) does not run: start it with 'aurora local up'")
            }
            printLogins(status)
        }
    }
}
