// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import AuroraResources
public import CDK
public import CloudFormation
import Constructs
import Yams

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A stack with one Aurora, as a file in JSON or YAML describes it.
public struct Configuration {
    /// Where the network comes from.
    enum Network {
        case create(cidr: String?, maxAzs: Int?, natGateways: Int?, subnets: [SubnetConfiguration]?)
        case lookup(VpcLookup)
    }

    /// Where the key comes from.
    enum EncryptionKey {
        case create(description: String?, enableKeyRotation: Bool?, alias: String?)
        case arn(String)
    }

    /// The stack's name.
    public var stackName: String
    /// Where the stack goes.
    public var environment: Environment?
    /// Facts about the account, as in `cdk.context.json`.
    public var context: [String: TemplateExpression] = [:]

    var network: Network
    var encryptionKey: EncryptionKey
    var aurora: AuroraConfiguration
    var allowFrom: String?
    /// Whether there is a machine to reach the database from.
    var jumpBox: Bool

    /// Reads a file.
    ///
    /// - Throws: ``ConfigurationError`` with all that is wrong in it.
    public init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError(problems: [
                .init(file: file, line: nil, column: nil, message: "The file cannot be read: check its path and mode.")
            ])
        }
        try self.init(text: String(decoding: data, as: UTF8.self), file: file)
    }

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - text: JSON or YAML.
    ///   - file: The name for messages.
    /// - Throws: ``ConfigurationError`` with all that is wrong in it.
    public init(text: String, file: String) throws {
        let problems = ConfigurationProblems(file: file)
        let configuration = Self.parse(text, problems).flatMap { Self.read($0, problems) }
        guard let configuration, problems.all.isEmpty else { throw ConfigurationError(problems: problems.all) }
        self = configuration
    }

    private init(
        stackName: String, environment: Environment?, context: [String: TemplateExpression], network: Network,
        encryptionKey: EncryptionKey, aurora: AuroraConfiguration, allowFrom: String?,
        jumpBox: Bool
    ) {
        self.stackName = stackName
        self.environment = environment
        self.context = context
        self.network = network
        self.encryptionKey = encryptionKey
        self.aurora = aurora
        self.allowFrom = allowFrom
        self.jumpBox = jumpBox
    }

    private static func parse(_ text: String, _ problems: ConfigurationProblems) -> ConfigurationValue? {
        do {
            guard let node = try Yams.compose(yaml: joiningSurrogates(text)) else {
                problems.add("The file is empty: begin with 'stack: NAME'.", at: nil)
                return nil
            }
            return ConfigurationValue(node: node, path: "", problems: problems)
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                problems.add("This is neither JSON nor YAML: \(problem).", at: mark)
            case .duplicatedKeysInMapping(let duplicates, let mark):
                problems.add(
                    "There twice: \(duplicates.map { "\($0)" }.joined(separator: ", ")); keep one.", at: mark.mark)
            default: problems.add("This is neither JSON nor YAML: \(error).", at: nil)
            }
        } catch {
            problems.add("This is neither JSON nor YAML: \(error).", at: nil)
        }
        return nil
    }

    /// JSON writes characters beyond the first 65,536 as two escapes (RFC 8259, "Strings"), which YAML does not know.
    private static func joiningSurrogates(_ text: String) -> String {
        guard text.contains("\\u") else { return text }
        return text.replacing(/\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/) { match in
            guard let high = UInt32(match.1, radix: 16), let low = UInt32(match.2, radix: 16),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { return String(match.0) }
            return String(Character(scalar))
        }
    }

    private static func read(_ value: ConfigurationValue, _ problems: ConfigurationProblems) -> Configuration? {
        guard
            let root = value.object([
                "stack", "environment", "vpc", "kmsKey", "aurora", "allowFrom", "jumpBox", "context",
            ])
        else { return nil }
        let stackName = root.required("stack")?.text
        let environment = root["environment"]?.object(["account", "region"]).flatMap { object -> Environment? in
            guard let account = object.required("account")?.looseText, let region = object.required("region")?.text
            else { return nil }
            return Environment(account: account, region: region)
        }
        let network = root.required("vpc")?.object(["create", "lookup"]).flatMap(readNetwork)
        let key = root.required("kmsKey")?.object(["create", "arn"]).flatMap(readKey)
        let aurora = root.required("aurora")?.object(AuroraConfiguration.keys).flatMap(AuroraConfiguration.init)
        let allowFrom = root["allowFrom"]?.text
        let jumpBox = root["jumpBox"]?.bool ?? false
        let context = root["context"].map { readContext($0.node) } ?? [:]
        guard let stackName, let network, let key, let aurora else { return nil }
        return Configuration(
            stackName: stackName, environment: environment, context: context, network: network, encryptionKey: key,
            aurora: aurora, allowFrom: allowFrom, jumpBox: jumpBox)
    }

    private static func readNetwork(_ object: ConfigurationObject) -> Network? {
        guard let (name, value) = object.exactlyOne(of: ["create", "lookup"]) else { return nil }
        if name == "lookup" {
            guard let lookup = value.object(["isDefault", "vpcId", "vpcName", "tags"]),
                let (kind, value) = lookup.exactlyOne(of: ["isDefault", "vpcId", "vpcName", "tags"])
            else { return nil }
            switch kind {
            case "vpcId": return value.text.map { .lookup(.vpcId($0)) }
            case "vpcName": return value.text.map { .lookup(.vpcName($0)) }
            case "tags": return value.textByName.map { .lookup(.tags($0)) }
            default:
                if value.bool == false {
                    value.problems.add(
                        "vpc.lookup.isDefault can only be true: find others by vpcId.", at: value.node.mark)
                }
                return .lookup(.isDefault)
            }
        }
        guard let create = value.object(["maxAzs", "natGateways", "cidr", "subnetConfiguration"]) else { return nil }
        let subnets = create["subnetConfiguration"]?.list?.compactMap { item -> SubnetConfiguration? in
            guard let object = item.object(["name", "subnetType", "cidrMask"]),
                let name = object.required("name")?.text,
                let type = object.required("subnetType")?.choice(SubnetType.self)
            else { return nil }
            return SubnetConfiguration(name: name, subnetType: type, cidrMask: object["cidrMask"]?.int)
        }
        return .create(
            cidr: create["cidr"]?.text, maxAzs: create["maxAzs"]?.int, natGateways: create["natGateways"]?.int,
            subnets: subnets)
    }

    private static func readKey(_ object: ConfigurationObject) -> EncryptionKey? {
        guard let (name, value) = object.exactlyOne(of: ["create", "arn"]) else { return nil }
        if name == "arn" { return value.text.map { .arn($0) } }
        return value.object(["description", "enableKeyRotation", "alias"]).map {
            .create(
                description: $0["description"]?.text, enableKeyRotation: $0["enableKeyRotation"]?.bool,
                alias: $0["alias"]?.text)
        }
    }

    private static func readContext(_ node: Yams.Node) -> [String: TemplateExpression] {
        guard case .object(let members) = expression(node) else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private static func expression(_ node: Yams.Node) -> TemplateExpression {
        switch node {
        case .mapping(let mapping):
            .object(mapping.map { .init($0.key.string ?? "", expression($0.value)) })
        case .sequence(let sequence): .list(sequence.map(expression))
        case .scalar(let scalar):
            if node.tag == Tag(.null) {
                .null
            } else if node.tag == Tag(.bool), let flag = node.bool {
                .boolean(flag)
            } else if node.tag == Tag(.int), let number = node.int {
                .integer(number)
            } else if node.tag == Tag(.float), let number = node.float {
                .number(number)
            } else {
                .string(scalar.string)
            }
        case .alias: .null
        }
    }
}
