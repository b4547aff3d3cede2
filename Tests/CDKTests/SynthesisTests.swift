// SPDX-License-Identifier: Apache-2.0

import CDK
import CloudFormation
import Constructs
import Foundation
import Testing

@Suite("Synthesis")
struct SynthesisTests {
    private func app(context: [String: TemplateExpression] = [:], environment: [String: String] = [:]) -> App {
        let directory = FileManager.default.temporaryDirectory.appending(path: "assembly-\(UUID().uuidString)").path
        return App(outputDirectory: directory, context: context, environment: environment)
    }

    private func read(_ app: App, _ file: String) throws -> TemplateExpression {
        let data = try #require(FileManager.default.contents(atPath: "\(app.outputDirectory)/\(file)"))
        return try JSONDecoder().decode(TemplateExpression.self, from: data)
    }

    @Test("refuses resources that wait for each other, and says which")
    func resourceCycle() {
        let app = App(outputDirectory: "/nonexistent", environment: [:])
        let stack = Stack(app, "One")
        let first = CfnResource(stack, "First", type: "AWS::SNS::Topic")
        let second = CfnResource(
            stack, "Second", type: "AWS::SNS::Topic", properties: ["TopicName": first.ref.expression])
        _ = CfnResource(stack, "Third", type: "AWS::SNS::Topic", properties: ["TopicName": second.ref.expression])
        first.addDependency(on: second)
        let error = #expect(throws: ValidationError.self) { try app.synthesize() }
        #expect("\(String(describing: error))".contains("One/First -> One/Second -> One/First"))
    }

    @Test("writes a template and a manifest that names it")
    func assembly() throws {
        let app = app()
        let stack = Stack(app, "One", description: "first", terminationProtection: true, tags: ["team": "storage"])
        _ = Cfn<Logs.LogGroup>(stack, "Log", .init(retentionInDays: 30))
        try app.synthesize()
        let template = try read(app, "One.template.json")
        #expect(template["Resources"]?["Log"]?["Properties"]?["RetentionInDays"] == 30)
        let artifact = try read(app, "manifest.json")["artifacts"]?["One"]
        #expect(artifact?["environment"] == "aws://unknown-account/unknown-region")
        #expect(artifact?["properties"]?["templateFile"] == "One.template.json")
        #expect(artifact?["properties"]?["terminationProtection"] == true)
        #expect(artifact?["properties"]?["tags"]?["team"] == "storage")
        try FileManager.default.removeItem(atPath: app.outputDirectory)
    }

    @Test("is the same, to the byte, each time")
    func deterministic() throws {
        func synthesize() throws -> Data {
            let app = app()
            let stack = Stack(app, "One")
            for index in 0..<20 {
                let log = Cfn<Logs.LogGroup>(stack, "Log\(index)", .init(retentionInDays: 1))
                log.node.addAspect(TagAspect("number", "\(index)"))
            }
            try app.synthesize()
            defer { try? FileManager.default.removeItem(atPath: app.outputDirectory) }
            return try #require(FileManager.default.contents(atPath: "\(app.outputDirectory)/One.template.json"))
        }
        #expect(try synthesize() == synthesize())
    }

    @Test("exports and imports what one stack uses of another, and orders them")
    func crossStack() throws {
        let app = app()
        let consumer = Stack(app, "Consumer")
        let producer = Stack(app, "Producer")
        let log = Cfn<Logs.LogGroup>(producer, "Log", .init())
        _ = CfnResource(
            consumer, "User", type: "AWS::SNS::Topic", properties: ["DisplayName": log.attributes.arn.expression])
        let assembly = try app.synthesize()
        #expect(assembly.stacks.map(\.stackName) == ["Producer", "Consumer"])
        let export = try #require(try read(app, "Producer.template.json")["Outputs"]?.members.first)
        // The names that the CDK gives: a deployed import would block another one.
        #expect(export.name.hasPrefix("ExportsOutputFnGetAttLogArn"))
        let name = try #require(export.value["Export"]?["Name"]?.stringLiteral)
        #expect(name == "Producer:\(export.name)")
        let imported = try read(app, "Consumer.template.json")["Resources"]?["User"]?["Properties"]?["DisplayName"]
        #expect(imported == ["Fn::ImportValue": .string(name)])
        let dependencies = try read(app, "manifest.json")["artifacts"]?["Consumer"]?["dependencies"]
        #expect(dependencies?.elements?.contains("Producer") == true)
        try FileManager.default.removeItem(atPath: app.outputDirectory)
    }

