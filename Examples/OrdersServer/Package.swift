// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "OrdersServer",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-aurora", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
    ],
    targets: [
        // What the server runs on.
        .executableTarget(
            name: "OrdersInfrastructure",
            dependencies: [
                .product(name: "CDKAurora", package: "swift-aurora"),
                .product(name: "AWSConstructs", package: "swift-aurora"),
                .product(name: "CDK", package: "swift-aurora"),
            ]),
        .executableTarget(
            name: "OrdersServer",
            dependencies: [
                .product(name: "DatabaseAccess", package: "swift-aurora"),
                .product(name: "SecretStore", package: "swift-aurora"),
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "Logging", package: "swift-log"),
            ]),
    ]
)
