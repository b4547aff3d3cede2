// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// A service of AWS that a network can reach without a way to the internet (AWS PrivateLink Guide, "AWS services that
/// integrate with AWS PrivateLink").
public struct VpcEndpointService: Hashable, Sendable {
    /// The last part of its name, such as `secretsmanager`.
    public let name: String

    /// Describes a service.
    public init(_ name: String) {
        self.name = name
    }

    /// AWS Secrets Manager.
    public static let secretsManager = VpcEndpointService("secretsmanager")
    /// The API of Amazon RDS, which is not the way to its databases.
    public static let rds = VpcEndpointService("rds")
    /// Amazon S3; CloudFormation takes answers of custom resources there.
    public static let s3 = VpcEndpointService("s3")
    /// AWS Systems Manager.
    public static let ssm = VpcEndpointService("ssm")
    /// What Session Manager's sessions run through.
    public static let ssmMessages = VpcEndpointService("ssmmessages")

    /// Its name in a region, such as `com.amazonaws.eu-central-1.secretsmanager`.
    public func serviceName(in region: Value<String>) -> Value<String> { "com.amazonaws.\(region).\(name)" }
}

/// An address of a service of AWS in a network, in each chosen subnet.
public final class InterfaceVpcEndpoint: Construct, Connectable {
    /// Its security group and the port it listens on.
    public let connections: Connections

    /// Declares an endpoint that answers to the service's usual host name.
    ///
    /// A network can have one such endpoint for a service.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - vpc: The network.
    ///   - service: The service.
    ///   - subnets: Where in it; one for each Availability Zone is taken.
    ///   - securityGroup: The firewall around it.
    public init(
        _ scope: any Scope, _ id: String, vpc: Vpc, service: VpcEndpointService, subnets: SubnetSelection,
        securityGroup: SecurityGroup
    ) {
        let node = Node(scope, id)
        var selection = subnets
        selection.onePerAz = true
        _ = Cfn<EC2.VPCEndpoint>(
            node, "Resource",
            .init(
                vpcId: vpc.vpcId, privateDnsEnabled: true, securityGroupIds: [securityGroup.securityGroupId],
                serviceName: service.serviceName(in: Stack.of(node).region),
                subnetIds: vpc.selectSubnets(selection).subnetIds, vpcEndpointType: "Interface"))
        connections = Connections(securityGroups: [securityGroup], defaultPort: .tcp(443))
        super.init(at: node)
    }
}

/// A route to Amazon S3 or Amazon DynamoDB that does not lead through the internet, and costs nothing.
public final class GatewayVpcEndpoint: Construct {
    /// Declares a route for all route tables of subnets.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - vpc: The network.
    ///   - service: The service.
    ///   - subnets: Whose route tables get the route.
    public init(
        _ scope: any Scope, _ id: String, vpc: Vpc, service: VpcEndpointService, subnets: SubnetSelection
    ) {
        let node = Node(scope, id)
        var tables: [Value<String>] = []
        for subnet in vpc.selectSubnets(subnets).subnets {
            guard let table = subnet.routeTableId else {
                node.addError(
                    "The route table of the subnet '\(subnet.node.path)' is not known: remove the answer about its "
                        + "network from cdk.context.json, so that it is looked up again.")
                continue
            }
            if !tables.contains(where: { $0.expression == table.expression }) { tables.append(table) }
        }
        _ = Cfn<EC2.VPCEndpoint>(
            node, "Resource",
            .init(
                vpcId: vpc.vpcId, routeTableIds: tables, serviceName: service.serviceName(in: Stack.of(node).region),
                vpcEndpointType: "Gateway"))
        super.init(at: node)
    }
}
