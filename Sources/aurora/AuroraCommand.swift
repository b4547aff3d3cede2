// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct AuroraCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aurora",
        abstract: "An opinionated Aurora PostgreSQL: declare it, synthesize it, run it locally.",
        version: "0.1.0",
        subcommands: [
            InitCommand.self, SynthCommand.self, ShowCommand.self, DiffCommand.self, DiagramCommand.self,
            LocalCommand.self, PlanCommand.self, ApplyCommand.self, DoctorCommand.self, RotateCommand.self,
            ConnectCommand.self,
        ])
}
