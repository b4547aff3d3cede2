// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Testing

@Suite("The difference between two templates")
struct TemplateDifferenceTests {
    private func template(_ resources: [String: TemplateExpression]) -> TemplateExpression {
        ["Resources": .object(resources.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })]
    }

    private func resource(
        _ type: String, _ properties: TemplateExpression = [:], policy: String? = nil
    ) -> TemplateExpression {
        var members: [TemplateExpression.Member] = [.init("Type", .string(type)), .init("Properties", properties)]
        if let policy { members.append(.init("DeletionPolicy", .string(policy))) }
        return .object(members)
    }

    private func changes(
        _ old: [String: TemplateExpression], _ new: [String: TemplateExpression]
    ) -> [TemplateDifference.Change] {
        TemplateDifference(from: template(old), to: template(new)).changes
    }

    @Test(
        "says what becomes of a resource, by the schema's rules",
        arguments: [
            ("AWS::RDS::DBCluster", "DBClusterIdentifier", TemplateDifference.Effect.replace),
            ("AWS::RDS::DBCluster", "MasterUsername", .mayReplace),
            ("AWS::RDS::DBCluster", "EngineVersion", .updateWithInterruption),
            ("AWS::RDS::DBCluster", "BackupRetentionPeriod", .update),
            ("AWS::RDS::DBInstance", "DBInstanceClass", .updateWithInterruption),
            ("AWS::SecretsManager::Secret", "Name", .replace), ("AWS::KMS::Key", "Description", .update),
            ("AWS::EC2::Subnet", "VpcId", .replace), ("AWS::Some::Thing", "Anything", .update),
            ("Custom::Thing", "ServiceToken", .refuse), ("Custom::Thing", "other", .update),
        ])
    func effects(type: String, property: String, effect: TemplateDifference.Effect) throws {
        let old = resource(type, .object([.init(property, "a")]))
        let new = resource(type, .object([.init(property, "b")]))
        let change = try #require(changes(["A": old], ["A": new]).first)
        #expect(change.effect == effect)
        #expect(change.properties == [property])
        #expect(changes(["A": old], ["A": old]).isEmpty)
    }

    @Test("knows what loses data, unless it is kept or allowed")
    func losses() {
        let cluster = resource("AWS::RDS::DBCluster", ["DBClusterIdentifier": "a"])
        let snapshot = resource("AWS::RDS::DBCluster", ["DBClusterIdentifier": "a"], policy: "Snapshot")
        let retained = resource("AWS::RDS::DBCluster", ["DBClusterIdentifier": "a"], policy: "Retain")
        let instance = resource("AWS::RDS::DBInstance", ["DBClusterIdentifier": "a"])
        #expect(changes(["A": cluster], [:]).map(\.losesState) == [true])
        #expect(changes(["A": snapshot], [:]).map(\.losesState) == [true])
        #expect(changes(["A": retained], [:]).map(\.effect) == [.retain])
        #expect(changes(["A": retained], [:]).map(\.losesState) == [false])
        #expect(changes(["A": instance], [:]).map(\.losesState) == [false])
        let difference = TemplateDifference(from: template(["A": cluster]), to: template([:]))
        #expect(difference.losses().map(\.logicalID) == ["A"])
        #expect(difference.losses(allowing: ["A"]).isEmpty)
        #expect(difference.losses(allowing: ["B"]).count == 1)
    }

    @Test("follows names: what names a resource that is replaced changes with it")
    func followed() throws {
        func stack(_ cidr: TemplateExpression) -> [String: TemplateExpression] {
            [
                "Vpc": resource("AWS::EC2::VPC", ["CidrBlock": cidr]),
                "Subnet": resource("AWS::EC2::Subnet", ["VpcId": ["Ref": "Vpc"], "CidrBlock": "10.0.0.0/24"]),
                "Group": resource("AWS::EC2::SecurityGroup", ["VpcId": ["Fn::GetAtt": ["Vpc", "VpcId"]]]),
                "Lonely": resource("AWS::EC2::SecurityGroup", ["GroupDescription": "x"]),
            ]
        }
        let found = changes(stack("10.0.0.0/16"), stack("10.1.0.0/16"))
        #expect(found.map(\.logicalID) == ["Group", "Subnet", "Vpc"])
        #expect(found.allSatisfy { $0.effect == .replace })
        #expect(found.first { $0.logicalID == "Subnet" }?.causes == ["VpcId"])
    }

    @Test("sees no difference where CloudFormation sees none")
    func spelling() {
        let old = resource(
            "AWS::Logs::LogGroup",
            ["LogGroupName": ["Fn::Sub": "a-${AWS::Region}-${X.Arn}"], "RetentionInDays": 30, "B": true])
        let new = resource(
            "AWS::Logs::LogGroup",
            [
                "B": "true", "RetentionInDays": "30",
                "LogGroupName": [
                    "Fn::Join": [
                        "", ["a-", ["Fn::Join": ["", [["Ref": "AWS::Region"], "-"]]], ["Fn::GetAtt": ["X", "Arn"]]],
                    ]
                ],
            ])
        #expect(changes(["A": old], ["A": new]).isEmpty)
    }

    @Test("is refused where a resource would be of another type")
    func type() {
        let found = changes(["A": resource("AWS::KMS::Key")], ["A": resource("AWS::SNS::Topic")])
        #expect(found.map(\.effect) == [.refuse])
    }
}
