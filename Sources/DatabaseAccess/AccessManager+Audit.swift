// SPDX-License-Identifier: Apache-2.0

import PostgreSQL

extension AccessManager {
    /// Looks at who can do what; nothing is changed.
    ///
    /// - Parameter desired: What was declared.
    /// - Returns: The users, the objects, and what the ones can do with the others.
    /// - Throws: ``AccessError``, `PostgresError`.
    public func report(_ desired: DesiredAccess) async throws -> AccessReport {
        try desired.validate()
        return AccessReport(desired: desired, audited: try await audited(desired, schemas: desired.schemas))
    }

    /// Explains why a user can do something, or cannot.
    ///
    /// - Parameters:
    ///   - desired: What was declared.
    ///   - login: The role that logs in.
    ///   - object: `schema.object`, as a person writes it or in SQL; a function may be named without its arguments.
    ///   - privilege: What it wants to do; what a reader needs where `nil`.
    ///   - password: Whether its password works, as far as that was tried.
    /// - Returns: The chain from the login to the row; up to the first link that is missing altogether.
    /// - Throws: ``AccessError/unsuitable(_:)`` where there is no such object, or it has no such privilege; `PostgresError`.
    public func explain(
        _ desired: DesiredAccess, login: String, object: String, privilege: Privilege?,
        password: AccessExplanation.Password
    ) async throws -> AccessExplanation {
        try desired.validate()
        let named = Self.possibleSchemas(of: object)
        guard let connection = try await connectIfExists(desired) else {
            return AccessExplanation(
                login: login, object: object, privileges: privilege.map { [$0] } ?? [],
                links: [Explainer.noDatabase(desired.database)])
        }
        defer { Task { await connection.close() } }
        let audited = try await Inspection.audit(connection, schemas: Array(Set(desired.schemas + named)))
        let explainer = Explainer(desired: desired, access: audited.access)
        guard let found = audited.objects.first(where: { $0.isCalled(object) }) else {
            if let schema = named.first, !named.contains(where: { audited.access.schemas[$0] != nil }) {
                return AccessExplanation(
                    login: login, object: object, privileges: privilege.map { [$0] } ?? [],
                    links: explainer.login(login, password) + [explainer.schema(schema, login)])
            }
            throw AccessError.unsuitable(Self.unknown(object, audited))
        }
        let known = found.kind.privileges(serverVersion: audited.access.serverVersion)
        if let privilege, !known.contains(privilege) {
            throw AccessError.unsuitable(
                "A \(found.kind.rawValue.lowercased()) has no privilege \(privilege.rawValue): ask for "
                    + "\(SQLText.list(known)).")
        }
        let privileges =
            privilege.map { [$0] } ?? found.kind.privileges(of: .reader, serverVersion: audited.access.serverVersion)
        let links =
            explainer.login(login, password) + explainer.conditions(login, found, privileges)
        return AccessExplanation(
            login: login, object: "\(found.schema).\(found.name)", privileges: privileges.sorted(),
            links: links.map { $0.naming(found) })
    }

    private func audited(_ desired: DesiredAccess, schemas: [String]) async throws -> AuditedAccess {
        guard let connection = try await connectIfExists(desired) else {
            throw AccessError.unsuitable("There is no database \(desired.database) yet: apply creates it.")
        }
        defer { Task { await connection.close() } }
        return try await Inspection.audit(connection, schemas: schemas)
    }

    /// Where an object may be that a person names.
    private static func possibleSchemas(of object: String) -> [String] {
        object.indices.filter { object[$0] == "." }.map { String(object[..<$0]) }
    }

    private static func unknown(_ object: String, _ audited: AuditedAccess) -> String {
        let word = object.split(separator: ".").last.map { $0.lowercased() } ?? ""
        let near = audited.objects.filter { $0.name.lowercased().contains(word) }.prefix(3)
            .map { "\($0.schema).\($0.name)" }
        let hint = near.isEmpty ? "write it as schema.name" : "perhaps \(near.joined(separator: ", ")) is meant"
        return "There is no table, view, sequence, function or type '\(object)' in \(audited.access.database): \(hint)."
    }
}

extension AccessExplanation.Link {
    /// The same for one object.
    func naming(_ object: AuditedObject) -> Self {
        Self(
            condition, state, finding, remedy: remedy?.replacing(Explainer.placeholder, with: object.sql))
    }
}
