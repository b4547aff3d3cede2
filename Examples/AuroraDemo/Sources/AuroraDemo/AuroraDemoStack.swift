// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CDKAurora

/// A network, a key, an Aurora with a database, and a jump box to reach it.
final class AuroraDemoStack: Stack {
    init(_ app: App) {
        let id = Namer(["aurora", "demo"])
        super.init(app, id.pascal, environment: nil)

        let vpc = Vpc(self, "Vpc")
        let key = Key(self, "Key", description: "\(id.pascal) encryption key")
        let aurora = Aurora(
            self, id,
            .init(databaseName: "demo", kmsKey: key, vpc: vpc, instances: 1))  // It's just a demo.
        let jump = JumpBox(self, id.addSuffix(["jump"]), vpc: vpc)

        aurora.cluster.connections.allowDefaultPort(from: jump)
        aurora.proxy?.connections.allow(from: jump, port: .tcp(5432))
    }
}
