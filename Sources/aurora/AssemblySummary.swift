// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Foundation

/// What a cloud assembly declares, for people.
struct AssemblySummary: CustomStringConvertible {
    // What loses data when it is deleted.
    private static let stateful: Set = [
        "AWS::RDS::DBCluster", "AWS::KMS::Key", "AWS::SecretsManager::Secret",
    ]

    private let lines: [String]

    /// Reads an assembly.
    ///
    /// - Throws: `ReadError` where it cannot be read.
    init(path: String) throws {
        func read(_ file: String) throws -> TemplateExpression {
            guard let data = FileManager.default.contents(atPath: "\(path)/\(file)"),
                let json = try? TemplateExpression.parse(json: data)
            else { throw ReadError(path: "\(path)/\(file)") }
            return json
        }
        var lines: [String] = []
        for artifact in try read("manifest.json")["artifacts"]?.members ?? []
        where artifact.value["type"]?.stringLiteral == "aws:cloudformation:stack" {
            let file = artifact.value["properties"]?["templateFile"]?.stringLiteral ?? ""
            let resources = try read(file)["Resources"]?.members ?? []
            let environment = artifact.value["environment"]?.stringLiteral ?? ""
            let place =
                environment.contains("unknown-account") ? "any account and region" : String(environment.dropFirst(6))
            lines.append("\(artifact.name): \(resources.count) resources, for \(place)")
            lines += Self.kinds(resources)
            lines += Self.state(resources)
            lines += Self.remarks(artifact.value["metadata"]?.members ?? [])
        }
        self.lines = lines
    }

    private static func kinds(_ resources: [TemplateExpression.Member]) -> [String] {
        let services = Dictionary(grouping: resources) { resource in
            let parts = (resource.value["Type"]?.stringLiteral ?? "").components(separatedBy: "::")
            return parts.count > 1 ? parts[parts[0] == "Custom" ? 0 : 1] : "?"
        }
        let counts = services.map { "\($0.key) \($0.value.count)" }.sorted()
        return ["  by service: \(counts.joined(separator: ", "))"]
    }

    private static func state(_ resources: [TemplateExpression.Member]) -> [String] {
        let holding = resources.filter { stateful.contains($0.value["Type"]?.stringLiteral ?? "") }
        guard !holding.isEmpty else { return [] }
        return ["  holding state:"]
            + holding.map { resource in
                let policy = resource.value["DeletionPolicy"]?.stringLiteral?.lowercased() ?? "delete"
                return "    \(resource.value["Type"]?.stringLiteral ?? "") \(resource.name) (on removal: \(policy))"
            }
    }

    private static func remarks(_ metadata: [TemplateExpression.Member]) -> [String] {
        metadata.flatMap { member in
            (member.value.elements ?? []).compactMap { entry -> String? in
                guard let type = entry["type"]?.stringLiteral, let text = entry["data"]?.stringLiteral,
                    type == "aws:cdk:warning" || type == "aws:cdk:info"
                else { return nil }
                return "  \(type.dropFirst("aws:cdk:".count)): \(member.name.dropFirst()): \(text)"
            }
        }
    }

    var description: String { lines.joined(separator: "\n") }

    /// The assembly cannot be read.
    struct ReadError: Error, CustomStringConvertible {
        let path: String
        var description: String { "'\(path)' cannot be read: synthesize the stack first." }
    }
}
