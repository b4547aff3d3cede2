// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import Foundation
import PostgreSQL
import TestSupport
import Testing

/// Numbers that a seed determines (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// A random walk: desired states, and what others do to the database meanwhile.
struct AccessWalk {
    static let schemas = ["app", "Odd \"one\"", "public", "third"]
    static let users = ["alice", "bob\"; --", "carol", "dave"]
    static let groups = ["r_reader", "r_writer", "r_owner", "r_alice", "o_alice", "r_carol"]

    var random: SeededGenerator
    let version: Int
    private(set) var desired = DesiredAccess(database: AccessFixture.database, schemas: [], users: [])
    private var tables = 0

    init(seed: UInt64, version: Int) {
        random = SeededGenerator(seed: seed)
        self.version = version
    }

    mutating func one<T>(of choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }
    mutating func happens(_ chance: Double) -> Bool { Double.random(in: 0..<1, using: &random) < chance }

    /// Declares something else.
    mutating func declare() {
        let before = desired
        let schemas = Self.schemas.filter { _ in happens(0.6) }
        let users = Self.users.filter { _ in happens(0.7) }.map { name in
            DesiredAccess.User(
                name: name, access: one(of: DesiredAccess.Access.allCases),
                schemas: happens(0.3) ? schemas.filter { _ in happens(0.5) } : nil)
        }
        desired = DesiredAccess(
            database: before.database, schemas: schemas, users: users, creators: ["migrator"],
            removedSchemas: Self.schemas.filter { !schemas.contains($0) },
            removedUsers: Self.users.filter { name in !users.contains { $0.name == name } }, dropUsers: happens(0.3))
    }

    private mutating func privilege(_ kind: String) -> String {
        one(
            of: kind == "SEQUENCE"
                ? ["select", "usage", "update"] : ["select", "insert", "update", "delete", "truncate"])
    }

    /// What somebody does to the database, as statements of a superuser.
    ///
    /// - Parameters:
    ///   - relations: The tables and sequences that are there, as the kind and the quoted name.
    ///   - schemas: The schemas that are there.
    ///   - roles: The roles that are there.
    /// - Returns: The statements; none where nothing is there to disturb.
    mutating func disturbance(
        relations: [(kind: String, name: String)], schemas: [String], roles: Set<String>
    ) -> [String] {
        let declared = desired.users.flatMap(\.pair)
        let ours = (declared + Self.groups).filter(roles.contains)
        let role = SQL.identifier(ours.isEmpty ? "stranger" : one(of: ours))
        let user = SQL.identifier(
            declared.filter(roles.contains).isEmpty ? "stranger" : one(of: declared.filter(roles.contains)))
        let schema = SQL.identifier(schemas.isEmpty ? "public" : one(of: schemas))
        let creator = one(of: [TestServer.managerName, "migrator"])
        tables += 1
        let fresh = "\(schema).t\(tables)"
        switch Int.random(in: 0..<17, using: &random) {
        case 0, 1:
            return [
                "create table \(fresh) (id int generated always as identity, words text)",
                "alter table \(fresh) owner to \(creator)",
            ]
        case 2: return ["create sequence \(fresh)", "alter sequence \(fresh) owner to \(creator)"]
        case 3, 4, 5:
            guard !relations.isEmpty else { return [] }
            let relation = one(of: relations)
            let option = happens(0.3) ? " with grant option" : ""
            let grantee = happens(0.8) ? role : "stranger"
            return ["grant \(privilege(relation.kind)) on \(relation.kind) \(relation.name) to \(grantee)\(option)"]
        case 6:
            guard !relations.isEmpty else { return [] }
            let relation = one(of: relations)
            return ["revoke \(privilege(relation.kind)) on \(relation.kind) \(relation.name) from \(role)"]
        case 7:
            guard let table = relations.first(where: { $0.kind == "TABLE" }) else { return [] }
            return ["grant update (words) on \(table.name) to \(role)"]
        case 8: return ["grant create on schema \(schema) to \(role)"]
        case 9: return ["revoke usage on schema \(schema) from \(role)"]
        case 10:
            // As the manager would have done it, who then can take it back.
            return ["set role \(TestServer.managerName)", "grant stranger to \(user)", "reset role"]
        case 11:
            guard roles.contains("r_writer"), user != "stranger" else { return [] }
            let option = happens(0.5) ? " with admin option" : ""
            return ["set role \(TestServer.managerName)", "grant r_writer to \(user)\(option)", "reset role"]
        case 12:
            guard version >= 160_000, roles.contains("r_reader"), user != "stranger" else { return [] }
            return ["set role \(TestServer.managerName)", "grant r_reader to \(user) with inherit false", "reset role"]
        case 13:
            return [
                "alter role \(user) "
                    + one(of: [
                        "nologin", "noinherit", "createdb", "valid until '2001-01-01'", "set role = 'stranger'",
                        "reset role",
                    ])
            ]
        case 14:
            let place = happens(0.5) ? " in schema \(schema)" : ""
            let verb = happens(0.7) ? ("grant", "to") : ("revoke", "from")
            return [
                "alter default privileges for role \(creator)\(place) \(verb.0) \(privilege("TABLE")) on tables \(verb.1) \(role)"
            ]
        case 15:
            let isGroup = happens(0.3)
            let victim = isGroup ? "r_reader" : one(of: declared.isEmpty ? ["stranger"] : declared)
            guard roles.contains(victim), victim != "stranger" else { return [] }
            let quoted = SQL.identifier(victim)
            if happens(0.5) { return ["alter role \(quoted) rename to \"gone \(tables)\""] }
            return [
                "reassign owned by \(quoted) to \(TestServer.managerName)", "drop owned by \(quoted)",
                "drop role \(quoted)",
            ]
        default:
            return happens(0.5)
                ? ["drop schema \(schema) cascade"] : ["alter schema \(schema) rename to \"gone \(tables)\""]
        }
    }
}

