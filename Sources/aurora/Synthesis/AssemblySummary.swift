// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Foundation

/// What a cloud assembly declares, for people and for programs.
struct AssemblySummary: Encodable, CustomStringConvertible {
    /// A stack.
    struct Stack: Encodable {
        let stack: String
        /// Where it goes, such as `123456789012/eu-central-1`; anywhere where `nil`.
        let environment: String?
        let resourceCount: Int
        let resourcesByService: [String: Int]
        let holdingState: [Holder]
        let remarks: [Remark]
    }

    /// A resource that loses data when it is deleted.
    struct Holder: Encodable {
        let logicalID: String
        let type: String
        /// What becomes of it when it leaves the stack: delete, retain or snapshot.
        let onRemoval: String
    }

    /// A warning or a remark, and about what.
    struct Remark: Encodable {
        let severity: String
        let path: String
        let message: String
    }

    let stacks: [Stack]

    /// Reads an assembly.
    ///
    /// - Throws: ``CommandError`` where it cannot be read.
    init(path: String) throws {
        stacks = try TemplateSource(path: path).stacks.map(Self.summary)
    }

    private static func summary(_ stack: TemplateSource.Stack) -> Stack {
        let resources = stack.template["Resources"]?.members ?? []
        let environment = stack.artifact["environment"]?.stringLiteral ?? ""
        let services = resources.map { resource in
            let parts = (resource.value["Type"]?.stringLiteral ?? "").components(separatedBy: "::")
            return parts.count > 1 ? parts[parts[0] == "Custom" ? 0 : 1] : "?"
        }
        return Stack(
            stack: stack.name ?? "the template",
            environment: environment.isEmpty || environment.contains("unknown-account")
                ? nil : String(environment.dropFirst("aws://".count)),
            resourceCount: resources.count,
            resourcesByService: Dictionary(services.map { ($0, 1) }, uniquingKeysWith: +),
            holdingState: resources.filter(\.value.resourceHoldsState).map { resource in
                Holder(
                    logicalID: resource.name, type: resource.value["Type"]?.stringLiteral ?? "",
                    onRemoval: resource.value["DeletionPolicy"]?.stringLiteral?.lowercased() ?? "delete")
            }, remarks: remarks(stack.artifact["metadata"]?.members ?? []))
    }

    private static func remarks(_ metadata: [TemplateExpression.Member]) -> [Remark] {
        metadata.flatMap { member in
            (member.value.elements ?? []).compactMap { entry -> Remark? in
                guard let type = entry["type"]?.stringLiteral, let text = entry["data"]?.stringLiteral,
                    type == "aws:cdk:warning" || type == "aws:cdk:info"
                else { return nil }
                return Remark(
                    severity: String(type.dropFirst("aws:cdk:".count)), path: String(member.name.dropFirst()),
                    message: text)
            }
        }
    }

    var description: String { stacks.map(\.description).joined(separator: "\n") }
}

extension AssemblySummary.Stack: CustomStringConvertible {
    var description: String {
        var lines = ["\(stack): \(resourceCount) resources, for \(environment ?? "any account and region")"]
        let counts = resourcesByService.map { "\($0.key) \($0.value)" }.sorted()
        lines.append("  by service: \(counts.joined(separator: ", "))")
        if !holdingState.isEmpty { lines.append("  holding state:") }
        lines += holdingState.map { "    \($0.type) \($0.logicalID) (on removal: \($0.onRemoval))" }
        lines += remarks.map { "  \($0.severity): \($0.path): \($0.message)" }
        return lines.joined(separator: "\n")
    }
}
