// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CDKAurora
import Foundation

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a starter: a configuration file, or a package in Swift.",
        discussion: "Nothing that is there already is overwritten.")

    @Argument(help: "The folder.")
    var folder = "."

    @Option(help: ArgumentHelp("The words that all names are made from.", valueName: "words"))
    var name = "aurora demo"

    @Flag(help: "Write a package in Swift, with an app and its tests.")
    var swift = false

    @Option(
        help: ArgumentHelp(
            "Where the package swift-aurora is: a folder or an address; where this program was built from by default.",
            valueName: "location"))
    var package: String?

    private var words: [String] { name.split { !$0.isLetter && !$0.isNumber }.map(String.init) }

    func validate() throws {
        guard let first = words.first?.first, first.isLetter, first.isASCII else {
            throw ValidationError("--name is '\(name)': give words such as 'orders storage', a letter first.")
        }
        if package != nil, !swift { throw ValidationError("--package is for --swift: give both, or neither.") }
    }

    func run() throws {
        let id = Namer(words)
        let files = swift ? try PackageStarter(id: id, package: package).files : [ConfigurationStarter.file(id)]
        let base = URL(fileURLWithPath: folder)
        for file in files where FileManager.default.fileExists(atPath: base.appending(path: file.path).path) {
            throw CommandError("'\(file.path)' is there already: choose another folder, or remove it.")
        }
        for file in files {
            let place = base.appending(path: file.path)
            do {
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: place, options: .withoutOverwriting)
            } catch {
                throw CommandError("'\(place.path)' cannot be written: \(error.localizedDescription)")
            }
            print("  \(file.path)")
        }
        let next =
            swift
            ? "swift test && swift run && aurora local up"
            : "aurora synth aurora.yaml && aurora local up"
        print("Next: \(folder == "." ? "" : "cd \(folder) && ")\(next)")
    }
}

/// A file of a starter.
struct StarterFile {
    let path: String
    let text: String
}

/// A starter without Swift.
enum ConfigurationStarter {
    static func file(_ id: Namer) -> StarterFile {
        StarterFile(
            path: "aurora.yaml",
            text: """
                # What an Aurora PostgreSQL is made from: aurora synth aurora.yaml
                stack: \(id.pascal)
                # Without an environment it goes anywhere: {account: "123456789012", region: eu-central-1}
                vpc:
                  create: {maxAzs: 2, natGateways: 1}    # or lookup: {vpcId: vpc-…}
                kmsKey:
                  create: {description: \(id.pascal) encryption key, enableKeyRotation: true}
                aurora:
                  name: [\(id.parts.joined(separator: ", "))]
                  databaseName: \(id.parts.last ?? "demo")
                  schemas: [public]
                  instances: 2
                  users:
                    - {name: app, access: writer}
                    - {name: reporting, access: reader}
                    - {name: migrations, access: owner}
                # A machine to reach the database from, for 'aurora connect'; none runs while nobody needs it.
                jumpBox: true

                """)
    }
}
