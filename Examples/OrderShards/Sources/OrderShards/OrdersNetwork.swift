// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// What all shards share, in a stack of its own: the network, and one machine from which all of them can be reached.
struct OrdersNetwork {
    let vpc: Vpc
    let jump: JumpBox

    init(_ app: App) {
        let stack = Stack(app, "OrdersNetwork", description: "The network of the orders")
        vpc = Vpc(stack, "Vpc", maxAzs: 2, natGateways: 1)
        jump = JumpBox(stack, Namer(["orders", "jump"]), vpc: vpc)
    }
}
