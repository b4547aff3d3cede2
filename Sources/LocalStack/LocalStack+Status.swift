// SPDX-License-Identifier: Apache-2.0

import LocalServers
import PostgreSQL
public import SecretStore

extension LocalStack {
    /// A login of the stack.
    public struct Login: Sendable {
        /// What it is called in commands: `manager`, `reader`, ….
        public let user: String
        /// The secret's name.
        public let secret: String
        /// The user's name in the database.
        public let username: String
        /// Whether it works now; `nil` where the server does not run.
        public let works: Bool?
        /// Whether it works through the proxy; `nil` where there is none, or it does not list this login.
        public let worksThroughProxy: Bool?
    }

    /// How a stack is.
    public struct Status: Sendable {
        /// The port on which the server runs; `nil` where it does not.
        public let port: Int?
        /// The database.
        public let database: String
        /// The logins, the manager's first.
        public let logins: [Login]
    }

    /// Looks how the stack is, and logs in with each secret.
    ///
    /// - Throws: ``LocalStackError``, `ServerError`, `SecretStoreError`.
    public func status() async throws -> Status {
        let state = try LocalState(directory: directory)
        let server = try await server()
        let port = server.runningPort
        var logins: [Login] = []
        for secret in try orderedSecrets(state) {
            let credentials = try await credentials(of: secret)
            var works: Bool?
            if port != nil { works = try await logsIn(credentials, database: state.databaseName) }
            var worksThroughProxy: Bool?
            if port != nil, state.hasProxy == true, credentials.masterArn != nil {
                worksThroughProxy = try await proxyAccepts(credentials, database: state.databaseName)
            }
            logins.append(
                Login(
                    user: userName(secret, state), secret: secret, username: credentials.username, works: works,
                    worksThroughProxy: worksThroughProxy))
        }
        return Status(port: port, database: state.databaseName, logins: logins)
    }

    func orderedSecrets(_ state: LocalState) throws -> [String] {
        let names = try secrets.names
        let manager = names.filter { FileSecretStore.arn(of: $0) == state.managerSecret }
        return manager + names.filter { !manager.contains($0) }
    }

    /// What a secret's user is called: the part of its name that tells it from the manager's.
    func userName(_ secret: String, _ state: LocalState) -> String {
        let manager = state.managerSecret.split(separator: ":").last.map(String.init) ?? ""
        let suffix = "Manager"
        guard manager.hasSuffix(suffix) else { return secret }
        let common = manager.dropLast(suffix.count)
        guard secret.hasPrefix(common) else { return secret }
        let name = secret.dropFirst(common.count)
        return name.prefix(1).lowercased() + name.dropFirst()
    }

    func logsIn(_ credentials: DatabaseCredentials, database: String) async throws -> Bool {
        do {
            let connection = try await PostgresConnection.connect(
                configuration(credentials, database: database), logger: logger)
            await connection.close()
            return true
        } catch is PostgresError {
            return false
        }
    }

    func configuration(
        _ credentials: DatabaseCredentials, database: String
    ) -> PostgresConnection.Configuration {
        .init(
            host: credentials.host ?? Self.host, port: credentials.port, username: credentials.username,
            password: credentials.password, database: database, tls: .disable)
    }

    /// How to log in as a user.
    ///
    /// - Parameter user: What ``Login/user`` says, such as `reader`; where `nil`, the reader, or the first user where there is
    ///   none of that name.
    /// - Returns: The login, and the folder of the programs that belong to the server.
    /// - Throws: ``LocalStackError`` where the stack does not run, or has no such user.
    public func login(
        as user: String?
    ) async throws -> (credentials: DatabaseCredentials, database: String, binaries: String) {
        let secret = try await secretName(of: user)
        let state = try LocalState(directory: directory)
        return (try await credentials(of: secret), state.databaseName, try await server().installation.binaries)
    }

    /// The secret of a user of a stack that runs.
    func secretName(of requested: String?) async throws -> String {
        let state = try LocalState(directory: directory)
        guard try await server().runningPort != nil else { throw LocalStackError.notRunning(stack: name) }
        let names = try orderedSecrets(state)
        let known = names.map { userName($0, state) }
        let user = requested ?? (known.contains("reader") ? "reader" : known.first { $0 != "manager" } ?? "manager")
        guard let secret = names.first(where: { userName($0, state).lowercased() == user.lowercased() || $0 == user })
        else {
            throw LocalStackError.noSuchUser(name: user, known: known)
        }
        return secret
    }
}
