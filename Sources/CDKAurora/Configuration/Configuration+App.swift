// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
public import CDK
import CloudFormation
import Constructs

extension Configuration {
    /// The application that the file describes.
    ///
    /// - Parameters:
    ///   - outputDirectory: Where the cloud assembly goes.
    ///   - environment: The process's environment variables.
    ///   - functions: The program that the functions run.
    /// - Returns: The application, not yet synthesized.
    public func app(outputDirectory: String?, environment: [String: String], functions: FunctionsBundle) -> App {
        let app = App(outputDirectory: outputDirectory, context: context, environment: environment)
        let stack = Stack(app, stackName, environment: self.environment)
        let vpc: Vpc =
            switch network {
            case .lookup(let lookup): Vpc.lookup(stack, "Vpc", lookup)
            case .create(let cidr, let maxAzs, let natGateways, let subnets):
                Vpc(
                    stack, "Vpc", cidr: cidr ?? "10.0.0.0/16", maxAzs: maxAzs ?? 3, natGateways: natGateways,
                    subnetConfiguration: subnets)
            }
        let key: Key =
            switch encryptionKey {
            case .arn(let arn): Key.fromArn(stack, "Key", Value(arn))
            case .create(let description, let enableKeyRotation, let alias):
                Key(stack, "Key", description: description, enableKeyRotation: enableKeyRotation, alias: alias)
            }
        let aurora = Aurora(
            stack, Namer(self.aurora.name),
            self.aurora.properties(in: stack, key: key, vpc: vpc, functions: functions))
        if let allowFrom {
            let client = SecurityGroup.fromId(stack, "Client", allowFrom)
            aurora.cluster.connections.allowDefaultPort(from: client)
            aurora.proxy?.connections.allow(from: client, port: .tcp(5432))
        }
        if jumpBox {
            let jump = JumpBox(stack, Namer(self.aurora.name).addSuffix(["jump"]), vpc: vpc)
            aurora.cluster.connections.allowDefaultPort(from: jump)
            aurora.proxy?.connections.allow(from: jump, port: .tcp(5432))
        }
        return app
    }
}
