// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CDK
import CDKAurora
import Foundation

struct SynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Synthesize the stack of a configuration file.",
        discussion: "The result is a CDK cloud assembly, which the official cdk CLI deploys: cdk deploy --app cdk.out")

    @Argument(help: "The configuration file, in JSON or YAML.")
    var config: String

    @Option(
        name: [.short, .long],
        help: "Where the cloud assembly goes; by default where the cdk CLI asks for it, else cdk.out.")
    var output: String?

    @Flag(help: "Say nothing but errors.")
    var quiet = false

    func run() throws {
        let configuration = try Configuration(file: config)
        let app = configuration.app(
            outputDirectory: output, environment: ProcessInfo.processInfo.environment, functions: .usual())
        try app.synthesize()
        if !quiet { print(try AssemblySummary(path: app.outputDirectory)) }
    }
}
