// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import Foundation
import Logging
import PostgreSQL
import TestSupport
import Testing

@Suite("Applying")
struct AccessManagerTests {
    static let hostileNames = [
        "a\"b", "a'b", "a\\b", "a;drop table x;--", "Ünïcödé 🎉", " ", "select", "public ", "Public", "a.b", "{a,b}",
        "=r/x", "a\nb",
        String(repeating: "x", count: 57),
    ]
    /// As long as names may be, for those that need no more behind them.
    static let longest = String(repeating: "é", count: 31) + "x"

    @Test("creates the database, and a second time does nothing", arguments: TestServer.versions)
    func idempotent(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let preview = try await fixture.manager.plan(fixture.desired())
            #expect(preview.createsDatabase == "demo")
            let first = try await fixture.manager.apply(fixture.desired())
            #expect(first.statements.map(\.sql) == preview.statements.map(\.sql))
            let second = try await fixture.manager.apply(fixture.desired())
            #expect(second.isEmpty)
            // The membership that it took to act for others was given back.
            let manager = try await server.connect()
            let rows = try await manager.query("select pg_has_role('r_owner', 'usage') as usage")
            #expect(try rows[0].decode("usage") == false)
        }
    }

    @Test("works with any name in any place", arguments: TestServer.versions)
    func hostile(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            for name in Self.hostileNames {
                let desired = DesiredAccess(
                    database: name, schemas: [name, "public"],
                    users: [
                        .init(name: name, access: .writer),
                        .init(name: "n" + name.prefix(50), access: .reader, schemas: [name]),
                    ])
                let manager = AccessManager(manager: server.configuration(), logger: server.logger)
                _ = try await manager.apply(desired)
                let connection = try await server.connect(database: name)
                try await connection.query("create table \(identifier: name).\(identifier: name) (id int)")
                await connection.close()
                let login = Login(manager: server.configuration(), logger: server.logger)
                _ = try await login.setPassword("pw", of: name)
                let writer = try await server.connect(name, password: "pw", database: name)
                try await writer.query("insert into \(identifier: name).\(identifier: name) values (1)")
                await writer.close()
                let again = try await manager.plan(desired)
                #expect(again.isEmpty, "\(name): \(again.statements.map(\.sql))")
            }
        }
    }

    @Test(
        "works with the longest names, and with creators and removed schemas of any name",
        arguments: TestServer.versions)
    func hostileElsewhere(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let manager = AccessManager(manager: server.configuration(), logger: server.logger)
            let superuser = try await server.connect()
            for (index, name) in (Self.hostileNames + [Self.longest]).enumerated() {
                let creator = "c" + name.dropLast(name.utf8.count > 62 ? 1 : 0)
                try await superuser.query("create role \(identifier: creator)")
                let database = index == Self.hostileNames.count ? Self.longest : "demo"
                var desired = DesiredAccess(
                    database: database, schemas: [name, "public"], users: [.init(name: "u", access: .reader)],
                    creators: [creator])
                _ = try await manager.apply(desired)
                let connection = try await server.connect(database: database)
                try await connection.query("create table \(identifier: name).\(identifier: name) (id int)")
                desired.schemas = ["public"]
                desired.removedSchemas = [name]
                let plan = try await manager.apply(desired)
                #expect(plan.blocked.isEmpty && plan.hazards == [.revokesAccess])
                #expect(try await manager.plan(desired).isEmpty)
                let left = try await connection.query(
                    "select has_schema_privilege('r_reader', \(name), 'usage') as usage")
                #expect(try left[0].decode("usage") == false)
                await connection.close()
            }
        }
    }

    @Test("refuses names that PostgreSQL would not take or would cut, before anything changes")
    func invalid() async throws {
        try await TestServer.with(version: 15) { server in
            let manager = AccessManager(manager: server.configuration(), logger: server.logger)
            for name in ["public", "none", "pg_me"] {
                let desired = DesiredAccess(
                    database: "demo", schemas: ["app"], users: [.init(name: name, access: .reader)])
                await #expect(throws: AccessError.self) { try await manager.apply(desired) }
            }
            for name in ["", "a\0b", String(repeating: "x", count: 64)] {
                for desired in [
                    DesiredAccess(database: name, schemas: ["app"], users: []),
                    DesiredAccess(database: "demo", schemas: [name], users: []),
                    DesiredAccess(database: "demo", schemas: ["app"], users: [.init(name: name, access: .reader)]),
                ] {
                    await #expect(throws: AccessError.self) { try await manager.apply(desired) }
                }
            }
            let connection = try await server.connect()
            #expect(try await connection.query("select from pg_database where datname = 'demo'").isEmpty)
        }
    }

    @Test("is done again where transactions met, whatever the server calls that", arguments: TestServer.versions)
    func retried(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            _ = try await fixture.manager.apply(fixture.desired(schemas: ["app"]))
            let superuser = try await server.connectAsSuperuser(database: AccessFixture.database)
            // A sequence goes on counting when a transaction is rolled back.
            try await superuser.execute(
                unsafeScript: """
                    create sequence public.meetings;
                    create function public.meet() returns event_trigger language plpgsql security definer as $$
                    declare n bigint := nextval('public.meetings');
                    begin
                        if n <= 3 then
                            raise exception 'tuple concurrently updated'
                                using errcode = (array['40001', '40P01', 'XX000'])[n];
                        end if;
                    end $$;
                    create event trigger meet on ddl_command_start when tag in ('GRANT') execute function public.meet()
                    """)
            let plan = try await fixture.manager.apply(fixture.desired(schemas: ["app", "more"]))
            #expect(!plan.isEmpty)
            let rows = try await superuser.query("select last_value from public.meetings")
            #expect(try rows[0].decode("last_value", as: Int.self) > 3)
            try await superuser.query("drop event trigger meet")
            #expect(try await fixture.manager.plan(fixture.desired(schemas: ["app", "more"])).isEmpty)
        }
    }

    @Test("takes back what is no longer declared, without touching data (defect 7)", arguments: TestServer.versions)
    func removal(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let before = fixture.desired(schemas: ["app", "old"])
            _ = try await fixture.manager.apply(before)
            try await fixture.setPasswords(before)
            try await fixture.run(as: TestServer.managerName, "create table old.t as select 1 as id")
            let session = try await server.connect("writer", password: "pw-writer", database: AccessFixture.database)
            var after = fixture.desired(users: [.init(name: "reader", access: .reader)])
            after.removedSchemas = ["old"]
            after.removedUsers = ["writer", "owner"]
            let plan = try await fixture.manager.apply(after)
            #expect(plan.hazards == [.revokesAccess, .disablesLogin, .terminatesSessions])
            #expect(try await !fixture.may("reader", "select * from old.t"))
            await #expect(throws: PostgresError.self) { try await server.connect("writer", password: "pw-writer") }
            await #expect(throws: PostgresError.self) { try await session.query("select 1") }
            try await fixture.run(as: TestServer.managerName, "select 1 / count(*) from old.t")
            #expect(try await fixture.manager.plan(after).isEmpty)
            // Declared again, the user comes back.
            _ = try await fixture.manager.apply(before)
            #expect(try await fixture.may("writer", "delete from old.t"))
        }
    }

    @Test("refuses a plan that was made from another state", arguments: TestServer.versions)
    func stale(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            _ = try await fixture.manager.apply(fixture.desired(users: []))
            let plan = try await fixture.manager.plan(fixture.desired())
            let copy = try JSONDecoder().decode(AccessPlan.self, from: JSONEncoder().encode(plan))
            try await fixture.run(as: TestServer.managerName, "create table app.new ()")
            await #expect(throws: AccessError.stale) {
                try await fixture.manager.apply(fixture.desired(), reviewed: copy)
            }
            let fresh = try await fixture.manager.plan(fixture.desired())
            // The same state, but another declaration: what was looked at is not what would be done.
            await #expect(throws: AccessError.stale) {
                try await fixture.manager.apply(fixture.desired(schemas: ["app", "more"]), reviewed: fresh)
            }
            #expect(try await fixture.manager.apply(fixture.desired(), reviewed: fresh) == fresh)
            // A database that is not there yet is made for the plan that was looked at, and for no other.
            var other = fixture.desired()
            other.database = "other"
            let whole = try await fixture.manager.plan(other)
            other.schemas = ["another"]
            await #expect(throws: AccessError.stale) { try await fixture.manager.apply(other, reviewed: whole) }
            let connection = try await server.connect()
            #expect(try await connection.query("select from pg_database where datname = 'other'").isEmpty)
            other.schemas = fixture.desired().schemas
            _ = try await fixture.manager.apply(other, reviewed: whole)
            #expect(try await fixture.manager.plan(other).isEmpty)
        }
    }

    @Test("reports what only another role may do, and does the rest", arguments: TestServer.versions)
    func blocked(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            _ = try await fixture.manager.apply(fixture.desired())
            let superuser = try await server.connectAsSuperuser(database: AccessFixture.database)
            try await superuser.execute(
                unsafeScript:
                    "create table app.foreign_table (); create table app.other (); alter table app.other owner to \(TestServer.managerName)"
            )
            let plan = try await fixture.manager.apply(fixture.desired())
            #expect(plan.blocked.count == 3)
            #expect(plan.blocked.allSatisfy { $0.role == "rdsadmin" && $0.sql.contains("foreign_table") })
            try await fixture.setPasswords(fixture.desired())
            #expect(try await fixture.may("reader", "select from app.other"))
            #expect(try await !fixture.may("reader", "select from app.foreign_table"))
            // What is reported helps: whoever runs it mends it.
            for statement in plan.blocked { try await superuser.query(PostgresQuery(unsafe: statement.sql)) }
            #expect(try await fixture.manager.plan(fixture.desired()).blocked.isEmpty)
        }
    }

    @Test(
        "by sixteen at once ends in one of the desired states, without an error (defect 6)",
        arguments: TestServer.versions)
    func concurrent(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let states = (0..<16).map { index in
                fixture.desired(
                    schemas: ["app", "s\(index)"],
                    users: [
                        .init(name: "first", access: DesiredAccess.Access.allCases[index % 3]),
                        .init(name: "second", access: DesiredAccess.Access.allCases[index / 3 % 3]),
                    ] + (index < 9 ? [] : [.init(name: "third", access: .reader)]))
            }
            for round in 0..<(TestServer.isThorough ? 200 : 5) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for state in states { group.addTask { _ = try await fixture.manager.apply(state) } }
                    try await group.waitForAll()
                }
                var ends = 0
                for state in states where try await fixture.manager.plan(state).isEmpty { ends += 1 }
                // Those that differ in a third user only, who is nobody's to remove, can be there at once.
                #expect((1...2).contains(ends), "round \(round)")
            }
            for state in states { #expect(try await fixture.manager.plan(state).blocked.isEmpty) }
            _ = try await fixture.manager.apply(states[3])
            #expect(try await fixture.manager.plan(states[3]).isEmpty)
        }
    }

    @Test(
        "drops users where that is wanted, in every database, and keeps what they own", arguments: TestServer.versions)
    func dropUsers(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let before = fixture.desired(
                users: AccessFixture.users + [.init(name: "gone\"; --", access: .owner, schemas: ["app"])])
            _ = try await fixture.manager.apply(before)
            try await fixture.setPasswords(before)
            // Objects and privileges in this database and another one, of the user, its clone and its group.
            try await fixture.run(as: TestServer.managerName, "create database \"other db\"", database: "postgres")
            let superuser = try await server.connectAsSuperuser(database: "other db")
            try await superuser.execute(
                unsafeScript: """
                    create schema theirs authorization "gone""; --_clone";
                    create table theirs.t as select 1 as id; alter table theirs.t owner to "gone""; --_clone";
                    create table public.granted (); alter table public.granted owner to \(TestServer.managerName);
                    grant select on public.granted to "gone""; --";
                    alter default privileges for role "gone""; --" grant select on tables to "gone""; --_clone";
                    alter default privileges for role "gone""; --_clone" grant select on tables to "gone""; --"
                    """)
            try await fixture.run(as: "gone\"; --", "create table app.made as select 1 as id")
            let session = try await server.connect(
                "gone\"; --", password: "pw-gone\"; --", database: AccessFixture.database)
            var after = fixture.desired()
            after.removedUsers = ["gone\"; --"]
            after.dropUsers = true
            let plan = try await fixture.manager.plan(after)
            #expect(plan.hazards == [.revokesAccess, .disablesLogin, .terminatesSessions, .dropsRole, .takesLock])
            #expect(plan.afterwards.map(\.database).contains("other db"))
            let applied = try await fixture.manager.apply(after, reviewed: plan)
            #expect(applied.blocked.isEmpty)
            await #expect(throws: PostgresError.self) { try await session.query("select 1") }
            #expect(try await fixture.manager.plan(after).isEmpty)
            let left = try await superuser.query("select from pg_roles where rolname like '%gone%'")
            #expect(left.isEmpty)
            let rows = try await superuser.query(
                "select tableowner from pg_tables where tablename = 't' and schemaname = 'theirs'")
            #expect(try rows[0].decode("tableowner") == TestServer.managerName)
            #expect(try await superuser.query("select from theirs.t").count == 1)
            #expect(try await fixture.may("reader", "select from app.made"))
            // The same name can be declared again.
            _ = try await fixture.manager.apply(before)
            #expect(try await fixture.manager.plan(before).isEmpty)
        }
    }

    @Test("sends the same number of queries whatever the number of objects, and groups its statements")
    func statements() async throws {
        try await TestServer.with(version: 17, options: ["log_statement=all"]) { server in
            let fixture = AccessFixture(server)
            func count() throws -> Int {
                try String(contentsOfFile: server.logFile, encoding: .utf8).ranges(of: "execute <unnamed>").count
            }
            func queries(_ body: () async throws -> Void) async throws -> Int {
                let before = try count()
                try await body()
                return try count() - before
            }
            let schemas = (0..<20).map { "s\($0)" }
            let few = try await queries { _ = try await fixture.manager.apply(fixture.desired(schemas: schemas)) }
            #expect(few < 70)
            let planned = try await queries { _ = try await fixture.manager.plan(fixture.desired(schemas: schemas)) }
            let reported = try await queries { _ = try await fixture.manager.report(fixture.desired(schemas: schemas)) }
            try await fixture.run(
                as: TestServer.managerName,
                schemas.map {
                    "create table \($0).t (); create table \($0).u (); revoke all on \($0).t, \($0).u from r_reader"
                }
                .joined(separator: ";"))
            let (again, reportedAgain) = (
                try await queries { _ = try await fixture.manager.plan(fixture.desired(schemas: schemas)) },
                try await queries { _ = try await fixture.manager.report(fixture.desired(schemas: schemas)) }
            )
            #expect(again == planned && reportedAgain == reported && planned < 12 && reported < 14)
            let plan = try await fixture.manager.apply(fixture.desired(schemas: schemas))
            #expect(plan.statements.map(\.objectCount) == [40], "\(plan.statements.map(\.sql))")
        }
    }

    @Test("sends no password in clear, whatever the server logs", arguments: TestServer.versions)
    func passwords(version: Int) async throws {
        try await TestServer.with(version: version, options: ["log_statement=all", "log_min_duration_statement=0"]) {
            server in
            let fixture = AccessFixture(server)
            _ = try await fixture.manager.apply(fixture.desired())
            try await fixture.setPasswords(fixture.desired())
            let log = try String(contentsOfFile: server.logFile, encoding: .utf8)
            #expect(log.contains("alter role"))
            #expect(!log.contains("pw-reader"))
        }
    }
}
