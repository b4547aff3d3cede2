// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import AuroraResources
import CDK
import CloudFormation
import Constructs

/// What happens around an Aurora once it runs: provisioning, rotation, log retention and the activity stream, each with
/// a function of its own.
struct Operations {
    private static let provisioningTimeout = Duration.seconds(14 * 60)
    private static let callTimeout = Duration.seconds(5 * 60)
    private static let defaultLogRetention = 731
    private static let defaultActivityStreamLogRetention = 90

    let node: Node
    let properties: AuroraProperties
    let cluster: DatabaseCluster
    let proxy: DatabaseProxy?
    let users: [Aurora.User]
    let endpoints: ServiceEndpoints?

    /// Declares the database's schemas and privileges, and the users' logins.
    ///
    /// - Returns: For each user what to wait for before it is rotated.
    func provision() -> [DependencyGroup] {
        let waits = users.map { _ in DependencyGroup() }
        guard !properties.skipProvisionDatabase else { return waits }
        let database = databaseResource()
        for wait in waits { wait.add(database) }
        guard !properties.skipUserProvisioning, !users.isEmpty else { return waits }
        let (function, reachable) = databaseFunction(
            "UserFunction", .user, description: "User provisioning lambda")
        let secrets = users.flatMap { [$0.secret] + ($0.proxySecrets.map { [$0.user, $0.clone] } ?? []) }
        grant(
            function, actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], on: secrets)
        allowKey(function, actions: ["kms:Decrypt", "kms:GenerateDataKey"])
        for (user, wait) in zip(users, waits) {
            var properties: [UserProperties.CodingKeys: TemplateExpression] = [
                .userSecretArn: user.secret.secretArn.expression,
                .username: .string(user.username),
                .access: .string(user.declaration.access.rawValue),
            ]
            if self.properties.dropUsers {
                properties[.databaseName] = .string(self.properties.databaseName)
                properties[.dropUser] = .string("true")
            }
            if let listed = user.proxySecrets, let proxy {
                let key = ProxyCredentialsProperties.CodingKeys.self
                let resource = customResource(
                    "\(user.declaration.name.pascal)ProxyCredentials", ProxyCredentialsProperties.resourceType,
                    function,
                    [
                        key.userSecretArn: user.secret.secretArn.expression,
                        key.username: .string(user.username),
                        key.proxyUserSecretArn: listed.user.secretArn.expression,
                        key.proxyCloneSecretArn: listed.clone.secretArn.expression,
                    ])
                resource.node.addDependency(cluster.ready, reachable, database, user.attachments)
                // The proxy turns nobody away: what it lists says who may log in, before it is listed.
                proxy.admit(after: resource)
            }
            properties[.proxyHost] = proxy?.endpoint.expression
            properties[.proxyUserSecretArn] = user.proxySecrets?.user.secretArn.expression
            properties[.proxyCloneSecretArn] = user.proxySecrets?.clone.secretArn.expression
            let resource = customResource(
                "\(user.declaration.name.pascal)Provisioning", UserProperties.resourceType, function, properties)
            resource.node.addDependency(cluster.ready, reachable, database, user.attachments)
            wait.add(resource)
        }
        return waits
    }

    private func databaseResource() -> CfnResource {
        let (function, reachable) = databaseFunction(
            "DatabaseFunction", .database, description: "Database provisioning lambda")
        allowKey(function, actions: ["kms:Decrypt"])
        var members: [DatabaseProperties.CodingKeys: TemplateExpression] = [
            .databaseName: .string(properties.databaseName),
            .schemas: .list(properties.schemas.map { .string($0) }),
        ]
        if !properties.skipUserProvisioning { members[.users] = .list(users.map(declaration)) }
        if !properties.creators.isEmpty { members[.creators] = .list(properties.creators.map { .string($0) }) }
        if properties.accessMode != .managed { members[.accessMode] = .string(properties.accessMode.rawValue) }
        let resource = customResource("DatabaseProvisioning", DatabaseProperties.resourceType, function, members)
        resource.node.addDependency(cluster.ready, reachable)
        return resource
    }

    private func declaration(of user: Aurora.User) -> TemplateExpression {
        let key = DatabaseProperties.User.CodingKeys.self
        var members: [TemplateExpression.Member] = [
            .init(key.username.rawValue, .string(user.username)),
            .init(key.access.rawValue, .string(user.declaration.access.rawValue)),
        ]
        if let schemas = user.declaration.schemas {
            members.append(.init(key.schemas.rawValue, .list(schemas.map { .string($0) })))
        }
        return .object(members)
    }

    /// Declares when the secrets change, and the function that changes them.
    func rotate(after provisioned: [DependencyGroup]) {
        let options = properties.commonRotationUserOptions
        let rotatesUsers = !properties.skipAddRotationMultiUser && !users.isEmpty
        if rotatesUsers || !properties.skipManagerRotation {
            var environment: [FunctionVariable: Value<String>] = [
                .excludeCharacters: Value(options.excludeCharacters),
                .usernames: Value(users.map(\.username).joined(separator: ",")),
                .passwordLength: Value(String(Secret.databasePasswordLength)),
            ]
            if users.contains(where: { $0.proxySecrets != nil }) {
                environment[.proxyCredentials] = Value(AuroraProperties.ProxyCredentials.bothUsers.rawValue)
            }
            if properties.resetManagerPassword { environment[.resetManagerPassword] = "true" }
            let (function, reachable) = databaseFunction(
                "RotationFunction", .rotation, description: "Rotation lambda", environment: environment)
            var secrets = properties.skipManagerRotation ? [] : [cluster.secret]
            if rotatesUsers {
                secrets += users.flatMap { [$0.secret] + ($0.proxySecrets.map { [$0.user, $0.clone] } ?? []) }
            }
            grant(
                function,
                actions: [
                    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage",
                ], on: secrets)
            allowKey(function, actions: ["kms:Decrypt", "kms:GenerateDataKey"])
            if properties.resetManagerPassword {
                function.role.addToPolicy(
                    PolicyStatement(actions: ["rds:ModifyDBCluster"], resources: [cluster.clusterArn]))
            }
            // GetRandomPassword knows no resource (Service Authorization Reference).
            function.role.addToPolicy(
                PolicyStatement(actions: ["secretsmanager:GetRandomPassword"], resources: ["*"]))
            function.addPermission(
                "InvokedBySecretsManager", service: "secretsmanager.amazonaws.com",
                sourceAccount: Stack.of(node).account)
            func schedule(_ scope: Node, _ secret: Value<String>, after wait: [DependencyGroup]) {
                let schedule = RotationSchedule(
                    scope, "RotationSchedule", secret: secret, function: function,
                    automaticallyAfterDays: options.automaticallyAfterDays,
                    rotateImmediatelyOnUpdate: options.rotateImmediatelyOnUpdate)
                // A schedule rotates at once: the logins it changes must be there, and nobody may still be at work
                // with the manager's password when that changes.
                schedule.node.addDependency(function, reachable, cluster.ready)
                for group in wait { schedule.node.addDependency(group) }
            }
            if rotatesUsers {
                for (user, wait) in zip(users, provisioned) {
                    schedule(user.secret.node, user.secret.secretArn, after: [wait])
                }
            }
            if !properties.skipManagerRotation {
                schedule(cluster.secretAttachment.node, cluster.secretAttachment.secretArn, after: provisioned)
            }
        }
        if rotatesUsers {
            // Without those of the proxy, clients would be turned away as well.
            for secret in users.flatMap({
                [$0.secret, $0.proxySecrets?.user, $0.proxySecrets?.clone].compactMap(\.self)
            }) {
                _ = SecretDeletionGuard(secret, "Policy", secret: secret.secretArn)
            }
        }
        if rotatesUsers || !properties.skipManagerRotation {
            _ = SecretDeletionGuard(
                cluster.secretAttachment, "Policy", secret: cluster.secretAttachment.secretArn)
        }
    }

    /// Keeps the cluster's exported logs as long as asked; RDS makes their groups, which would keep them for ever.
    func keepLogs() {
        guard !properties.cloudwatchLogsExports.isEmpty else { return }
        let stack = Stack.of(node)
        let function = makeFunction("LogRetentionFunction", .logRetention, inNetwork: false, timeout: Self.callTimeout)
        let prefix: Value<String> = "/aws/rds/cluster/\(cluster.clusterIdentifier)/"
        function.role.addToPolicy(
            PolicyStatement(
                actions: ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
                resources: [
                    "arn:\(stack.partition):logs:\(stack.region):\(stack.account):log-group:\(prefix)*"
                ]))
        for export in properties.cloudwatchLogsExports {
            let key = LogRetentionProperties.CodingKeys.self
            let resource = customResource(
                "\(Namer([export]).pascal)LogRetention", LogRetentionProperties.resourceType, function,
                [
                    key.logGroupName: Value<String>("\(prefix)\(export)").expression,
                    key.retentionInDays: .integer(properties.cloudwatchLogsRetention),
                ])
            resource.node.addDependency(function)
        }
    }

    /// Starts the activity stream, where asked for.
    ///
    /// - Returns: The ARN of its Kinesis stream.
    func streamActivity() -> Value<String>? {
        guard properties.activityStream else { return nil }
        let function = makeFunction(
            "ActivityStreamFunction", .activityStream, inNetwork: false, timeout: Self.provisioningTimeout,
            logRetention: Self.defaultActivityStreamLogRetention)
        function.role.addToPolicy(
            PolicyStatement(
                actions: ["rds:DescribeDBClusters", "rds:StartActivityStream", "rds:StopActivityStream"],
                resources: [cluster.clusterArn]))
        function.role.addToPolicy(
            PolicyStatement(actions: ["kms:DescribeKey"], resources: [properties.kmsKey.keyArn]))
        // The grant is for RDS, which RDS makes in the caller's name.
        function.role.addToPolicy(
            PolicyStatement(
                actions: ["kms:CreateGrant"], resources: [properties.kmsKey.keyArn],
                conditions: ["Bool": ["kms:GrantIsForAWSResource": "true"]]))
        let key = ActivityStreamProperties.CodingKeys.self
        let resource = customResource(
            "ActivityStream", ActivityStreamProperties.resourceType, function,
            [
                key.clusterArn: cluster.clusterArn.expression,
                key.kmsKeyId: properties.kmsKey.keyArn.expression,
            ])
        resource.node.addDependency(cluster.ready, function)
        return resource.attribute(ActivityStreamProperties.streamArnAttribute)
    }

    /// A function that logs in to the database as the manager, and the rules that let it get there.
    private func databaseFunction(
        _ id: String, _ handler: HandlerName, description: String,
        environment: [FunctionVariable: Value<String>] = [:]
    ) -> (function: Function, reachable: DependencyGroup) {
        var environment = environment
        environment[.managerSecretArn] = cluster.secretAttachment.secretArn
        let function = makeFunction(
            id, handler, inNetwork: true, timeout: Self.provisioningTimeout, environment: environment)
        grant(function, actions: ["secretsmanager:GetSecretValue"], on: [cluster.secret])
        let reachable = cluster.connections.allowDefaultPort(from: function, description: description)
        reachable.add(function)
        if let endpoints { reachable.add(endpoints.allow(from: function)) }
        return (function, reachable)
    }

    /// Lets a function use the key as far as Secrets Manager does that for it.
    private func allowKey(_ function: Function, actions: [String]) {
        // In China the name goes on with .cn (AWS KMS Developer Guide, "kms:ViaService").
        let service: Value<String> = "secretsmanager.\(Stack.of(node).region).amazonaws.com*"
        function.role.addToPolicy(
            PolicyStatement(
                actions: actions, resources: [properties.kmsKey.keyArn],
                conditions: ["StringLike": ["kms:ViaService": service.expression]]))
    }

    private func grant(_ function: Function, actions: [String], on secrets: [Secret]) {
        guard !secrets.isEmpty else { return }
        function.role.addToPolicy(PolicyStatement(actions: actions, resources: secrets.map(\.secretArn)))
    }

    private func makeFunction(
        _ id: String, _ handler: HandlerName, inNetwork: Bool, timeout: Duration,
        environment: [FunctionVariable: Value<String>] = [:], logRetention: Int = Self.defaultLogRetention
    ) -> Function {
        let bundle = properties.functions.asset(for: node)
        let function = Function(
            node, id, code: bundle.asset, handler: handler.rawValue, architecture: bundle.architecture,
            vpc: inNetwork ? properties.vpc : nil, vpcSubnets: properties.vpcSubnets, timeout: timeout, memorySize: 256,
            environment: Dictionary(uniqueKeysWithValues: environment.map { ($0.key.rawValue, $0.value) }),
            environmentEncryption: properties.kmsKey,
            logRetentionInDays: properties.lambdaLogRetention ?? logRetention,
            logRemovalPolicy: properties.removalPolicy == .destroy ? .destroy : .retain)
        AcceptedFindings.accept(in: function, isInNetwork: inNetwork)
        return function
    }

    private func customResource<Key: CodingKey & RawRepresentable<String> & Hashable>(
        _ id: String, _ type: String, _ function: Function, _ properties: [Key: TemplateExpression]
    ) -> CfnResource {
        var members: [TemplateExpression.Member] = [.init("ServiceToken", function.functionArn.expression)]
        members += properties.sorted { $0.key.rawValue < $1.key.rawValue }.map { .init($0.key.rawValue, $0.value) }
        let resource = CfnResource(node, id, type: type, properties: .object(members))
        resource.removalPolicy = .destroy
        return resource
    }
}
