// SPDX-License-Identifier: Apache-2.0

import CDKAurora
import Foundation

/// A starter in Swift: a package with an app that the cdk CLI runs, and a test of what it declares.
struct PackageStarter {
    let id: Namer
    /// The dependency, as it stands in Package.swift.
    private let dependency: String

    init(id: Namer, package: String?) throws {
        self.id = id
        guard let location = package ?? Self.ownPackage() else {
            throw CommandError(
                "It is not known where the package swift-aurora is: give its folder or its address with --package.")
        }
        dependency =
            location.contains("://")
            ? ".package(url: \"\(location)\", branch: \"main\")"
            : ".package(name: \"swift-aurora\", path: \"\(URL(fileURLWithPath: location).standardizedFileURL.path)\")"
    }

    /// The package that this program was built from: the folder around its build folder.
    private static func ownPackage() -> String? {
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            let manifest = folder.appending(path: "Package.swift")
            if let text = try? String(contentsOf: manifest, encoding: .utf8), text.contains("name: \"swift-aurora\"") {
                return folder.path
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }

    var files: [StarterFile] {
        let name = id.pascal
        return [
            StarterFile(path: "Package.swift", text: manifest),
            StarterFile(path: "Sources/\(name)Stack/\(name)Stack.swift", text: stack),
            StarterFile(path: "Sources/\(name)/main.swift", text: app),
            StarterFile(path: "Tests/\(name)StackTests/\(name)StackTests.swift", text: tests),
            StarterFile(path: "cdk.json", text: cdk),
            StarterFile(path: ".gitignore", text: ".build/\ncdk.out/\n.aurora/\n"),
        ]
    }

    private var manifest: String {
        """
        // swift-tools-version: 6.2

        import PackageDescription

        let package = Package(
            name: "\(id.pascal)",
            platforms: [.macOS(.v15)],
            dependencies: [\(dependency)],
            targets: [
                .target(
                    name: "\(id.pascal)Stack",
                    dependencies: [
                        .product(name: "CDKAurora", package: "swift-aurora"),
                        .product(name: "AWSConstructs", package: "swift-aurora"),
                        .product(name: "CDK", package: "swift-aurora"),
                    ]),
                .executableTarget(
                    name: "\(id.pascal)",
                    dependencies: ["\(id.pascal)Stack", .product(name: "CDK", package: "swift-aurora")]),
                .testTarget(
                    name: "\(id.pascal)StackTests",
                    dependencies: ["\(id.pascal)Stack", .product(name: "CDK", package: "swift-aurora")]),
            ]
        )

        """
    }

    private var stack: String {
        """
        import AWSConstructs
        public import CDK
        import CDKAurora

        /// A network, a key, an Aurora with its users, and a machine to reach it from.
        public final class \(id.pascal)Stack: Stack {
            /// Declares the stack.
            public init(_ app: App) {
                let id = Namer([\(id.parts.map { "\"\($0)\"" }.joined(separator: ", "))])
                super.init(app, id.pascal)

                let vpc = Vpc(self, "Vpc", maxAzs: 2, natGateways: 1)
                let key = Key(self, "Key", description: "\\(id.pascal) encryption key", enableKeyRotation: true)
                let aurora = Aurora(
                    self, id,
                    .init(
                        databaseName: "\(id.parts.last ?? "demo")", kmsKey: key, vpc: vpc, schemas: ["public"],
                        users: [
                            .init(Namer(["app"]), access: .writer),
                            .init(Namer(["reporting"]), access: .reader),
                            .init(Namer(["migrations"]), access: .owner),
                        ]))
                let jump = JumpBox(self, id.addSuffix(["jump"]), vpc: vpc)

                aurora.cluster.connections.allowDefaultPort(from: jump)
                aurora.proxy?.connections.allow(from: jump, port: .tcp(5432))
            }
        }

        """
    }

    private var app: String {
        """
        import CDK
        import \(id.pascal)Stack

        let app = App()
        let stack = \(id.pascal)Stack(app)
        app.synth()

        """
    }

    private var tests: String {
        """
        import CDK
        import Foundation
        import Testing
        import \(id.pascal)Stack

        @Test("The stack declares a cluster that is kept when it is removed")
        func cluster() throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let app = App(outputDirectory: folder)
            let stack = \(id.pascal)Stack(app)
            let template = try #require(try app.synthesize().stacks.first { $0.stackName == stack.stackName }).template
            let resources = template["Resources"]?.members ?? []
            let cluster = try #require(resources.first { $0.value["Type"]?.stringLiteral == "AWS::RDS::DBCluster" })
            #expect(cluster.value["DeletionPolicy"]?.stringLiteral == "Snapshot")
        }

        """
    }

    private var cdk: String {
        """
        {
          "app": "swift run --quiet \(id.pascal)",
          "build": "swift package --allow-writing-to-package-directory build-functions"
        }

        """
    }
}
