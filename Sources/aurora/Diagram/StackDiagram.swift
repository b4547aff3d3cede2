// SPDX-License-Identifier: Apache-2.0

import CloudFormation

/// What a stack consists of, as boxes in columns and arrows between them.
struct StackDiagram {
    enum Kind: String {
        case users, proxy, cluster, secrets, functions, jumpBox, key
    }

    /// A box: a title, and lines below it.
    struct Box {
        let id: String
        let kind: Kind
        let title: String
        let lines: [String]
        /// Whether it is in the network.
        let isInNetwork: Bool
    }

    /// An arrow, and what it means.
    struct Arrow {
        let from: String
        let to: String
        let label: String
    }

    let title: String
    let network: String?
    /// From left to right.
    private(set) var columns: [[Box]] = []
    private(set) var arrows: [Arrow] = []

    /// Reads a template.
    ///
    /// - Throws: ``CommandError`` where it declares no Aurora.
    init(_ stack: TemplateSource.Stack) throws {
        let resources = stack.template["Resources"]?.members ?? []
        func all(_ type: String) -> [TemplateExpression.Member] {
            resources.filter { $0.value["Type"]?.stringLiteral == type }
        }
        func text(_ resource: TemplateExpression.Member, _ name: String) -> String? {
            resource.value["Properties"]?[name]?.stringLiteral
        }
        guard let cluster = all("AWS::RDS::DBCluster").first else {
            throw CommandError("The stack '\(stack.name ?? "")' declares no cluster: choose another one with --stack.")
        }
        let subnets = all("AWS::EC2::Subnet").count
        title = stack.name ?? "Stack"
        network = all("AWS::EC2::VPC").first.map { vpc in
            "VPC \(text(vpc, "CidrBlock") ?? ""), \(subnets) subnets, \(all("AWS::EC2::NatGateway").count) NAT gateways"
        }
        let instances = all("AWS::RDS::DBInstance")
        let database = all("Custom::AuroraDatabase").first?.value["Properties"]
        let users = database?["users"]?.elements ?? []
        let schemas = (database?["schemas"]?.elements ?? []).compactMap(\.stringLiteral)
        let userLines = users.map { user in
            let own = user["schemas"]?.elements?.compactMap(\.stringLiteral)
            let place = own.map { " in \($0.joined(separator: ", "))" } ?? ""
            return "\(user["username"]?.stringLiteral ?? ""): \(user["access"]?.stringLiteral ?? "")\(place)"
        }
        let engine = text(cluster, "EngineVersion").map { "PostgreSQL \($0)" } ?? "PostgreSQL"
        var clusterLines = [
            engine, "\(instances.count) × \(instances.first.flatMap { text($0, "DBInstanceClass") } ?? "instance")",
        ]
        if let name = database?["databaseName"]?.stringLiteral { clusterLines.append("database \(name)") }
        if !schemas.isEmpty { clusterLines.append("schemas \(schemas.joined(separator: ", "))") }
        let proxy = all("AWS::RDS::DBProxy").first
        let secrets = all("AWS::SecretsManager::Secret")
        let (within, beyond) = all("AWS::Lambda::Function").reduce(into: ([String](), [String]())) { found, function in
            guard let handler = text(function, "Handler") else { return }
            if function.value["Properties"]?["VpcConfig"] == nil {
                found.1.append(handler)
            } else {
                found.0.append(handler)
            }
        }
        let hasJumpBox = !all("AWS::AutoScaling::AutoScalingGroup").isEmpty

        columns.append([Box(id: "users", kind: .users, title: "Users", lines: userLines, isInNetwork: false)])
        var entrances: [Box] = []
        if proxy != nil {
            let listed = proxy?.value["Properties"]?["Auth"]?.elements?.count ?? 0
            entrances.append(
                Box(
                    id: "proxy", kind: .proxy, title: "RDS Proxy", lines: ["admits \(listed) logins", "TLS"],
                    isInNetwork: true))
        }
        if hasJumpBox {
            entrances.append(
                Box(id: "jump", kind: .jumpBox, title: "Jump box", lines: ["Session Manager"], isInNetwork: true))
        }
        if !entrances.isEmpty { columns.append(entrances) }
        var inside = [Box(id: "cluster", kind: .cluster, title: "Aurora", lines: clusterLines, isInNetwork: true)]
        if !within.isEmpty {
            inside.append(Box(id: "functions", kind: .functions, title: "Functions", lines: within, isInNetwork: true))
        }
        columns.append(inside)
        var outside = [
            Box(
                id: "secrets", kind: .secrets, title: "Secrets Manager", lines: secrets.compactMap { text($0, "Name") },
                isInNetwork: false)
        ]
        if let key = all("AWS::KMS::Key").first {
            outside.append(
                Box(
                    id: "key", kind: .key, title: "KMS key", lines: [text(key, "Description")].compactMap { $0 },
                    isInNetwork: false))
        }
        if !beyond.isEmpty {
            outside.append(
                Box(
                    id: "others", kind: .functions, title: "Functions that call AWS only", lines: beyond,
                    isInNetwork: false))
        }
        columns.append(outside)
        connect(proxy: proxy != nil, jumpBox: hasJumpBox, functions: within, key: !all("AWS::KMS::Key").isEmpty)
    }

    private mutating func connect(proxy: Bool, jumpBox: Bool, functions: [String], key: Bool) {
        func add(_ from: String, _ to: String, _ label: String) {
            arrows.append(Arrow(from: from, to: to, label: label))
        }
        add("users", proxy ? "proxy" : "cluster", "log in")
        if proxy { add("proxy", "cluster", "pools") }
        if jumpBox { add("jump", "cluster", "tunnels") }
        if functions.contains("database") || functions.contains("user") { add("functions", "cluster", "provision") }
        if functions.contains("rotation") { add("functions", "secrets", "rotate") }
        if key { add("key", "secrets", "encrypts") }
    }
}
