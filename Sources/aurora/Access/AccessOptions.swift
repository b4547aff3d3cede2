// SPDX-License-Identifier: Apache-2.0

import AWSAPI
public import ArgumentParser
import CDK
import CDKAurora
public import DatabaseAccess
import Foundation
import LocalStack
import Logging
import PostgreSQL

/// What all commands about access take: the database, and what is declared for it.
struct AccessOptions: ParsableArguments {
    @Flag(help: "The stack that runs on this machine; the default.")
    var local = false

    @Option(
        help: ArgumentHelp(
            "Another database: postgres://MANAGER@HOST:PORT, with the password in PGPASSWORD.", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The deployed stack, with AWS credentials from the environment; with --local or --url, the stack that is meant where there are several.",
            valueName: "name"))
    var stack: String?

    @Option(
        help: ArgumentHelp("The cloud assembly or the configuration file that declares the access.", valueName: "path"))
    var from = "cdk.out"

    @Option(help: "What becomes of privileges that are not declared: managed or additive; as declared by default.")
    var mode: DesiredAccess.Mode?

    @Option(
        name: .customLong("removed-user"),
        help: ArgumentHelp("A user that is no longer declared, to be shut out; may be repeated.", valueName: "name"))
    var removedUsers: [String] = []

    @Option(
        name: .customLong("removed-schema"),
        help: ArgumentHelp(
            "A schema that is no longer declared, in which privileges are revoked; may be repeated.", valueName: "name")
    )
    var removedSchemas: [String] = []

    @Flag(help: "Drop the users that are no longer declared, after what they own was given to the manager.")
    var dropUsers = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: SharedOptions
    @OptionGroup var aws: AWSOptions

    func validate() throws {
        if local, url != nil { throw ValidationError("--local and --url exclude each other: choose one database.") }
    }

    /// The desired access, and where.
    func resolve() async throws -> AccessTarget {
        let assembly = try assembly()
        let declared = try assembly.desiredAccess(ofStack: stack)
        var desired = declared.desired
        if let mode { desired.mode = mode }
        desired.removedUsers += removedUsers
        desired.removedSchemas += removedSchemas
        if dropUsers { desired.dropUsers = true }
        if let url {
            var configuration = try PostgresConnection.Configuration(
                url: url, password: options.environment["PGPASSWORD"])
            // What is asked for counts, also for the end of a tunnel, which else passes for a server of this machine.
            let isAsked = ["PGSSLMODE", "PGSSLROOTCERT"].contains { options.environment[$0] != nil }
            if isAsked, options.environment["PGSSLMODE"] != "prefer" { configuration.tls = options.tls }
            return AccessTarget(desired, configuration, logger: options.logger, secrets: [])
        }
        if stack != nil, !local {
            let client = try await aws.client(verbose: options.verbose)
            return try await explainingAWSErrors(stack: declared.stack, region: client.region) {
                try await .deployed(
                    desired, try assembly.secretNames(ofStack: stack), options, client: client)
            }
        }
        let running = try LocalStack.existing(
            declared.stack, root: options.root, environment: options.environment, logger: options.logger)
        return try await .local(desired, running, logger: options.logger)
    }

    private func assembly() throws -> LocalAssembly {
        let attributes = try? FileManager.default.attributesOfItem(atPath: from)
        if attributes?[.type] as? FileAttributeType != .typeRegular { return try LocalAssembly(path: from) }
        // A configuration file says the same after it was synthesized, which needs no more than a folder for a moment.
        let folder = FileManager.default.temporaryDirectory.appending(path: "aurora-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Configuration(file: from).app(
            outputDirectory: folder, environment: SynthesisEnvironment.variables, functions: .usual()
        ).synthesize()
        return try LocalAssembly(path: folder)
    }

    /// Shows a plan, for people or for programs.
    func show(_ plan: AccessPlan) throws {
        guard json else {
            print(PlanText(plan, colors: .standardOutput))
            return
        }
        try printJSON(plan)
    }
}

/// Prints something for programs.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

extension DesiredAccess.Mode: ExpressibleByArgument {}