@Suite("Any sequence of desired states and of others' changes")
struct AccessModelTests {
    static let steps = TestServer.isThorough ? 60 : 12

    /// From the environment, to look at a failure again.
    static let seed =
        ProcessInfo.processInfo.environment["AURORA_MODEL_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 0...999_999)

    @Test("ends in what was declared, and with nothing left to do", arguments: TestServer.versions)
    func walk(version: Int) async throws {
        print("The random walk on PostgreSQL \(version) has the seed \(Self.seed): AURORA_MODEL_SEED repeats it.")
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            try await fixture.run(
                as: TestServer.managerName,
                "create role stranger; create role migrator login", database: "postgres")
            try await fixture.run(as: TestServer.managerName, "create database demo", database: "postgres")
            var walk = AccessWalk(seed: Self.seed, version: version * 10_000)
            walk.declare()
            let superuser = try await server.connectAsSuperuser(database: AccessFixture.database)
            var story: [String] = []
            for step in 0..<Self.steps {
                if walk.happens(0.4) { walk.declare() }
                for _ in 0..<Int.random(in: 0..<4, using: &walk.random) {
                    let statements = try await disturb(superuser, &walk)
                    story += statements
                }
                let context =
                    "seed \(Self.seed), step \(step), PostgreSQL \(version): \(walk.desired)\n\(story.suffix(12).joined(separator: ";\n"))"
                do {
                    let plan = try await fixture.manager.apply(walk.desired)
                    #expect(plan.blocked.isEmpty, "\(plan.blocked)\n\(context)")
                } catch {
                    Issue.record("\(error)\n\(context)")
                    return
                }
                let next = try await fixture.manager.plan(walk.desired)
                #expect(next.isEmpty, "\(next.allStatements.map(\.sql))\n\(context)")
                try await check(server, superuser, walk.desired, context)
            }
        }
    }

    /// Does something to the database, in a transaction; what is not possible does not happen.
    private func disturb(_ superuser: PostgresConnection, _ walk: inout AccessWalk) async throws -> [String] {
        let relations = try await Self.relations(superuser, in: AccessWalk.schemas)
        let schemas = try await superuser.query(
            "select nspname from pg_namespace where nspname = any(\(AccessWalk.schemas)::text[]) order by 1")
        let roles = try await superuser.query("select rolname from pg_roles order by 1")
        let statements = walk.disturbance(
            relations: relations.map { ($0.kind, SQL.identifier($0.schema, $0.name)) },
            schemas: try schemas.map { try $0.decode("nspname") },
            roles: Set(try roles.map { try $0.decode("rolname") }))
        do {
            try await superuser.withTransaction { connection in
                for statement in statements { try await connection.query(PostgresQuery(unsafe: statement)) }
            }
            return statements
        } catch is PostgresError {
            return statements.map { "-- refused: \($0)" }
        }
    }

