// SPDX-License-Identifier: Apache-2.0

import AuroraFunctions
import AuroraResources
import Foundation
import LambdaRuntime
import Logging
import PostgreSQL
import SecretStore
import TestSupport
import Testing

/// The handlers with a real server and a real store, asked as CloudFormation asks.
private struct Fixture {
    let server: TestServer
    let secrets = FileSecretStore(
        directory: FileManager.default.temporaryDirectory.appending(path: "handlers-\(UUID().uuidString)").path)

    init(_ server: TestServer) throws {
        self.server = server
        try secrets.create("Manager", value: secret(TestServer.managerName, TestServer.password))
    }

    func secret(_ username: String, _ password: String, host: String? = "127.0.0.1") -> String {
        let place = host.map { #","host":"\#($0)","port":\#(server.port)"# } ?? ""
        return #"{"username":"\#(username)","password":"\#(password)","engine":"postgres"\#(place)}"#
    }

    func ask(
        _ handler: HandlerName, _ type: String, _ properties: String, old: String? = nil, id: String? = nil,
        resourceType: String = "Custom::Any", managerSecret: String = "Manager"
    ) async throws -> CustomResourceResponse {
        let event = """
            {"RequestType":"\(type)","RequestId":"r","StackId":"s","LogicalResourceId":"l","ResponseURL":"http://bucket",
            "ResourceType":"\(resourceType)",
            \(id.map { "\"PhysicalResourceId\":\"\($0)\"," } ?? "")
            \(old.map { "\"OldResourceProperties\":\($0)," } ?? "")
            "ResourceProperties":\(properties)}
            """
        let environment = FunctionEnvironment(
            variables: ["MANAGER_SECRET_ARN": managerSecret], secrets: secrets, tls: .disable,
            patience: .milliseconds(600),
            logger: server.logger)
        return try await environment.answer(handler, Array(event.utf8))
    }

    func credentials(_ name: String) async throws -> DatabaseCredentials {
        try DatabaseCredentials(value: await secrets.value(of: name, stage: VersionStage.current).value, secret: name)
    }

    func logsIn(_ username: String, _ password: String) async throws -> Bool {
        do {
            await (try await server.connect(username, password: password)).close()
            return true
        } catch let error as PostgresError where error.isAuthenticationFailure {
            return false
        }
    }
}

@Suite("The database handler")
struct DatabaseHandlerTests {
    private let properties =
        #"{"ServiceToken":"t","databaseName":"demo","schemas":["app"],"users":[{"username":"reader","access":"reader"}]}"#

    @Test("answers with the database's name, and the same again for the same request", arguments: TestServer.versions)
    func create(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try Fixture(server)
            let first = try await fixture.ask(.database, "Create", properties)
            #expect(first.status == .success, "\(first.reason ?? "")")
            #expect(first.physicalResourceID == "demo")
            let second = try await fixture.ask(.database, "Create", properties)
            #expect(first.changes > 0 && second.changes == 0)
            // To the letter, as CloudFormation sees it.
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            #expect(try encoder.encode(second) == encoder.encode(first))
            #expect(try await fixture.ask(.database, "Delete", properties, id: "demo").status == .success)
            _ = try await server.connect(database: "demo")
        }
    }

    @Test("fails the deployment, with the reason, where provisioning fails (defects 1 and 2)")
    func failure() async throws {
        try await TestServer.with(version: 15) { server in
            let fixture = try Fixture(server)
            // The manager may not create databases here.
            let superuser = try await server.connectAsSuperuser()
            try await superuser.query("alter role \(identifier: TestServer.managerName) nocreatedb")
            let response = try await fixture.ask(.database, "Create", properties)
            #expect(response.status == .failed)
            #expect(response.reason?.contains("permission denied to create database") == true)
            #expect(response.reason?.contains(TestServer.password) == false)
        }
    }