    @Test("refuses stacks that wait for each other, with the way around")
    func cycle() throws {
        let app = app()
        let (first, second) = (Stack(app, "First"), Stack(app, "Second"))
        let a = Cfn<Logs.LogGroup>(first, "A", .init())
        let b = Cfn<Logs.LogGroup>(second, "B", .init())
        _ = CfnResource(first, "UsesB", type: "AWS::SNS::Topic", properties: ["DisplayName": b.ref.expression])
        _ = CfnResource(second, "UsesA", type: "AWS::SNS::Topic", properties: ["DisplayName": a.ref.expression])
        let error = try #require(throws: ValidationError.self) { try app.synthesize() }
        #expect(error.description.contains("First -> Second -> First"))
        #expect(error.description.contains("First/UsesB uses Second/B"))
        #expect(!FileManager.default.fileExists(atPath: app.outputDirectory))
    }

    @Test("reports all errors together, and writes nothing")
    func errors() throws {
        let app = app()
        let stack = Stack(app, "1 bad name")
        _ = Construct(stack, "Twin")
        _ = Construct(stack, "Twin")
        stack.node.addValidation { ["the third"] }
        let error = try #require(throws: ValidationError.self) { try app.synthesize() }
        #expect(error.diagnostics.count == 3)
        #expect(!FileManager.default.fileExists(atPath: app.outputDirectory))
    }

    @Test("puts warnings where the CLI prints them")
    func warnings() throws {
        let app = app()
        let stack = Stack(app, "One")
        Construct(stack, "Odd").node.addWarning("look at this")
        try app.synthesize()
        let entries = try read(app, "manifest.json")["artifacts"]?["One"]?["metadata"]?["/One/Odd"]
        #expect(entries == [["data": "look at this", "type": "aws:cdk:warning"]])
        try FileManager.default.removeItem(atPath: app.outputDirectory)
    }

    @Test("finds two elements with the same logical id")
    func sameLogicalID() throws {
        let app = app()
        let stack = Stack(app, "One")
        _ = Cfn<Logs.LogGroup>(stack, "A-B", .init())
        _ = Cfn<Logs.LogGroup>(stack, "AB", .init())
        let error = try #require(throws: ValidationError.self) { try app.synthesize() }
        #expect(error.description.contains("'AB'"))
    }

    @Test("writes properties that no type offers, and removes others")
    func overrides() throws {
        let app = app()
        let log = Cfn<Logs.LogGroup>(Stack(app, "One"), "Log", .init(retentionInDays: 30))
        log.addPropertyOverride("Deep.Er", 1)
        log.addPropertyOverride("RetentionInDays", nil)
        try app.synthesize()
        let properties = try read(app, "One.template.json")["Resources"]?["Log"]?["Properties"]
        #expect(properties == ["Deep": ["Er": 1]])
        try FileManager.default.removeItem(atPath: app.outputDirectory)
    }
}

@Suite("Context")
struct ContextTests {
    private let place = Environment(account: "123456789012", region: "eu-central-1")
    private let key = "availability-zones:account=123456789012:region=eu-central-1"

    @Test("that is missing is asked of the CLI, and stood in for")
    func missing() throws {
        let app = App(outputDirectory: "/nonexistent", environment: [:])
        let stack = Stack(app, "One", environment: place)
        #expect(stack.availabilityZones.map(\.literal) == ["dummy1a", "dummy1b", "dummy1c"])
        #expect(app.missingContext.map(\.key) == [key])
    }

    @Test("is taken from the environment and from what did not fit in there")
    func overflow() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "context-\(UUID().uuidString)").path
        try Data(#"{"\#(key)": ["eu-central-1b"]}"#.utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let app = App(environment: ["CONTEXT_OVERFLOW_LOCATION_ENV": file, "CDK_CONTEXT_JSON": #"{"flag": true}"#])
        #expect(app.context["flag"] == true)
        #expect(Stack(app, "One", environment: place).availabilityZones.map(\.literal) == ["eu-central-1b"])
    }

    @Test("that could not be looked up is an error, not an answer")
    func providerError() throws {
        let app = App(context: [key: ["$providerError": "no credentials", "$dontSaveContext": true]], environment: [:])
        let stack = Stack(app, "One", environment: place)
        _ = stack.availabilityZones
        #expect(stack.node.diagnostics.contains { $0.severity == .error && $0.message.contains("no credentials") })
    }
}

@Suite("Assets")
struct FileAssetTests {
    @Test("have a hash of their content, names and run permissions only")
    func hash() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "asset-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        func make(_ name: String, _ content: String, mode: Int = 0o644) throws -> String {
            let folder = "\(root)/\(name)"
            try FileManager.default.createDirectory(atPath: "\(folder)/lib", withIntermediateDirectories: true)
            try Data(content.utf8).write(to: URL(fileURLWithPath: "\(folder)/lib/file"))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/lib/file")
            return try FileAsset(path: folder).hash
        }
        let first = try make("first", "same")
        #expect(try make("second", "same") == first)
        #expect(try make("third", "other") != first)
        #expect(try make("fourth", "same", mode: 0o755) != first)
    }
}
