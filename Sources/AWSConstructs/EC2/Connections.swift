// SPDX-License-Identifier: Apache-2.0

public import Constructs

/// What can be reached, or reaches others, over the network.
public protocol Connectable {
    /// Its security groups and the port it listens on.
    var connections: Connections { get }
}

/// The security groups of something, and the port it listens on.
public struct Connections {
    /// The groups.
    public let securityGroups: [SecurityGroup]
    /// The port, if there is a usual one.
    public let defaultPort: Port?

    /// Describes how something is reached.
    public init(securityGroups: [SecurityGroup], defaultPort: Port? = nil) {
        self.securityGroups = securityGroups
        self.defaultPort = defaultPort
    }

    /// Lets another one open connections to this one's usual port.
    ///
    /// Where there is no usual port, that is recorded as an error at the first security group.
    /// - Returns: The rules, to be waited for before the connection is used.
    @discardableResult
    public func allowDefaultPort(from other: some Connectable, description: String? = nil) -> DependencyGroup {
        guard let defaultPort else {
            securityGroups.first?.node.addError("There is no default port here: use allow(from:port:) and name one.")
            return DependencyGroup()
        }
        return allow(from: other, port: defaultPort, description: description)
    }

    /// Lets another one open connections to a port of this one.
    ///
    /// - Returns: The rules, to be waited for before the connection is used.
    @discardableResult
    public func allow(from other: some Connectable, port: Port, description: String? = nil) -> DependencyGroup {
        let rules = DependencyGroup()
        for group in securityGroups {
            for source in other.connections.securityGroups {
                let ingress = group.addIngressRule(from: .securityGroup(source), port: port, description: description)
                let egress = source.addEgressRule(to: .securityGroup(group), port: port, description: description)
                for case let rule? in [ingress, egress] { rules.add(rule) }
            }
        }
        return rules
    }

    /// Lets addresses open connections to a port of this one.
    ///
    /// - Parameters:
    ///   - cidr: The addresses, such as `203.0.113.0/24`.
    ///   - port: The port.
    ///   - description: What the rule is for.
    public func allow(fromIPv4 cidr: String, port: Port, description: String? = nil) {
        for group in securityGroups { group.addIngressRule(from: .ipv4(cidr), port: port, description: description) }
    }
}
