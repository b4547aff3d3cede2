// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CloudFormation
import Constructs
import Testing

@testable import CDKAurora

@Suite("A configuration file")
struct ConfigurationTests {
    static let minimal = """
        stack: AuroraDemo
        vpc: {create: {}}
        kmsKey: {create: {}}
        aurora:
          name: [aurora, demo]
          databaseName: demo
        """

    private func problems(_ text: String) -> [String] {
        do {
            _ = try Configuration(text: text, file: "aurora.yaml")
            return []
        } catch {
            return "\(error)".split(separator: "\n").map(String.init)
        }
    }

    @Test("in YAML describes the same as one in JSON")
    func yaml() throws {
        let json =
            #"{"stack":"AuroraDemo","vpc":{"create":{}},"kmsKey":{"create":{}},"aurora":{"name":["aurora","demo"],"databaseName":"demo"}}"#
        let fromYAML = try synthesize(Configuration(text: Self.minimal, file: "a.yaml"))
        let fromJSON = try synthesize(Configuration(text: json, file: "a.json"))
        #expect(fromYAML.stacks[0].template == fromJSON.stacks[0].template)
    }

    @Test("is told the nearest key for one that does not exist, with line and column")
    func unknownKey() {
        #expect(
            problems(Self.minimal + "\n  instancs: 3") == [
                "aurora.yaml:7:3: There is no 'aurora.instancs': did you mean 'instances'?"
            ])
    }

    @Test("has all its mistakes reported together")
    func together() {
        let text = """
            stack: 5
            vpc: {create: {}, lookup: {isDefault: true}}
            kmsKey: {}
            aurora:
              name: [aurora, demo]
              instances: many
              removalPolicy: forget
              vpcSubnets: {subnetType: public, subnetGroupName: x}
            """
        let found = problems(text)
        #expect(found.contains("aurora.yaml:1:8: stack must be a text (put it in quotes), and is '5'."))
        #expect(found.contains("aurora.yaml:6:14: aurora.instances must be a whole number, and is 'many'."))
        #expect(
            found.contains(
                "aurora.yaml:7:18: aurora.removalPolicy must be one of destroy, retain, snapshot, and is 'forget'."))
        #expect(found.contains { $0.hasPrefix("aurora.yaml:2:6: vpc takes exactly one of create, lookup") })
        #expect(found.contains { $0.contains("kmsKey takes exactly one of create, arn") })
        #expect(found.contains { $0.contains("aurora.databaseName is missing") })
        #expect(found.contains { $0.contains("aurora.vpcSubnets takes one of subnetType and subnetGroupName") })
        #expect(found.count == 7)
    }

    @Test("that is none is refused", arguments: ["", "a: [", "{\"a\": }", "just words", "stack: a\nstack: b"])
    func malformed(text: String) {
        #expect(!problems(text).isEmpty)
    }

    @Test("that cannot be read is named")
    func unreadable() {
        #expect(throws: ConfigurationError.self) { try Configuration(file: "/nonexistent/aurora.yaml") }
    }
}

@Suite("An Aurora")
struct AuroraTests {
    private func errors(_ more: String) throws -> [String] {
        let configuration = try Configuration(text: ConfigurationTests.minimal + "\n" + more, file: "aurora.yaml")
        do {
            _ = try synthesize(configuration)
            return []
        } catch let error as ValidationError {
            return error.diagnostics.map(\.description)
        }
    }

