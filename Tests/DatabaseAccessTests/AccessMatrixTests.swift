// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import Logging
import PostgreSQL
import TestSupport
import Testing

/// A database with a desired access, and logins to try it with.
struct AccessFixture {
    static let database = "demo"

    let server: TestServer
    let manager: AccessManager

    init(_ server: TestServer) {
        self.server = server
        manager = AccessManager(manager: server.configuration(), logger: server.logger)
    }

    static let users = [
        DesiredAccess.User(name: "reader", access: .reader), .init(name: "writer", access: .writer),
        .init(name: "owner", access: .owner),
    ]

    func desired(
        schemas: [String] = ["app"], users: [DesiredAccess.User] = users, creators: [String] = []
    ) -> DesiredAccess {
        DesiredAccess(database: Self.database, schemas: schemas, users: users, creators: creators)
    }

    /// Gives all users of a desired state a password.
    func setPasswords(_ desired: DesiredAccess) async throws {
        let login = Login(manager: server.configuration(), logger: server.logger)
        for name in desired.users.flatMap(\.pair) { _ = try await login.setPassword("pw-\(name)", of: name) }
    }

    func run(as user: String, _ sql: String, database: String = database) async throws {
        let password = user == TestServer.managerName ? TestServer.password : "pw-\(user)"
        let connection = try await server.connect(user, password: password, database: database)
        defer { Task { await connection.close() } }
        try await connection.execute(unsafeScript: sql)
    }

    /// Whether a user may do something, found out by doing it and taking it back.
    func may(_ user: String, _ sql: String) async throws -> Bool {
        let password = user == TestServer.managerName ? TestServer.password : "pw-\(user)"
        let connection = try await server.connect(user, password: password, database: Self.database)
        defer { Task { await connection.close() } }
        do {
            try await connection.query("begin")
            try await connection.query(PostgresQuery(unsafe: sql))
            try await connection.query("rollback")
            return true
        } catch let error as PostgresError where error.sqlState == "42501" {
            return false
        }
    }
}

@Suite("Access")
struct AccessMatrixTests {
    /// What is tried on the objects that someone made, and who may do it.
    static let operations: [(sql: String, allowed: Set<DesiredAccess.Access>)] = [
        ("select * from app.TABLE", [.reader, .writer, .owner]),
        ("insert into app.TABLE (words) values ('x')", [.writer, .owner]),
        ("update app.TABLE set words = 'y'", [.writer, .owner]),
        ("delete from app.TABLE", [.writer, .owner]),
        ("truncate app.TABLE", [.owner]),
        ("select * from app.VIEW", [.reader, .writer, .owner]),
        ("insert into app.VIEW (words) values ('x')", [.writer, .owner]),
        ("select * from app.MATVIEW", [.reader, .writer, .owner]),
        ("select * from app.PARTED", [.reader, .writer, .owner]),
        ("insert into app.PARTED (id) values (1)", [.writer, .owner]),
        ("select * from app.PART1", [.reader, .writer, .owner]),
        ("select last_value from app.SEQUENCE", [.reader, .writer, .owner]),
        ("select nextval('app.SEQUENCE')", [.reader, .writer, .owner]),
        ("select setval('app.SEQUENCE', 7)", [.writer, .owner]),
        ("select app.FUNCTION()", [.reader, .writer, .owner]),
        ("call app.PROCEDURE()", [.reader, .writer, .owner]),
        ("create temporary table uses_type (mood app.TYPE)", [.reader, .writer, .owner]),
        ("select 'good'::app.TYPE", [.reader, .writer, .owner]),
        ("alter table app.TABLE add column more int", []),
        ("create table app.made_up ()", [.owner]),
        ("drop schema app cascade", []),
    ]

