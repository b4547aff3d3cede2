// SPDX-License-Identifier: Apache-2.0
// The synthesis bench's own half: stacks with a network, a key and an Aurora.
//
// Usage: BenchmarkStacks NUMBER; the assembly goes where CDK_OUTDIR says.

import AWSConstructs
import CDK
import CDKAurora

let app = App()
let number = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1
for index in 1..<(number + 1) {
    let stack = Stack(app, "Orders\(index)")
    let vpc = Vpc(stack, "Vpc")
    let key = Key(stack, "Key")
    _ = Aurora(stack, Namer(["orders\(index)", "aurora"]), .init(databaseName: "orders", kmsKey: key, vpc: vpc))
}
app.synth()
