// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The result of synthesis: the files that the `cdk` CLI deploys from (AWS CDK Developer Guide, "Cloud assemblies").
public struct CloudAssembly: Sendable {
    static let manifestFile = "manifest.json"

    /// A stack of the assembly.
    public struct StackArtifact: Sendable {
        /// CloudFormation's name for the stack.
        public let stackName: String
        /// The template's file in the assembly.
        public let templateFile: String
        /// The template, with logical ids in place of references.
        public let template: TemplateExpression
    }

    /// The stacks, each after those it depends on.
    public let stacks: [StackArtifact]
    /// Remarks that are no errors.
    public let diagnostics: [Diagnostic]

    // The manifest is the last of them.
    let files: [(name: String, bytes: [UInt8])]
    let folders: [(name: String, source: String)]

    /// Writes the assembly into a folder, which is made where there is none.
    ///
    /// The manifest, which makes the folder an assembly, is removed first and written last: an interrupted run leaves
    /// no assembly, rather than one of two halves.
    public func write(to directory: String) throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let manifest = "\(directory)/\(Self.manifestFile)"
        if manager.fileExists(atPath: manifest) { try manager.removeItem(atPath: manifest) }
        for folder in folders {
            let target = "\(directory)/\(folder.name)"
            // Named by its content: one that is there already is the same.
            if !manager.fileExists(atPath: target) { try manager.copyItem(atPath: folder.source, toPath: target) }
        }
        for file in files {
            let isManifest = file.name == Self.manifestFile
            // Under another name until it is whole.
            let target = "\(directory)/\(file.name)", written = isManifest ? "\(target).new" : target
            try Data(file.bytes).write(to: URL(fileURLWithPath: written))
            if isManifest { try manager.moveItem(atPath: written, toPath: target) }
        }
    }
}
