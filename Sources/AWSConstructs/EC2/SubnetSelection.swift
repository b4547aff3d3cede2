// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
public import Constructs

/// Which subnets of a network to use.
public struct SubnetSelection {
    /// By what they are chosen.
    public enum Criterion {
        /// Those with a way out of private subnets, else isolated, else public ones.
        case `default`
        /// Those of a type.
        case type(SubnetType)
        /// Those of a group.
        case groupName(String)
        /// Exactly these.
        case subnets([Subnet])
    }

    /// By what they are chosen.
    public var criterion: Criterion
    /// Whether at most one is taken in each Availability Zone.
    public var onePerAz: Bool

    /// Describes a choice.
    public init(_ criterion: Criterion = .default, onePerAz: Bool = false) {
        self.criterion = criterion
        self.onePerAz = onePerAz
    }

    /// Public subnets.
    public static var `public`: SubnetSelection { .init(.type(.public)) }
    /// Private subnets with a way out.
    public static var privateWithEgress: SubnetSelection { .init(.type(.privateWithEgress)) }
    /// Isolated subnets.
    public static var privateIsolated: SubnetSelection { .init(.type(.privateIsolated)) }
}

/// Subnets that were chosen.
public struct SelectedSubnets {
    /// The subnets; empty where nothing matched, which is recorded as an error.
    public let subnets: [Subnet]

    /// Their ids.
    public var subnetIds: [Value<String>] { subnets.map(\.subnetId) }
    /// Whether any of them is public.
    public var hasPublic: Bool { subnets.contains { $0.subnetType == .public } }
    /// Whether all of them have a way to the internet, as far as is known.
    public var haveWayOut: Bool { subnets.allSatisfy(\.hasWayOut) }
    /// What to wait for before using their way to the internet.
    public var internetConnectivityEstablished: any Dependable {
        let group = DependencyGroup()
        for subnet in subnets { group.add(subnet.internetConnectivityEstablished) }
        return group
    }
}
