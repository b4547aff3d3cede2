// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "ExistingVpc",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-aurora", path: "../..")],
    targets: [
        .executableTarget(
            name: "ExistingVpc",
            dependencies: [
                .product(name: "CDKAurora", package: "swift-aurora"),
                .product(name: "AWSConstructs", package: "swift-aurora"),
                .product(name: "CDK", package: "swift-aurora"),
            ])
    ]
)
