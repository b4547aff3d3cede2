// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CDK
import CDKAurora
import CloudFormation
import Foundation

struct SynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Synthesize the stack of a configuration file.",
        discussion: """
            The result is a CDK cloud assembly, which the official cdk CLI deploys: cdk deploy --app cdk.out

            With --previous nothing is written where deploying it would replace or delete what holds state, and the exit \
            code is 2.
            """)

    @Argument(help: "The configuration file, in JSON or YAML.")
    var config: String

    @Option(
        name: [.short, .long],
        help: "Where the cloud assembly goes; by default where the cdk CLI asks for it, else cdk.out.")
    var output: String?

    @Option(
        help: ArgumentHelp(
            "What is deployed: a template or a cloud assembly, such as of 'aws cloudformation get-template'.",
            valueName: "path"))
    var previous: String?

    @OptionGroup var allowance: Allowance

    @Flag(help: "Say nothing but errors.")
    var quiet = false

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if quiet, json { throw ValidationError("--quiet and --json exclude each other.") }
    }

    func run() throws {
        let configuration = try Configuration(file: config)
        let app = configuration.app(
            outputDirectory: output, environment: SynthesisEnvironment.variables, functions: .usual())
        let deployed = try previous.map { try TemplateSource(path: $0) }
        try app.synthesize { assembly in
            guard let deployed else { return }
            let new = assembly.stacks.map { (name: $0.stackName as String?, template: $0.template) }
            let report = DifferenceReport(
                from: deployed.stacks.map { ($0.name, $0.template) }, to: new, allowing: allowance.allowed)
            guard report.losses.isEmpty else {
                printError(report.text(colors: .standardError))
                throw ExitCode(2)
            }
        }
        if quiet { return }
        let summary = try AssemblySummary(path: app.outputDirectory)
        if json { try printJSON(summary) } else { print(summary) }
    }
}
