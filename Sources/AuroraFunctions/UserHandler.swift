// SPDX-License-Identifier: Apache-2.0

public import AuroraResources
import DatabaseAccess
public import LambdaRuntime
import Logging
import SecretStore

/// Provisions a user's login: its secrets are completed, and the password that they hold works.
public struct UserHandler: CustomResourceHandler {
    private let environment: FunctionEnvironment
    private let newVersionID: @Sendable () -> String

    /// Makes the handler.
    ///
    /// - Parameters:
    ///   - environment: Where it runs.
    ///   - newVersionID: Makes ids for versions of secrets.
    public init(_ environment: FunctionEnvironment, newVersionID: @escaping @Sendable () -> String) {
        self.environment = environment
        self.newVersionID = newVersionID
    }

    /// Completes the secrets and makes their passwords work; the pair's other password is left alone.
    public func createOrUpdate(
        _ request: CustomResourceRequest<UserProperties>
    ) async throws -> CustomResourceOutcome {
        let properties = request.properties
        let login = try environment.managerLogin()
        let manager = try await login.configuration()
        let managerCredentials = try await login.credentials()

        var changes = 0
        var user = try await read(properties.userSecretArn)
        if user.complete(from: managerCredentials, proxyHost: properties.proxyHost) {
            try await write(user, to: properties.userSecretArn)
            changes += 1
        }
        guard user.host == managerCredentials.host else {
            throw FunctionError.refused(
                "The secret '\(properties.userSecretArn)' is for the host '\(user.host ?? "")', and the manager's for "
                    + "'\(managerCredentials.host ?? "")': a password is only set on the manager's own cluster.")
        }
        let base = Self.baseName(user.username)
        guard base != Self.baseName(managerCredentials.username) else {
            throw FunctionError.refused("The secret '\(properties.userSecretArn)' names the manager: use another user.")
        }
        let access = AccessManager(manager: manager, logger: environment.logger)
        let logins = Login(manager: manager, logger: environment.logger)
        changes += try await access.ensureUser(named: base)
        if try await logins.setPassword(user.password, of: user.username) { changes += 1 }
        changes += try await provisionProxy(properties, active: user, base: base, logins: logins)
        environment.logger.info(
            changes == 0 ? "the user \(base) is as declared, nothing had to change" : "the user \(base) is as declared")
        return CustomResourceOutcome(physicalResourceID: base, data: ["changes": String(changes)])
    }

    /// Drops the user where that is declared, and where the database's resource has shut it out before.
    ///
    /// Otherwise nothing is done: a login is disabled when the database's resource no longer declares it, not when a
    /// stack that may leave its cluster behind is deleted. CloudFormation deletes what has left a template after all
    /// else was updated, so that an update that fails brings back the user with its password.
    public func delete(physicalResourceID: String, properties: UserProperties?) async throws {
        guard let properties, properties.dropUser == "true", let database = properties.databaseName else { return }
        let manager = try await environment.managerLogin().configuration()
        let access = AccessManager(manager: manager, logger: environment.logger)
        guard try await access.isShutOut(user: physicalResourceID) else { return }
        _ = try await access.apply(
            DesiredAccess(
                database: database, schemas: [], users: [], removedUsers: [physicalResourceID], dropUsers: true))
        environment.logger.info("the user \(physicalResourceID) was dropped")
    }

    /// The secrets by which the proxy admits the pair: the active user's holds the application's password, and its
    /// clone's one of its own.
    private func provisionProxy(
        _ properties: UserProperties, active: DatabaseCredentials, base: String, logins: Login
    ) async throws -> Int {
        var changes = 0
        let previous = try await readPrevious(properties.userSecretArn)
        let pairs = [
            (properties.proxyUserSecretArn, base), (properties.proxyCloneSecretArn, base + DesiredAccess.cloneSuffix),
        ]
        for case (let arn?, let username) in pairs {
            var credentials = try await read(arn)
            let before = credentials
            credentials.username = username
            _ = credentials.complete(from: active, proxyHost: properties.proxyHost)
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
        try await environment.secrets.put(
            credentials.value, for: arn, versionID: newVersionID(), stages: [VersionStage.current])
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
    fileprivate mutating func complete(from other: DatabaseCredentials, proxyHost: String?) -> Bool {
        let before = self
        if host == nil {
            host = other.host
            port = other.port
        }
        if engine == nil { engine = other.engine }
        self.proxyHost = proxyHost
        return self != before
    }
}
