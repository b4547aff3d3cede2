// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs
import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Turns a tree into a cloud assembly: prepare, check, resolve, render.
struct Synthesizer {
    // The assembly format's version; the CLI refuses a higher major than it knows.
    private static let assemblyVersion = "48.0.0"

    let app: App

    func assembly() throws -> CloudAssembly {
        app.node.applyAspects()
        let constructs = app.node.subtree
        let stacks = constructs.compactMap { $0 as? Stack }
        for stack in stacks { checkLogicalIDs(of: stack) }
        for construct in constructs {
            for validation in construct.node.validations { validation().forEach(construct.node.addError) }
        }
        let diagnostics = constructs.flatMap(\.node.diagnostics)
        let errors = diagnostics.filter { $0.severity == .error }
        if !errors.isEmpty { throw ValidationError(errors) }

        let dependencies = Dependencies(constructs: constructs)
        let pathMetadata = app.context["aws:cdk:enable-path-metadata"] == .boolean(true)
        let references = try CrossStackReferences(
            stacks.map { StackContent(of: $0, dependencies: dependencies, pathMetadata: pathMetadata) })
        try dependencies.orderStacks()
        let ordered = try references.ordered(stacks)
        return try render(ordered, references: references, dependencies: dependencies, diagnostics: diagnostics)
    }

    private func checkLogicalIDs(of stack: Stack) {
        var paths: [String: String] = [:]
        for element in stack.elements {
            if let other = paths.updateValue(element.node.path, forKey: element.logicalID) {
                element.node.addError(
                    "The logical id '\(element.logicalID)' is also that of '\(other)': "
                        + "ids that differ only in punctuation are the same to CloudFormation; rename one.")
            }
        }
    }

    private func render(
        _ contents: [StackContent], references: CrossStackReferences, dependencies: Dependencies,
        diagnostics: [Diagnostic]
    ) throws -> CloudAssembly {
        var files: [(name: String, bytes: [UInt8])] = []
        var folders: [(name: String, source: String)] = []
        var artifacts: [TemplateExpression.Member] = []
        var rendered: [CloudAssembly.StackArtifact] = []
        var remarks: [String: [Diagnostic]] = [:]
        for construct in app.node.subtree where !construct.node.diagnostics.isEmpty {
            let stack = construct.node.scopes.reversed().first { $0.construct is Stack }
            remarks[stack?.path ?? "", default: []] += construct.node.diagnostics
        }
        for content in contents {
            let stack = content.stack
            let template = try StackTemplate(
                content: content, references: references, dependencies: dependencies
            ).body()
            let bytes = try JSONWriter.write(template)
            let artifact = StackManifest(
                content: content, templateHash: FileAsset.hexadecimal(SHA256.hash(data: bytes)),
                dependencies: references.dependencies(of: stack), diagnostics: remarks[stack.node.path] ?? [])
            files.append((artifact.templateFile, bytes))
            files.append((artifact.assetsFile, try JSONWriter.write(artifact.assetManifest)))
            for asset in stack.assets {
                if case .path(let source) = asset.source { folders.append((artifact.assetPath(asset), source)) }
            }
            artifacts.append(contentsOf: artifact.artifacts)
            rendered.append(.init(stackName: stack.stackName, templateFile: artifact.templateFile, template: template))
        }
        var manifest: [TemplateExpression.Member] = [
            .init("version", .string(Self.assemblyVersion)), .init("artifacts", .object(artifacts)),
        ]
        if !app.missingContext.isEmpty {
            manifest.append(
                .init(
                    "missing",
                    .list(
                        app.missingContext.map {
                            [
                                "key": .string($0.key), "provider": .string($0.provider), "props": $0.properties,
                            ]
                        })))
        }
        files.append(("cdk.out", try JSONWriter.write(["version": .string(Self.assemblyVersion)])))
        files.append((CloudAssembly.manifestFile, try JSONWriter.write(.object(manifest))))
        return CloudAssembly(
            stacks: rendered, diagnostics: diagnostics.filter { $0.severity != .error }, files: files, folders: folders)
    }
}
