// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LocalStack

struct LocalLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a stack's server has logged.")

    @OptionGroup var options: LocalOptions

    @Option(name: [.short, .long], help: ArgumentHelp("How many of the last lines.", valueName: "number"))
    var lines = 50

    @Flag(name: [.short, .long], help: "Go on showing what is logged, until Ctrl-C.")
    var follow = false

    @Flag(help: "The log of the proxy's stand-in.")
    var proxy = false

    func validate() throws {
        if lines < 0 { throw ValidationError("--lines is \(lines): give 0 or more.") }
    }

    func run() async throws {
        let stack = try options.existing()
        let path = try await stack.logFile(ofProxy: proxy)
        guard let log = FileHandle(forReadingAtPath: path) else {
            throw CommandError(
                proxy
                    ? "There is no log of a proxy: start the stack with aurora local up --proxy."
                    : "There is no log yet: start the stack with aurora local up.")
        }
        let text = String(decoding: try log.readToEnd() ?? Data(), as: UTF8.self)
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for line in all.suffix(lines) { print(line) }
        guard follow else { return }
        try await Interruption.run { _ in
            while true {
                if let more = try log.readToEnd(), !more.isEmpty {
                    FileHandle.standardOutput.write(more)
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
