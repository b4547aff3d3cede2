// SPDX-License-Identifier: Apache-2.0

public import AWSConstructs
public import AuroraResources
public import CDK

/// What an ``Aurora`` is made from.
///
/// Only the database, the key and the network are required. Names and defaults are those of the TypeScript construct
/// `cdk-aurora`, except for the engine version and the proxy's credentials, which are safer here.
public struct AuroraProperties {
    /// Which credentials the proxy admits.
    public enum ProxyCredentials: String, Hashable, Sendable, CaseIterable {
        /// Both users of an alternating pair, through two secrets of their own: a rotation turns nobody away.
        case bothUsers
        /// Only the user that the application's secret names now: who fetched it before a rotation is turned away.
        case activeUser
    }

    /// How functions in subnets without a way to the internet reach the services of AWS that they call.
    public enum VpcEndpoints: String, Hashable, Sendable, CaseIterable {
        /// Through endpoints that are made with the Aurora. A network can have one for each service.
        case create
        /// Through endpoints, or any other way, that the network has already.
        case existing
    }

    /// A database user, with a secret, a rotation and an entry at the proxy of its own.
    public struct User: Hashable, Sendable {
        /// The user's name in words; names are made from it as from the cluster's.
        public var name: Namer
        /// What it may do.
        public var access: AccessLevel
        /// In which of the declared schemas; in all where `nil`.
        public var schemas: [String]?

        /// Describes a user.
        public init(_ name: Namer, access: AccessLevel, schemas: [String]? = nil) {
            self.name = name
            self.access = access
            self.schemas = schemas
        }
    }

    /// How the secrets are rotated.
    public struct RotationOptions: Hashable, Sendable {
        /// How often, 1 to 1,000 days.
        public var automaticallyAfterDays: Int
        /// Characters that new passwords must not contain.
        public var excludeCharacters: String
        /// Whether a change of the schedule rotates at once; AWS's default, which does, where `nil`.
        public var rotateImmediatelyOnUpdate: Bool?

        /// Describes how secrets are rotated.
        public init(
            automaticallyAfterDays: Int = 30, excludeCharacters: String = Secret.databaseExcludeCharacters,
            rotateImmediatelyOnUpdate: Bool? = nil
        ) {
            self.automaticallyAfterDays = automaticallyAfterDays
            self.excludeCharacters = excludeCharacters
            self.rotateImmediatelyOnUpdate = rotateImmediatelyOnUpdate
        }
    }

    /// The database that is created and granted on.
    public var databaseName: String
    /// The key of storage, secrets, performance insights and the activity stream.
    public var kmsKey: Key
    /// The network.
    public var vpc: Vpc
    /// Where in it the cluster and the functions are; private subnets with egress by default.
    public var vpcSubnets: SubnetSelection
    /// How functions there reach Secrets Manager and S3 where there is no way to the internet; where `nil`, they are
    /// taken to have one, and there is a warning where none is to be seen.
    public var vpcEndpoints: VpcEndpoints?
    /// Whether what happens in the database is streamed to Kinesis.
    public var activityStream: Bool
    /// The logs that the cluster sends to CloudWatch: `postgresql`, `instance`.
    public var cloudwatchLogsExports: [String]
    /// For how many days those are kept.
    public var cloudwatchLogsRetention: Int
    /// For how many days the functions' logs are kept; where `nil`, 731, and 90 for the activity stream's.
    public var lambdaLogRetention: Int?
    /// Whether RDS refuses to delete the cluster; where `nil`, it does when the cluster is retained.
    public var deletionProtection: Bool?
    /// How many instances, 1 to 16: a writer, and readers.
    public var instances: Int
    /// Their size.
    public var instanceType: String
    /// For how many days performance insights are kept: 7, 731 or a multiple of 31.
    public var performanceInsightRetention: Int
    /// The firewalls around the proxy; a new one where `nil`.
    public var proxySecurityGroups: [SecurityGroup]?
    /// The firewalls around the cluster; a new one where `nil`.
    public var securityGroups: [SecurityGroup]?
    /// What becomes of the cluster with the stack; a last snapshot is taken where `nil`.
    public var removalPolicy: RemovalPolicy?
    /// For how many days backups are kept, 1 to 35.
    public var retentionDays: Int
    /// The schemas that are created and granted on.
    public var schemas: [String]
    /// The prefix of secrets' names.
    public var secretPrefix: Namer?
    /// Whether the manager's password is left as it is.
    public var skipManagerRotation: Bool
    /// Whether a manager's password that the database refuses is set through RDS by the rotation; otherwise the rotation
    /// says how to do that.
    public var resetManagerPassword: Bool
    /// Whether the users' passwords are left as they are.
    public var skipAddRotationMultiUser: Bool
    /// How the secrets are rotated.
    public var commonRotationUserOptions: RotationOptions
    /// Whether database, schemas, privileges and users are left to others.
    public var skipProvisionDatabase: Bool
    /// Whether the users are left to others.
    public var skipUserProvisioning: Bool
    /// Whether there is no proxy.
    public var skipProxy: Bool
    /// The version of Aurora PostgreSQL; the newest with long-term support where `nil`.
    public var postgresEngineVersion: String?
    /// The engine's settings, kept elsewhere; excludes ``parameters``.
    public var parameterGroup: ParameterGroup?
    /// The engine's settings; where `nil`, those for logical replication.
    public var parameters: [String: String]?
    /// Which credentials the proxy admits.
    public var proxyCredentials: ProxyCredentials
    /// The database users.
    public var users: [User]
    /// Roles of others that create objects in the schemas, such as a migration tool's.
    public var creators: [String]
    /// What becomes of privileges that are there already.
    public var accessMode: AccessMode
    /// Whether users that leave ``users`` are dropped, after what they own was given to the manager; otherwise they are
    /// only shut out. It has to be deployed before a user leaves.
    public var dropUsers: Bool
    /// The program that the functions run.
    public var functions: FunctionsBundle