    static func script(_ prefix: String) -> String {
        """
        create table app.\(prefix)_table (id int generated always as identity, words text);
        create view app.\(prefix)_view as select words from app.\(prefix)_table;
        create materialized view app.\(prefix)_matview as select words from app.\(prefix)_table;
        create table app.\(prefix)_parted (id int) partition by range (id);
        create table app.\(prefix)_part1 partition of app.\(prefix)_parted for values from (0) to (10);
        create sequence app.\(prefix)_sequence;
        create function app.\(prefix)_function() returns int language sql return 1;
        create procedure app.\(prefix)_procedure() language sql as '';
        create type app.\(prefix)_type as enum ('good');
        """
    }

    static func spelled(_ sql: String, _ prefix: String) -> String {
        ["TABLE", "VIEW", "MATVIEW", "PARTED", "PART1", "SEQUENCE", "FUNCTION", "PROCEDURE", "TYPE"].reduce(sql) {
            sql, word in
            sql.replacing("app.\(word)", with: "app.\(prefix)_\(word.lowercased())")
        }
    }

    @Test(
        "is what was declared, for what is there and for what is made later, whoever makes it (defects 3, 4 and 9)",
        arguments: TestServer.versions)
    func matrix(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            // A migration tool's own login, as the manager would have made it.
            try await fixture.run(as: TestServer.managerName, "create role migrator login", database: "postgres")
            let login = Login(manager: server.configuration(), logger: server.logger)
            _ = try await login.setPassword("pw-migrator", of: "migrator")
            let desired = fixture.desired(creators: ["migrator"])
            _ = try await fixture.manager.apply(fixture.desired(users: [], creators: []))
            try await fixture.run(as: TestServer.managerName, "grant all on schema app to migrator")
            // What is there before the users are declared.
            try await fixture.run(as: TestServer.managerName, Self.script("manager_before"))
            try await fixture.run(as: "migrator", Self.script("migrator_before"))
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            // And what is made afterwards.
            try await fixture.run(as: TestServer.managerName, Self.script("manager_after"))
            try await fixture.run(as: "migrator", Self.script("migrator_after"))
            try await fixture.run(as: "owner", Self.script("owner_after"))
            try await fixture.run(as: "owner_clone", Self.script("clone_after"))
            var checked = 0
            for prefix in [
                "manager_before", "migrator_before", "manager_after", "migrator_after", "owner_after", "clone_after",
            ] {
                for operation in Self.operations {
                    for user in desired.users {
                        for name in user.pair {
                            let sql = Self.spelled(operation.sql, prefix)
                            let may = try await fixture.may(name, sql)
                            // What owners make belongs to all of them.
                            let isTheirs =
                                user.access == .owner && operation.sql.hasPrefix("alter")
                                && ["owner_after", "clone_after"].contains(prefix)
                            #expect(
                                may == (operation.allowed.contains(user.access) || isTheirs), "\(name): \(sql)")
                            checked += 1
                        }
                    }
                }
            }
            #expect(checked == 6 * Self.operations.count * 6)
            // The next plan has nothing to do, also for what was made meanwhile.
            let plan = try await fixture.manager.plan(desired)
            #expect(plan.isEmpty, "\(plan.statements.map(\.sql))")
            #expect(plan.blocked.isEmpty, "\(plan.blocked)")
        }
    }

    @Test(
        "of an owner and its clone is shared: what the one made, the other alters and drops",
        arguments: TestServer.versions)
    func owners(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired()
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            try await fixture.run(as: "owner", "create table app.shared (id int)")
            try await fixture.run(as: "owner_clone", "alter table app.shared add column words text")
            try await fixture.run(as: "owner", "drop table app.shared")
        }
    }

    @Test(
        "in some of the schemas only is possible, for any number of users (defect 10)",
        arguments: TestServer.versions)
    func schemasOfAUser(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let users = [DesiredAccess.User(name: "narrow", access: .writer, schemas: ["app"])]
            let desired = fixture.desired(schemas: ["app", "other"], users: users)
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            try await fixture.run(as: TestServer.managerName, "create table app.t (); create table other.t ()")
            #expect(try await fixture.may("narrow", "select from app.t"))
            #expect(try await !fixture.may("narrow", "select from other.t"))
            #expect(try await fixture.manager.plan(desired).isEmpty)
        }
    }
}
