// SPDX-License-Identifier: Apache-2.0

public import CDK
public import CloudFormation
public import Constructs

/// An Aurora PostgreSQL cluster with its instances, its master user's secret and its parameter group.
public final class DatabaseCluster: Construct, Connectable {
    /// Where something listens.
    public struct Endpoint: Sendable {
        /// The host name.
        public let address: Value<String>
        /// The port.
        public let port: Value<Int>
        /// Both, separated by a colon.
        public var socketAddress: Value<String> { "\(address):\(port)" }
    }

    /// Insights into what loads the database.
    public struct PerformanceInsights {
        /// The key that the data is encrypted with.
        public var encryptionKey: Key
        /// For how many days the data is kept: 7, 731 or a multiple of 31.
        public var retentionDays: Int

        /// Describes the insights; 7 days cost nothing.
        public init(encryptionKey: Key, retentionDays: Int = 7) {
            self.encryptionKey = encryptionKey
            self.retentionDays = retentionDays
        }
    }

    /// The cluster's identifier.
    public var clusterIdentifier: Value<String> { resource.ref }
    /// The cluster's ARN.
    public var clusterArn: Value<String> { resource.attributes.dbClusterArn }
    /// Where the writer listens.
    public var endpoint: Endpoint {
        Endpoint(address: resource.attributes.endpointAddress, port: port)
    }
    /// Where the readers listen, or the writer where there are none.
    public var readerEndpoint: Endpoint {
        Endpoint(address: resource.attributes.readEndpointAddress, port: port)
    }
    /// The master user's credentials.
    public let secret: Secret
    /// The same, completed with where the cluster is.
    public let secretAttachment: SecretAttachment
    /// How it is reached.
    public let connections: Connections
    /// What to wait for before connecting as the master user.
    public let ready: DependencyGroup

    private let resource: Cfn<RDS.DBCluster>
    private let instances: [Cfn<RDS.DBInstance>]
    private var port: Value<Int> { Value(parsing: resource.attributes.endpointPort) }

