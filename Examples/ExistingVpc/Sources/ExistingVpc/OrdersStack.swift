// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// An Aurora in a network that another team runs, reached by a service that is there already.
final class OrdersStack: Stack {
    init(_ app: App) {
        // A look-up asks an account, which therefore has to be known.
        super.init(app, "Orders", environment: Environment(account: "123456789012", region: "eu-central-1"))

        let vpc = Vpc.lookup(self, "Vpc", .vpcName("production"))
        let service = SecurityGroup.fromId(self, "Service", "sg-0123456789abcdef0")
        let key = Key(self, "Key", description: "Orders encryption key", enableKeyRotation: true)
        let aurora = Aurora(
            self, Namer(["orders"]),
            .init(
                databaseName: "orders", kmsKey: key, vpc: vpc,
                // Cluster, proxy and functions are in subnets without a way to the internet: the functions reach Secrets
                // Manager and RDS through endpoints in the network.
                vpcSubnets: .privateIsolated, vpcEndpoints: .create))

        aurora.cluster.connections.allowDefaultPort(from: service)
        aurora.proxy?.connections.allow(from: service, port: .tcp(5432))
    }
}
