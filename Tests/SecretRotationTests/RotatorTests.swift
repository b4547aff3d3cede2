// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PostgreSQL
import SecretRotation
import SecretStore
import Synchronization
import TestSupport
import Testing

/// Collects all that is logged, at any level.
struct LogCollector: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.all.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }

    var text: String { lines.all.withLock { $0.joined(separator: "\n") } }
}

/// A server with a manager and a pair of users, and their secrets in files.
struct RotationFixture {
    let server: TestServer
    let store: FileSecretStore
    let logs = LogCollector()
    var configuration: RotationMachine.Configuration

    init(_ server: TestServer, listsBothUsers: Bool = true) async throws {
        self.server = server
        store = FileSecretStore(
            directory: FileManager.default.temporaryDirectory.appending(path: "rotation-\(UUID().uuidString)").path)
        configuration = .init(
            managerSecret: FileSecretStore.arn(of: "Manager"), usernames: ["app"], listsBothUsers: listsBothUsers,
            rules: PasswordRules(length: 40, excludeCharacters: "\"'\\/@ "))
        try store.create("Manager", value: value(TestServer.managerName, TestServer.password))
        try store.create("App", value: value("app", "app's first", isPaired: true))
        if listsBothUsers {
            try store.create("AppProxyUser", value: value("app", "app's first", isPaired: true))
            try store.create("AppProxyClone", value: value("app_clone", "clone's first", isPaired: true))
        }
        for name in ["Manager", "App"] { try store.setRotationEnabled(true, of: name) }
        let manager = try await server.connect()
        for (name, password) in [("app", "app's first"), ("app_clone", "clone's first")] {
            try await manager.query("create role \(identifier: name) login")
            try await manager.setPassword(password, of: name)
        }
        await manager.close()
    }

    func value(
        _ username: String, _ password: String, isPaired: Bool = false, host: String = "127.0.0.1",
        engine: String = "postgres"
    ) -> String {
        let master = isPaired ? #","masterarn":"\#(FileSecretStore.arn(of: "Manager"))""# : ""
        return
            #"{"username":"\#(username)","password":"\#(password)","host":"\#(host)","port":\#(server.port),"engine":"\#(engine)"\#(master)}"#
    }

    var rotator: Rotator {
        Rotator(
            store: store, configuration: configuration, tls: .disable, newVersionID: { UUID().uuidString },
            logger: Logger(label: "test") { _ in logs })
    }

    func take(_ step: RotationStep, _ secret: String, _ token: String) async throws -> String {
        try await rotator.take(RotationRequest(secretID: secret, versionID: token, step: step))
    }

    /// All four steps.
    func rotate(_ secret: String = "App") async throws {
        let token = try store.beginRotation(of: secret)
        for step in RotationStep.allCases { _ = try await take(step, secret, token) }
    }

    func credentials(_ secret: String, _ stage: String = VersionStage.current) async throws -> DatabaseCredentials {
        try DatabaseCredentials(value: await store.value(of: secret, stage: stage).value, secret: secret)
    }

    func works(_ credentials: DatabaseCredentials) async throws -> Bool {
        try await PostgresConnection.accepts(
            server.configuration(credentials.username, password: credentials.password), logger: server.logger)
    }

    func stages(_ secret: String) async throws -> [String: Set<String>] { try await store.describe(secret).stages }
}

@Suite("A rotation on a real server")
struct RotatorTests {
    @Test("of a pair takes turns, and shuts nobody out (defect 8)", arguments: TestServer.versions)
    func alternating(version: Int) async throws {
        try await TestServer.with(version: version, options: ["log_statement=all"]) { server in
            let fixture = try await RotationFixture(server)
            var seen: Set<String> = []
            for round in 0..<4 {
                let before = try await fixture.credentials("App")
                try await fixture.rotate()
                let after = try await fixture.credentials("App")
                #expect(after.username == (round.isMultiple(of: 2) ? "app_clone" : "app"))
                #expect(try await fixture.works(after))
                #expect(try await fixture.works(before))
                #expect(try await fixture.credentials("App", VersionStage.previous) == before)
                // What the proxy lists are both of them.
                let listed = [
                    try await fixture.credentials("AppProxyUser"), try await fixture.credentials("AppProxyClone"),
                ]
                #expect(Set(listed.map(\.password)) == [before.password, after.password])
                #expect(listed.map(\.username) == ["app", "app_clone"])
                #expect(after.password.count == 40 && after.host == before.host && after.masterArn == before.masterArn)
                #expect(after.password.allSatisfy { !"\"'\\/@ ".contains($0) })
                seen.insert(after.password)
            }
            #expect(seen.count == 4)
            let log = try String(contentsOfFile: server.logFile, encoding: .utf8)
            for password in seen {
                #expect(!log.contains(password) && !fixture.logs.text.contains(password))
            }
            #expect(fixture.logs.text.contains("the password of app was set"))
        }
    }