    /// Declares a cluster.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - engineVersion: The version of Aurora PostgreSQL.
    ///   - clusterIdentifier: The name in RDS; AWS keeps it in lower case.
    ///   - instanceIdentifierBase: What instances are called, followed by 1, 2, ….
    ///   - masterUsername: The master user.
    ///   - masterSecretName: The name of the master user's secret.
    ///   - count: How many, at least 1: a writer, and readers.
    ///   - instanceType: Their size.
    ///   - vpc: The network.
    ///   - vpcSubnets: Where in it, in two Availability Zones at least.
    ///   - securityGroups: The firewalls around it.
    ///   - encryptionKey: The key of storage and secret.
    ///   - parameterGroup: The engine's settings; a group with `parameters` is made where `nil`.
    ///   - parameters: The engine's settings.
    ///   - performanceInsights: Insights into its load.
    ///   - backupRetentionDays: How long backups are kept, 1 to 35 days.
    ///   - preferredBackupWindow: When backups are taken, in UTC, such as `01:00-03:00`.
    ///   - cloudwatchLogsExports: Logs to send to CloudWatch: `postgresql`, `instance`.
    ///   - deletionProtection: Whether RDS refuses to delete it.
    ///   - removalPolicy: What becomes of it with the stack; a last snapshot is taken where `nil`.
    public init(
        _ scope: any Scope, _ id: String, engineVersion: AuroraPostgresEngineVersion, clusterIdentifier: String,
        instanceIdentifierBase: String, masterUsername: String, masterSecretName: String? = nil, instances count: Int,
        instanceType: InstanceType, vpc: Vpc, vpcSubnets: SubnetSelection = .init(), securityGroups: [SecurityGroup],
        encryptionKey: Key, parameterGroup: ParameterGroup? = nil, parameters: [String: String] = [:],
        performanceInsights: PerformanceInsights? = nil, backupRetentionDays: Int? = nil,
        preferredBackupWindow: String? = nil, cloudwatchLogsExports: [String] = [], deletionProtection: Bool? = nil,
        removalPolicy: RemovalPolicy? = nil
    ) {
        let node = Node(scope, id)
        let selected = vpc.selectSubnets(vpcSubnets)
        let subnets = Cfn<RDS.DBSubnetGroup>(
            Construct(node, "Subnets"), "Default",
            .init(dbSubnetGroupDescription: "Subnets for \(id) database", subnetIds: selected.subnetIds))
        if removalPolicy == .retain { subnets.removalPolicy = .retain }
        let group =
            parameterGroup
            ?? ParameterGroup(node, "ParameterGroup", engineVersion: engineVersion, parameters: parameters)
        let secret = Secret.databaseCredentials(
            node, "Secret", username: masterUsername, secretName: masterSecretName, encryptionKey: encryptionKey)
        let cluster = Cfn<RDS.DBCluster>(
            node, "Resource",
            .init(
                backupRetentionPeriod: backupRetentionDays.map { Value($0) }, copyTagsToSnapshot: true,
                dbClusterIdentifier: Value(clusterIdentifier.lowercased()),
                dbClusterParameterGroupName: group.parameterGroupName, dbSubnetGroupName: subnets.ref,
                deletionProtection: (deletionProtection ?? (removalPolicy == .retain ? true : nil)).map { Value($0) },
                enableCloudwatchLogsExports: cloudwatchLogsExports.isEmpty
                    ? nil : cloudwatchLogsExports.map { Value($0) },
                engine: "aurora-postgresql", engineVersion: Value(engineVersion.full), kmsKeyId: encryptionKey.keyArn,
                masterUserPassword: secret.secretValue(fromJSON: "password"),
                masterUsername: secret.secretValue(fromJSON: "username"), port: 5432,
                preferredBackupWindow: preferredBackupWindow.map { Value($0) }, storageEncrypted: true,
                vpcSecurityGroupIds: securityGroups.map(\.securityGroupId)))
        cluster.removalPolicy = removalPolicy ?? .snapshot
        let identifier = cluster.ref
        self.instances = (0..<max(count, 0)).map { index in
            let instance = Cfn<RDS.DBInstance>(
                node, "Instance\(index + 1)",
                .init(
                    dbClusterIdentifier: identifier, dbInstanceClass: "db.\(instanceType.description)",
                    dbInstanceIdentifier: "\(instanceIdentifierBase)\(index + 1)", dbSubnetGroupName: subnets.ref,
                    enablePerformanceInsights: performanceInsights.map { _ in true }, engine: "aurora-postgresql",
                    performanceInsightsKMSKeyId: performanceInsights?.encryptionKey.keyArn,
                    performanceInsightsRetentionPeriod: performanceInsights.map { Value($0.retentionDays) },
                    publiclyAccessible: false))
            // Instances hold no data of their own: only a cluster that is retained keeps them running.
            instance.removalPolicy = removalPolicy == .retain ? .retain : .destroy
            instance.node.addDependency(selected.internetConnectivityEstablished)
            return instance
        }
        resource = cluster
        self.secret = secret
        secretAttachment = secret.attach(toCluster: identifier)
        connections = Connections(
            securityGroups: securityGroups,
            defaultPort: .tcp(Value(parsing: cluster.attributes.endpointPort)))
        ready = DependencyGroup(cluster, secretAttachment.node.child("Resource") ?? secretAttachment.node)
        for instance in self.instances { ready.add(instance) }
        super.init(at: node)
        if selected.subnets.count < 2, !selected.subnets.isEmpty {
            node.addError(
                "RDS needs subnets in two Availability Zones at least, and vpcSubnets selects \(selected.subnets.count): "
                    + "choose others, or give the network more zones.")
        }
    }

    /// What a proxy of this cluster waits for.
    var proxyTargets: [CfnResource] { instances + [resource] }
}