    struct Relation {
        let kind: String
        let schema: String
        let name: String
        let owner: String
    }

    private static func relations(_ connection: PostgresConnection, in schemas: [String]) async throws -> [Relation] {
        try await connection.query(
            """
            select case relkind when 'S' then 'SEQUENCE' else 'TABLE' end as kind, nspname, relname,
                   pg_get_userbyid(relowner) as owner
            from pg_class join pg_namespace on pg_namespace.oid = relnamespace
            where nspname = any(\(schemas)::text[]) and relkind in ('r', 'S') order by 2, 3
            """
        ).map {
            Relation(
                kind: try $0.decode("kind"), schema: try $0.decode("nspname"), name: try $0.decode("relname"),
                owner: try $0.decode("owner"))
        }
    }

    static let operations: [(kind: String, sql: String, allowed: Set<DesiredAccess.Access>)] = [
        ("TABLE", "select from NAME", [.reader, .writer, .owner]),
        ("TABLE", "insert into NAME default values", [.writer, .owner]),
        ("TABLE", "update NAME set words = 'x'", [.writer, .owner]),
        ("TABLE", "delete from NAME", [.writer, .owner]),
        ("TABLE", "truncate NAME", [.owner]),
        ("SEQUENCE", "select last_value from NAME", [.reader, .writer, .owner]),
        ("SEQUENCE", "select setval('NAME', 5)", [.writer, .owner]),
    ]

    /// Logs in as each user, and does what it may do and what it may not.
    private func check(
        _ server: TestServer, _ superuser: PostgresConnection, _ desired: DesiredAccess, _ context: String
    ) async throws {
        for name in desired.users.flatMap(\.pair) {
            try await superuser.query("alter role \(identifier: name) password 'pw'")
        }
        // What is created from now on is to be as declared at once.
        for (index, schema) in desired.schemas.map(SQL.identifier).enumerated() {
            try await superuser.execute(
                unsafeScript: """
                    grant create, usage on schema \(schema) to migrator;
                    set role migrator; create table \(schema).later\(index) (id int generated always as identity, words text);
                    set role \(TestServer.managerName); create sequence \(schema).later_too\(index); reset role
                    """)
        }
        let relations = try await Self.relations(superuser, in: AccessWalk.schemas)
        for user in desired.users {
            for name in user.pair {
                let connection = try await server.connect(name, password: "pw", database: desired.database)
                defer { Task { await connection.close() } }
                for relation in relations {
                    let isInScope =
                        desired.schemas.contains(relation.schema) && user.schemas?.contains(relation.schema) ?? true
                    for operation in Self.operations where operation.kind == relation.kind {
                        let quoted = SQL.identifier(relation.schema, relation.name)
                        let sql = operation.sql.replacing(
                            "NAME", with: operation.sql.contains("'NAME'") ? quoted.replacing("'", with: "''") : quoted)
                        let may = try await Self.may(connection, sql)
                        let expected = isInScope && operation.allowed.contains(user.access)
                        #expect(may == expected, "\(name) (\(user.access)) \(sql), owner \(relation.owner)\n\(context)")
                    }
                }
            }
        }
        for schema in desired.schemas {
            for relation in relations where relation.schema == schema && relation.name.hasPrefix("later") {
                let kind = relation.name.hasPrefix("later_too") ? "sequence" : relation.kind
                guard kind != "SEQUENCE" else { continue }
                try await superuser.query(
                    PostgresQuery(unsafe: "drop \(kind) \(SQL.identifier(schema, relation.name))"))
            }
        }
        for name in desired.removedUsers.flatMap({ [$0, $0 + "_clone"] }) {
            await #expect(throws: PostgresError.self, "\(name)\n\(context)") {
                try await server.connect(name, password: "pw", database: desired.database)
            }
        }
    }

    private static func may(_ connection: PostgresConnection, _ sql: String) async throws -> Bool {
        try await connection.query("begin")
        do {
            try await connection.query(PostgresQuery(unsafe: sql))
            try await connection.query("rollback")
            return true
        } catch let error as PostgresError where error.sqlState == "42501" {
            try await connection.query("rollback")
            return false
        }
    }
}
