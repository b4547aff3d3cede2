// SPDX-License-Identifier: Apache-2.0

public import AuroraResources
public import DatabaseAccess
public import LambdaRuntime
import Logging
import PostgreSQL

/// Provisions a database: its schemas, roles and privileges.
public struct DatabaseHandler: CustomResourceHandler {
    private let environment: FunctionEnvironment

    /// Makes the handler.
    public init(_ environment: FunctionEnvironment) {
        self.environment = environment
    }

    /// Brings the database into the declared state; what an update removed is revoked.
    public func createOrUpdate(
        _ request: CustomResourceRequest<DatabaseProperties>
    ) async throws -> CustomResourceOutcome {
        let desired = DesiredAccess(request.properties, before: request.oldProperties)
        try desired.validate()
        let manager = try await environment.managerLogin().logIn()
        defer { Task { await manager.connection.close() } }
        let access = AccessManager(
            manager: manager.configuration, connection: manager.connection, logger: environment.logger)
        let plan = try await access.apply(desired)
        environment.logger.info(
            plan.isEmpty
                ? "the database \(desired.database) is as declared, nothing had to change"
                : "the database \(desired.database) is as declared after \(plan.statements.count) statements")
        return CustomResourceOutcome(
            physicalResourceID: request.properties.databaseName,
            changes: plan.allStatements.count + (plan.createsDatabase == nil ? 0 : 1))
    }

    /// Does nothing: a database is never dropped.
    public func delete(physicalResourceID: String, properties: DatabaseProperties?) async throws {}
}

extension DesiredAccess {
    /// What a custom resource declares, given what it declared before.
    public init(_ properties: DatabaseProperties, before: DatabaseProperties? = nil) {
        let users = (properties.users ?? []).map {
            User(name: $0.username, access: Access($0.access), schemas: $0.schemas)
        }
        // Users that are left to others are not removed: somebody logs in as them.
        let removed = properties.users.map { declared in
            (before?.users ?? []).map(\.username).filter { name in !declared.contains { $0.username == name } }
        }
        self.init(
            database: properties.databaseName, schemas: properties.schemas, users: users,
            creators: properties.creators ?? [],
            removedSchemas: before.map { old in
                // Another database is another resource: what is in the old one stays as it is.
                old.databaseName == properties.databaseName
                    ? old.schemas.filter { !properties.schemas.contains($0) } : []
            } ?? [],
            removedUsers: removed ?? [],
            mode: properties.accessMode == .additive ? .additive : .managed)
    }
}

extension DesiredAccess.Access {
    init(_ level: AccessLevel) {
        self =
            switch level {
            case .reader: .reader
            case .writer: .writer
            case .owner: .owner
            }
    }
}
