// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import LambdaRuntime
import Logging
import PostgreSQL
import SecretStore

/// Completes the secrets of a pair of users, and makes the passwords that they hold work.
struct UserProvisioner: Sendable {
    /// What the application's secret says of the proxy.
    enum ProxyHost {
        /// What it said before.
        case kept
        /// This; nothing where `nil`.
        case set(String?)
    }

    let environment: FunctionEnvironment
    let newVersionID: @Sendable () -> String

    /// Provisions a pair; the password of the one that is not active is left alone.
    ///
    /// - Parameters:
    ///   - secretArn: The application's secret.
    ///   - username: Whom it has to be for; anybody where `nil`, as templates of older versions do not say it.
    ///   - proxyHost: What it says of the proxy.
    ///   - proxyUser: The secret by which the proxy admits the user itself.
    ///   - proxyClone: The secret by which it admits the user's clone.
    /// - Returns: The user, and how much had to change.
    /// - Throws: ``FunctionError``, `AccessError`, `PostgresError`, `SecretStoreError`.
    func provision(
        _ secretArn: String, of username: String?, proxyHost: ProxyHost, proxyUser: String?, proxyClone: String?
    ) async throws -> CustomResourceOutcome {
        let manager = try await environment.managerLogin().logIn()
        defer { Task { await manager.connection.close() } }

        var changes = 0
        var user = try await read(secretArn)
        let isIncomplete = user.complete(from: manager.credentials, proxyHost: proxyHost)
        guard user.host == manager.credentials.host else {
            throw FunctionError.refused(
                "The secret '\(secretArn)' is for the host '\(user.host ?? "")', and the manager's for "
                    + "'\(manager.credentials.host ?? "")': a password is only set on the manager's own cluster.")
        }
        let base = Self.baseName(user.username)
        // Whoever can write to a secret must not have the manager set another user's password.
        guard username == nil || username == base else {
            throw FunctionError.refused(
                "The secret '\(secretArn)' names the user '\(user.username)', and is '\(username ?? "")'s: mend the secret."
            )
        }
        guard base != Self.baseName(manager.credentials.username) else {
            throw FunctionError.refused("The secret '\(secretArn)' names the manager: use another user.")
        }
        if isIncomplete {
            try await write(user, to: secretArn)
            changes += 1
        }
        let access = AccessManager(
            manager: manager.configuration, connection: manager.connection, logger: environment.logger)
        let logins = Login(
            manager: manager.configuration, connection: manager.connection, logger: environment.logger)
        changes += try await access.ensureUser(named: base)
        if try await logins.setPassword(user.password, of: user.username) { changes += 1 }
        changes += try await provisionProxy(
            secretArn, proxyUser, proxyClone, active: user, base: base, logins: logins)
        environment.logger.info(
            changes == 0 ? "the user \(base) is as declared, nothing had to change" : "the user \(base) is as declared")
        return CustomResourceOutcome(physicalResourceID: base, changes: changes)
    }

    /// The secrets by which the proxy admits the pair: the active user's holds the application's password, and its
    /// clone's one of its own.
    private func provisionProxy(
        _ userSecretArn: String, _ proxyUser: String?, _ proxyClone: String?, active: DatabaseCredentials, base: String,
        logins: Login
    ) async throws -> Int {
        var changes = 0
        let previous = try await readPrevious(userSecretArn)
        let pairs = [(proxyUser, base), (proxyClone, base + DesiredAccess.cloneSuffix)]
        for case (let arn?, let username) in pairs {
            var credentials = try await read(arn)
            let before = credentials
            credentials.username = username
            _ = credentials.complete(from: active, proxyHost: .set(active.proxyHost))
            if username == active.username {
                credentials.password = active.password
            } else if let previous, previous.username == username,
                try await logins.works(username: username, password: previous.password)
            {
                // Somebody may still log in with what was current before the last rotation (defect 5).
                credentials.password = previous.password
            } else if try await logins.setPassword(credentials.password, of: username) {
                changes += 1
            }
            if credentials != before {
                try await write(credentials, to: arn)
                changes += 1
            }
        }
        return changes
    }

    private func read(_ arn: String) async throws -> DatabaseCredentials {
        try await environment.secrets.credentials(of: arn)
    }

    /// What was current before the last rotation, where there was one.
    private func readPrevious(_ arn: String) async throws -> DatabaseCredentials? {
        do {
            return try await environment.secrets.credentials(of: arn, stage: VersionStage.previous)
        } catch SecretStoreError.notFound {
            return nil
        }
    }

    private func write(_ credentials: DatabaseCredentials, to arn: String) async throws {
        try await environment.secrets.replaceCurrent(credentials.value, of: arn, versionID: newVersionID())
    }

    private static func baseName(_ username: String) -> String {
        username.hasSuffix(DesiredAccess.cloneSuffix)
            ? String(username.dropLast(DesiredAccess.cloneSuffix.count)) : username
    }
}

extension DatabaseCredentials {
    /// Fills in where the database is, as far as that is missing, and where the proxy is.
    ///
    /// - Returns: Whether anything changed.
    fileprivate mutating func complete(
        from other: DatabaseCredentials, proxyHost: UserProvisioner.ProxyHost
    ) -> Bool {
        let before = self
        if host == nil {
            host = other.host
            port = other.port
        }
        if engine == nil { engine = other.engine }
        if case .set(let host) = proxyHost { self.proxyHost = host }
        return self != before
    }
}
