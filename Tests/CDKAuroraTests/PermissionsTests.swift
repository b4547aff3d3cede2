// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CloudFormation
import Testing

@testable import CDKAurora

@Suite("What the functions may do")
struct PermissionsTests {
    private static let more = """

          activityStream: true
          resetManagerPassword: true
        """

    private func resources(_ more: String = Self.more) throws -> [TemplateExpression.Member] {
        let configuration = try Configuration(text: ConfigurationTests.minimal + more, file: "a")
        return try synthesize(configuration).stacks[0].template["Resources"]?.members ?? []
    }

    private func texts(_ expression: TemplateExpression?) -> [String] {
        expression?.elements?.compactMap(\.stringLiteral) ?? expression?.stringLiteral.map { [$0] } ?? []
    }

    /// The statements of a function's role.
    private func statements(_ function: String, _ resources: [TemplateExpression.Member]) -> [TemplateExpression] {
        resources.filter { $0.value["Type"] == "AWS::IAM::Policy" && $0.name.contains("\(function)ServiceRole") }
            .flatMap { $0.value["Properties"]?["PolicyDocument"]?["Statement"]?.elements ?? [] }
    }

    private static let network: Set = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
    ]
    private static let basics: Set = [
        "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
    ]

    @Test(
        "is what they call, and nothing else",
        arguments: [
            ("DatabaseFunction", true, ["secretsmanager:GetSecretValue", "kms:Decrypt"]),
            (
                "UserFunction", true,
                [
                    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "kms:Decrypt",
                    "kms:GenerateDataKey",
                ]
            ),
            (
                "RotationFunction", true,
                [
                    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage", "secretsmanager:GetRandomPassword", "kms:Decrypt",
                    "kms:GenerateDataKey", "rds:ModifyDBCluster",
                ]
            ),
            ("LogRetentionFunction", false, ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]),
            (
                "ActivityStreamFunction", false,
                [
                    "rds:DescribeDBClusters", "rds:StartActivityStream", "rds:StopActivityStream", "kms:CreateGrant",
                    "kms:DescribeKey",
                ]
            ),
        ])
    func actions(function: String, isInNetwork: Bool, expected: [String]) throws {
        let resources = try resources()
        let statements = statements(function, resources)
        #expect(
            Set(statements.flatMap { texts($0["Action"]) })
                == Self.basics.union(expected).union(isInNetwork ? Self.network : []))
        for statement in statements where texts(statement["Resource"]).contains("*") {
            // Only what AWS knows no resource for.
            let unbound: Set = [
                "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "xray:PutTraceSegments",
                "xray:PutTelemetryRecords", "secretsmanager:GetRandomPassword",
            ]
            #expect(Set(texts(statement["Action"])).isSubset(of: unbound))
        }
        for statement in statements where texts(statement["Action"]).contains("kms:Decrypt") {
            #expect(statement["Condition"]?["StringLike"]?["kms:ViaService"] != nil)
        }
    }

    @Test("has no policy of AWS's in it, and each function has a role of its own")
    func roles() throws {
        let resources = try resources()
        let roles = resources.filter { $0.value["Type"] == "AWS::IAM::Role" }
        #expect(roles.allSatisfy { $0.value["Properties"]?["ManagedPolicyArns"] == nil })
        let used = resources.filter { $0.value["Type"] == "AWS::Lambda::Function" }
            .map { $0.value["Properties"]?["Role"]?["Fn::GetAtt"]?.elements?.first?.stringLiteral }
        #expect(used.count == 5 && Set(used).count == 5)
    }

    @Test("lets only Secrets Manager of this account invoke the rotation")
    func invocation() throws {
        let permissions = try resources().filter { $0.value["Type"] == "AWS::Lambda::Permission" }
        #expect(permissions.count == 1)
        let permission = permissions[0].value["Properties"]
        #expect(permission?["Principal"] == "secretsmanager.amazonaws.com")
        #expect(permission?["SourceAccount"]?["Ref"] == "AWS::AccountId")
    }

    @Test("is enough before the proxy lists a user's secrets: they are filled then")
    func proxyAfterItsSecrets() throws {
        let resources = try resources()
        let proxy = try #require(resources.first { $0.value["Type"] == "AWS::RDS::DBProxy" })
        let filled = resources.filter { $0.value["Type"] == "Custom::AuroraProxyCredentials" }.map(\.name)
        #expect(filled.count == 2)
        #expect(Set(filled).isSubset(of: texts(proxy.value["DependsOn"])))
        let without = try self.resources("\n  proxyCredentials: activeUser")
        #expect(!without.contains { $0.value["Type"] == "Custom::AuroraProxyCredentials" })
    }
}