    /// Describes an Aurora; what is not given has the default of its property.
    public init(
        databaseName: String, kmsKey: Key, vpc: Vpc, vpcSubnets: SubnetSelection = .privateWithEgress,
        activityStream: Bool = false, cloudwatchLogsExports: [String] = ["postgresql"],
        cloudwatchLogsRetention: Int = 30, lambdaLogRetention: Int? = nil, deletionProtection: Bool? = nil,
        instances: Int = 2, instanceType: String = "t4g.medium", performanceInsightRetention: Int = 7,
        proxySecurityGroups: [SecurityGroup]? = nil, securityGroups: [SecurityGroup]? = nil,
        removalPolicy: RemovalPolicy? = nil, retentionDays: Int = 1, schemas: [String] = ["public"],
        secretPrefix: Namer? = nil, skipManagerRotation: Bool = false, skipAddRotationMultiUser: Bool = false,
        commonRotationUserOptions: RotationOptions = .init(), skipProvisionDatabase: Bool = false,
        skipUserProvisioning: Bool = false, skipProxy: Bool = false, postgresEngineVersion: String? = nil,
        parameterGroup: ParameterGroup? = nil, parameters: [String: String]? = nil,
        proxyCredentials: ProxyCredentials = .bothUsers, users: [User] = Self.defaultUsers, creators: [String] = [],
        accessMode: AccessMode = .managed, dropUsers: Bool = false, resetManagerPassword: Bool = false,
        vpcEndpoints: VpcEndpoints? = nil, functions: FunctionsBundle = .usual()
    ) {
        self.databaseName = databaseName
        self.kmsKey = kmsKey
        self.vpc = vpc
        self.vpcSubnets = vpcSubnets
        self.vpcEndpoints = vpcEndpoints
        self.activityStream = activityStream
        self.cloudwatchLogsExports = cloudwatchLogsExports
        self.cloudwatchLogsRetention = cloudwatchLogsRetention
        self.lambdaLogRetention = lambdaLogRetention
        self.deletionProtection = deletionProtection
        self.instances = instances
        self.instanceType = instanceType
        self.performanceInsightRetention = performanceInsightRetention
        self.proxySecurityGroups = proxySecurityGroups
        self.securityGroups = securityGroups
        self.removalPolicy = removalPolicy
        self.retentionDays = retentionDays
        self.schemas = schemas
        self.secretPrefix = secretPrefix
        self.skipManagerRotation = skipManagerRotation
        self.skipAddRotationMultiUser = skipAddRotationMultiUser
        self.commonRotationUserOptions = commonRotationUserOptions
        self.skipProvisionDatabase = skipProvisionDatabase
        self.skipUserProvisioning = skipUserProvisioning
        self.skipProxy = skipProxy
        self.postgresEngineVersion = postgresEngineVersion
        self.parameterGroup = parameterGroup
        self.parameters = parameters
        self.proxyCredentials = proxyCredentials
        self.users = users
        self.creators = creators
        self.accessMode = accessMode
        self.dropUsers = dropUsers
        self.resetManagerPassword = resetManagerPassword
        self.functions = functions
    }

    /// A reader and a writer.
    public static let defaultUsers = [
        User(Namer(["reader"]), access: .reader), User(Namer(["writer"]), access: .writer),
    ]

    /// What logical replication needs, to upgrade or to leave with little downtime.
    static let defaultParameters = [
        "rds.logical_replication": "1", "max_replication_slots": "10", "max_wal_senders": "10",
        "wal_sender_timeout": "0",
    ]
}
