// SPDX-License-Identifier: Apache-2.0

/// Who can do what in a database now, as its catalogs tell.
public struct ObservedAccess: Sendable {
    struct Role: Sendable, Hashable {
        let name: String
        let canLogin: Bool
        let inherits: Bool
        let createsDatabases: Bool
        let createsRoles: Bool
        let isSuperuser: Bool
        let bypassesRowSecurity: Bool
        /// Whether its password has expired, or it may have no session at all.
        let isShutOut: Bool
        /// The role that it acts as from login.
        let actsAs: String?
        /// The same for the inspected database, where it takes precedence.
        let actsAsInDatabase: String?
    }

    struct Membership: Sendable, Hashable {
        let role: String
        let member: String
        let grantor: String?
        let isAdmin: Bool
        /// Whether the member has the role's privileges without asking; older versions decide that by the member.
        let inherits: Bool
        /// Whether the member may act as the role.
        let sets: Bool
    }

    struct Database: Sendable, Hashable {
        let name: String
        let owner: String
        let acl: AccessControlList?
    }

    struct Schema: Sendable, Hashable {
        let name: String
        let owner: String
        let acl: AccessControlList?
    }

    struct Relation: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            /// A table, a view, or anything else rows can be read from.
            case table
            case sequence
        }

        let schema: String
        let name: String
        let kind: Kind
        let owner: String
        let acl: AccessControlList?
        /// What was granted on columns, all of them together.
        let columnACL: AccessControlList?
    }

    /// What a user that is no longer declared still has.
    struct Leftover: Sendable, Hashable {
        let role: String
        /// A database in which it owns something or was granted something; `nil` where there is none.
        let database: String?
        /// All who own something in that database.
        let owners: [String]
        /// Whether it is logged in.
        let hasSessions: Bool
    }

    struct DefaultPrivileges: Sendable, Hashable {
        enum ObjectType: String, Sendable, Hashable {
            case tables = "TABLES"
            case sequences = "SEQUENCES"
            case schemas = "SCHEMAS"

            /// Reads the catalogs' letter.
            init?(letter: String) {
                switch letter {
                case "r": self = .tables
                case "S": self = .sequences
                case "n": self = .schemas
                default: return nil
                }
            }
        }

        let creator: String
        /// `nil` for all schemas.
        let schema: String?
        /// What kind of objects; `nil` for those that are left to their default.
        let type: ObjectType?
        let acl: AccessControlList
    }

    /// The role that asked.
    public let manager: String
    /// The server's version, such as 150018.
    public let serverVersion: Int
    /// A hash over all that was read: the same state has the same hash.
    public let fingerprint: String

    let database: String
    let databases: [Database]
    let roles: [String: Role]
    let memberships: [Membership]
    let schemas: [String: Schema]
    let relations: [Relation]
    let defaults: [DefaultPrivileges]
    /// What users that are no longer declared still have.
    let leftovers: [Leftover]

    /// Whether a role has the privileges of another one without asking for them.
    func hasPrivileges(of role: String, _ member: String) -> Bool {
        reaches(role, from: member) { $0.inherits }
    }

    /// All roles whose privileges a role has without asking for them, itself among them.
    func rolesWithPrivileges(of member: String) -> Set<String> {
        var found: Set<String> = [member]
        var open = [member]
        while let current = open.popLast() {
            for membership in membershipsByMember[current] ?? []
            where membership.inherits && found.insert(membership.role).inserted {
                open.append(membership.role)
            }
        }
        return found
    }

    /// Whether a role may give another one to others.
    func canGrant(_ role: String, _ member: String) -> Bool {
        guard let granted = roles[role], !granted.isSuperuser, let asking = roles[member] else { return false }
        // Until PostgreSQL 15 whoever may create roles may grant all but superusers (release notes of 16).
        if serverVersion < 160_000 { return asking.createsRoles }
        return memberships.contains { $0.role == role && $0.isAdmin && hasPrivileges(of: $0.member, member) }
    }

    private func reaches(_ role: String, from member: String, _ follow: (Membership) -> Bool) -> Bool {
        if role == member { return true }
        var seen: Set<String> = [member]
        var open = [member]
        while let current = open.popLast() {
            for membership in membershipsByMember[current] ?? [] where follow(membership) {
                if membership.role == role { return true }
                if seen.insert(membership.role).inserted { open.append(membership.role) }
            }
        }
        return false
    }

    /// Whether a role is a member of another one, directly or through others.
    func isMember(_ member: String, of role: String) -> Bool { reaches(role, from: member) { _ in true } }

    let membershipsByMember: [String: [Membership]]
}
