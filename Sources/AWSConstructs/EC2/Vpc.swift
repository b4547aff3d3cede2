// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// A network of one's own: Amazon Virtual Private Cloud.
public final class Vpc: Construct {
    /// The network's id.
    public let vpcId: Value<String>
    /// The addresses of the network.
    public let vpcCidrBlock: Value<String>
    /// All subnets: public, then private, then isolated ones.
    public var subnets: [Subnet] { SubnetType.allCases.flatMap { subnetsByType[$0] ?? [] } }

    private let subnetsByType: [SubnetType: [Subnet]]
    // Until a look-up is answered it is not known which subnets there are.
    private let isPlaceholder: Bool

    /// Declares a network.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - cidr: Its addresses, /16 to /28.
    ///   - maxAzs: In how many Availability Zones at most. A stack without an environment has two.
    ///   - natGateways: How many NAT gateways; one in each zone by default. With 0, subnets are public and isolated.
    ///   - subnetConfiguration: Its kinds of subnets; public and private ones by default.
    ///   - vpcName: The name people see; the path by default.
    public init(
        _ scope: any Scope, _ id: String, cidr: String = "10.0.0.0/16", maxAzs: Int = 3, natGateways: Int? = nil,
        subnetConfiguration: [SubnetConfiguration]? = nil, vpcName: String? = nil
    ) {
        let node = Node(scope, id)
        let zones = Array(Stack.of(node).availabilityZones.prefix(max(maxAzs, 0)))
        let configuration = subnetConfiguration ?? Self.defaultConfiguration(natGateways: natGateways)
        let vpc = Cfn<EC2.VPC>(
            node, "Resource",
            .init(
                cidrBlock: Value(CIDRBlock(cidr)?.description ?? cidr), enableDnsHostnames: true,
                enableDnsSupport: true,
                instanceTenancy: "default"))
        vpcId = vpc.ref
        vpcCidrBlock = vpc.attribute("CidrBlock")
        isPlaceholder = false
        subnetsByType = Self.makeSubnets(node, vpcId: vpcId, cidr: cidr, zones: zones, configuration: configuration)
        super.init(at: node)
        if maxAzs < 1 { node.addError("maxAzs is \(maxAzs): a network needs at least 1 Availability Zone.") }
        node.addAspect(TagAspect("Name", vpcName ?? node.path))
        addInternetGateway(configuration)
        addNATGateways(requested: natGateways, zones: zones.count, configuration: configuration)
    }

    private static func defaultConfiguration(natGateways: Int?) -> [SubnetConfiguration] {
        let types: [SubnetType] = natGateways == 0 ? [.public, .privateIsolated] : [.public, .privateWithEgress]
        return types.map { SubnetConfiguration(name: $0.groupName, subnetType: $0) }
    }

    private static func makeSubnets(
        _ node: Node, vpcId: Value<String>, cidr: String, zones: [Value<String>], configuration: [SubnetConfiguration]
    ) -> [SubnetType: [Subnet]] {
        guard let network = CIDRBlock(cidr), SubnetPlan.allowedMasks.contains(network.mask) else {
            node.addError("The cidr '\(cidr)' is not possible: write it as in 10.0.0.0/16, with /16 to /28.")
            return [:]
        }
        let requests = configuration.flatMap { group in zones.indices.map { (group: group, zone: $0) } }
        var plan = SubnetPlan(network: network)
        do {
            let blocks = try plan.allocate(masks: requests.map(\.group.cidrMask))
            var made: [SubnetType: [Subnet]] = [:]
            for (request, block) in zip(requests, blocks) {
                made[request.group.subnetType, default: []].append(
                    Subnet(
                        node, "\(request.group.name)Subnet\(request.zone + 1)", vpcId: vpcId,
                        availabilityZone: zones[request.zone], cidr: block, configuration: request.group))
            }
            return made
        } catch {
            node.addError("The network cannot be divided: \(error).")
            return [:]
        }
    }

