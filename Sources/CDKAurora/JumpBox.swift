// SPDX-License-Identifier: Apache-2.0

public import AWSConstructs
import CDK
import CloudFormation
public import Constructs

/// A machine in the network from which the database can be reached: none most of the time, one while it is needed.
///
/// It is reached through Session Manager, which needs neither a key nor an open port.
///
/// ```swift
/// let jump = JumpBox(self, id.addSuffix(["jump"]), vpc: vpc)
/// aurora.cluster.connections.allowDefaultPort(from: jump)
/// ```
public final class JumpBox: Construct, Connectable {
    /// Access by SSH, apart from Session Manager.
    public struct SSHAccess: Hashable, Sendable {
        /// The key pair to log in with.
        public enum KeyPair: Hashable, Sendable {
            /// A new one, whose private key EC2 keeps in Parameter Store, encrypted.
            case create
            /// One that exists already.
            case existing(name: String)
        }

        /// From which addresses, such as `203.0.113.0/24`.
        public var cidr: String
        /// The key pair.
        public var keyPair: KeyPair

        /// Describes the access; there is no default for the addresses, as it would be the world.
        public init(from cidr: String, keyPair: KeyPair = .create) {
            self.cidr = cidr
            self.keyPair = keyPair
        }
    }

    /// Its security groups and the port it listens on.
    public let connections: Connections
    /// The firewall around the machine.
    public var securityGroup: SecurityGroup { connections.securityGroups[0] }
    /// The group that holds the machine; its desired capacity says whether there is one.
    public let autoScalingGroup: AutoScalingGroup

    /// Declares a jump box.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name; the Auto Scaling group is called by its Pascal form.
    ///   - vpc: The network.
    ///   - vpcSubnets: Where in it; it needs a way to Systems Manager.
    ///   - sshAccess: Access by SSH, where that is wanted.
    ///   - instanceType: The machine's size.
    public init(
        _ scope: any Scope, _ id: Namer, vpc: Vpc, vpcSubnets: SubnetSelection = .init(),
        sshAccess: SSHAccess? = nil, instanceType: String = "t4g.nano"
    ) {
        let node = Node(scope, id.pascal)
        let type = InstanceType(instanceType)
        if type == nil { node.addError("instanceType is '\(instanceType)': write a type such as t4g.nano.") }
        let keyName: Value<String>? = sshAccess.map { access in
            switch access.keyPair {
            case .existing(let name): Value(name)
            case .create: Cfn<EC2.KeyPair>(node, "KeyPair", .init(keyName: Value(id.pascal))).ref
            }
        }
        let stack = Stack.of(node)
        autoScalingGroup = AutoScalingGroup(
            node, "AutoScalingGroup", autoScalingGroupName: id.pascal, instanceType: type ?? .smallest, minimum: 0,
            maximum: 1, vpc: vpc, vpcSubnets: vpcSubnets, keyName: keyName,
            managedPolicies: ["arn:\(stack.partition):iam::aws:policy/AmazonSSMManagedInstanceCore"])
        connections = autoScalingGroup.connections
        super.init(at: node)
        guard let sshAccess else { return }
        guard let block = CIDRBlock(sshAccess.cidr) else {
            node.addError("sshAccess is from '\(sshAccess.cidr)': write addresses as in 203.0.113.0/24.")
            return
        }
        if block.mask == 0 {
            node.addWarning("sshAccess opens port 22 to the whole internet: name the addresses that need it.")
        }
        connections.allow(fromIPv4: sshAccess.cidr, port: .tcp(22), description: "SSH from \(sshAccess.cidr)")
    }
}

extension InstanceType {
    fileprivate static let smallest: InstanceType = {
        guard let type = InstanceType("t4g.nano") else { preconditionFailure("t4g.nano is an instance type") }
        return type
    }()
}
