// SPDX-License-Identifier: Apache-2.0

public import AuroraResources
import DatabaseAccess
public import LambdaRuntime
import Logging
import PostgreSQL
import SecretStore

/// Provisions a user's login: its secrets are completed, and the password that they hold works.
public struct UserHandler: CustomResourceHandler {
    // A cluster that is gone does not come back, and one that is failing over is there again by then.
    private static let patienceForDeletion = Duration.seconds(120)

    private let environment: FunctionEnvironment
    private let provisioner: UserProvisioner

    /// Makes the handler.
    ///
    /// - Parameters:
    ///   - environment: Where it runs.
    ///   - newVersionID: Makes ids for versions of secrets.
    public init(_ environment: FunctionEnvironment, newVersionID: @escaping @Sendable () -> String) {
        self.environment = environment
        provisioner = UserProvisioner(environment: environment, newVersionID: newVersionID)
    }

    /// Completes the secrets and makes their passwords work; the pair's other password is left alone.
    public func createOrUpdate(
        _ request: CustomResourceRequest<UserProperties>
    ) async throws -> CustomResourceOutcome {
        let properties = request.properties
        return try await provisioner.provision(
            properties.userSecretArn, of: properties.username, proxyHost: .set(properties.proxyHost),
            proxyUser: properties.proxyUserSecretArn, proxyClone: properties.proxyCloneSecretArn)
    }

    /// Drops the user where that is declared, and where the database's resource has shut it out before.
    ///
    /// Otherwise nothing is done: a login is disabled when the database's resource no longer declares it, not when a
    /// stack that may leave its cluster behind is deleted. CloudFormation deletes what has left a template after all
    /// else was updated, so that an update that fails brings back the user with its password.
    public func delete(physicalResourceID: String, properties: UserProperties?) async throws {
        guard let properties, properties.dropUser == "true", let database = properties.databaseName else { return }
        let manager: ManagerLogin.Session
        do {
            manager = try await environment.managerLogin(patience: Self.patienceForDeletion).logIn()
        } catch SecretStoreError.notFound {
            return environment.logger.info("the manager's secret is gone, and so is the user \(physicalResourceID)")
        } catch let error as PostgresError where error.isUnreachable {
            return environment.logger.info("the cluster is gone, and so is the user \(physicalResourceID): \(error)")
        }
        defer { Task { await manager.connection.close() } }
        let access = AccessManager(
            manager: manager.configuration, connection: manager.connection, logger: environment.logger)
        guard try await access.isShutOut(user: physicalResourceID) else { return }
        _ = try await access.apply(
            DesiredAccess(
                database: database, schemas: [], users: [], removedUsers: [physicalResourceID], dropUsers: true))
        environment.logger.info("the user \(physicalResourceID) was dropped")
    }
}
