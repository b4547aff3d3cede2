// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import Constructs
import SystemPackage

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Where the program that the functions run comes from: a folder with an executable `bootstrap` in it.
public struct FunctionsBundle: Hashable, Sendable {
    /// The environment variable that names the folder.
    public static let variable = "AURORA_FUNCTIONS_BUNDLE"
    // Where the build of this package puts it.
    private static let usualPath = ".build/functions"

    /// The folder's path.
    public let path: String

    /// Takes the folder at a path.
    public init(path: String) {
        self.path = path
    }

    /// The folder that the environment names, or the one beside the build.
    public static func usual(environment: [String: String] = ProcessInfo.processInfo.environment) -> FunctionsBundle {
        FunctionsBundle(path: environment[variable] ?? usualPath)
    }

    /// The files to upload, and the processor they were built for.
    ///
    /// Without a bundle the stack can be looked at, compared and run locally, but not deployed: publishing then
    /// fails with what to do.
    func asset(for node: Node) -> (asset: FileAsset, architecture: Architecture) {
        if let architecture = Self.architecture(ofExecutable: "\(path)/bootstrap"),
            let app = node.scopes.first?.construct as? App, let asset = try? app.fileAsset(path: path)
        {
            return (asset, architecture)
        }
        let advice =
            "There is no functions bundle at '\(path)', so this can be looked at and run locally, but not deployed: "
            + "build one with 'swift package build-functions' (in swift-aurora itself 'make functions'), or name the folder that holds it in \(Self.variable)."
        node.addWarning(advice)
        let command = ["sh", "-c", "echo \"\(advice)\" >&2; exit 1"]
        return (FileAsset(command: command, identity: "no functions bundle"), .arm64)
    }

    /// The processor that an ELF executable is for, from its header (System V ABI, `e_machine`).
    static func architecture(ofExecutable path: String) -> Architecture? {
        var header = [UInt8](repeating: 0, count: 20)
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
        let count = try? file.closeAfter { try header.withUnsafeMutableBytes { try file.read(into: $0) } }
        guard count == header.count, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        return switch header[18] {
        case 0x3E: .x86_64
        case 0xB7: .arm64
        default: nil
        }
    }
}
