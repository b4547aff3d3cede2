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
        discussion: "The result is a CDK cloud assembly, which the official cdk CLI deploys: cdk deploy --app cdk.out")

    @Argument(help: "The configuration file, in JSON or YAML.")
    var config: String

    @Option(name: [.short, .long], help: "Where the cloud assembly goes.")
    var output = "cdk.out"

    func run() throws {
        let configuration = try Configuration(file: config)
        let app = configuration.app(
            outputDirectory: output, environment: ProcessInfo.processInfo.environment, functions: .usual())
        let assembly = try app.synthesize()
        for diagnostic in assembly.diagnostics { print(diagnostic) }
        for stack in assembly.stacks {
            let resources = stack.template["Resources"]?.members.count ?? 0
            print("\(stack.stackName): \(resources) resources in \(output)/\(stack.templateFile)")
        }
    }
}