    @Test(
        "refuses values that cannot be, with the construct's path and the fix",
        arguments: [
            ("  instances: 0", "instances is 0: an Aurora cluster has 1 to 16"),
            ("  instances: -1", "instances is -1"),
            ("  instances: 17", "instances is 17"),
            ("  schemas: ['']", "schemas[0] is empty"),
            ("  schemas: [a, a]", "schemas has 'a' twice"),
            ("  databaseName2: x", ""),
            ("  retentionDays: 36", "RDS keeps backups for 1 to 35 days"),
            ("  cloudwatchLogsRetention: 31", "choose one of 1, 3, 5"),
            ("  lambdaLogRetention: 2", "lambdaLogRetention is 2 days"),
            ("  performanceInsightRetention: 8", "RDS offers 7, 731"),
            ("  cloudwatchLogsExports: [audit]", "cloudwatchLogsExports has 'audit'"),
            ("  instanceType: huge", "instanceType is 'huge'"),
            ("  postgresEngineVersion: latest", "postgresEngineVersion is 'latest'"),
            ("  parameterGroup: pg\n  parameters: {a: 1}", "exclude each other"),
            ("  commonRotationUserOptions: {automaticallyAfterDays: 0}", "Secrets Manager allows 1 to 1,000"),
            ("  skipProxy: true\n  proxySecurityGroups: [a]", "proxySecurityGroups has no use with skipProxy"),
            ("  users: [{name: app, access: reader, schemas: [other]}]", "names the schema 'other'"),
            ("  users: [{name: app, access: reader}, {name: app, access: writer}]", "two users 'App'"),
            ("  vpcSubnets: {subnetType: privateIsolated}", "does not have subnets of type 'privateIsolated'"),
            ("  vpcSubnets: {subnetType: public}", "public subnets, where it would have no way to the internet"),
        ])
    func invalid(yaml: String, message: String) throws {
        guard !message.isEmpty else {
            #expect(throws: ConfigurationError.self) { try errors(yaml) }
            return
        }
        let found = try errors(yaml)
        #expect(found.contains { $0.contains(message) && $0.hasPrefix("error: AuroraDemo/") }, "\(found)")
    }

    @Test("reports all that is wrong together")
    func together() throws {
        #expect(try errors("  instances: 0\n  retentionDays: 0\n  schemas: ['']").count == 3)
    }

    @Test("warns of the original's proxy credentials and of processors that cost more")
    func warnings() throws {
        let configuration = try Configuration(
            text: ConfigurationTests.minimal + "\n  proxyCredentials: activeUser\n  instanceType: r5.large", file: "a")
        let warnings = try synthesize(configuration).diagnostics.map(\.description)
        #expect(
            warnings.contains { $0.hasPrefix("warning: AuroraDemo/AuroraDemo: With proxyCredentials 'activeUser'") })
        #expect(warnings.contains { $0.hasPrefix("warning: AuroraDemo/AuroraDemo: r5.large is not an ARM64") })
    }

    @Test("has a proxy that lists two secrets for each user, unless the original's layout is asked for")
    func proxySecrets() throws {
        func listed(_ more: String) throws -> Int {
            let configuration = try Configuration(text: ConfigurationTests.minimal + more, file: "a")
            let resources = try synthesize(configuration).stacks[0].template["Resources"]?.members ?? []
            let proxy = resources.first { $0.value["Type"] == "AWS::RDS::DBProxy" }
            return proxy?.value["Properties"]?["Auth"]?.elements?.count ?? 0
        }
        #expect(try listed("") == 4)
        #expect(try listed("\n  proxyCredentials: activeUser") == 2)
        #expect(
            try listed(
                "\n  users: [{name: app, access: owner}, {name: [data, team], access: reader, schemas: [public]}]") == 4
        )
    }

    @Test("says nothing of its users to the database where they are left to others")
    func unmanagedUsers() throws {
        func users(_ more: String) throws -> TemplateExpression? {
            let configuration = try Configuration(text: ConfigurationTests.minimal + more, file: "a")
            let resources = try synthesize(configuration).stacks[0].template["Resources"]?.members ?? []
            return resources.first { $0.value["Type"] == "Custom::AuroraDatabase" }?.value["Properties"]?["users"]
        }
        #expect(try users("")?.elements?.count == 2)
        #expect(try users("\n  skipUserProvisioning: true") == nil)
    }

    @Test("rotates users after they were provisioned, and the manager after all of them")
    func order() throws {
        let template = try synthesize(Configuration(text: ConfigurationTests.minimal, file: "a")).stacks[0].template
        let resources = template["Resources"]?.members ?? []
        func dependencies(_ start: String) -> [String] {
            let resource = resources.first {
                $0.name.hasPrefix(start) && $0.value["Type"] == "AWS::SecretsManager::RotationSchedule"
            }
            return resource?.value["DependsOn"]?.elements?.compactMap(\.stringLiteral) ?? []
        }
        #expect(dependencies("AuroraDemoReader").contains { $0.hasPrefix("AuroraDemoReaderProvisioning") })
        let manager = dependencies("AuroraDemoDatabaseSecretAttachment")
        #expect(manager.contains { $0.hasPrefix("AuroraDemoReaderProvisioning") })
        #expect(manager.contains { $0.hasPrefix("AuroraDemoWriterProvisioning") })
    }
}

