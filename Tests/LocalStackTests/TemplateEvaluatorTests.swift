// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import SecretStore
import Testing

@testable import LocalStack

@Suite("A template on this machine")
struct TemplateEvaluatorTests {
    private let evaluator = TemplateEvaluator(
        template: LocalTemplate(
            stack: "Demo",
            body: [
                "Resources": [
                    "Second": [
                        "Type": "Custom::AuroraUser", "DependsOn": ["First"],
                        "Properties": ["ServiceToken": ["Fn::GetAtt": ["Handler", "Arn"]]],
                    ],
                    "First": ["Type": "Custom::AuroraDatabase", "Properties": ["from": ["Ref": "Attached"]]],
                    "Attached": [
                        "Type": "AWS::SecretsManager::SecretTargetAttachment",
                        "Properties": ["SecretId": ["Ref": "Secret"]],
                    ],
                    "Secret": ["Type": "AWS::SecretsManager::Secret", "Properties": ["Name": "Reader"]],
                    "Db": ["Type": "AWS::RDS::DBCluster", "Properties": ["DBClusterIdentifier": "demo"]],
                    "Handler": ["Type": "AWS::Lambda::Function", "Properties": ["Handler": "user"]],
                ]
            ]),
        host: "127.0.0.1", port: 5433)

    static let known: [(TemplateExpression, String)] = [
        (["Ref": "Secret"], FileSecretStore.arn(of: "Reader")),
        (["Ref": "Attached"], FileSecretStore.arn(of: "Reader")),
        (["Ref": "AWS::StackName"], "Demo"),
        (["Fn::GetAtt": ["Db", "Endpoint.Port"]], "5433"),
        (["Fn::Join": [":", [["Fn::GetAtt": ["Db", "Endpoint.Address"]], "x", ["Ref": "Db"]]]], "127.0.0.1:x:demo"),
        (true, "true"), (7, "7"),
    ]

    @Test("has its functions worked out", arguments: known)
    func expressions(expression: TemplateExpression, expected: String) throws {
        #expect(try evaluator.text(expression, of: "Here") == expected)
    }

    static let unknown: [TemplateExpression] = [
        ["Ref": "Nowhere"], ["Fn::GetAtt": ["Db", "Other"]], ["Fn::ImportValue": "x"],
    ]

    @Test("says what it cannot know here, and where", arguments: unknown)
    func unsupported(expression: TemplateExpression) {
        let error = #expect(throws: LocalStackError.self) { try evaluator.evaluate(expression, of: "Here") }
        #expect("\(String(describing: error))".contains("Here"))
    }

    @Test("runs custom resources after those they wait for")
    func order() throws {
        #expect(evaluator.template.customResources.map(\.logicalID) == ["First", "Second"])
        let second = try #require(evaluator.template["Second"])
        #expect(try evaluator.function(of: second).logicalID == "Handler")
        let first = try #require(evaluator.template["First"])
        #expect(throws: LocalStackError.self) { try evaluator.function(of: first) }
    }
}