    @Test("of the manager changes its own password", arguments: TestServer.versions)
    func single(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try await RotationFixture(server)
            for _ in 0..<2 {
                let before = try await fixture.credentials("Manager")
                try await fixture.rotate("Manager")
                let after = try await fixture.credentials("Manager")
                #expect(after.username == TestServer.managerName && after.password != before.password)
                #expect(try await fixture.works(after))
                #expect(try await !fixture.works(before))
            }
            // With the new one, users can still be rotated.
            try await fixture.rotate()
        }
    }

    @Test(
        "heals what does not agree, makes a clone that is missing, and tells the proxy", arguments: TestServer.versions)
    func healing(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try await RotationFixture(server)
            let manager = try await server.connect()
            try await manager.setPassword("somebody's idea", of: "app")
            try await manager.query("drop role app_clone")
            try await manager.query("create table t as select 1 as id")
            try await manager.query("grant select on t to app")
            try await fixture.store.put(
                fixture.value("app", "stale"), for: "AppProxyUser", versionID: UUID().uuidString,
                stages: [VersionStage.current])
            try await fixture.rotate()
            let (current, previous) = (
                try await fixture.credentials("App"), try await fixture.credentials("App", VersionStage.previous)
            )
            #expect(try await fixture.works(current))
            #expect(try await fixture.works(previous))
            #expect(try await fixture.credentials("AppProxyUser").password == previous.password)
            let clone = try await server.connect("app_clone", password: current.password)
            #expect(try await clone.query("select from t").count == 1)
        }
    }

    @Test("with a password that was changed in the middle goes on with the one before", arguments: TestServer.versions)
    func interrupted(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try await RotationFixture(server)
            // Both after setSecret, before the labels moved: the manager's password is the pending one.
            let token = try fixture.store.beginRotation(of: "Manager")
            for step in [RotationStep.createSecret, .setSecret] { _ = try await fixture.take(step, "Manager", token) }
            #expect(try await !fixture.works(fixture.credentials("Manager")))
            #expect(try fixture.store.beginRotation(of: "Manager") == token)
            try await fixture.rotate("Manager")
            #expect(try await fixture.works(fixture.credentials("Manager")))
        }
    }

    @Test("answers as AWS's function does, and changes no label where it refuses", arguments: TestServer.versions)
    func refusals(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try await RotationFixture(server)
            func refused(_ step: RotationStep, _ token: String, _ words: String, secret: String = "App") async throws {
                let before = try await fixture.stages(secret)
                do {
                    let report = try await fixture.take(step, secret, token)
                    Issue.record("\(step) was taken: \(report)")
                } catch {
                    #expect("\(error)".contains(words), "\(error)")
                    #expect(!"\(error)".contains("\n"))
                }
                #expect(try await fixture.stages(secret) == before)
            }
            for step in RotationStep.allCases { try await refused(step, "unknown", "has no version 'unknown'") }
            let current = try await fixture.store.value(of: "App", stage: VersionStage.current).id
            #expect(try await fixture.take(.createSecret, "App", current) == "the version is current already")
            let token = try fixture.store.beginRotation(of: "App")
            for step in [RotationStep.setSecret, .testSecret, .finishSecret] {
                try await refused(step, token, "createSecret comes first")
            }
            _ = try await fixture.take(.createSecret, "App", token)
            // Again: the value that was made is used.
            let made = try await fixture.credentials("App", VersionStage.pending)
            #expect(try await fixture.take(.createSecret, "App", token).contains("made before"))
            #expect(try await fixture.credentials("App", VersionStage.pending) == made)
            try await refused(.testSecret, token, "refuses the new password")
            try await refused(.finishSecret, token, "refuses the new password")
            // The manager's secret is not to be read, or is another cluster's, or does not work any more.
            func manager(_ value: String) async throws {
                try await fixture.store.put(
                    value, for: "Manager", versionID: UUID().uuidString, stages: [VersionStage.current])
            }
            let good = fixture.value(TestServer.managerName, TestServer.password)
            try await manager("no JSON")
            try await refused(.setSecret, token, "is not a JSON object")
            try await manager(fixture.value(TestServer.managerName, TestServer.password, host: "other.example"))
            try await refused(.setSecret, token, "'other.example' is expected")
            try await manager(fixture.value(TestServer.managerName, "wrong"))
            try await refused(.setSecret, token, "aws rds modify-db-cluster")
            try await manager(fixture.value("app", "app's first"))
            try await refused(.setSecret, token, "names the manager")
            try await manager(good)
            // The order of the steps is all that is needed now.
            for step in [RotationStep.setSecret, .testSecret, .finishSecret] {
                _ = try await fixture.take(step, "App", token)
            }
            #expect(try await fixture.take(.finishSecret, "App", token) == "the version is current already")
            // A version that is not the one of a rotation.
            for step in RotationStep.allCases { try await refused(step, current, "is not labelled AWSPENDING") }
            try fixture.store.setRotationEnabled(false, of: "App")
            for step in RotationStep.allCases { try await refused(step, token, "not enabled for rotation") }
            for password in [TestServer.password, "app's first", "clone's first", made.password] {
                #expect(!fixture.logs.text.contains(password))
            }
        }
    }

    @Test(
        "refuses a secret that it must not act on",
        arguments: [
            (#"no JSON"#, "is not a JSON object"), (#"{"username":"app"}"#, "has no 'password'"),
            (#"{"username":"app","password":"p","engine":"postgres"}"#, "has no 'host'"),
            (#"{"username":"app","password":"p","host":"h"}"#, "this function rotates 'postgres'"),
            (#"{"username":"app","password":"p","host":"h","engine":"mysql"}"#, "for the engine 'mysql'"),
            (
                #"{"username":"other","password":"p","host":"h","engine":"postgres","masterarn":"MASTER"}"#,
                "does not declare"
            ),
            (
                #"{"username":"app","password":"p","host":"h","engine":"postgres","masterarn":"arn:mine"}"#,
                "names 'arn:mine' as its masterarn"
            ),
            (
                #"{"username":"app","password":"p","host":"h","engine":"postgres","masterarn":"MASTER"}"#,
                "'127.0.0.1' is expected"
            ),
            (#"{"username":"app","password":"p","host":"127.0.0.1","engine":"postgres"}"#, "has no 'masterarn'"),
            (#"{"username":"other","password":"p","host":"127.0.0.1","engine":"postgres"}"#, "has no 'masterarn'"),
        ])
    func malformed(value: String, words: String) async throws {
        try await TestServer.with(version: 17) { server in
            let fixture = try await RotationFixture(server)
            try await fixture.store.put(
                value.replacing("MASTER", with: FileSecretStore.arn(of: "Manager")), for: "App",
                versionID: UUID().uuidString, stages: [VersionStage.current])
            let token = try fixture.store.beginRotation(of: "App")
            let before = try await fixture.stages("App")
            do {
                for step in [RotationStep.createSecret, .setSecret] { _ = try await fixture.take(step, "App", token) }
                Issue.record("it was taken")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
            }
            #expect(try await fixture.stages("App") == before)
            let manager = try await server.connect()
            #expect(try await manager.query("select from pg_roles where rolname like 'other%'").isEmpty)
            #expect(!fixture.logs.text.contains(TestServer.password))
        }
    }

    @Test(
        "refuses a new value that somebody else has made",
        arguments: [
            ("other", "127.0.0.1", "it is the turn of 'app_clone'"), ("app", "127.0.0.1", "it is the turn of"),
            ("app_clone", "elsewhere.example", "'127.0.0.1' is expected"),
        ])
    func foreignPending(username: String, host: String, words: String) async throws {
        try await TestServer.with(version: 18) { server in
            let fixture = try await RotationFixture(server)
            let token = try fixture.store.beginRotation(of: "App")
            try await fixture.store.put(
                fixture.value(username, "chosen by an attacker", isPaired: true, host: host), for: "App",
                versionID: token, stages: [VersionStage.pending])
            for step in [RotationStep.setSecret, .testSecret, .finishSecret] {
                do {
                    _ = try await fixture.take(step, "App", token)
                    Issue.record("\(step) was taken")
                } catch {
                    #expect("\(error)".contains(words), "\(error)")
                }
            }
            #expect(try await fixture.works(fixture.credentials("App")))
            #expect(!fixture.logs.text.contains("chosen by an attacker"))
        }
    }

    @Test("goes on where it was when the database comes back")
    func databaseDown() async throws {
        try await TestServer.with(version: 17) { server in
            let fixture = try await RotationFixture(server)
            let token = try fixture.store.beginRotation(of: "App")
            _ = try await fixture.take(.createSecret, "App", token)
            let superuser = try await server.connectAsSuperuser()
            // Nobody but superusers gets in.
            try await superuser.query("alter role \(identifier: TestServer.managerName) connection limit 0")
            let before = try await fixture.stages("App")
            await #expect(throws: PostgresError.self) { try await fixture.take(.setSecret, "App", token) }
            #expect(try await fixture.stages("App") == before)
            try await superuser.query("alter role \(identifier: TestServer.managerName) connection limit -1")
            try await fixture.rotate()
            #expect(try await fixture.works(fixture.credentials("App")))
        }
    }
}
