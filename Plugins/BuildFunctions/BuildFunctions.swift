// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Builds the functions' bundle for a package that declares an Aurora, where the construct looks for it:
/// `swift package --allow-writing-to-package-directory build-functions`.
@main
struct BuildFunctions: CommandPlugin {
    private static let name = "swift-aurora"

    func performCommand(context: PluginContext, arguments: [String]) async throws {
        let build = context.package.directoryURL.appending(path: ".build")
        guard let aurora = Self.find(context.package) else {
            throw Failure("The package '\(context.package.displayName)' does not depend on \(Self.name): add it.")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "bash", aurora.directoryURL.appending(path: "Scripts/functions").path,
                "--scratch-path", build.appending(path: "functions-build").path,
            ] + arguments + [build.appending(path: "functions").path]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("The functions' bundle was not built.") }
    }

    private static func find(_ package: Package) -> Package? {
        if package.displayName == name { return package }
        return package.dependencies.lazy.compactMap { find($0.package) }.first
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
