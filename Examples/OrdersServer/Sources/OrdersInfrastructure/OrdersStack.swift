// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// The server's database, with one user that takes turns with its clone at each rotation.
final class OrdersStack: Stack {
    init(_ app: App) {
        super.init(app, "Orders")

        let vpc = Vpc(self, "Vpc", maxAzs: 2, natGateways: 1)
        let key = Key(self, "Key", description: "Orders encryption key", enableKeyRotation: true)
        _ = Aurora(
            self, Namer(["orders"]),
            .init(
                databaseName: "orders", kmsKey: key, vpc: vpc,
                commonRotationUserOptions: .init(automaticallyAfterDays: 7),
                users: [.init(Namer(["server"]), access: .writer)]))
    }
}
