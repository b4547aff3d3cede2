// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a cloud assembly declares, and what in it holds state.")

    @Argument(help: "The cloud assembly: the folder that synthesis wrote.")
    var assembly = "cdk.out"

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let summary = try AssemblySummary(path: assembly)
        if json { try printJSON(summary) } else { print(summary) }
    }
}