    private func addInternetGateway(_ configuration: [SubnetConfiguration]) {
        guard configuration.contains(where: { $0.subnetType != .privateIsolated }) else { return }
        let gateway = Cfn<EC2.InternetGateway>(self, "IGW", .init())
        let attachment = Cfn<EC2.VPCGatewayAttachment>(
            self, "VPCGW", .init(vpcId: vpcId, internetGatewayId: gateway.ref))
        for subnet in subnetsByType[.public] ?? [] {
            subnet.addDefaultRoute(toInternetGateway: gateway.ref, after: attachment)
        }
    }

    private func addNATGateways(requested: Int?, zones: Int, configuration: [SubnetConfiguration]) {
        let hasPrivate = configuration.contains { $0.subnetType == .privateWithEgress }
        let count = requested.map { min($0, zones) } ?? (hasPrivate ? zones : 0)
        if let requested, requested < 0 {
            node.addError("natGateways is \(requested): give 0 or more.")
            return
        }
        guard count > 0 else { return }
        guard configuration.contains(where: { $0.subnetType == .public }) else {
            node.addError(
                "A NAT gateway has to stand in a public subnet, and subnetConfiguration has none: "
                    + "add one of type public, or set natGateways to 0.")
            return
        }
        var gateways: [(zone: TemplateExpression, id: Value<String>)] = []
        for subnet in (subnetsByType[.public] ?? []).prefix(count) {
            gateways.append((subnet.availabilityZone.expression, subnet.addNATGateway()))
        }
        // A private subnet uses the gateway of its own zone; those without one share the others in turn.
        var next = 0
        for subnet in subnetsByType[.privateWithEgress] ?? [] {
            if let own = gateways.last(where: { $0.zone == subnet.availabilityZone.expression }) {
                subnet.addDefaultRoute(toNATGateway: own.id)
            } else if !gateways.isEmpty {
                subnet.addDefaultRoute(toNATGateway: gateways[next % gateways.count].id)
                next += 1
            }
        }
    }

    init(importing node: Node, vpcId: String, cidr: String, subnets: [SubnetType: [Subnet]], isPlaceholder: Bool) {
        self.vpcId = Value(vpcId)
        vpcCidrBlock = Value(cidr)
        subnetsByType = subnets
        self.isPlaceholder = isPlaceholder
        super.init(at: node)
    }

    /// Whether the network has a way out for private subnets: an egress for functions in them.
    public var hasPrivateSubnetsWithEgress: Bool { !(subnetsByType[.privateWithEgress] ?? []).isEmpty }

    /// Chooses subnets.
    ///
    /// - Returns: Those that match; none, with an error recorded at this network, where there are none of the kind.
    public func selectSubnets(_ selection: SubnetSelection = .init()) -> SelectedSubnets {
        var chosen: [Subnet]
        switch selection.criterion {
        case .default:
            let order: [SubnetType] = [.privateWithEgress, .privateIsolated, .public]
            chosen = order.lazy.compactMap { self.subnetsByType[$0] }.first { !$0.isEmpty } ?? []
            if chosen.isEmpty { reportNoMatch("any subnets") }
        case .type(let type):
            chosen = subnetsByType[type] ?? []
            if chosen.isEmpty { reportNoMatch("subnets of type '\(type.rawValue)'") }
        case .groupName(let name):
            chosen = subnets.filter { $0.groupName == name }
            if chosen.isEmpty { reportNoMatch("a subnet group named '\(name)'") }
        case .subnets(let subnets): chosen = subnets
        }
        if selection.onePerAz {
            var seen: Set<TemplateExpression> = []
            chosen = chosen.filter { seen.insert($0.availabilityZone.expression).inserted }
        }
        return SelectedSubnets(subnets: chosen)
    }

    private func reportNoMatch(_ what: String) {
        // Without any subnet the reason has been given where they were to be made.
        guard !isPlaceholder, !subnets.isEmpty || node.diagnostics.isEmpty else { return }
        let types = SubnetType.allCases.filter { !(subnetsByType[$0] ?? []).isEmpty }.map(\.rawValue)
        var groups: [String] = []
        for subnet in subnets where !groups.contains(subnet.groupName) { groups.append(subnet.groupName) }
        node.addError(
            "This network does not have \(what): it has the types \(types.joined(separator: ", ")) "
                + "and the groups \(groups.joined(separator: ", ")).")
    }
}