    @Test(
        "names what is wrong with the properties",
        arguments: [
            (#"{"schemas":[],"users":[]}"#, "ResourceProperties.databaseName is missing"),
            (#"{"databaseName":"demo","schemas":"app","users":[]}"#, "ResourceProperties.schemas is no Array"),
            (
                #"{"databaseName":"demo","schemas":["app"],"users":[{"username":"a","access":"root"}]}"#,
                "users.[0].access"
            ),
            (#"{"databaseName":"","schemas":[""],"users":[]}"#, "the name of the database is empty"),
        ])
    func invalid(properties: String, message: String) async throws {
        try await TestServer.with(version: 15) { server in
            let response = try await Fixture(server).ask(.database, "Create", properties)
            #expect(response.status == .failed)
            #expect(response.reason?.contains(message) == true, "\(response.reason ?? "")")
        }
    }

    @Test("takes away on an update what is not declared any more", arguments: TestServer.versions)
    func update(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try Fixture(server)
            _ = try await fixture.ask(.database, "Create", properties)
            let less = #"{"databaseName":"demo","schemas":["other"],"users":[]}"#
            let response = try await fixture.ask(.database, "Update", less, old: properties, id: "demo")
            #expect(response.status == .success, "\(response.reason ?? "")")
            let connection = try await server.connect(database: "demo")
            let rows = try await connection.query(
                "select rolcanlogin as login, has_schema_privilege('r_reader', 'app', 'usage') as usage from pg_roles where rolname = 'reader'"
            )
            #expect(try rows[0].decode("login") == false)
            #expect(try rows[0].decode("usage") == false)
        }
    }
}

@Suite("Users that are left to others")
struct UnmanagedUsersTests {
    @Test("keep their login when the resource no longer speaks of them")
    func unmanaged() async throws {
        try await TestServer.with(version: 15) { server in
            let fixture = try Fixture(server)
            let declared =
                #"{"databaseName":"demo","schemas":["app"],"users":[{"username":"reader","access":"reader"}]}"#
            _ = try await fixture.ask(.database, "Create", declared)
            let silent = #"{"databaseName":"demo","schemas":["app"]}"#
            let response = try await fixture.ask(.database, "Update", silent, old: declared, id: "demo")
            #expect(response.status == .success, "\(response.reason ?? "")")
            #expect(response.changes == 0)
        }
    }

    @Test("and a manager who cannot log in are reported, without the password")
    func manager() async throws {
        try await TestServer.with(version: 15) { server in
            let fixture = try Fixture(server)
            try fixture.secrets.create("Wrong", value: fixture.secret(TestServer.managerName, "hidden-password"))
            let response = try await fixture.ask(
                .database, "Create", #"{"databaseName":"demo","schemas":["app"]}"#, managerSecret: "Wrong")
            #expect(response.status == .failed)
            #expect(response.reason?.contains("authentication failed") == true)
            #expect(response.reason?.contains("hidden-password") == false)
        }
    }
}

@Suite("The user handler")
struct UserHandlerTests {
    @Test(
        "completes the secret, makes its password work, and leaves the clone's alone (defect 5)",
        arguments: TestServer.versions)
    func active(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try Fixture(server)
            try fixture.secrets.create("Reader", value: fixture.secret("reader", "first", host: nil))
            let properties = #"{"userSecretArn":"Reader","access":"reader","proxyHost":"proxy.example"}"#
            let created = try await fixture.ask(.user, "Create", properties)
            #expect(created.status == .success, "\(created.reason ?? "")")
            #expect(created.physicalResourceID == "reader")
            let secret = try await fixture.credentials("Reader")
            #expect(secret.host == "127.0.0.1")
            #expect(secret.proxyHost == "proxy.example")
            #expect(try await fixture.logsIn("reader", "first"))
            #expect(try await fixture.ask(.user, "Update", properties, old: properties, id: "reader").changes == 0)

            // A rotation has made the clone current; the user's own password must go on working.
            let manager = try await server.connect()
            let verifier = try await manager.passwordVerifier("second", username: "reader_clone")
            try await manager.query("alter role reader_clone password \(literal: verifier)")
            try await fixture.secrets.put(
                fixture.secret("reader_clone", "second"), for: "Reader", versionID: "rotated",
                stages: [VersionStage.current])
            let updated = try await fixture.ask(.user, "Update", properties, old: properties, id: "reader")
            #expect(updated.physicalResourceID == "reader")
            #expect(try await fixture.logsIn("reader", "first"))
            #expect(try await fixture.logsIn("reader_clone", "second"))
            #expect(try await manager.query("select from pg_roles where rolname = 'reader_clone_clone'").isEmpty)
        }
    }

    @Test("fills the proxy's two secrets so that both users of the pair log in", arguments: TestServer.versions)
    func proxy(version: Int) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try Fixture(server)
            try fixture.secrets.create("Reader", value: fixture.secret("reader", "application"))
            try fixture.secrets.create("ProxyUser", value: fixture.secret("reader", "generated-one"))
            try fixture.secrets.create("ProxyClone", value: fixture.secret("reader_clone", "generated-two"))
            let properties =
                #"{"userSecretArn":"Reader","access":"reader","proxyUserSecretArn":"ProxyUser","proxyCloneSecretArn":"ProxyClone"}"#
            let response = try await fixture.ask(.user, "Create", properties)
            #expect(response.status == .success, "\(response.reason ?? "")")
            #expect(try await fixture.credentials("ProxyUser").password == "application")
            for name in ["Reader", "ProxyUser", "ProxyClone"] {
                let secret = try await fixture.credentials(name)
                #expect(try await fixture.logsIn(secret.username, secret.password), "\(name)")
            }
            #expect(try await fixture.ask(.user, "Create", properties).changes == 0)
        }
    }

