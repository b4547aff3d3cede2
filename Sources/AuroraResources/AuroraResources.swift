// SPDX-License-Identifier: Apache-2.0

/// What a database user may do.
public enum AccessLevel: String, Codable, Hashable, Sendable, CaseIterable {
    /// Read.
    case reader
    /// Read and change rows.
    case writer
    /// Everything, including the tables themselves: acts as the role that owns what migrations create.
    case owner
}

/// What becomes of privileges that are there already.
public enum AccessMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// What is missing is granted, and nothing is taken away: to adopt a database that others have looked after.
    case additive
    /// Declared users and schemas have exactly what is declared; all others are left alone.
    case managed
}

/// The handlers of the functions binary; a function's `Handler` is the raw value.
public enum HandlerName: String, Hashable, Sendable, CaseIterable {
    case database
    case user
    case rotation
    case activityStream = "activity-stream"
    case logRetention = "log-retention"
}

/// The environment variables that the functions read, apart from Lambda's own.
public enum FunctionVariable: String, Hashable, Sendable {
    /// The ARN of the secret of the one who may change others.
    case managerSecretArn = "MANAGER_SECRET_ARN"
    /// Characters that a new password must not contain.
    case excludeCharacters = "EXCLUDE_CHARACTERS"
    /// The declared users, separated by commas.
    case usernames = "USERNAMES"
    /// Which credentials the proxy admits: `bothUsers` where it lists a secret for each user of a pair.
    case proxyCredentials = "PROXY_CREDENTIALS"
    /// How often is looked whether something that takes long is done, in milliseconds; 10,000 where not set.
    case pollingMilliseconds = "POLLING_MILLISECONDS"
    /// Whether a manager's password that the database refuses is set through RDS: `true` or `false`.
    case resetManagerPassword = "RESET_MANAGER_PASSWORD"
    /// How many characters a new password has.
    case passwordLength = "PASSWORD_LENGTH"
}

/// The properties of `Custom::AuroraDatabase`: a database, its schemas and who may use them.
public struct DatabaseProperties: Codable, Hashable, Sendable {
    /// The custom resource's type.
    public static let resourceType = "Custom::AuroraDatabase"

    /// A user, as far as privileges go.
    public struct User: Codable, Hashable, Sendable {
        /// The database user; its pair is called the same with `_clone` behind.
        public var username: String
        /// What it may do.
        public var access: AccessLevel
        /// In which schemas; in all declared ones where absent.
        public var schemas: [String]?

        /// Describes a user.
        public init(username: String, access: AccessLevel, schemas: [String]? = nil) {
            self.username = username
            self.access = access
            self.schemas = schemas
        }

        /// The names in the template.
        public enum CodingKeys: String, CodingKey { case username, access, schemas }
    }

    /// The database; created where it is missing, never dropped.
    public var databaseName: String
    /// The schemas; created where they are missing, never dropped.
    public var schemas: [String]
    /// The users who are kept as declared; where absent, users are left to others, also those declared before.
    public var users: [User]?
    /// Roles that create objects besides those declared here, such as a migration tool's.
    public var creators: [String]?
    /// What becomes of privileges that are there already; managed where absent.
    public var accessMode: AccessMode?

    /// Describes a database.
    public init(
        databaseName: String, schemas: [String], users: [User]?, creators: [String]? = nil,
        accessMode: AccessMode? = nil
    ) {
        self.databaseName = databaseName
        self.schemas = schemas
        self.users = users
        self.creators = creators
        self.accessMode = accessMode
    }

    /// The names in the template.
    public enum CodingKeys: String, CodingKey { case databaseName, schemas, users, creators, accessMode }
}

/// The properties of `Custom::AuroraUser`: a user's login, with what its secret says.
public struct UserProperties: Codable, Hashable, Sendable {
    /// The custom resource's type.
    public static let resourceType = "Custom::AuroraUser"
    /// What tells the second user of a pair from the first, as AWS's rotation functions have it.
    public static let cloneSuffix = "_clone"

    /// The secret with the username and the password.
    public var userSecretArn: String
    /// The user, whom the secret has to be for.
    public var username: String?
    /// What the user may do.
    public var access: AccessLevel
    /// The proxy's host name, which the secret then tells clients.
    public var proxyHost: String?
    /// The secret by which the proxy admits the user itself.
    public var proxyUserSecretArn: String?
    /// The secret by which the proxy admits the user's clone.
    public var proxyCloneSecretArn: String?
    /// The database; needed where the user is to be dropped.
    public var databaseName: String?
    /// Whether the user is dropped when it is no longer declared, and not only shut out: `true` or `false`, which
    /// CloudFormation sends as text.
    public var dropUser: String?

    /// Describes a user's login.
    public init(
        userSecretArn: String, username: String? = nil, access: AccessLevel, proxyHost: String? = nil,
        proxyUserSecretArn: String? = nil, proxyCloneSecretArn: String? = nil, databaseName: String? = nil,
        dropUser: String? = nil
    ) {
        self.userSecretArn = userSecretArn
        self.username = username
        self.access = access
        self.proxyHost = proxyHost
        self.proxyUserSecretArn = proxyUserSecretArn
        self.proxyCloneSecretArn = proxyCloneSecretArn
        self.databaseName = databaseName
        self.dropUser = dropUser
    }

    /// The names in the template.
    public enum CodingKeys: String, CodingKey {
        case userSecretArn, username, access, proxyHost, proxyUserSecretArn, proxyCloneSecretArn, databaseName, dropUser
    }
}

/// The properties of `Custom::AuroraProxyCredentials`: the secrets by which the proxy admits both users of a pair.
///
/// They are filled before the proxy lists them, so that it turns nobody away meanwhile.
public struct ProxyCredentialsProperties: Codable, Hashable, Sendable {
    /// The custom resource's type.
    public static let resourceType = "Custom::AuroraProxyCredentials"

    /// The secret with the username and the password.
    public var userSecretArn: String
    /// The user, whom the secret has to be for.
    public var username: String?
    /// The secret by which the proxy admits the user itself.
    public var proxyUserSecretArn: String
    /// The secret by which the proxy admits the user's clone.
    public var proxyCloneSecretArn: String

    /// The names in the template.
    public enum CodingKeys: String, CodingKey { case userSecretArn, username, proxyUserSecretArn, proxyCloneSecretArn }
}

/// The properties of `Custom::AuroraActivityStream`: a stream of what happens in the database.
public struct ActivityStreamProperties: Codable, Hashable, Sendable {
    /// The custom resource's type.
    public static let resourceType = "Custom::AuroraActivityStream"
    /// The attribute with the ARN of the Kinesis stream.
    public static let streamArnAttribute = "kinesisStreamArn"

    /// The cluster's ARN.
    public var clusterArn: String
    /// The key that the events are encrypted with.
    public var kmsKeyId: String

    /// The names in the template.
    public enum CodingKeys: String, CodingKey { case clusterArn, kmsKeyId }
}

/// The properties of `Custom::AuroraLogRetention`: how long a log group that AWS made keeps its events.
public struct LogRetentionProperties: Codable, Hashable, Sendable {
    /// The custom resource's type.
    public static let resourceType = "Custom::AuroraLogRetention"

    /// The log group.
    public var logGroupName: String
    /// The number of days, as CloudFormation sends numbers: as text.
    public var retentionInDays: String

    /// The names in the template.
    public enum CodingKeys: String, CodingKey { case logGroupName, retentionInDays }
}
