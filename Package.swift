// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackageDescription

let package = Package(
    name: "swift-aurora",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CDKAurora", targets: ["CDKAurora"]),
        .library(name: "AWSConstructs", targets: ["AWSConstructs"]),
        .library(name: "CDK", targets: ["CDK", "CloudFormation", "Constructs"]),
        .library(name: "DatabaseAccess", targets: ["DatabaseAccess", "PostgreSQL"]),
        .library(name: "SecretStore", targets: ["SecretStore", "AWSAPI", "HTTP"]),
        .executable(name: "aurora", targets: ["aurora"]),
        .executable(name: "bootstrap", targets: ["bootstrap"]),
        .plugin(name: "BuildFunctions", targets: ["BuildFunctions"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // Declares and synthesizes: each room may import only those above it.
        .target(name: "Constructs", dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "CloudFormation"),
        .target(
            name: "CDK",
            dependencies: [
                "Constructs", "CloudFormation", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "AWSConstructs", dependencies: ["CDK", "Constructs", "CloudFormation"]),
        .target(
            name: "CDKAurora",
            dependencies: [
                "AWSConstructs", "CDK", "Constructs", "CloudFormation", "AuroraResources",
                .product(name: "SystemPackage", package: "swift-system"), .product(name: "Yams", package: "Yams"),
            ]),

        // Where the two halves meet: the custom resources' properties.
        .target(name: "AuroraResources"),

        // Runs: in Lambda, locally and from the command line.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .systemLibrary(
            name: "CLibCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .target(name: "PostgreSQL", dependencies: ["CLibPQ", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "DatabaseAccess",
            dependencies: [
                "PostgreSQL", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Queries")]),
        .target(name: "HTTP", dependencies: ["CLibCurl"]),
        .target(name: "AWSAPI", dependencies: ["HTTP", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "SecretStore", dependencies: ["AWSAPI"]),
        .target(
            name: "SecretRotation",
            dependencies: ["SecretStore", "PostgreSQL", .product(name: "Logging", package: "swift-log")]),
        .target(name: "LambdaRuntime", dependencies: ["HTTP", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "AuroraFunctions",
            dependencies: [
                "AWSAPI", "AuroraResources", "DatabaseAccess", "PostgreSQL", "SecretRotation", "SecretStore",
                "LambdaRuntime",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "CAmazonLinux"),
        .executableTarget(
            name: "bootstrap",
            dependencies: [
                "AuroraFunctions", "AWSAPI", "CAmazonLinux", "HTTP", "LambdaRuntime", "SecretStore",
                .product(name: "Logging", package: "swift-log"),
            ]),

        // Builds the functions' bundle for the package that declares an Aurora.
        .plugin(
            name: "BuildFunctions",
            capability: .command(
                intent: .custom(
                    verb: "build-functions",
                    description: "Build the bundle of functions that is deployed with an Aurora, into .build/functions."
                ),
                permissions: [.writeToPackageDirectory(reason: "The bundle is built into .build.")])),

        // Real servers on loopback, and a stack that runs on them.
        .target(
            name: "LocalServers",
            dependencies: [
                "PostgreSQL", .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "LocalStack",
            dependencies: [
                "LocalServers", "CloudFormation", "AuroraFunctions", "AuroraResources", "DatabaseAccess",
                "LambdaRuntime", "PostgreSQL", "SecretRotation", "SecretStore",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "aurora",
            dependencies: [
                "CDKAurora", "CDK", "CloudFormation", "LocalStack", "LocalServers", "PostgreSQL", "SecretStore",
                "SecretRotation", "DatabaseAccess", "AWSAPI", "HTTP",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [.embedInCode("Access/Resources")]),

        // The demo is a package of its own as well; built here it shares what is built already.
        .executableTarget(
            name: "AuroraDemo", dependencies: ["CDKAurora", "AWSConstructs", "CDK"],
            path: "Examples/AuroraDemo/Sources/AuroraDemo"),
        // Stacks to measure synthesis with.
        .executableTarget(
            name: "BenchmarkStacks", dependencies: ["CDKAurora", "AWSConstructs", "CDK"], path: "Benchmarks/Stacks"),

        // Fresh servers for tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "LocalServers", "PostgreSQL", .product(name: "Logging", package: "swift-log"),
            ], path: "Tests/TestSupport"),
        .testTarget(name: "ConstructsTests", dependencies: ["Constructs"]),
        .testTarget(name: "CloudFormationTests", dependencies: ["CloudFormation"]),
        .testTarget(name: "CDKTests", dependencies: ["CDK", "CloudFormation", "Constructs"]),
        .testTarget(
            name: "AWSConstructsTests", dependencies: ["AWSConstructs", "CDK", "CloudFormation", "Constructs"]),
        .testTarget(
            name: "CDKAuroraTests",
            dependencies: ["CDKAurora", "AWSConstructs", "CDK", "CloudFormation", "Constructs"],
            resources: [.copy("Parity")]),
        .testTarget(name: "PostgreSQLTests", dependencies: ["PostgreSQL", "TestSupport"]),
        .testTarget(
            name: "DatabaseAccessTests",
            dependencies: [
                "DatabaseAccess", "PostgreSQL", "TestSupport", .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "AWSAPITests", dependencies: ["AWSAPI"]),
        .testTarget(name: "SecretStoreTests", dependencies: ["SecretStore"]),
        .testTarget(
            name: "SecretRotationTests",
            dependencies: [
                "SecretRotation", "SecretStore", "PostgreSQL", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "LambdaRuntimeTests",
            dependencies: ["LambdaRuntime", "HTTP", .product(name: "Logging", package: "swift-log")]),
        .testTarget(
            name: "AuroraFunctionsTests",
            dependencies: [
                "AuroraFunctions", "AuroraResources", "LambdaRuntime", "PostgreSQL", "SecretStore", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "LocalStackTests",
            dependencies: ["LocalStack", "CloudFormation", "SecretStore"]),
    ],
    swiftLanguageModes: [.v6]
)

// Only who builds the documentation needs its plugin (Scripts/docs).
if ProcessInfo.processInfo.environment["AURORA_DOCUMENTATION"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

for target in package.targets where target.type != .system && target.type != .plugin {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
