// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import PostgreSQL
import TestSupport
import Testing

@Suite("An explanation")
struct ExplanationTests {
    /// What somebody does, and the condition that is then found broken.
    static let accidents: [(sql: String, condition: String)] = [
        ("alter role reader nologin", "The user exists and may log in"),
        ("alter role reader valid until '2001-01-01'", "The user exists and may log in"),
        ("revoke connect on database demo from public, r_reader", "CONNECT on the database demo"),
        ("revoke usage on schema app from r_reader", "USAGE on the schema app"),
        (
            "set role test_manager; revoke r_reader from reader; reset role",
            "The user is in its group, and inherits from it"
        ),
        ("revoke select on app.t from r_reader", "SELECT on the table"),
        ("alter table app.t enable row level security", "Row security lets rows through"),
        (
            "alter role reader noinherit; drop owned by r_reader; drop role r_reader; create role r_reader",
            "The user is in its group, and inherits from it"
        ),
    ]

    @Test("finds the broken link, and what it says mends it", arguments: TestServer.versions)
    func accidents(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired(users: [.init(name: "reader", access: .reader)])
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            try await fixture.run(as: TestServer.managerName, "create table app.t as select 1 as id")
            let superuser = try await server.connectAsSuperuser(database: AccessFixture.database)
            func explain() async throws -> AccessExplanation {
                try await fixture.manager.explain(
                    desired, login: "reader", object: "app.t", privilege: .select,
                    password: .works(secret: "the test's"))
            }
            func sees() async throws -> Bool {
                do {
                    let connection = try await server.connect("reader", password: "pw-reader", database: "demo")
                    defer { Task { await connection.close() } }
                    return try await !connection.query("select from app.t").isEmpty
                } catch is PostgresError {
                    return false
                }
            }
            let before = try await explain()
            #expect(before.isAllowed && before.links.allSatisfy { $0.state == .intact }, "\(before)")
            for accident in Self.accidents {
                try await superuser.execute(unsafeScript: accident.sql)
                var explanation = try await explain()
                #expect(!explanation.isAllowed)
                #expect(try await !sees(), "\(accident.sql)")
                #expect(
                    explanation.links.contains { $0.condition == accident.condition && $0.state == .broken },
                    "\(explanation)")
                // From the login to the row: one remedy may show the next broken link.
                for _ in 0..<8 {
                    guard let link = explanation.links.first(where: { $0.state == .broken }) else { break }
                    let remedy = try #require(link.remedy, "\(link)")
                    try await superuser.query(PostgresQuery(unsafe: remedy))
                    explanation = try await explain()
                }
                #expect(explanation.isAllowed, "\(explanation)")
                #expect(try await sees(), "\(accident.sql)")
            }
        }
    }

    /// What somebody does, what the user then cannot do any more, and what is found to be broken.
    static let others: [(sql: String, user: String, object: String, privilege: Privilege, condition: String)] = [
        ("revoke insert on app.t from r_writer", "writer", "app.t", .insert, "INSERT on the table"),
        ("revoke delete on app.t from r_writer", "writer", "app.t", .delete, "DELETE on the table"),
        ("revoke update on app.s from r_writer", "writer", "app.s", .update, "UPDATE on the sequence"),
        ("revoke usage on app.s from r_reader", "reader", "app.s", .usage, "USAGE on the sequence"),
        ("revoke execute on function app.f() from public", "reader", "app.f", .execute, "EXECUTE on the function"),
    ]

    @Test("covers writers, sequences and functions", arguments: TestServer.versions)
    func others(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired()
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            try await fixture.run(
                as: TestServer.managerName,
                "create table app.t (id int); create sequence app.s; create function app.f() returns int language sql as 'select 1'"
            )
            let statements: [Privilege: String] = [
                .insert: "insert into app.t values (1)", .delete: "delete from app.t",
                .update: "select setval('app.s', 5)", .usage: "select nextval('app.s')", .execute: "select app.f()",
            ]
            for other in Self.others {
                let sql = try #require(statements[other.privilege])
                #expect(try await fixture.may(other.user, sql))
                try await fixture.run(as: TestServer.managerName, other.sql)
                #expect(try await !fixture.may(other.user, sql))
                let explanation = try await fixture.manager.explain(
                    desired, login: other.user, object: other.object, privilege: other.privilege,
                    password: .works(secret: "the test's"))
                let broken = explanation.links.filter { $0.state == .broken }
                #expect(
                    broken.count == 1 && broken.first?.condition.hasPrefix(other.condition.prefix(6)) == true,
                    "\(explanation)")
                // What is declared has a statement that mends it; a function is its owner's business.
                guard other.privilege != .execute else { continue }
                try await fixture.run(as: TestServer.managerName, try #require(broken.first?.remedy))
                #expect(try await fixture.may(other.user, sql))
            }
        }
    }

    @Test("goes on where the manager's own default privileges, the schema or the database are gone")
    func gone() async throws {
        try await TestServer.with(version: 18) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired()
            let password = AccessExplanation.Password.notTried(reason: "a test")
            func explain(_ object: String) async throws -> AccessExplanation {
                try await fixture.manager.explain(
                    desired, login: "reader", object: object, privilege: .select, password: password)
            }
            // Nothing was provisioned yet.
            let nowhere = try await explain("app.t")
            #expect(!nowhere.isAllowed && nowhere.links.map(\.condition) == ["The database demo exists"])
            #expect(nowhere.links[0].finding.contains("the log of the stack's DatabaseFunction"))
            _ = try await fixture.manager.apply(desired)
            try await fixture.run(
                as: TestServer.managerName,
                "alter default privileges in schema app revoke select on tables from r_reader; create table app.t ()")
            let table = try await explain("app.t")
            #expect(table.links.contains { $0.condition == "SELECT on the table" && $0.state == .broken }, "\(table)")
            let origin = try #require(table.links.last)
            #expect(origin.state == .doubtful && !origin.finding.contains("not declared"), "\(origin)")
            try await fixture.run(as: TestServer.managerName, "drop schema app cascade")
            let schema = try await explain("app.t")
            #expect(schema.links.last?.condition == "USAGE on the schema app")
            #expect(schema.links.last?.remedy == "CREATE SCHEMA \"app\"")
            #expect(schema.links.last?.finding.contains("it is declared") == true)
        }
    }

    @Test(
        "covers the original's troubleshooting: tables that a migrator made are not granted from the start (defect 3)")
    func undeclaredCreator() async throws {
        try await TestServer.with(version: 17) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired()
            _ = try await fixture.manager.apply(desired)
            try await fixture.run(
                as: TestServer.managerName,
                "create role migrator; grant migrator to current_user; grant all on schema app to migrator; set role migrator; create table app.t ()"
            )
            let explanation = try await fixture.manager.explain(
                desired, login: "reader", object: "app.t", privilege: nil, password: .notTried(reason: "a test"))
            #expect(!explanation.isAllowed)
            let link = try #require(explanation.links.last)
            #expect(link.state == .doubtful && link.finding.contains("not declared as a creator"), "\(link)")
            let remedy = try #require(link.remedy)
            try await fixture.run(as: TestServer.managerName, "\(remedy); set role migrator; create table app.next ()")
            try await fixture.setPasswords(desired)
            #expect(try await fixture.may("reader", "select from app.next"))
            // It is in the plan's notes as well, before anybody asks.
            let plan = try await fixture.manager.plan(desired)
            #expect(
                plan.notes.contains { $0.contains("migrator can create objects in the schema app") }, "\(plan.notes)")
        }
    }

    @Test("offers no statement for what is not declared, and names what may be meant")
    func undeclared() async throws {
        try await TestServer.with(version: 17) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired()
            _ = try await fixture.manager.apply(desired)
            try await fixture.run(as: TestServer.managerName, "create table app.tasks ()")
            let password = AccessExplanation.Password.notTried(reason: "a test")
            let explanation = try await fixture.manager.explain(
                desired, login: "reader", object: "app.tasks", privilege: .insert, password: password)
            #expect(!explanation.isAllowed && explanation.links.allSatisfy { $0.remedy == nil }, "\(explanation)")
            await #expect(throws: AccessError.self) {
                try await fixture.manager.explain(
                    desired, login: "reader", object: "app.task", privilege: nil, password: password)
            }
            await #expect(throws: AccessError.self) {
                try await fixture.manager.explain(
                    desired, login: "reader", object: "app.tasks", privilege: .execute, password: password)
            }
        }
    }

    @Test("and the report say what users can really do", arguments: TestServer.versions)
    func report(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            let desired = fixture.desired(
                schemas: ["app", "other"],
                users: AccessFixture.users + [.init(name: "narrow", access: .writer, schemas: ["other"])])
            _ = try await fixture.manager.apply(desired)
            try await fixture.setPasswords(desired)
            try await fixture.run(
                as: TestServer.managerName,
                """
                create table app.plain (id int); create table other.plain (id int); create table app.revoked (id int);
                create table app.extra (id int); create sequence app.numbers; create type app.mood as enum ('good');
                create function app.answer() returns int language sql as 'select 42';
                create function app.secret() returns int language sql as 'select 42';
                revoke select on app.revoked from r_reader; grant insert on app.extra to r_reader;
                revoke execute on function app.secret() from public;
                """)
            let report = try await fixture.manager.report(desired)
            #expect(!report.isAsDeclared)
            let tried: [(kind: ObjectKind, sql: String, ability: AccessReport.Ability)] = [
                (.table, "select from NAME", .read), (.table, "insert into NAME values (1)", .write),
                (.table, "truncate NAME", .everything), (.sequence, "select setval('NAME', 3)", .write),
                (.routine, "select NAME", .use),
            ]
            let order: [AccessReport.Ability] = [.nothing, .use, .read, .write, .everything]
            var checked = 0
            for group in report.groups {
                for object in group.objects {
                    for (place, login) in report.logins.enumerated() {
                        let cell = group.cells[place]
                        let isDrift = ["revoked", "extra"].contains(object.name) && login.user == "reader"
                        #expect(cell.isAsDeclared == !isDrift, "\(login.name) \(object.name) \(cell)")
                        guard cell.ability != .other else { continue }
                        for operation in tried where operation.kind == group.kind {
                            let may = try await fixture.may(
                                login.name, operation.sql.replacing("NAME", with: object.sql))
                            let rank = { (ability: AccessReport.Ability) in order.firstIndex(of: ability) ?? 0 }
                            #expect(
                                may == (rank(cell.ability) >= rank(operation.ability)),
                                "\(login.name) \(operation.sql) \(object.name): \(cell.ability)")
                            checked += 1
                        }
                    }
                }
            }
            #expect(checked > 100)
        }
    }
}
