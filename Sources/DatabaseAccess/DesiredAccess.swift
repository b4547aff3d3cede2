// SPDX-License-Identifier: Apache-2.0

/// Who shall be able to do what in a database.
public struct DesiredAccess: Codable, Hashable, Sendable {
    /// What a user may do.
    public enum Access: String, Codable, Hashable, Sendable, CaseIterable {
        /// Read.
        case reader
        /// Read and change rows.
        case writer
        /// Everything; acts as the role that owns what it creates.
        case owner
    }

    /// A pair of database users that log in by turns.
    public struct User: Codable, Hashable, Sendable {
        /// The user's name; its clone's has `_clone` behind.
        public var name: String
        /// What it may do.
        public var access: Access
        /// In which of the declared schemas; in all where `nil`.
        public var schemas: [String]?

        /// Describes a pair.
        public init(name: String, access: Access, schemas: [String]? = nil) {
            self.name = name
            self.access = access
            self.schemas = schemas
        }

        /// The user and its clone.
        public var pair: [String] { [name, name + DesiredAccess.cloneSuffix] }
    }

    /// How what is there already is treated.
    public enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
        /// What is missing is granted; nothing is taken away.
        case additive
        /// Declared roles have in declared schemas exactly what is declared; all others are left alone.
        case managed
    }

    // These mean everyone and nobody where a role is named (PostgreSQL documentation, GRANT, SET ROLE).
    private static let reservedRoles: Set = ["public", "none"]

    /// What tells a user's clone from it, as AWS's rotation functions have it.
    public static let cloneSuffix = "_clone"

    /// The database; created where it is missing.
    public var database: String
    /// The schemas; created where they are missing.
    public var schemas: [String]
    /// The users.
    public var users: [User]
    /// Roles of others that create objects in the schemas.
    public var creators: [String]
    /// Schemas that were declared before: privileges in them are revoked, and their data is left alone.
    public var removedSchemas: [String]
    /// Users that were declared before: their login is disabled, and their sessions are ended.
    public var removedUsers: [String]
    /// Whether such users are dropped, after what they own was given to the manager.
    public var dropUsers: Bool
    /// How what is there already is treated.
    public var mode: Mode

    /// Describes an access.
    public init(
        database: String, schemas: [String], users: [User], creators: [String] = [], removedSchemas: [String] = [],
        removedUsers: [String] = [], dropUsers: Bool = false, mode: Mode = .managed
    ) {
        self.database = database
        self.schemas = schemas
        self.users = users
        self.creators = creators
        self.removedSchemas = removedSchemas
        self.removedUsers = removedUsers
        self.dropUsers = dropUsers
        self.mode = mode
    }

    /// The roles of users that are no longer declared.
    var removedRoles: [String] {
        let declared = Set(users.flatMap(\.pair))
        return removedUsers.flatMap { User(name: $0, access: .reader).pair }.filter { !declared.contains($0) }
    }

    /// The groups that users that are no longer declared may have had for themselves.
    var removedGroups: [String] {
        let needed = Set(GroupRole.groups(of: self).map(\.name))
        return removedUsers.flatMap(GroupRole.ownNames).filter { !needed.contains($0) }
    }

    /// Checks names before anything is changed.
    ///
    /// - Throws: ``AccessError/invalid(_:)`` with all that is wrong.
    public func validate() throws(AccessError) {
        // PostgreSQL documentation, "Identifiers and Key Words": longer names would be cut without an error.
        var problems: [String] = []
        func check(_ name: String, _ what: String, room: Int = 63) {
            if name.isEmpty {
                problems.append("the name of \(what) is empty: give one of 1 to \(room) bytes")
            } else if name.utf8.contains(0) {
                problems.append("the name of \(what) contains the character NUL: remove it")
            } else if name.utf8.count > room {
                problems.append(
                    "the name of \(what), '\(name)', has \(name.utf8.count) bytes, and may have \(room): shorten it")
            }
        }
        check(database, "the database")
        for schema in schemas { check(schema, "a schema") }
        for (what, names) in [
            ("schema", schemas), ("role", users.flatMap(\.pair) + GroupRole.groups(of: self).map(\.name)),
        ] {
            var seen: Set<String> = []
            for name in names where !seen.insert(name).inserted {
                problems.append("the \(what) '\(name)' is declared twice: remove or rename one of them")
            }
        }
        for user in users { check(user.name, "a user", room: 63 - Self.cloneSuffix.utf8.count) }
        for creator in creators { check(creator, "a creator") }
        for schema in schemas where schema.hasPrefix("pg_") || schema == "information_schema" {
            problems.append("the schema '\(schema)' is PostgreSQL's own: choose another name")
        }
        for user in users {
            for schema in user.schemas ?? [] where !schemas.contains(schema) {
                problems.append(
                    "the user '\(user.name)' names the schema '\(schema)', which is not declared: declare it")
            }
            if Self.reservedRoles.contains(user.name) {
                problems.append("the user '\(user.name)' has a name that PostgreSQL reserves: choose another one")
            }
            if user.name.hasPrefix("pg_") {
                problems.append(
                    "the user '\(user.name)' begins with 'pg_', which PostgreSQL reserves: choose another name")
            }
        }
        if !problems.isEmpty { throw .invalid(problems) }
    }
}
