// SPDX-License-Identifier: Apache-2.0

import Foundation
import LocalServers
package import Logging
package import PostgreSQL

/// A PostgreSQL server for one test: made from a copy of fresh files, and gone afterwards.
package struct TestServer: Sendable {
    package static let managerName = "test_manager"
    package static let password = "not-much-of-a-secret"

    /// The versions that all database tests run on.
    package static let versions = [15, 17, 18]

    /// Whether tests that can run for any time run for long: where `AURORA_TEST_THOROUGHLY` is set.
    package static let isThorough = ProcessInfo.processInfo.environment["AURORA_TEST_THOROUGHLY"] != nil

    package let version: Int
    package let port: Int
    package let logger: Logger
    /// The server's own log, to look for what must not be in it.
    package let logFile: String

    /// Runs a test on a server of a version, with a master user as RDS has it.
    package static func with<T: Sendable>(
        version: Int, options: [String] = [], _ body: (TestServer) async throws -> T
    ) async throws -> T {
        let original = try await Templates.shared.template(version)
        let directory = try Templates.directory("server-\(UUID().uuidString)")
        let server = try await original.copy(to: directory, settings: ["fsync=off"] + options)
        let port = try await server.start(port: nil)
        let test = TestServer(version: version, port: port, logger: quietLogger, logFile: "\(directory)/server.log")
        do {
            let result = try await body(test)
            _ = try? await server.stop()
            try? FileManager.default.removeItem(atPath: directory)
            return result
        } catch {
            _ = try? await server.stop()
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    private static let quietLogger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    package func configuration(
        _ username: String = managerName, password: String = password, database: String = "postgres"
    ) -> PostgresConnection.Configuration {
        .init(
            host: "127.0.0.1", port: port, username: username, password: password, database: database, tls: .disable)
    }

    package func connect(
        _ username: String = managerName, password: String = password, database: String = "postgres"
    ) async throws -> PostgresConnection {
        try await .connect(configuration(username, password: password, database: database), logger: logger)
    }

    package func connectAsSuperuser(database: String = "postgres") async throws -> PostgresConnection {
        try await connect(PostgresServer.superuser, password: Self.password, database: database)
    }
}

/// Fresh files of each version, made once for a test run.
private actor Templates {
    static let shared = Templates()

    private var templates: [Int: Task<PostgresServer, any Error>] = [:]

    static func directory(_ name: String) throws -> String {
        let root = "/tmp/aurora-tests-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        return "\(root)/\(name)"
    }

    func template(_ version: Int) async throws -> PostgresServer {
        if let task = templates[version] { return try await task.value }
        let task = Task {
            let server = try await PostgresServer(
                directory: try Self.directory("template-\(version)"), version: version,
                environment: ProcessInfo.processInfo.environment)
            try await server.initialize(superuserPassword: TestServer.password)
            let port = try await server.start(port: nil)
            try await server.makeMasterUser(
                TestServer.managerName, password: TestServer.password, superuserPassword: TestServer.password,
                port: port, logger: Logger(label: "test"))
            try await server.stop()
            return server
        }
        templates[version] = task
        return try await task.value
    }
}
