// SPDX-License-Identifier: Apache-2.0

public import Logging
public import PostgreSQL

/// Plans and applies: the only place that changes access.
public struct AccessManager: Sendable {
    /// Where databases are created from.
    public static let maintenanceDatabase = "postgres"
    // Any number does, as long as all who change access use the same one.
    private static let lockKey = 0x6175_726F_7261
    private static let attempts = 12

    private let configuration: PostgresConnection.Configuration
    private let logger: Logger

    /// Uses a login.
    ///
    /// - Parameters:
    ///   - manager: The manager's login; its database does not matter.
    ///   - logger: Gets every statement with its reason.
    public init(manager: PostgresConnection.Configuration, logger: Logger) {
        configuration = manager
        self.logger = logger
    }

    private func connect(to database: String) async throws -> PostgresConnection {
        var configuration = configuration
        configuration.database = database
        return try await PostgresConnection.connect(configuration, logger: logger)
    }

    private func schemas(_ desired: DesiredAccess) -> [String] { desired.schemas + desired.removedSchemas }

    /// Compares a desired state with what is there; nothing is changed.
    ///
    /// - Throws: ``AccessError``, `PostgresError`.
    public func plan(_ desired: DesiredAccess) async throws -> AccessPlan {
        try desired.validate()
        guard try await databaseExists(desired.database) else {
            let connection = try await connect(to: Self.maintenanceDatabase)
            defer { Task { await connection.close() } }
            let cluster = try await Inspection.inspect(connection, schemas: [])
            return Planner.plan(desired, cluster.asNewDatabase, createsDatabase: true)
        }
        let connection = try await connect(to: desired.database)
        let observed = try await Inspection.inspect(connection, schemas: schemas(desired))
        await connection.close()
        return Planner.plan(desired, observed)
    }

    /// Brings a database into the desired state.
    ///
    /// All is done in one transaction under a lock, apart from the creation of the database itself; it is done again
    /// where another transaction got in between.
    ///
    /// - Parameters:
    ///   - desired: The desired state.
    ///   - reviewed: A plan that was looked at; if the database has changed since, nothing is done.
    /// - Returns: The plan that was carried out; it is empty where nothing had to change.
    /// - Throws: ``AccessError``, `PostgresError`.
    public func apply(_ desired: DesiredAccess, reviewed: AccessPlan? = nil) async throws -> AccessPlan {
        try desired.validate()
        let created = try await createDatabase(desired, reviewed)
        let connection = try await connect(to: desired.database)
        defer { Task { await connection.close() } }
        let plan = try await retrying {
            try await connection.withTransaction { connection in
                try await connection.query("select pg_advisory_xact_lock(\(Self.lockKey)::bigint)")
                let observed = try await Inspection.inspect(connection, schemas: schemas(desired))
                if let reviewed, !created, reviewed.fingerprint != observed.fingerprint { throw AccessError.stale }
                let plan = Planner.plan(desired, observed, createsDatabase: created)
                for statement in plan.statements {
                    logger.debug("\(statement.sql)", metadata: ["reason": "\(statement.reason)"])
                    try await connection.query(PostgresQuery(unsafe: statement.sql))
                }
                return plan
            }
        }
        for blocked in plan.blocked {
            logger.warning("\(blocked.reason); \(blocked.role) has to run: \(blocked.sql)")
        }
        return plan
    }

    private func databaseExists(_ name: String) async throws -> Bool {
        let connection = try await connect(to: Self.maintenanceDatabase)
        let rows = try await connection.query("select from pg_catalog.pg_database where datname = \(name)")
        await connection.close()
        return !rows.isEmpty
    }

    /// Creates the database where it is missing.
    ///
    /// - Returns: Whether it was missing.
    private func createDatabase(_ desired: DesiredAccess, _ reviewed: AccessPlan?) async throws -> Bool {
        guard try await !databaseExists(desired.database) else { return false }
        if let reviewed, reviewed.createsDatabase == nil { throw AccessError.stale }
        let connection = try await connect(to: Self.maintenanceDatabase)
        defer { Task { await connection.close() } }
        return try await retrying {
            do {
                try await connection.query("create database \(identifier: desired.database)")
                return true
            } catch let error as PostgresError where ["42P04", "23505"].contains(error.sqlState) {
                // Another one has created it meanwhile.
                return true
            }
        }
    }

    /// Creates a role that logs in, where it is missing.
    ///
    /// - Returns: Whether it was missing.
    private func createLogin(_ username: String) async throws -> Bool {
        let connection = try await connect(to: Self.maintenanceDatabase)
        defer { Task { await connection.close() } }
        return try await retrying {
            let found = try await connection.query("select from pg_catalog.pg_roles where rolname = \(username)")
            guard found.isEmpty else { return false }
            do {
                try await connection.query("create role \(identifier: username) login")
                return true
            } catch let error as PostgresError where ["42710", "23505"].contains(error.sqlState) {
                // Another one has created it meanwhile.
                return false
            }
        }
    }

    /// Tries again, with growing pauses, where transactions met.
    private func retrying<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        var pause = Duration.milliseconds(20)
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as PostgresError
                where attempt < Self.attempts && (error.isTransient || error.sqlState == "55006")
            {
                logger.debug("trying again after: \(error)")
                try await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
                pause = min(pause * 2, .seconds(2))
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }
}

extension ObservedAccess {
    /// What a database made now would look like: the roles are the cluster's, and there is only an empty `public`.
    var asNewDatabase: ObservedAccess {
        ObservedAccess(
            manager: manager, serverVersion: serverVersion, fingerprint: fingerprint, database: database,
            databases: databases, roles: roles, memberships: memberships,
            schemas: ["public": Schema(name: "public", owner: "pg_database_owner", acl: nil)], relations: [],
            defaults: [], membershipsByMember: membershipsByMember)
    }
}

extension AccessManager {
    /// Makes sure that a pair of users exists, without touching anything else about it.
    ///
    /// - Parameter name: The user's name; its clone is made as well.
    /// - Returns: How many had to be made.
    /// - Throws: ``AccessError``, `PostgresError`.
    public func ensureUser(named name: String) async throws -> Int {
        let desired = DesiredAccess(
            database: Self.maintenanceDatabase, schemas: [], users: [.init(name: name, access: .reader)])
        try desired.validate()
        var made = 0
        for username in desired.users.flatMap(\.pair) where try await createLogin(username) { made += 1 }
        return made
    }
}