    @Test(
        "moves the original's layout over: before the proxy lists both, both log in with what they had",
        arguments: TestServer.versions, [true, false])
    func migration(version: Int, isRotated: Bool) async throws {
        try await TestServer.with(version: version) { server in
            let fixture = try Fixture(server)
            // As AWS's function and the original leave it: the clone is at work, and the window for the user is open.
            let manager = try await server.connect()
            for (name, password) in [("reader", "first"), ("reader_clone", "second")] {
                try await manager.query("create role \(identifier: name) login")
                try await manager.setPassword(password, of: name)
            }
            func secret(_ username: String, _ password: String) -> String {
                let value = fixture.secret(username, password)
                return value.dropLast() + #","proxyHost":"proxy.example"}"#
            }
            try fixture.secrets.create("Reader", value: secret("reader", "first"))
            if isRotated {
                try await fixture.secrets.put(
                    secret("reader_clone", "second"), for: "Reader", versionID: "rotated",
                    stages: [VersionStage.current])
            }
            try fixture.secrets.create("ProxyUser", value: fixture.secret("reader", "generated-one"))
            try fixture.secrets.create("ProxyClone", value: fixture.secret("reader_clone", "generated-two"))
            let listed = #""proxyUserSecretArn":"ProxyUser","proxyCloneSecretArn":"ProxyClone""#
            let before = try await fixture.credentials("Reader")
            for expected in [isRotated ? 2 : 3, 0] {
                let response = try await fixture.ask(
                    .user, "Create", #"{"userSecretArn":"Reader",\#(listed)}"#,
                    resourceType: ProxyCredentialsProperties.resourceType)
                #expect(response.status == .success && response.physicalResourceID == "reader")
                #expect(response.changes == expected)
            }
            // The application's secret says what it said, and what anybody holds goes on working.
            #expect(try await fixture.credentials("Reader") == before)
            #expect(try await fixture.logsIn("reader", "first"))
            #expect(try await fixture.logsIn("reader_clone", "second") == isRotated)
            #expect(try await fixture.credentials("ProxyUser").password == "first")
            #expect(try await fixture.credentials("ProxyClone").password == (isRotated ? "second" : "generated-two"))
            #expect(try await fixture.credentials("ProxyUser").proxyHost == "proxy.example")
            // The user's own resource has nothing left to do.
            let whole = #"{"userSecretArn":"Reader","access":"reader","proxyHost":"proxy.example",\#(listed)}"#
            #expect(try await fixture.ask(.user, "Create", whole).changes == 0)
        }
    }

    @Test("is deleted where the cluster, or the manager's secret, is gone already")
    func deletionAfterTheCluster() async throws {
        let properties = #"{"userSecretArn":"Reader","access":"reader","databaseName":"demo","dropUser":"true"}"#
        var gone: Fixture?
        try await TestServer.with(version: 17) { server in gone = try Fixture(server) }
        let fixture = try #require(gone)
        for secret in ["Manager", "no such secret"] {
            let response = try await fixture.ask(
                .user, "Delete", properties, id: "reader", managerSecret: secret)
            #expect(response.status == .success, "\(response.reason ?? "")")
        }
    }

    @Test(
        "refuses secrets that are not its business, without changing anything",
        arguments: [
            ("reader", "elsewhere.example", "a password is only set on the manager's own cluster"),
            (TestServer.managerName, "127.0.0.1", "names the manager"),
        ])
    func refused(username: String, host: String, message: String) async throws {
        try await TestServer.with(version: 15) { server in
            let fixture = try Fixture(server)
            try fixture.secrets.create("Odd", value: fixture.secret(username, "hidden-password", host: host))
            let response = try await fixture.ask(.user, "Create", #"{"userSecretArn":"Odd","access":"reader"}"#)
            #expect(response.status == .failed)
            #expect(response.reason?.contains(message) == true, "\(response.reason ?? "")")
            #expect(response.reason?.contains("hidden-password") == false)
            #expect(try await fixture.logsIn(TestServer.managerName, TestServer.password))
        }
    }

    @Test("says which secret is not one", arguments: ["not json", "{}", #"{"username":"a"}"#])
    func malformed(value: String) async throws {
        try await TestServer.with(version: 15) { server in
            let fixture = try Fixture(server)
            try fixture.secrets.create("Odd", value: value)
            let response = try await fixture.ask(.user, "Create", #"{"userSecretArn":"Odd","access":"reader"}"#)
            #expect(response.status == .failed)
            #expect(response.reason?.contains("'Odd'") == true, "\(response.reason ?? "")")
        }
    }
}
