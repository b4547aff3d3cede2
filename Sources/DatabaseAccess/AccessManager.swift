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
    private let connection: PostgresConnection?
    private let logger: Logger

    /// Uses a login.
    ///
    /// - Parameters:
    ///   - manager: The manager's login; its database does not matter.
    ///   - connection: A connection of the manager's to ``maintenanceDatabase`` that stays open; where `nil`, one is
    ///     opened each time it is needed.
    ///   - logger: Gets every statement with its reason.
    public init(
        manager: PostgresConnection.Configuration, connection: PostgresConnection? = nil, logger: Logger
    ) {
        configuration = manager
        self.connection = connection
        self.logger = logger
    }

    /// Does something that belongs to no database.
    private func maintain<T: Sendable>(_ body: (PostgresConnection) async throws -> T) async throws -> T {
        if let connection { return try await body(connection) }
        let connection = try await connect(to: Self.maintenanceDatabase)
        defer { Task { await connection.close() } }
        return try await body(connection)
    }

    private func databaseExists(_ name: String) async throws -> Bool {
        try await maintain {
            try await !$0.query("select from pg_catalog.pg_database where datname = \(name)").isEmpty
        }
    }

    private func connect(to database: String) async throws -> PostgresConnection {
        var configuration = configuration
        configuration.database = database
        return try await PostgresConnection.connect(configuration, logger: logger)
    }

    private func inspect(_ connection: PostgresConnection, _ desired: DesiredAccess) async throws -> ObservedAccess {
        let observed = try await Inspection.inspect(
            connection, schemas: desired.schemas + desired.removedSchemas,
            removedRoles: desired.mode == .managed ? desired.removedRoles + desired.removedGroups : [])
        if desired.users.flatMap(\.pair).contains(observed.manager) {
            throw AccessError.invalid([
                "the user '\(observed.manager)' is the one who manages the others: use another name"
            ])
        }
        return observed
    }

    /// Connects to the desired database.
    ///
    /// - Returns: The connection; `nil` where there is no such database.
    func connectIfExists(_ desired: DesiredAccess) async throws -> PostgresConnection? {
        if connection != nil {
            return try await databaseExists(desired.database) ? try await connect(to: desired.database) : nil
        }
        do {
            return try await connect(to: desired.database)
        } catch let error as PostgresError {
            // A failed login tells no SQLSTATE, so that the server has to be asked.
            guard try await databaseExists(desired.database) else { return nil }
            throw error
        }
    }

    /// Compares a desired state with what is there; nothing is changed.
    ///
    /// - Throws: ``AccessError``, `PostgresError`.
    public func plan(_ desired: DesiredAccess) async throws -> AccessPlan {
        try desired.validate()
        guard let connection = try await connectIfExists(desired) else { return try await planWithDatabase(desired) }
        defer { Task { await connection.close() } }
        return Planner.plan(desired, try await inspect(connection, desired))
    }

    /// Plans for a database that is not there yet.
    private func planWithDatabase(_ desired: DesiredAccess) async throws -> AccessPlan {
        try await maintain {
            Planner.plan(desired, try await inspect($0, desired).asNewDatabase, createsDatabase: true)
        }
    }

    /// Brings a database into the desired state.
    ///
    /// All is done in one transaction under a lock, apart from the creation of the database before, and the end of
    /// sessions and the dropping of roles afterwards. It is done again where another transaction got in between, and
    /// whatever it is interrupted by, doing it again completes it.
    ///
    /// - Parameters:
    ///   - desired: The desired state.
    ///   - reviewed: A plan that was looked at; if the database or what is declared has changed since, nothing is done.
    /// - Returns: The plan that was carried out; it is empty where nothing had to change.
    /// - Throws: ``AccessError``, `PostgresError`.
    public func apply(_ desired: DesiredAccess, reviewed: AccessPlan? = nil) async throws -> AccessPlan {
        try desired.validate()
        let existing = try await connectIfExists(desired)
        if existing == nil { try await createDatabase(desired, reviewed) }
        let created = existing == nil
        let connection: PostgresConnection
        if let existing { connection = existing } else { connection = try await connect(to: desired.database) }
        defer { Task { await connection.close() } }
        // It ends with the connection, whatever becomes of this process.
        try await connection.query("select pg_advisory_lock(\(Self.lockKey)::bigint)")
        let plan = try await retrying {
            try await connection.withTransaction { connection in
                let observed = try await inspect(connection, desired)
                let plan = Planner.plan(desired, observed, createsDatabase: created)
                if let reviewed, !created, reviewed != plan { throw AccessError.stale }
                try await run(plan.statements, on: connection)
                return plan
            }
        }
        let blocked = plan.blocked + (try await finish(plan, desired, on: connection))
        for blocked in blocked {
            logger.warning("\(blocked.reason); \(blocked.role) has to run: \(blocked.sql)")
        }
        return plan.blocked == blocked ? plan : plan.with(blocked: blocked)
    }

    /// Does what comes after the transaction.
    ///
    /// - Returns: What turned out to be for others to do.
    private func finish(
        _ plan: AccessPlan, _ desired: DesiredAccess, on connection: PostgresConnection
    ) async throws -> [AccessPlan.Blocked] {
        var blocked: [AccessPlan.Blocked] = []
        for transaction in plan.afterwards {
            let isHere = transaction.database == desired.database
            let other = isHere ? connection : try await connect(to: transaction.database)
            defer { if !isHere { Task { await other.close() } } }
            do {
                try await retrying {
                    try await other.withTransaction { try await run(transaction.statements, on: $0) }
                }
            } catch let error as PostgresError where error.sqlState == "2BP01" {
                // DROP OWNED takes back only what this manager may take back: the role is disabled, and stays.
                let drop = transaction.statements.last { $0.hazards.contains(.dropsRole) }
                blocked.append(
                    .init(sql: drop?.sql ?? "", role: "a superuser, after DROP OWNED,", reason: "\(error.message)"))
            }
        }
        return blocked
    }

    private func run(_ statements: [AccessPlan.Statement], on connection: PostgresConnection) async throws {
        for statement in statements {
            logger.debug("\(statement.sql)", metadata: ["reason": "\(statement.reason)"])
            try await connection.query(PostgresQuery(unsafe: statement.sql))
        }
    }

    private func createDatabase(_ desired: DesiredAccess, _ reviewed: AccessPlan?) async throws {
        if let reviewed, try await planWithDatabase(desired) != reviewed { throw AccessError.stale }
        try await maintain { connection in
            try await retrying {
                do {
                    try await connection.query("create database \(identifier: desired.database)")
                } catch let error as PostgresError where ["42P04", "23505"].contains(error.sqlState) {
                    // Another one has created it meanwhile.
                }
            }
        }
    }

    /// Creates a role that logs in, where it is missing.
    ///
    /// - Returns: Whether it was missing.
    private func createLogin(_ username: String, on connection: PostgresConnection) async throws -> Bool {
        try await retrying {
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

    /// Tries again, with growing pauses, where transactions met; or where somebody who works in another database, and
    /// holds no lock in this one, has just made the same role.
    private func retrying<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        var pause = Duration.milliseconds(20)
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as PostgresError
                where attempt < Self.attempts
                && (error.isTransient || ["55006", "42710", "23505"].contains(error.sqlState))
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
            defaults: [], leftovers: leftovers, membershipsByMember: membershipsByMember)
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
        return try await maintain { connection in
            var made = 0
            for username in desired.users.flatMap(\.pair) where try await createLogin(username, on: connection) {
                made += 1
            }
            return made
        }
    }

    /// Whether neither of a pair may log in, as it is once a user is no longer declared.
    ///
    /// - Parameter name: The user's name.
    /// - Returns: Whether the user is there, and neither it nor its clone may log in.
    /// - Throws: `PostgresError`.
    public func isShutOut(user name: String) async throws -> Bool {
        let pair = DesiredAccess.User(name: name, access: .reader).pair
        let rows = try await maintain {
            try await $0.query(
                "select rolcanlogin as can_login from pg_catalog.pg_roles where rolname = any(\(pair)::text[])")
        }
        return try !rows.isEmpty && rows.allSatisfy { try !$0.decode("can_login", as: Bool.self) }
    }
}
