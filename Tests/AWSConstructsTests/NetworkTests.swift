// SPDX-License-Identifier: Apache-2.0

import CDK
import CloudFormation
import Constructs
import Testing

@testable import AWSConstructs

@Suite("An address plan")
struct SubnetPlanTests {
    private func plan(_ network: String, _ masks: [Int?]) throws -> [String] {
        var plan = SubnetPlan(network: try #require(CIDRBlock(network)))
        return try plan.allocate(masks: masks).map(\.description)
    }

    @Test("gives equal shares where no size is asked for")
    func equal() throws {
        #expect(
            try plan("10.0.0.0/16", [nil, nil, nil, nil]) == [
                "10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18", "10.0.192.0/18",
            ])
    }

    @Test("places those with a size first, and keeps the order of the requests")
    func mixed() throws {
        #expect(try plan("10.0.0.0/16", [nil, 24, nil]) == ["10.0.64.0/18", "10.0.0.0/24", "10.0.128.0/18"])
    }

    @Test(
        "says what is wrong",
        arguments: [
            ("10.0.0.0/28", [Int?](repeating: nil, count: 4)), ("10.0.0.0/24", [24, 24]), ("10.0.0.0/16", [29]),
        ])
    func impossible(network: String, masks: [Int?]) throws {
        #expect(throws: SubnetPlan.Failure.self) { try plan(network, masks) }
    }

    @Test(
        "reads blocks, and refuses what is none",
        arguments: ["10.0.0.0", "10.0.0/16", "10.0.0.256/16", "10.0.0.0/33", "x/16", ""])
    func notation(text: String) {
        #expect(CIDRBlock(text) == nil)
    }
}

@Suite("A network")
struct VpcTests {
    private func stack() -> Stack { Stack(App(outputDirectory: "/nonexistent", environment: [:]), "One") }

    @Test("says which kinds of subnets it has when another one is asked for")
    func noMatch() {
        let vpc = Vpc(stack(), "Vpc")
        #expect(vpc.selectSubnets(.privateIsolated).subnets.isEmpty)
        #expect(
            vpc.node.diagnostics.map(\.message) == [
                "This network does not have subnets of type 'privateIsolated': it has the types public, privateWithEgress "
                    + "and the groups Public, Private."
            ])
    }

    @Test("without NAT gateways has public and isolated subnets")
    func noGateways() {
        let vpc = Vpc(stack(), "Vpc", natGateways: 0)
        #expect(vpc.selectSubnets(.privateIsolated).subnets.count == 2)
        #expect(vpc.selectSubnets().subnets.allSatisfy { $0.subnetType == .privateIsolated })
        #expect(vpc.node.diagnostics.isEmpty)
    }

    @Test("with one NAT gateway routes all private subnets through it")
    func oneGateway() throws {
        let stack = stack()
        _ = Vpc(stack, "Vpc", natGateways: 1)
        let routes = stack.node.subtree.compactMap { ($0 as? Cfn<EC2.Route>)?.typed.natGatewayId?.expression }
        #expect(routes.count == 2)
        #expect(Set(routes).count == 1)
    }

    @Test(
        "has an error for each thing that cannot be",
        arguments: [
            ("10.0.0.0/8", nil), ("nonsense", nil), ("10.0.0.0/28", nil),
        ] as [(String, Int?)])
    func errors(cidr: String, gateways: Int?) {
        let vpc = Vpc(stack(), "Vpc", cidr: cidr, natGateways: gateways)
        #expect(vpc.node.diagnostics.count == 1)
        #expect(vpc.node.diagnostics.allSatisfy { $0.severity == .error })
    }

    @Test("takes at most one subnet a zone where asked to")
    func onePerZone() {
        let vpc = Vpc(
            stack(), "Vpc",
            subnetConfiguration: [
                .init(name: "a", subnetType: .privateIsolated), .init(name: "b", subnetType: .privateIsolated),
            ])
        #expect(vpc.selectSubnets(.init(.type(.privateIsolated))).subnets.count == 4)
        #expect(vpc.selectSubnets(.init(.type(.privateIsolated), onePerAz: true)).subnets.count == 2)
    }
}

@Suite("Connections")
struct ConnectionsTests {
    @Test("open the port on the one side, and the way out on the other where it is closed")
    func bothSides() {
        let stack = Stack(App(outputDirectory: "/nonexistent", environment: [:]), "One")
        let vpc = Vpc(stack, "Vpc")
        let server = SecurityGroup(stack, "Server", vpc: vpc)
        let open = SecurityGroup(stack, "Open", vpc: vpc)
        let closed = SecurityGroup(stack, "Closed", vpc: vpc, allowAllOutbound: false)
        server.connections.allow(from: open, port: .tcp(5432))
        server.connections.allow(from: closed, port: .tcp(5432))
        server.connections.allow(from: closed, port: .tcp(5432))
        #expect(stack.node.subtree.count { $0 is Cfn<EC2.SecurityGroupIngress> } == 2)
        #expect(stack.node.subtree.count { $0 is Cfn<EC2.SecurityGroupEgress> } == 1)
    }
}

@Suite("An instance type")
struct InstanceTypeTests {
    @Test(
        "knows its processor",
        arguments: [
            ("t4g.medium", Architecture.arm64), ("r6gd.large", .arm64), ("r5.24xlarge", .x86_64), ("g5.large", .x86_64),
            ("db.r8g.large", .arm64), ("x2iedn.large", .x86_64), ("c7gn.metal", .arm64),
        ])
    func architecture(name: String, expected: Architecture) throws {
        #expect(try #require(InstanceType(name)).architecture == expected)
    }

    @Test(
        "is refused where it is none",
        arguments: ["", "t4g", "t4g.", ".medium", "t4g medium", "T4G.medium", "t4g.me.dium"])
    func invalid(name: String) {
        #expect(InstanceType(name) == nil)
    }
}
