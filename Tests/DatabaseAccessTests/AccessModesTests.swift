// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import PostgreSQL
import TestSupport
import Testing

@Suite("What others have granted")
struct AccessModesTests {
    @Test("revokes what was granted besides in managed mode, and leaves others alone", arguments: TestServer.versions)
    func managed(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            _ = try await fixture.manager.apply(fixture.desired())
            try await fixture.run(
                as: TestServer.managerName,
                """
                create role stranger; create schema elsewhere; create table app.t (id int); create table elsewhere.t (id int);
                grant all on app.t, elsewhere.t to r_reader, stranger; grant all on schema app to r_reader, stranger;
                grant insert on app.t to writer; grant r_writer to reader;
                alter default privileges in schema app grant delete on tables to r_reader;
                """)
            var additive = fixture.desired()
            additive.mode = .additive
            #expect(try await fixture.manager.plan(additive).isEmpty)
            let plan = try await fixture.manager.apply(fixture.desired())
            #expect(plan.hazards == [.revokesAccess])
            #expect(try await fixture.manager.plan(fixture.desired()).isEmpty)
            try await fixture.setPasswords(fixture.desired())
            #expect(try await !fixture.may("reader", "insert into app.t values (1)"))
            let connection = try await server.connect(database: AccessFixture.database)
            let rows = try await connection.query(
                """
                select has_table_privilege('stranger', 'app.t', 'delete') as stranger,
                       has_table_privilege('r_reader', 'elsewhere.t', 'delete') as elsewhere
                """)
            #expect(try rows[0].decode("stranger") == true)
            #expect(try rows[0].decode("elsewhere") == true)
        }
    }

    @Test(
        "adopts a database in additive mode: grants what is missing, and takes nothing away",
        arguments: TestServer.versions)
    func adoption(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = AccessFixture(server)
            // Somebody has made the database, roles of the same names, and grants of their own.
            try await fixture.run(
                as: TestServer.managerName,
                """
                create role stranger; create role r_reader; create role reader login password 'old' createdb;
                create role team; grant team to reader
                """, database: "postgres")
            try await fixture.run(as: TestServer.managerName, "create database demo", database: "postgres")
            try await fixture.run(
                as: TestServer.managerName,
                """
                create schema app; create table app.t (id int); create table public.theirs (id int);
                grant all on app.t to r_reader, stranger; grant insert on app.t to reader, public;
                alter default privileges in schema app grant delete on tables to r_reader
                """)
            var additive = fixture.desired()
            additive.mode = .additive
            additive.removedUsers = ["stranger"]
            additive.removedSchemas = ["public"]
            let before = try await Self.grants(server)
            let plan = try await fixture.manager.apply(additive)
            #expect(!plan.isEmpty && plan.hazards.isEmpty && plan.blocked.isEmpty)
            #expect(plan.allStatements.allSatisfy { !$0.sql.contains("REVOKE ") || $0.sql.contains("CURRENT_USER") })
            #expect(try await fixture.manager.plan(additive).isEmpty)
            let lost = before.subtracting(try await Self.grants(server))
            #expect(lost.isEmpty, "\(lost)")
            try await fixture.setPasswords(fixture.desired())
            #expect(try await fixture.may("writer", "delete from app.t"))
            #expect(try await fixture.may("reader", "delete from app.t"))
            // Managed mode then takes away what is not declared, and says what everyone has.
            var managed = additive
            managed.mode = .managed
            managed.removedUsers = []
            let taken = try await fixture.manager.apply(managed)
            #expect(taken.hazards.contains(.revokesAccess))
            #expect(taken.blocked.map(\.sql) == [#"REVOKE INSERT ON TABLE "app"."t" FROM PUBLIC"#])
            #expect(try await !fixture.may("reader", "delete from app.t"))
            try await fixture.run(as: TestServer.managerName, taken.blocked[0].sql)
            #expect(try await fixture.manager.plan(managed).blocked.isEmpty)
            #expect(try await !fixture.may("reader", "insert into app.t values (1)"))
        }
    }

    /// Who has what, in words that can be compared.
    private static func grants(_ server: TestServer) async throws -> Set<String> {
        let connection = try await server.connect(database: AccessFixture.database)
        defer { Task { await connection.close() } }
        let rows = try await connection.query(
            """
            select concat_ws(' ', relnamespace::regnamespace, relname, acl.*) as fact
            from pg_class, aclexplode(relacl) acl where relnamespace::regnamespace::text in ('app', 'public')
            union all select concat_ws(' ', 'default', defaclnamespace, acl.*) from pg_default_acl, aclexplode(defaclacl) acl
            union all select concat_ws(' ', 'member', roleid::regrole, member::regrole) from pg_auth_members
            union all select concat_ws(' ', rolname, rolcanlogin, rolcreatedb) from pg_roles where rolname = 'reader'
            """)
        return Set(try rows.map { try $0.decode("fact") })
    }
}
