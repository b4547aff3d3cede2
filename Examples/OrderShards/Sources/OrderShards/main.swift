// SPDX-License-Identifier: Apache-2.0

import CDK
import CloudFormation

let app = App()
// cdk synth --context shards=8
let shards = app.context["shards"]?.stringLiteral.flatMap { Int($0) } ?? 2
let network = OrdersNetwork(app)
for shard in 1...max(1, shards) { _ = OrdersShardStack(app, shard, in: network) }
app.synth()
