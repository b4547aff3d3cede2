// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// An Aurora whose tables a migration tool owns: it alters them, the application uses them, reports read them.
final class OrdersStack: Stack {
    init(_ app: App) {
        super.init(app, "Orders")

        let vpc = Vpc(self, "Vpc", maxAzs: 2, natGateways: 1)
        let key = Key(self, "Key", description: "Orders encryption key", enableKeyRotation: true)
        _ = Aurora(
            self, Namer(["orders"]),
            .init(
                databaseName: "orders", kmsKey: key, vpc: vpc,
                users: [
                    .init(Namer(["migrations"]), access: .owner),
                    .init(Namer(["app"]), access: .writer),
                    .init(Namer(["reporting"]), access: .reader),
                ]))
    }
}