@Suite("A namer")
struct NamerTests {
    @Test("spells words in each convention")
    func conventions() {
        let name = Namer(["aurora", "Demo"])
        #expect(
            [name.camel, name.kebab, name.pascal, name.snake] == [
                "auroraDemo", "aurora-demo", "AuroraDemo", "aurora_demo",
            ])
        #expect(name.addPrefix(["my"]).addSuffix(["jump"]).pascal == "MyAuroraDemoJump")
    }

    @Test("cuts words and names to their limits, from the end or the beginning")
    func limits() {
        #expect(Namer(["aurora", "demo"], options: .init(maxPartLength: 3)).pascal == "AurDem")
        #expect(Namer(["aurora", "demo"], options: .init(maxPartLength: 3, partTruncation: .head)).snake == "ora_emo")
        #expect(Namer(["aurora", "demo"], options: .init(maxLength: 8)).kebab == "aurora-d")
        #expect(Namer(["aurora", "demo"], options: .init(maxLength: 8, truncation: .head)).kebab == "ora-demo")
    }

    @Test("keeps what makes a name unique when it is cut")
    func unique() {
        let long = Namer(["aurora", "demo"], options: .init(maxLength: 14))
        let (first, second) = (long.unique("one").kebab, long.unique("two").kebab)
        #expect(first != second)
        #expect(first.count == 14 && second.count == 14)
        #expect(long.unique("one").kebab == first)
    }
}

@Suite("A jump box")
struct JumpBoxTests {
    private func template(_ make: (Stack, Vpc) -> Void) throws -> [TemplateExpression.Member] {
        let app = App(outputDirectory: "/tmp/aurora-jump-\(UInt64.random(in: 0 ... .max))", environment: [:])
        let stack = Stack(app, "One")
        make(stack, Vpc(stack, "Vpc"))
        return try app.synthesize().stacks[0].template["Resources"]?.members ?? []
    }

    @Test("needs neither key nor open port by default")
    func sessionManager() throws {
        let resources = try template { _ = JumpBox($0, Namer(["jump"]), vpc: $1) }
        #expect(!resources.contains { $0.value["Type"] == "AWS::EC2::KeyPair" })
        let group = resources.first { $0.value["Type"] == "AWS::EC2::SecurityGroup" }
        #expect(group?.value["Properties"]?["SecurityGroupIngress"] == nil)
        let machine = resources.first { $0.value["Type"] == "AWS::EC2::LaunchTemplate" }
        let data = machine?.value["Properties"]?["LaunchTemplateData"]
        #expect(data?["MetadataOptions"]?["HttpTokens"] == "required")
        #expect(data?["BlockDeviceMappings"]?.elements?[0]["Ebs"]?["Encrypted"] == true)
        let scaling = resources.first { $0.value["Type"] == "AWS::AutoScaling::AutoScalingGroup" }
        #expect(scaling?.value["Properties"]?["MinSize"] == "0")
        #expect(scaling?.value["Properties"]?["MaxSize"] == "1")
    }

    @Test("opens port 22 to the addresses it is told, with a key pair")
    func ssh() throws {
        let resources = try template {
            _ = JumpBox($0, Namer(["jump"]), vpc: $1, sshAccess: .init(from: "203.0.113.0/24"))
        }
        #expect(resources.contains { $0.value["Type"] == "AWS::EC2::KeyPair" })
        let group = resources.first { $0.value["Type"] == "AWS::EC2::SecurityGroup" }
        #expect(group?.value["Properties"]?["SecurityGroupIngress"]?.elements?[0]["CidrIp"] == "203.0.113.0/24")
    }

    @Test("does not open it to the world in silence")
    func world() {
        let stack = Stack(App(outputDirectory: "/nonexistent", environment: [:]), "One")
        let jump = JumpBox(stack, Namer(["jump"]), vpc: Vpc(stack, "Vpc"), sshAccess: .init(from: "0.0.0.0/0"))
        #expect(jump.node.diagnostics.map(\.severity) == [.warning])
    }
}
