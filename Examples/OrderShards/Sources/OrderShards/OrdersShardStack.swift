// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// One shard: a database of its own, with a key of its own, in the shared network.
final class OrdersShardStack: Stack {
    init(_ app: App, _ number: Int, in network: OrdersNetwork) {
        let id = Namer(["orders", "shard\(number)"])
        super.init(app, id.pascal, description: "Shard \(number) of the orders")

        let key = Key(self, "Key", description: "\(id.pascal) encryption key", enableKeyRotation: true)
        let aurora = Aurora(
            self, id,
            .init(
                databaseName: "orders", kmsKey: key, vpc: network.vpc,
                users: [.init(Namer(["app"]), access: .writer), .init(Namer(["reporting"]), access: .reader)]))

        aurora.cluster.connections.allowDefaultPort(from: network.jump)
        aurora.proxy?.connections.allow(from: network.jump, port: .tcp(5432))
    }
}
