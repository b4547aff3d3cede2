// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import TestSupport
import Testing

@Suite("A connection")
struct PostgresConnectionTests {
    @Test("sends values apart from statements, and reads rows", arguments: TestServer.versions)
    func values(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            #expect(connection.serverVersion / 10_000 == version)
            let evil = "'; drop table x; -- \\ \" ä🎉"
            let rows = try await connection.query(
                "select \(evil)::text as text, \(42)::int as number, \(true)::boolean as flag, null::text as nothing")
            #expect(try rows[0].decode("text") == evil)
            #expect(try rows[0].decode("number") == 42)
            #expect(try rows[0].decode("flag") == true)
            #expect(try rows[0].decodeIfPresent("nothing", as: String.self) == nil)
            #expect(throws: PostgresError.self) { try rows[0].decode("nothing", as: String.self) }
            #expect(throws: PostgresError.self) { try rows[0].decode("other", as: String.self) }
            let list = [evil, "", "a,b", "{}", "\"\\"]
            let elements = try await connection.query("select unnest(\(list)::text[]) as element")
            #expect(try elements.map { try $0.decode("element", as: String.self) } == list)
        }
    }

    @Test("quotes names and texts so that they come back as they were", arguments: TestServer.versions)
    func quoting(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            for name in [
                "select", "a\"b", "a'b", "a\\b", "a;b--c", "Ünïcödé 🎉", " ", String(repeating: "x", count: 63),
            ] {
                let rows = try await connection.query(
                    "select \(literal: name) as text, 1 as \(identifier: name)")
                #expect(try rows[0].decode("text") == name)
                #expect(try rows[0].decode(name) == 1)
            }
        }
    }

    @Test("says with the server's code what was refused, and goes on", arguments: TestServer.versions)
    func errors(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            let error = try await #require(throws: PostgresError.self) { try await connection.query("select nothing") }
            #expect(error.sqlState == "42703")
            #expect(error.code == .server)
            #expect(try await connection.query("select 1 as one")[0].decode("one") == 1)
        }
    }

    @Test("tells a wrong password from other failures, and never shows it")
    func wrongPassword() async throws {
        try await TestServer.with(version: 15) { server in
            let error = try await #require(throws: PostgresError.self) {
                try await server.connect(password: "wrong-and-secret")
            }
            #expect(error.isAuthenticationFailure)
            #expect(!"\(error)".contains("wrong-and-secret"))
            let configuration = server.configuration(password: "wrong-and-secret")
            #expect(!"\(configuration)".contains("wrong-and-secret"))
            #expect(!String(reflecting: configuration).contains("wrong-and-secret"))
            var dumped = ""
            dump(configuration, to: &dumped)
            #expect(!dumped.contains("wrong-and-secret"))
        }
    }

    @Test("ends a statement on the server when its time is over, and stays usable", arguments: TestServer.versions)
    func deadline(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            let error = try await #require(throws: PostgresError.self) {
                try await connection.query("select pg_sleep(600)", deadline: .milliseconds(200))
            }
            #expect(error.code == .deadlineExceeded)
            #expect(try await sleepers(server) == 0)
            #expect(try await connection.query("select 1 as one")[0].decode("one") == 1)
        }
    }

    @Test("ends a statement on the server when its task is cancelled", arguments: TestServer.versions)
    func cancellation(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            let task = Task { try await connection.query("select pg_sleep(600)") }
            while try await sleepers(server) == 0 { try await Task.sleep(for: .milliseconds(20)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await sleepers(server) == 0)
        }
    }

    private func sleepers(_ server: TestServer) async throws -> Int {
        let other = try await server.connectAsSuperuser()
        let rows = try await other.query(
            "select count(*) as count from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and state = 'active'"
        )
        await other.close()
        return try rows[0].decode("count")
    }

    @Test("does not hold threads: hundreds of waits at once leave others free")
    func threads() async throws {
        try await TestServer.with(version: 15) { server in
            let connections = try await withThrowingTaskGroup(of: PostgresConnection.self) { group in
                for _ in 0..<80 { group.addTask { try await server.connect() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // All sleep at the same time; were threads held, there would not be enough of them.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in connections {
                    group.addTask { _ = try await connection.query("select pg_sleep(0.5)", deadline: .seconds(60)) }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("rolls back what was not finished", arguments: TestServer.versions)
    func transactions(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await connection.withTransaction { connection in
                    try await connection.query("create table unfinished ()")
                    throw Stop()
                }
            }
            #expect(
                try await connection.query("select to_regclass('unfinished')::text as name")[0].decodeIfPresent(
                    "name", as: String.self) == nil)
        }
    }

    @Test("gives the server a verifier in place of a password", arguments: TestServer.versions)
    func verifier(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let connection = try await server.connect()
            let verifier = try await connection.passwordVerifier("a-new-password", username: "someone")
            #expect(verifier.hasPrefix("SCRAM-SHA-256$4096:"))
            try await connection.query("create role someone login password \(literal: verifier)")
            await (try await server.connect("someone", password: "a-new-password")).close()
        }
    }
}
