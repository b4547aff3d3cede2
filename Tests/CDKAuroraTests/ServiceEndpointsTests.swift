// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CloudFormation
import Constructs
import Testing

@testable import CDKAurora

@Suite("Functions in a network")
struct ServiceEndpointsTests {
    @Test("warns of functions that have no way to the services they call, and makes one where asked")
    func endpoints() throws {
        func assembly(_ vpc: String, _ more: String) throws -> (warnings: [String], template: TemplateExpression) {
            let text = """
                stack: AuroraDemo
                vpc: \(vpc)
                kmsKey: {create: {}}
                aurora:
                  name: [aurora, demo]
                  databaseName: demo
                \(more)
                """
            let assembly = try synthesize(Configuration(text: text, file: "a.yaml"))
            let warnings = assembly.diagnostics.map(\.description).filter { $0.contains("without a way") }
            return (warnings, try #require(assembly.stacks.first).template)
        }
        let isolated = "  vpcSubnets: {subnetType: privateIsolated}"
        let network = "{create: {natGateways: 0}}"
        let silent = try assembly(network, isolated)
        #expect(silent.warnings.count == 1)
        #expect(silent.warnings[0].contains("com.amazonaws.REGION.secretsmanager, com.amazonaws.REGION.s3"))
        // A private network without a gateway has no way either; one with, or with ways of its own, does.
        let gateless =
            "{create: {natGateways: 0, subnetConfiguration: [{name: a, subnetType: public}, {name: b, subnetType: privateWithEgress}]}}"
        #expect(try assembly(gateless, "").warnings.count == 1)
        #expect(try assembly("{create: {}}", "").warnings.isEmpty)
        #expect(try assembly(network, isolated + "\n  vpcEndpoints: existing").warnings.isEmpty)
        // Without functions there is nobody who needs one.
        let left = "\n  skipProvisionDatabase: true\n  skipManagerRotation: true\n  skipAddRotationMultiUser: true"
        #expect(try assembly(network, isolated + left).warnings.isEmpty)

        let made = try assembly(network, isolated + "\n  vpcEndpoints: create\n  resetManagerPassword: true")
        #expect(made.warnings.isEmpty)
        let resources = made.template["Resources"]?.members ?? []
        let endpoints = resources.filter { $0.value["Type"]?.stringLiteral == "AWS::EC2::VPCEndpoint" }
        #expect(
            endpoints.map { $0.value["Properties"]?["VpcEndpointType"]?.stringLiteral } == [
                "Interface", "Interface", "Gateway",
            ])
        let tables = endpoints.last?.value["Properties"]?["RouteTableIds"]?.elements
        #expect(tables?.count == 2)
        // Each of the three functions may reach them, and nobody is asked to work before they are there.
        let rules = resources.filter {
            $0.value["Type"]?.stringLiteral == "AWS::EC2::SecurityGroupIngress"
                && $0.name.contains("EndpointSecurityGroup")
        }
        #expect(rules.count == 3)
        for resource in resources where resource.value["Type"]?.stringLiteral?.hasPrefix("Custom::AuroraUser") == true {
            let needs = (resource.value["DependsOn"]?.elements ?? []).compactMap(\.stringLiteral)
            #expect(endpoints.allSatisfy { needs.contains($0.name) }, "\(resource.name): \(needs)")
        }
        #expect(throws: ConfigurationError.self) {
            _ = try Configuration(
                text: ConfigurationTests.minimal + "\n  vpcEndpoints: perhaps", file: "a.yaml")
        }
    }
}
