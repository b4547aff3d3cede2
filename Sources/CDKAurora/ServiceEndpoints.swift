// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import Constructs

/// The ways by which the functions reach the services of AWS that they call, from subnets without one to the internet.
struct ServiceEndpoints {
    private let interfaces: [InterfaceVpcEndpoint]
    private let gateway: GatewayVpcEndpoint

    /// What functions beside the database call: Secrets Manager for credentials, S3 for their answers to CloudFormation
    /// (AWS CloudFormation User Guide, "Custom resources": answers go to a bucket), and RDS where they set the
    /// manager's password.
    static func services(_ properties: AuroraProperties) -> [VpcEndpointService] {
        [.secretsManager] + (properties.resetManagerPassword ? [.rds] : [])
    }

    /// Whether there are functions in the network.
    static func areNeeded(_ properties: AuroraProperties) -> Bool {
        !properties.skipProvisionDatabase || !properties.skipManagerRotation
            || (!properties.skipAddRotationMultiUser && !properties.users.isEmpty)
    }

    /// Declares the endpoints, where they are asked for and needed; warns where there is no way at all.
    init?(_ node: Node, _ properties: AuroraProperties) {
        guard Self.areNeeded(properties) else { return nil }
        let services = Self.services(properties)
        guard properties.vpcEndpoints == .create else {
            let subnets = properties.vpc.selectSubnets(properties.vpcSubnets)
            if properties.vpcEndpoints == nil, !subnets.haveWayOut {
                let region = Stack.of(node).environment?.region ?? "REGION"
                let names = (services + [.s3]).map { "com.amazonaws.\(region).\($0.name)" }
                node.addWarning(
                    "The functions are in subnets without a way to the internet, and need endpoints there for "
                        + "\(names.joined(separator: ", ")): set vpcEndpoints to 'create', or to 'existing' where the "
                        + "network has them.")
            }
            return nil
        }
        let group = SecurityGroup(
            node, "EndpointSecurityGroup", vpc: properties.vpc,
            description: "Endpoints of services that the functions call", allowAllOutbound: false)
        interfaces = services.map { service in
            InterfaceVpcEndpoint(
                node, "\(Namer([service.name]).pascal)Endpoint", vpc: properties.vpc, service: service,
                subnets: properties.vpcSubnets, securityGroup: group)
        }
        gateway = GatewayVpcEndpoint(
            node, "S3Endpoint", vpc: properties.vpc, service: .s3, subnets: properties.vpcSubnets)
    }

    /// Lets a function use them.
    ///
    /// - Returns: What to wait for before the function is called.
    func allow(from function: Function) -> DependencyGroup {
        let ready = DependencyGroup(gateway)
        for endpoint in interfaces {
            ready.add(endpoint)
            ready.add(endpoint.connections.allowDefaultPort(from: function, description: "The stack's functions"))
        }
        return ready
    }
}
