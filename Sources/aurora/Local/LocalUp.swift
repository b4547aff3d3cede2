// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalStack

struct LocalUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start a stack, or bring a running one up to date with its template.")

    @Argument(help: "The cloud assembly: the folder that synthesis wrote.")
    var assembly = "cdk.out"

    @OptionGroup var options: LocalOptions

    @Option(help: "The server's port; a free one by default.")
    var port: Int?

    @Option(help: "PostgreSQL's version for a new stack; the newest that is installed by default.")
    var postgresVersion: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Start pgbouncer as the stand-in for RDS Proxy; as the last time where nothing is said.")
    var proxy: Bool?

    func validate() throws {
        if let port, !(1...65535).contains(port) {
            throw ValidationError("--port is \(port): a port is a number from 1 to 65535.")
        }
    }

    func run() async throws {
        let assembly = try LocalAssembly(path: assembly)
        let report = try await LocalStack.up(
            assembly: assembly, stack: options.stack, root: options.root, port: port, version: postgresVersion,
            proxy: proxy,
            environment: options.environment, logger: options.logger, progress: { print("  \($0)") })
        print("PostgreSQL \(report.serverVersion) runs on \(LocalStack.host):\(report.port)")
        for step in report.steps {
            let what = step.changes == 0 ? "nothing had to change" : "changed \(step.changes)"
            print("  \(step.resource): \(step.physicalID), \(what)")
        }
        let stack = try LocalStack.existing(
            report.stack, root: options.root, environment: options.environment, logger: options.logger)
        let status = try await stack.status()
        printLogins(status)
        if report.changedNothing { print("Everything is as declared: nothing had to change.") }
        guard status.logins.allSatisfy({ $0.works == true }) else { throw ExitCode(1) }
    }
}
