// SPDX-License-Identifier: Apache-2.0

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
        help: ArgumentHelp("The cloud assembly or the configuration file that declares the access.", valueName: "path"))
    var from = "cdk.out"

    @Option(help: "What becomes of privileges that are not declared: managed revokes them, additive leaves them.")
    var mode = DesiredAccess.Mode.managed

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: LocalOptions

    func validate() throws {
        if local, url != nil { throw ValidationError("--local and --url exclude each other: choose one database.") }
    }

    /// The desired access, and who brings it about.
    func resolve() async throws -> (desired: DesiredAccess, manager: AccessManager) {
        let declared = try assembly().desiredAccess(ofStack: options.stack)
        var desired = declared.desired
        desired.mode = mode
        if let url {
            let configuration = try PostgresConnection.Configuration(
                url: url, password: options.environment["PGPASSWORD"])
            return (desired, AccessManager(manager: configuration, logger: options.logger))
        }
        let running = try LocalStack.existing(
            declared.stack, root: options.root, environment: options.environment, logger: options.logger)
        return (desired, try await running.accessManager())
    }

    private func assembly() throws -> LocalAssembly {
        let attributes = try? FileManager.default.attributesOfItem(atPath: from)
        if attributes?[.type] as? FileAttributeType != .typeRegular { return try LocalAssembly(path: from) }
        // A configuration file says the same after it was synthesized, which needs no more than a folder for a moment.
        let folder = FileManager.default.temporaryDirectory.appending(path: "aurora-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Configuration(file: from).app(
            outputDirectory: folder, environment: options.environment, functions: .usual()
        ).synthesize()
        return try LocalAssembly(path: folder)
    }

    /// Shows a plan, for people or for programs.
    func show(_ plan: AccessPlan) throws {
        guard json else {
            print(PlanText(plan))
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(plan), as: UTF8.self))
    }
}

extension DesiredAccess.Mode: ExpressibleByArgument {}

/// A plan, for people.
struct PlanText: CustomStringConvertible {
    let description: String

    init(_ plan: AccessPlan) {
        var lines: [String] = []
        if let database = plan.createsDatabase { lines.append("+ create the database \(database)") }
        for statement in plan.statements {
            let mark = statement.hazards.isEmpty ? "+" : "-"
            let more = statement.objectCount > statement.objects.count ? ", …" : ""
            let objects = statement.objects.isEmpty ? "" : " (\(statement.objects.joined(separator: ", "))\(more))"
            lines.append("\(mark) \(statement.reason)\(objects)")
            let sql = statement.sql.count > 160 ? statement.sql.prefix(160) + "…" : statement.sql[...]
            lines.append("    \(sql);")
        }
        for blocked in plan.blocked {
            lines.append("! \(blocked.reason); \(blocked.role) has to run:")
            lines.append("    \(blocked.sql);")
        }
        lines += plan.notes.map { "  \($0)" }
        if lines.isEmpty { lines.append("Everything is as declared: nothing has to change.") }
        description = lines.joined(separator: "\n")
    }
}
