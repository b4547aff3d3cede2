// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// How a subnet reaches the internet.
public enum SubnetType: String, Hashable, Sendable, CaseIterable, Codable {
    /// Directly, in both directions.
    case `public`
    /// Outwards only, through a NAT gateway.
    case privateWithEgress
    /// Not at all.
    case privateIsolated

    /// The CDK's word for it, in names and tags.
    var groupName: String {
        switch self {
        case .public: "Public"
        case .privateWithEgress: "Private"
        case .privateIsolated: "Isolated"
        }
    }
}

/// A kind of subnet in a new network, one in each Availability Zone.
public struct SubnetConfiguration: Hashable, Sendable {
    /// The group's name.
    public var name: String
    /// How its subnets reach the internet.
    public var subnetType: SubnetType
    /// The size of each, 16 to 28; an equal share of what is left where `nil`.
    public var cidrMask: Int?

    /// Describes a kind of subnet.
    public init(name: String, subnetType: SubnetType, cidrMask: Int? = nil) {
        self.name = name
        self.subnetType = subnetType
        self.cidrMask = cidrMask
    }
}

/// A part of a network, in one Availability Zone.
public final class Subnet: Construct {
    /// The subnet's id.
    public let subnetId: Value<String>
    /// Where it is.
    public let availabilityZone: Value<String>
    /// The group it belongs to.
    public let groupName: String
    /// How it reaches the internet.
    public let subnetType: SubnetType
    /// What to wait for before using its way to the internet.
    public let internetConnectivityEstablished: DependencyGroup

    /// The table of its routes, where that is known.
    public let routeTableId: Value<String>?
    /// Whether it has a way to the internet, as far as is known.
    public private(set) var hasWayOut: Bool

    private let isOwn: Bool

    init(
        _ scope: any Scope, _ id: String, vpcId: Value<String>, availabilityZone: Value<String>, cidr: CIDRBlock,
        configuration: SubnetConfiguration
    ) {
        let node = Node(scope, id)
        self.availabilityZone = availabilityZone
        groupName = configuration.name
        subnetType = configuration.subnetType
        let subnet = Cfn<EC2.Subnet>(
            node, "Subnet",
            .init(
                vpcId: vpcId, availabilityZone: availabilityZone, cidrBlock: Value(cidr.description),
                mapPublicIpOnLaunch: Value(configuration.subnetType == .public)))
        subnetId = subnet.ref
        let table = Cfn<EC2.RouteTable>(node, "RouteTable", .init(vpcId: vpcId))
        let association = Cfn<EC2.SubnetRouteTableAssociation>(
            node, "RouteTableAssociation", .init(routeTableId: table.ref, subnetId: subnet.ref))
        routeTableId = table.ref
        isOwn = true
        hasWayOut = false
        internetConnectivityEstablished = DependencyGroup(association)
        super.init(at: node)
        let onlySubnets: Set = [EC2.Subnet.typeName]
        node.addAspect(TagAspect("aws-cdk:subnet-name", configuration.name, resourceTypes: onlySubnets))
        node.addAspect(TagAspect("aws-cdk:subnet-type", configuration.subnetType.groupName, resourceTypes: onlySubnets))
        node.addAspect(TagAspect("Name", node.path))
    }

    /// A subnet that exists already.
    init(
        importing scope: any Scope, _ id: String, subnetId: String, availabilityZone: String, groupName: String,
        subnetType: SubnetType, routeTableId: String?
    ) {
        self.subnetId = Value(subnetId)
        self.availabilityZone = Value(availabilityZone)
        self.groupName = groupName
        self.subnetType = subnetType
        internetConnectivityEstablished = DependencyGroup()
        self.routeTableId = routeTableId.map { Value($0) }
        isOwn = false
        hasWayOut = subnetType != .privateIsolated
        super.init(at: Node(scope, id))
    }

    func addDefaultRoute(toInternetGateway gateway: Value<String>, after attachment: CfnResource) {
        addDefaultRoute { $0.gatewayId = gateway }?.node.addDependency(attachment)
    }

    func addDefaultRoute(toNATGateway gateway: Value<String>) {
        addDefaultRoute { $0.natGatewayId = gateway }
    }

    @discardableResult
    private func addDefaultRoute(_ target: (inout EC2.Route) -> Void) -> CfnResource? {
        guard isOwn, let routeTableId else { return nil }
        var route = EC2.Route(routeTableId: routeTableId, destinationCidrBlock: "0.0.0.0/0")
        target(&route)
        hasWayOut = true
        let resource = Cfn<EC2.Route>(self, "DefaultRoute", route)
        internetConnectivityEstablished.add(resource)
        return resource
    }

    func addNATGateway() -> Value<String> {
        let address = Cfn<EC2.EIP>(self, "EIP", .init(domain: "vpc"))
        let gateway = Cfn<EC2.NatGateway>(
            self, "NATGateway", .init(allocationId: address.attributes.allocationId, subnetId: subnetId))
        gateway.node.addDependency(internetConnectivityEstablished)
        return gateway.ref
    }
}
