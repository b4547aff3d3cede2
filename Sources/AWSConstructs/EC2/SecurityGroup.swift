// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// The ports of a rule.
public struct Port: Sendable {
    /// The protocol, such as `tcp`; `-1` for all.
    let ipProtocol: String
    let from: Value<Int>?
    let to: Value<Int>?
    /// The name in rules' ids and descriptions.
    let name: String

    /// One TCP port.
    public static func tcp(_ port: Int) -> Port { .tcp(Value(port)) }

    /// One TCP port; one that is known only at deployment shows as `{IndirectPort}` in names.
    public static func tcp(_ port: Value<Int>) -> Port {
        Port(ipProtocol: "tcp", from: port, to: port, name: port.literal.map(String.init) ?? "{IndirectPort}")
    }

    /// Everything.
    public static var allTraffic: Port { Port(ipProtocol: "-1", from: nil, to: nil, name: "ALL TRAFFIC") }
}

/// Who is at the other end of a rule.
public enum Peer {
    /// The members of a security group.
    case securityGroup(SecurityGroup)
    /// A range of IPv4 addresses, such as `203.0.113.0/24`.
    case ipv4(String)

    var name: String {
        switch self {
        case .securityGroup(let group): group.node.uniqueID
        case .ipv4(let cidr): cidr
        }
    }
}

/// A firewall around network interfaces.
public final class SecurityGroup: Construct, Connectable {
    /// The group's id.
    public let securityGroupId: Value<String>
    /// Whether its members may open connections to anywhere.
    public let allowAllOutbound: Bool

    private let resource: Cfn<EC2.SecurityGroup>?

    private static let everything = EC2.SecurityGroup.Egress(
        ipProtocol: "-1", cidrIp: "0.0.0.0/0", description: "Allow all outbound traffic by default")
    // A group without any rule would get EC2's default, which allows everything: this one matches nothing.
    private static let nothing = EC2.SecurityGroup.Egress(
        ipProtocol: "icmp", cidrIp: "255.255.255.255/32", description: "Disallow all traffic", fromPort: 252, toPort: 86
    )

    /// Declares a group.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - vpc: The network it is for.
    ///   - description: What it is for, at most 255 characters; the path by default. A change replaces the group.
    ///   - allowAllOutbound: Whether its members may open connections to anywhere.
    public init(
        _ scope: any Scope, _ id: String, vpc: Vpc, description: String? = nil, allowAllOutbound: Bool = true
    ) {
        let node = Node(scope, id)
        let text = description ?? node.path
        let resource = Cfn<EC2.SecurityGroup>(
            node, "Resource",
            .init(
                groupDescription: Value(text),
                securityGroupEgress: [allowAllOutbound ? Self.everything : Self.nothing], vpcId: vpc.vpcId))
        self.resource = resource
        self.allowAllOutbound = allowAllOutbound
        securityGroupId = resource.attributes.groupId
        super.init(at: node)
        if text.utf8.count > 255 {
            node.addError("The description has \(text.utf8.count) characters; EC2 allows 255: give a shorter one.")
        }
    }

    private init(at node: Node, securityGroupId: String) {
        resource = nil
        allowAllOutbound = true
        self.securityGroupId = Value(securityGroupId)
        super.init(at: node)
    }

    /// A group that exists already, by its id; rules can be added to it.
    public static func fromId(_ scope: any Scope, _ id: String, _ securityGroupId: String) -> SecurityGroup {
        SecurityGroup(at: Node(scope, id), securityGroupId: securityGroupId)
    }

    /// Its security groups and the port it listens on.
    public var connections: Connections { Connections(securityGroups: [self]) }

    /// Lets a peer open connections to the members.
    ///
    /// - Returns: The rule, where it is a resource of its own.
    @discardableResult
    public func addIngressRule(from peer: Peer, port: Port, description: String? = nil) -> Node? {
        let text = description ?? "from \(peer.name):\(port.name)"
        if case .ipv4(let cidr) = peer, let resource {
            let rule = EC2.SecurityGroup.Ingress(
                ipProtocol: Value(port.ipProtocol), cidrIp: Value(cidr), description: Value(text), fromPort: port.from,
                toPort: port.to)
            resource.typed.securityGroupIngress = (resource.typed.securityGroupIngress ?? []) + [rule]
            return nil
        }
        return addRule("from \(peer.name):\(port.name)") { id in
            var rule = EC2.SecurityGroupIngress(
                ipProtocol: Value(port.ipProtocol), description: Value(text), fromPort: port.from,
                groupId: securityGroupId, toPort: port.to)
            switch peer {
            case .securityGroup(let group): rule.sourceSecurityGroupId = group.securityGroupId
            case .ipv4(let cidr): rule.cidrIp = Value(cidr)
            }
            _ = Cfn<EC2.SecurityGroupIngress>(self, id, rule)
        }
    }

    /// Lets the members open connections to a peer; needless where they may go anywhere.
    ///
    /// - Returns: The rule, where one was needed.
    @discardableResult
    public func addEgressRule(to peer: Peer, port: Port, description: String? = nil) -> Node? {
        guard !allowAllOutbound else { return nil }
        let text = description ?? "to \(peer.name):\(port.name)"
        return addRule("to \(peer.name):\(port.name)") { id in
            var rule = EC2.SecurityGroupEgress(
                groupId: securityGroupId, ipProtocol: Value(port.ipProtocol), description: Value(text),
                fromPort: port.from, toPort: port.to)
            switch peer {
            case .securityGroup(let group): rule.destinationSecurityGroupId = group.securityGroupId
            case .ipv4(let cidr): rule.cidrIp = Value(cidr)
            }
            _ = Cfn<EC2.SecurityGroupEgress>(self, id, rule)
        }
    }

    /// Adds a rule unless there is one for the same peer and port.
    private func addRule(_ name: String, _ make: (String) -> Void) -> Node? {
        // Only the first separator is replaced: deployed rules have their ids from that.
        var id = name
        if let slash = id.firstIndex(of: "/") { id.replaceSubrange(slash...slash, with: "_") }
        if node.child(id) == nil { make(id) }
        return node.child(id)
    }
}
