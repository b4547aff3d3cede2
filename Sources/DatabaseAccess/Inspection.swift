// SPDX-License-Identifier: Apache-2.0

import Crypto
public import PostgreSQL

/// Reads what is there: a fixed number of catalog queries, whatever the number of objects.
public enum Inspection {
    /// Reads the access in the database that a connection is made to.
    ///
    /// - Parameters:
    ///   - connection: A connection of the manager.
    ///   - schemas: The schemas whose objects are read.
    ///   - removedRoles: The roles of users that are no longer declared, whose remains are read.
    /// - Returns: What is there.
    /// - Throws: `PostgresError`.
    public static func inspect(
        _ connection: PostgresConnection, schemas: [String], removedRoles: [String] = []
    ) async throws -> ObservedAccess {
        var reader = Reader(connection: connection)
        let server = try await reader.rows(PackageResources.server_sql)
        guard let server = server.first else {
            throw AccessError.unsuitable("\(connection.server): the server does not say which version it is.")
        }
        let version = try server.decode("version", as: Int.self)
        let roles = try await reader.rows(PackageResources.roles_sql).map { row in
            ObservedAccess.Role(
                name: try row.decode("name"), canLogin: try row.decode("can_login"),
                inherits: try row.decode("inherits"), createsDatabases: try row.decode("create_db"),
                createsRoles: try row.decode("create_role"), isSuperuser: try row.decode("is_superuser"),
                bypassesRowSecurity: try row.decode("bypass_rls"), isShutOut: try row.decode("is_shut_out"),
                actsAs: try row.decodeIfPresent("acts_as"),
                actsAsInDatabase: try row.decodeIfPresent("acts_as_in_database"))
        }
        let byName = Dictionary(roles.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let memberships = try await reader.rows(PackageResources.memberships_sql).map { row in
            let member: String = try row.decode("member")
            let inherits: Bool? = try row.decodeIfPresent("inherits")
            return ObservedAccess.Membership(
                role: try row.decode("role"), member: member, grantor: try row.decodeIfPresent("grantor"),
                isAdmin: try row.decode("admin"), inherits: inherits ?? byName[member]?.inherits ?? true,
                sets: try row.decodeIfPresent("sets") ?? true)
        }
        let databases = try await reader.rows(PackageResources.databases_sql).map { row in
            ObservedAccess.Database(
                name: try row.decode("name"), owner: try row.decode("owner"), acl: try reader.acl(row))
        }
        let found = try await reader.rows(PackageResources.schemas_sql).map { row in
            ObservedAccess.Schema(
                name: try row.decode("name"), owner: try row.decode("owner"), acl: try reader.acl(row))
        }
        struct Name: Hashable {
            let schema: String
            let name: String
        }
        var columns: [Name: AccessControlList] = [:]
        for row in try await reader.rows(PackageResources.columns_sql, schemas) {
            columns[Name(schema: try row.decode("schema"), name: try row.decode("name"))] = try reader.acl(row)
        }
        let relations = try await reader.rows(PackageResources.relations_sql, schemas).map { row in
            let (schema, name): (String, String) = (try row.decode("schema"), try row.decode("name"))
            return ObservedAccess.Relation(
                schema: schema, name: name, kind: try row.decode("kind", as: String.self) == "S" ? .sequence : .table,
                owner: try row.decode("owner"), acl: try reader.acl(row),
                columnACL: columns.isEmpty ? nil : columns[Name(schema: schema, name: name)])
        }
        let defaults = try await reader.rows(PackageResources.default_privileges_sql).map { row in
            ObservedAccess.DefaultPrivileges(
                creator: try row.decode("creator"), schema: try row.decodeIfPresent("schema"),
                type: .init(letter: try row.decode("object_type")),
                acl: try reader.acl(row) ?? AccessControlList(text: "{}"))
        }
        let leftovers =
            removedRoles.isEmpty
            ? []
            : try await reader.rows(PackageResources.leftovers_sql, removedRoles).map { row in
                ObservedAccess.Leftover(
                    role: try row.decode("role"), database: try row.decodeIfPresent("database"),
                    owners: try row.decode("owners"),
                    hasSessions: try row.decode("has_sessions"))
            }
        return ObservedAccess(
            manager: try server.decode("manager"), serverVersion: version, fingerprint: reader.fingerprint,
            database: try server.decode("database"), databases: databases, roles: byName, memberships: memberships,
            schemas: Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
            relations: relations, defaults: defaults, leftovers: leftovers,
            membershipsByMember: Dictionary(grouping: memberships, by: \.member))
    }

    /// Sends the queries, and hashes what comes back as it comes.
    private struct Reader {
        let connection: PostgresConnection
        private var hash = SHA256()
        // Thousands of tables share a few lists: each is read once.
        private var lists: [String: AccessControlList] = [:]

        init(connection: PostgresConnection) {
            self.connection = connection
        }

        mutating func rows(_ file: [UInt8], _ names: [String]? = nil) async throws -> [PostgresRow] {
            var query = PostgresQuery(unsafe: String(decoding: file, as: UTF8.self))
            if let names { query.bind(names) }
            let rows = try await connection.query(query)
            for row in rows { row.feed { hash.update(bufferPointer: $0) } }
            return rows
        }

        mutating func acl(_ row: PostgresRow) throws -> AccessControlList? {
            guard let text = try row.decodeIfPresent("acl", as: String.self) else { return nil }
            if let known = lists[text] { return known }
            let list = AccessControlList(text: text)
            lists[text] = list
            return list
        }

        var fingerprint: String {
            hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
