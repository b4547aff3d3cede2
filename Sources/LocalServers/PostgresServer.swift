// SPDX-License-Identifier: Apache-2.0

public import Logging
import PostgreSQL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A PostgreSQL server of one's own, on loopback, whose master user may do what RDS lets one do: no superuser.
public struct PostgresServer: Sendable {
    /// The real superuser, as RDS has one of its own that nobody else logs in as.
    public static let superuser = "rdsadmin"
    private static let startAttempts = 5

    /// Where the server's files are.
    public let directory: String
    /// The server's programs.
    public let installation: PostgresInstallation
    private let user: ServerUser
    private var settings: [String] = []

    private var data: String { "\(directory)/data" }
    /// Where the server logs to.
    public var logFile: String { "\(directory)/server.log" }
    private var pidFile: String { "\(data)/postmaster.pid" }
    private func program(_ name: String) -> String { "\(installation.binaries)/\(name)" }

    /// Chooses the programs for a folder.
    ///
    /// - Parameters:
    ///   - directory: Where the server's files are, or will be; an absolute path.
    ///   - version: The version for new files; the newest where `nil`.
    ///   - environment: The process's environment variables.
    /// - Throws: ``ServerError``, where no programs fit, before anything is changed.
    public init(directory: String, version: Int? = nil, environment: [String: String]) async throws {
        user = try ServerUser(environment: environment)
        self.directory = directory
        let installed = await PostgresInstallation.all(environment: environment)
        let made = FileManager.default.contents(atPath: "\(directory)/data/PG_VERSION").map {
            String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
        }
        if let made {
            guard let fitting = installed.first(where: { String($0.majorVersion) == made }) else {
                throw ServerError.wrongVersion(
                    directory: directory, found: made, installed: installed.map(\.majorVersion))
            }
            if let version, String(version) != made {
                throw ServerError.wrongVersion(directory: directory, found: made, installed: [version])
            }
            installation = fitting
        } else {
            guard let fitting = installed.first(where: { version == nil || $0.majorVersion == version }) else {
                throw ServerError.notInstalled(version: version)
            }
            installation = fitting
        }
    }

    /// Whether the files have been made.
    public var isInitialized: Bool { FileManager.default.fileExists(atPath: "\(data)/PG_VERSION") }

    /// Makes the files, all or none.
    ///
    /// - Parameter superuserPassword: The password of ``superuser``.
    /// - Throws: ``ServerError``; nothing is left behind then.
    public func initialize(superuserPassword: String) async throws {
        try user.makeDirectory(directory)
        let unfinished = "\(directory)/data.unfinished"
        try? FileManager.default.removeItem(atPath: unfinished)
        do {
            // initdb reads the password from a file, which has to be its own user's.
            try await user.run(
                "/bin/sh",
                [
                    "-c",
                    """
                    umask 077; cat > "$1"; shift; "$@"; status=$?; rm -f "$0"; exit $status
                    """,
                    "\(directory)/password", "\(directory)/password", program("initdb"), "--pgdata", unfinished,
                    "--username", Self.superuser, "--pwfile", "\(directory)/password", "--auth", "scram-sha-256",
                    "--encoding", "UTF8", "--no-locale", "--no-sync",
                ], input: superuserPassword + "\n", calledInErrors: "initdb")
            try FileManager.default.moveItem(atPath: unfinished, toPath: data)
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw error
        }
    }

    /// A server with a copy of this one's files; this one must not run.
    ///
    /// - Parameters:
    ///   - directory: Where the copy's files will be.
    ///   - settings: More of the server's settings, such as `fsync=off`.
    /// - Returns: The other server, which does not run yet.
    /// - Throws: ``ServerError``.
    package func copy(to directory: String, settings: [String] = []) async throws -> PostgresServer {
        try user.makeDirectory(directory)
        try await user.run("/bin/cp", ["-a", data, "\(directory)/data"])
        return PostgresServer(directory: directory, installation: installation, user: user, settings: settings)
    }

    private init(directory: String, installation: PostgresInstallation, user: ServerUser, settings: [String]) {
        self.directory = directory
        self.installation = installation
        self.user = user
        self.settings = settings
    }

    /// The port on which the server runs; `nil` where it does not run.
    public var runningPort: Int? {
        // PostgreSQL's sources, miscadmin.h, name the lines: process, data, start, port, ….
        guard let text = FileManager.default.contents(atPath: pidFile) else { return nil }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 3, let process = pid_t(lines[0].trimmed), let port = Int(lines[3].trimmed),
            isServer(process)
        else { return nil }
        return port
    }

