// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Foundation

/// Templates on disk: a cloud assembly's, or a single one, as synthesized or as `aws cloudformation get-template` tells.
struct TemplateSource {
    /// A stack of the source; its name is unknown where it is a single template.
    struct Stack {
        let name: String?
        let template: TemplateExpression
        /// The stack's entry in the assembly's manifest.
        let artifact: TemplateExpression
    }

    let stacks: [Stack]

    /// Reads a file or a folder.
    ///
    /// - Throws: ``CommandError`` where it cannot be read.
    init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandError("'\(path)' is not there: give a template, or the folder that synthesis wrote.")
        }
        guard isFolder.boolValue else {
            let json = try Self.read(path)
            let template = json["TemplateBody"] ?? json
            guard template["Resources"] != nil else {
                throw CommandError("'\(path)' is no template: it has no Resources.")
            }
            stacks = [Stack(name: nil, template: template, artifact: .object([]))]
            return
        }
        stacks = try (try Self.read("\(path)/manifest.json")["artifacts"]?.members ?? [])
            .filter { $0.value["type"]?.stringLiteral == "aws:cloudformation:stack" }
            .map { artifact in
                let file = artifact.value["properties"]?["templateFile"]?.stringLiteral ?? ""
                return Stack(
                    name: artifact.name, template: try Self.read("\(path)/\(file)"), artifact: artifact.value)
            }
    }

    private static func read(_ path: String) throws -> TemplateExpression {
        guard let data = FileManager.default.contents(atPath: path),
            let json = try? TemplateExpression.parse(json: data)
        else { throw CommandError("'\(path)' cannot be read as JSON: synthesize the stack first.") }
        return json
    }
}
