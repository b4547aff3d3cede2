// SPDX-License-Identifier: Apache-2.0

public import AWSConstructs
import AuroraResources
import CDK
public import CloudFormation
public import Constructs

/// An Aurora PostgreSQL with everything around it: secrets and their rotation, a proxy, the database's schemas, users
/// and privileges.
///
/// ```swift
/// let aurora = Aurora(self, Namer(["aurora", "demo"]), .init(databaseName: "demo", kmsKey: key, vpc: vpc))
/// aurora.proxy?.connections.allowDefaultPort(from: service)
/// ```
public final class Aurora: Construct {
    /// A database user as declared, with what belongs to it.
    public struct User {
        /// What was declared.
        public let declaration: AuroraProperties.User
        /// The user's name in the database.
        public let username: String
        /// The secret from which applications log in.
        public let secret: Secret
        /// The secrets by which the proxy admits the user and its clone, where it has secrets of its own for that.
        public let proxySecrets: ProxySecrets?

        /// What completes the secrets with where the database is.
        let attachments: DependencyGroup

        /// The secrets by which a proxy admits a pair of users.
        public struct ProxySecrets {
            /// Names the user.
            public let user: Secret
            /// Names its clone.
            public let clone: Secret
        }
    }

    /// The cluster.
    public let cluster: DatabaseCluster
    /// The key that was given.
    public let kmsKey: Key
    /// The proxy, unless it was left out.
    public let proxy: DatabaseProxy?
    /// The firewalls around the proxy.
    public let proxySecurityGroups: [SecurityGroup]
    /// The firewalls around the cluster.
    public let securityGroups: [SecurityGroup]
    /// The users' secrets, in the order of declaration.
    public var secrets: [Secret] { users.map(\.secret) }
    /// The users.
    public let users: [User]
    /// Where cluster and functions are.
    public let vpcSubnets: SubnetSelection
    /// The Kinesis stream of what happens in the database, where that was asked for.
    public let activityStreamArn: Value<String>?

    /// Declares an Aurora.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name; the construct's id is its Pascal form.
    ///   - properties: What it is made from. All that is wrong with it is recorded as errors at its path.
    public init(_ scope: any Scope, _ id: Namer, _ properties: AuroraProperties) {
        let node = Node(scope, id.pascal)
        let checked = CheckedProperties(properties, id: id, node: node)
        kmsKey = properties.kmsKey
        vpcSubnets = properties.vpcSubnets
        properties.kmsKey.allowSecretsManager(in: Stack.of(node))
        securityGroups = properties.securityGroups ?? [SecurityGroup(node, "SecurityGroup", vpc: properties.vpc)]
        let names = AuroraNames(id: id, secretPrefix: properties.secretPrefix)
        let cluster = DatabaseCluster(
            node, "Database", engineVersion: checked.engineVersion, clusterIdentifier: id.pascal,
            instanceIdentifierBase: id.pascal, masterUsername: names.username(Namer(["manager"])),
            masterSecretName: names.secret(Namer(["manager"])), instances: properties.instances,
            instanceType: checked.instanceType, vpc: properties.vpc, vpcSubnets: properties.vpcSubnets,
            securityGroups: securityGroups, encryptionKey: properties.kmsKey,
            parameterGroup: properties.parameterGroup,
            parameters: properties.parameters ?? AuroraProperties.defaultParameters,
            performanceInsights: .init(
                encryptionKey: properties.kmsKey, retentionDays: properties.performanceInsightRetention),
            backupRetentionDays: properties.retentionDays, preferredBackupWindow: "01:00-03:00",
            cloudwatchLogsExports: properties.cloudwatchLogsExports,
            deletionProtection: properties.deletionProtection, removalPolicy: properties.removalPolicy)
        self.cluster = cluster
        let twoSecretsMore = !properties.skipProxy && properties.proxyCredentials == .bothUsers
        users = properties.users.map { declaration in
            names.makeUser(
                node, declaration, key: properties.kmsKey, cluster: cluster, forProxy: twoSecretsMore)
        }
        if properties.skipProxy {
            proxy = nil
            proxySecurityGroups = []
        } else {
            proxySecurityGroups =
                properties.proxySecurityGroups ?? [SecurityGroup(node, "ProxySecurityGroup", vpc: properties.vpc)]
            let listed = users.flatMap { user in
                user.proxySecrets.map { [$0.user, $0.clone] } ?? [user.secret]
            }
            proxy = DatabaseProxy(
                node, "Proxy", cluster: cluster, secrets: listed, proxyName: id.pascal, vpc: properties.vpc,
                securityGroups: proxySecurityGroups)
        }
        _ = CfnOutput(
            node, id.addSuffix(["read", "endpoint"]).pascal, value: cluster.readerEndpoint.socketAddress,
            exportName: Value(id.addSuffix(["read", "endpoint"]).pascal))
        if let proxy {
            _ = CfnOutput(
                node, "ProxyEndpoint", value: proxy.endpoint,
                exportName: Value(id.addSuffix(["proxy", "endpoint"]).pascal))
        }
        let operations = Operations(
            node: node, properties: properties, cluster: cluster, proxy: proxy, users: users,
            endpoints: ServiceEndpoints(node, properties))
        let provisioned = operations.provision()
        operations.rotate(after: provisioned)
        operations.keepLogs()
        activityStreamArn = operations.streamActivity()
        super.init(at: node)
        addWarnings(properties, checked)
    }

    private func addWarnings(_ properties: AuroraProperties, _ checked: CheckedProperties) {
        if checked.instanceType.architecture != .arm64 {
            node.addWarning(
                "\(checked.instanceType) is not an ARM64 instance type, which costs more for the same work: "
                    + "consider one such as t4g.medium or r8g.large.")
        }
        if !properties.skipProxy, properties.proxyCredentials == .activeUser, !properties.skipAddRotationMultiUser {
            node.addWarning(
                "With proxyCredentials 'activeUser' the proxy turns away, at each rotation, every client that still "
                    + "holds the credentials from before: use 'bothUsers', or skipProxy, or skipAddRotationMultiUser.")
        }
    }
}

extension Key {
    /// Lets anyone in the account use the key, as far as it is through Secrets Manager.
    fileprivate func allowSecretsManager(in stack: Stack) {
        addToResourcePolicy(
            PolicyStatement(
                sid: "AllowSecretsManagerAccess", principals: [.anyAWS],
                actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:CreateGrant", "kms:DescribeKey"],
                resources: ["*"],
                conditions: [
                    "StringEquals": [
                        "kms:ViaService": Value<String>("secretsmanager.\(stack.region).amazonaws.com").expression,
                        "kms:CallerAccount": stack.account.expression,
                    ]
                ]))
    }
}
