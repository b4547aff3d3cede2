// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// One stack's entries in the assembly's manifest, and its asset manifest.
struct StackManifest {
    let content: StackContent
    let templateHash: String
    let dependencies: [Stack]
    /// The remarks about the stack's constructs.
    let diagnostics: [Diagnostic]

    private var stack: Stack { content.stack }

    var templateFile: String { "\(stack.stackName).template.json" }
    var assetsFile: String { "\(stack.stackName).assets.json" }

    private var bootstrap: BootstrapResources { BootstrapResources(of: stack) }

    private var environmentName: String {
        let environment = stack.environment
        return "aws://\(environment?.account ?? "unknown-account")/\(environment?.region ?? "unknown-region")"
    }

    var artifacts: [TemplateExpression.Member] {
        let assets: TemplateExpression = [
            "type": "cdk:asset-manifest",
            "properties": [
                "file": .string(assetsFile),
                "requiresBootstrapStackVersion": .integer(BootstrapResources.requiredVersion),
                "bootstrapStackVersionSsmParameter": .string(BootstrapResources.versionParameter),
            ],
        ]
        var members: [TemplateExpression.Member] = [
            .init("type", "aws:cloudformation:stack"),
            .init("environment", .string(environmentName)),
            .init("properties", properties),
            .init(
                "dependencies",
                .list(dependencies.map { .string($0.stackName) } + [.string("\(stack.stackName).assets")])),
        ]
        let metadata = metadata
        if !metadata.isEmpty { members.append(.init("metadata", .object(metadata))) }
        members.append(.init("displayName", .string(stack.node.path)))
        return [.init("\(stack.stackName).assets", assets), .init(stack.stackName, .object(members))]
    }

    private var properties: TemplateExpression {
        var members: [TemplateExpression.Member] = [.init("templateFile", .string(templateFile))]
        if stack.terminationProtection { members.append(.init("terminationProtection", true)) }
        if !stack.stackTags.isEmpty {
            let tags = stack.stackTags.sorted { $0.key < $1.key }.map {
                TemplateExpression.Member($0.key, .string($0.value))
            }
            members.append(.init("tags", .object(tags)))
        }
        members += [
            .init("validateOnSynth", false),
            .init("assumeRoleArn", .string(bootstrap.role("deploy"))),
            .init("cloudFormationExecutionRoleArn", .string(bootstrap.role("cfn-exec"))),
            .init("stackTemplateAssetObjectUrl", .string("s3://\(bootstrap.assetBucket)/\(templateHash).json")),
            .init("requiresBootstrapStackVersion", .integer(BootstrapResources.requiredVersion)),
            .init("bootstrapStackVersionSsmParameter", .string(BootstrapResources.versionParameter)),
            .init("additionalDependencies", .list([.string("\(stack.stackName).assets")])),
            .init(
                "lookupRole",
                [
                    "arn": .string(bootstrap.role("lookup")),
                    "requiresBootstrapStackVersion": .integer(BootstrapResources.requiredVersionForLookup),
                    "bootstrapStackVersionSsmParameter": .string(BootstrapResources.versionParameter),
                ]),
            .init("stackName", .string(stack.stackName)),
        ]
        return .object(members)
    }

    /// The remarks about the stack's constructs, and its logical ids, which the CLI names in its progress.
    private var metadata: [TemplateExpression.Member] {
        var entries: [(path: String, entry: TemplateExpression)] = []
        for diagnostic in diagnostics {
            entries.append(
                (
                    diagnostic.path,
                    ["type": .string("aws:cdk:\(diagnostic.severity.rawValue)"), "data": .string(diagnostic.message)]
                ))
        }
        for element in content.entries.map(\.element) {
            entries.append((element.node.path, ["type": "aws:cdk:logicalId", "data": .string(element.logicalID)]))
        }
        var order: [String] = []
        var byPath: [String: [TemplateExpression]] = [:]
        for (path, entry) in entries {
            if byPath[path] == nil { order.append(path) }
            byPath[path, default: []].append(entry)
        }
        return order.map { .init("/\($0)", .list(byPath[$0] ?? [])) }
    }

    /// Where an asset's files lie in the assembly.
    func assetPath(_ asset: FileAsset) -> String { "asset.\(asset.hash)" }

    var assetManifest: TemplateExpression {
        var files = stack.assets.map { asset in
            let source: TemplateExpression =
                switch asset.source {
                case .path:
                    ["path": .string(assetPath(asset)), "packaging": .string(asset.packaging.rawValue)]
                case .command(let command): ["executable": .list(command.map { .string($0) })]
                }
            return file(asset.hash, source: source, key: "\(asset.hash)\(asset.packaging.fileExtension)")
        }
        files.append(
            file(
                templateHash, source: ["path": .string(templateFile), "packaging": "file"], key: "\(templateHash).json")
        )
        return [
            "version": "48.0.0",
            "files": .object(files),
            "dockerImages": [:],
        ]
    }

    private func file(_ hash: String, source: TemplateExpression, key: String) -> TemplateExpression.Member {
        var destination: [TemplateExpression.Member] = [
            .init("bucketName", .string(bootstrap.assetBucket)),
            .init("objectKey", .string(key)),
        ]
        if let environment = stack.environment { destination.append(.init("region", .string(environment.region))) }
        destination.append(.init("assumeRoleArn", .string(bootstrap.role("file-publishing"))))
        let name =
            stack.environment.map { "\($0.account)-\($0.region)" } ?? "current_account-current_region"
        return .init(
            hash,
            [
                "displayName": .string(key),
                "source": source,
                "destinations": .object([.init(name, .object(destination))]),
            ])
    }
}