    /// Whether a process is a PostgreSQL server: a number in a file may meanwhile be another program's.
    private func isServer(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 || errno == EPERM else { return false }
        guard let name = FileManager.default.contents(atPath: "/proc/\(process)/comm") else { return true }
        return String(decoding: name, as: UTF8.self).trimmed == "postgres"
    }

    /// Starts the server, unless it runs.
    ///
    /// - Parameter port: The port; a free one where `nil`.
    /// - Returns: The port on which it runs.
    /// - Throws: ``ServerError``.
    public func start(port: Int?) async throws -> Int {
        if let running = runningPort { return running }
        // A killed server leaves this behind, and its successor would believe it if the number were taken again.
        if FileManager.default.fileExists(atPath: pidFile) { try? FileManager.default.removeItem(atPath: pidFile) }
        var failure: any Error = ServerError.failed(program: "pg_ctl", output: "there is no free port")
        for _ in 0..<Self.startAttempts {
            guard let chosen = port ?? LoopbackPort.free() else { throw failure }
            guard LoopbackPort.isFree(chosen) else { throw ServerError.portTaken(chosen) }
            do {
                try await user.run(
                    program("pg_ctl"),
                    [
                        "start", "--wait", "--timeout", "120", "--silent", "--pgdata", data, "--log", logFile,
                        "--options",
                        "-p \(chosen) -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
                            + "-c password_encryption=scram-sha-256 -c max_connections=300"
                            + settings.map { " -c \($0)" }.joined(),
                    ])
                return chosen
            } catch {
                failure = error
                // Another program may have taken a port that was free a moment ago.
                if port != nil || LoopbackPort.isFree(chosen) { break }
            }
        }
        throw ServerError.failed(program: "The PostgreSQL server", output: lastLogLines ?? "\(failure)")
    }

    private var lastLogLines: String? {
        FileManager.default.contents(atPath: logFile).map {
            String(decoding: $0, as: UTF8.self).split(separator: "\n").suffix(3).joined(separator: "; ")
        }
    }

    /// Stops the server, ending its sessions.
    ///
    /// - Returns: Whether it ran.
    /// - Throws: ``ServerError`` where it does not stop.
    @discardableResult
    public func stop() async throws -> Bool {
        guard runningPort != nil else { return false }
        try await user.run(
            program("pg_ctl"), ["stop", "--wait", "--timeout", "120", "--silent", "--mode", "fast", "--pgdata", data])
        return true
    }

    /// Makes the master user as RDS does: it creates roles and databases, is a member of `rds_superuser`, and owns the
    /// first database (Amazon RDS User Guide, "Master user account privileges").
    ///
    /// - Parameters:
    ///   - name: The master user.
    ///   - password: Its password.
    ///   - superuserPassword: The password of ``superuser``.
    ///   - port: Where the server runs.
    ///   - logger: Gets the server's notices.
    /// - Throws: `PostgresError`.
    public func makeMasterUser(
        _ name: String, password: String, superuserPassword: String, port: Int, logger: Logger
    ) async throws {
        let connection = try await PostgresConnection.connect(
            .init(
                host: "127.0.0.1", port: port, username: Self.superuser, password: superuserPassword,
                database: "postgres", tls: .disable), logger: logger)
        defer { Task { await connection.close() } }
        let verifier = try await connection.passwordVerifier(password, username: name)
        let found = try await connection.query(
            "select rolname from pg_roles where rolname in (\(name), 'rds_superuser')")
        let roles = try found.map { try $0.decode("rolname", as: String.self) }
        try await connection.withTransaction { connection in
            if !roles.contains("rds_superuser") {
                try await connection.query("create role rds_superuser nologin")
                try await connection.query("grant pg_monitor, pg_signal_backend to rds_superuser with admin option")
            }
            if !roles.contains(name) {
                try await connection.query("create role \(identifier: name) login createrole createdb")
                try await connection.query("grant rds_superuser to \(identifier: name)")
            }
            try await connection.query("alter role \(identifier: name) password \(literal: verifier)")
            try await connection.query("alter database postgres owner to \(identifier: name)")
        }
    }
}

extension StringProtocol {
    var trimmed: String { String(filter { !$0.isWhitespace }) }
}
