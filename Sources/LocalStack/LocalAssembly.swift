// SPDX-License-Identifier: Apache-2.0

import AuroraResources
import CloudFormation

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum CustomResourceTypes {
    static let database = DatabaseProperties.resourceType
    static let user = UserProperties.resourceType
    static let proxyCredentials = ProxyCredentialsProperties.resourceType
    /// What runs on this machine as it does in Lambda; the others only concern services of AWS.
    static let local: Set = [database, user, proxyCredentials]
}

/// The templates of a cloud assembly.
public struct LocalAssembly: Sendable {
    /// The stacks' templates by name.
    let templates: [String: LocalTemplate]

    /// Reads an assembly.
    ///
    /// - Parameter path: The folder that synthesis wrote.
    /// - Throws: ``LocalStackError/noAssembly(path:reason:)``.
    public init(path: String) throws(LocalStackError) {
        func read(_ file: String) throws(LocalStackError) -> TemplateExpression {
            guard let data = FileManager.default.contents(atPath: "\(path)/\(file)") else {
                throw .noAssembly(path: path, reason: "\(file) cannot be read")
            }
            guard let json = try? TemplateExpression.parse(json: data) else {
                throw .noAssembly(path: path, reason: "\(file) is not JSON")
            }
            return json
        }
        let manifest = try read("manifest.json")
        var templates: [String: LocalTemplate] = [:]
        for artifact in manifest["artifacts"]?.members ?? []
        where artifact.value["type"]?.stringLiteral == "aws:cloudformation:stack" {
            guard let file = artifact.value["properties"]?["templateFile"]?.stringLiteral else { continue }
            templates[artifact.name] = LocalTemplate(stack: artifact.name, body: try read(file))
        }
        self.templates = templates
    }

    /// Chooses a stack.
    ///
    /// - Parameter name: Its name; may be left out where only one declares an Aurora.
    /// - Returns: Its template.
    /// - Throws: ``LocalStackError`` where there is no such stack, or where it is not clear which one is meant.
    func template(named name: String?) throws(LocalStackError) -> LocalTemplate {
        let known = templates.keys.sorted()
        if let name {
            guard let template = templates[name] else { throw .noSuchStack(name: name, known: known) }
            guard template.hasAurora else { throw .noAurora(stack: name) }
            return template
        }
        let candidates = templates.values.filter(\.hasAurora).sorted { $0.stack < $1.stack }
        switch candidates.count {
        case 1: return candidates[0]
        case 0: throw .noAurora(stack: known.joined(separator: ", "))
        default: throw .ambiguous(stacks: candidates.map(\.stack))
        }
    }
}
