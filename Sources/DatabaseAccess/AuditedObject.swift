// SPDX-License-Identifier: Apache-2.0

import PostgreSQL

/// An object that somebody may have privileges on.
struct AuditedObject: Hashable, Sendable {
    let schema: String
    /// The name; of a routine with its arguments.
    let name: String
    /// The name in SQL.
    let sql: String
    let kind: ObjectKind
    let owner: String
    let acl: AccessControlList?
    let columnACL: AccessControlList?
    let rowSecurity: RowSecurity?

    /// Whether a person means this one.
    func isCalled(_ text: String) -> Bool {
        let arguments = name.firstIndex(of: "(").map { name[..<$0] }
        return text == "\(schema).\(name)" || text == sql
            || (kind == .routine && text == "\(schema).\(arguments ?? "")")
    }
}

/// A kind of objects that have privileges of their own.
public enum ObjectKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Tables, partitioned and foreign ones as well, views and materialized views.
    case table = "TABLE"
    /// Sequences.
    case sequence = "SEQUENCE"
    /// Functions and procedures.
    case routine = "ROUTINE"
    /// Types and domains.
    case type = "TYPE"

    /// All that can be granted on it.
    func privileges(serverVersion: Int) -> Set<Privilege> {
        switch self {
        case .table, .sequence: GroupRole.everything(on: self == .table ? .table : .sequence, serverVersion)
        case .routine: [.execute]
        case .type: [.usage]
        }
    }

    /// What everyone may do as long as nobody has changed that (PostgreSQL documentation, "Privileges").
    var ofEveryone: Set<Privilege> {
        switch self {
        case .table, .sequence: []
        case .routine: [.execute]
        case .type: [.usage]
        }
    }
}

/// Which rows of a table can be seen and changed.
struct RowSecurity: Hashable, Sendable {
    struct Policy: Hashable, Sendable {
        let name: String
        let isPermissive: Bool
        /// The roles that it is for; `public` stands for all.
        let roles: [String]
        /// `ALL`, or the one command that it is for.
        let command: String
    }

    /// Whether it holds for the table's owner as well.
    let isForced: Bool
    var policies: [Policy]
}

/// A database in which the access of users is looked at: the objects with privileges, besides what a plan needs.
struct AuditedAccess: Sendable {
    let access: ObservedAccess
    let objects: [AuditedObject]
}

extension Inspection {
    /// Reads all that is needed to explain who can do what: a fixed number of catalog queries.
    ///
    /// - Parameters:
    ///   - connection: A connection of the manager.
    ///   - schemas: The schemas whose objects are read.
    /// - Returns: What is there.
    /// - Throws: `PostgresError`.
    static func audit(_ connection: PostgresConnection, schemas: [String]) async throws -> AuditedAccess {
        let access = try await inspect(connection, schemas: schemas)
        func rows(_ file: [UInt8]) async throws -> [PostgresRow] {
            var query = PostgresQuery(unsafe: String(decoding: file, as: UTF8.self))
            query.bind(schemas)
            return try await connection.query(query)
        }
        var security: [String: RowSecurity] = [:]
        for row in try await rows(PackageResources.row_security_sql) {
            let table = SQLText.name(try row.decode("schema"), try row.decode("name"))
            var found = try security[table] ?? RowSecurity(isForced: row.decode("is_forced"), policies: [])
            if let policy: String = try row.decodeIfPresent("policy") {
                found.policies.append(
                    .init(
                        name: policy, isPermissive: try row.decode("is_permissive"), roles: try row.decode("roles"),
                        command: try row.decode("command")))
            }
            security[table] = found
        }
        let relations = access.relations.map { relation in
            let sql = SQLText.name(relation.schema, relation.name)
            return AuditedObject(
                schema: relation.schema, name: relation.name, sql: sql,
                kind: relation.kind == .table ? .table : .sequence, owner: relation.owner, acl: relation.acl,
                columnACL: relation.columnACL, rowSecurity: security.isEmpty ? nil : security[sql])
        }
        let others = try await rows(PackageResources.routines_and_types_sql).map { row in
            let (schema, name): (String, String) = (try row.decode("schema"), try row.decode("name"))
            let arguments = try row.decodeIfPresent("arguments", as: String.self).map { "(\($0))" } ?? ""
            return AuditedObject(
                schema: schema, name: name + arguments, sql: SQLText.name(schema, name) + arguments,
                kind: ObjectKind(rawValue: try row.decode("kind")) ?? .type, owner: try row.decode("owner"),
                acl: try row.decodeIfPresent("acl", as: String.self).map(AccessControlList.init), columnACL: nil,
                rowSecurity: nil)
        }
        return AuditedAccess(access: access, objects: relations + others)
    }
}
