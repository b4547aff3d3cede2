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

/// pgbouncer in front of a server of one's own, as RDS Proxy stands in front of a cluster: it admits exactly the logins
/// that it is told of.
public struct ConnectionPooler: Sendable {
    /// Where it listens: at the server's port, but at an address of its own, as a proxy has a name of its own.
    public static let host = "127.0.0.2"
    private static let administrator = "aurora_proxy_administrator"
    private static let startDeadline = Duration.seconds(60)

    /// A login that is admitted.
    public struct Login: Hashable, Sendable {
        let username: String
        let password: String

        /// Describes a login.
        public init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    private let directory: String
    private let user: ServerUser
    private let administratorPassword: String

    private var configuration: String { "\(directory)/pgbouncer.ini" }
    private var list: String { "\(directory)/pgbouncer.users" }
    private var pidFile: String { "\(directory)/pgbouncer.pid" }
    /// Where it logs to.
    public var logFile: String { "\(directory)/pgbouncer.log" }

    /// Names a pooler.
    ///
    /// - Parameters:
    ///   - directory: Where the server's files are, and its own are put.
    ///   - administratorPassword: The password of the one who may tell it to read its list again.
    ///   - environment: The process's environment variables.
    /// - Throws: ``ServerError``.
    public init(directory: String, administratorPassword: String, environment: [String: String]) throws(ServerError) {
        self.directory = directory
        self.administratorPassword = administratorPassword
        user = try ServerUser(environment: environment)
    }

    private static var program: String? {
        ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"]
            .first(where: FileManager.default.isExecutableFile)
    }

    private var process: pid_t? {
        guard let text = FileManager.default.contents(atPath: pidFile),
            let process = pid_t(String(decoding: text, as: UTF8.self).trimmed), kill(process, 0) == 0,
            let name = FileManager.default.contents(atPath: "/proc/\(process)/comm"),
            String(decoding: name, as: UTF8.self).trimmed == "pgbouncer"
        else { return nil }
        return process
    }

    /// Whether it runs.
    public var isRunning: Bool { process != nil }

    /// Starts it, or tells it whom to admit from now on; sessions that are open go on.
    ///
    /// - Parameters:
    ///   - port: The server's port, and its own.
    ///   - logins: Whom it admits, and nobody else.
    ///   - logger: Gets what it says.
    /// - Throws: ``ServerError``, `PostgresError`.
    public func run(port: Int, admitting logins: [Login], logger: Logger) async throws {
        guard let program = Self.program else { throw ServerError.noPooler }
        let users = logins + [Login(username: Self.administrator, password: administratorPassword)]
        func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }
        try await write(
            users.map { "\(quoted($0.username)) \(quoted($0.password))\n" }.joined(), to: list)
        try await write(
            """
            [databases]
            * = host=127.0.0.1 port=\(port)
            [pgbouncer]
            listen_addr = \(Self.host)
            listen_port = \(port)
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = \(list)
            admin_users = \(Self.administrator)
            pool_mode = session
            max_client_conn = 1000
            default_pool_size = 60
            server_login_retry = 1
            ignore_startup_parameters = extra_float_digits, options
            pidfile = \(pidFile)
            logfile = \(logFile)

            """, to: configuration)
        if isRunning {
            return try await command("RELOAD", port, logger)
        }
        try? FileManager.default.removeItem(atPath: pidFile)
        try await user.run(program, ["--daemon", "--quiet", configuration])
        let deadline = ContinuousClock.now + Self.startDeadline
        while true {
            do {
                return try await command("SHOW VERSION", port, logger)
            } catch {
                guard ContinuousClock.now < deadline else {
                    throw ServerError.failed(program: "pgbouncer", output: "\(error); its log is \(logFile)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Stops it, ending its sessions.
    public func stop() async {
        guard let process else { return }
        kill(process, SIGTERM)
        let deadline = ContinuousClock.now + Self.startDeadline
        while isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
    }

    /// Says something to its console, which knows nothing but plain statements.
    private func command(_ text: String, _ port: Int, _ logger: Logger) async throws {
        let connection = try await PostgresConnection.connect(
            .init(
                host: Self.host, port: port, username: Self.administrator, password: administratorPassword,
                database: "pgbouncer", tls: .disable), logger: logger)
        try await connection.execute(unsafeScript: text)
        await connection.close()
    }

    /// Writes a file of the server's user, as a whole or not at all.
    private func write(_ text: String, to path: String) async throws {
        try await user.run(
            "/bin/sh", ["-c", "umask 077; cat > \"$1.new\" && mv \"$1.new\" \"$1\"", "sh", path], input: text)
    }
}
