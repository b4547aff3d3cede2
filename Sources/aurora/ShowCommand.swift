// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a cloud assembly declares, and what in it holds state.")

    @Argument(help: "The cloud assembly: the folder that synthesis wrote.")
    var assembly = "cdk.out"

    func run() throws {
        print(try AssemblySummary(path: assembly))
    }
}
