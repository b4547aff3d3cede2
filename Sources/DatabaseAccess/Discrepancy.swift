// SPDX-License-Identifier: Apache-2.0

/// A difference between what a role should have on objects of a kind, and what it has.
struct Discrepancy: Hashable, Sendable {
    enum Remedy: Hashable, Sendable {
        case grant
        case revoke
        /// The privileges stay; that they can be handed on does not.
        case revokeGrantOption
    }

    let remedy: Remedy
    let role: String
    let privileges: Set<Privilege>
    /// The role that has to act: the objects' owner, or whoever granted what is too much.
    let grantor: String
    /// Whether the role has granted on what is too much, so that others would lose it as well.
    let isPassedOn: Bool

    /// Compares a list with what it should say of a role.
    ///
    /// - Parameters:
    ///   - wanted: What the role should have.
    ///   - acl: The object's list.
    ///   - columns: The lists of its columns.
    ///   - role: The role.
    ///   - owner: The object's owner, who has everything and can grant it.
    ///   - removes: Whether what is too much is looked for.
    /// - Returns: The differences; none where the role is the owner.
    static func find(
        wanted: Set<Privilege>, acl: AccessControlList?, columns: AccessControlList? = nil, role: String,
        owner: String, removes: Bool
    ) -> [Discrepancy] {
        guard role != owner else { return [] }
        let entries = (acl?.entries(of: role) ?? []) + (columns?.entries(of: role) ?? [])
        if entries.isEmpty, wanted.isEmpty { return [] }
        var found: [Discrepancy] = []
        let missing = wanted.subtracting(acl?.privileges(of: role) ?? [])
        if !missing.isEmpty {
            found.append(.init(remedy: .grant, role: role, privileges: missing, grantor: owner, isPassedOn: false))
        }
        let excess = entries.contains {
            !$0.privileges.isSubset(of: wanted) || !$0.grantable.isEmpty
        }
        guard removes, excess else { return found }
        let passedOn = [acl, columns].compactMap { $0?.privileges(grantedBy: role) }
            .reduce(into: Set<Privilege>()) { $0.formUnion($1) }
        var extra: [String: Set<Privilege>] = [:]
        var options: [String: Set<Privilege>] = [:]
        for entry in entries {
            extra[entry.grantor, default: []].formUnion(entry.privileges.subtracting(wanted))
            options[entry.grantor, default: []].formUnion(entry.grantable.intersection(wanted))
        }
        for (remedy, all) in [(Remedy.revoke, extra), (.revokeGrantOption, options)] {
            for (grantor, privileges) in all.sorted(by: { $0.key < $1.key }) where !privileges.isEmpty {
                found.append(
                    .init(
                        remedy: remedy, role: role, privileges: privileges, grantor: grantor,
                        isPassedOn: !passedOn.isDisjoint(with: privileges)))
            }
        }
        return found
    }

    /// The statement that mends it.
    ///
    /// - Parameters:
    ///   - objects: What it is about, such as `TABLE "a"."b"`.
    ///   - prefix: What stands before, as in `ALTER DEFAULT PRIVILEGES`.
    /// - Returns: The statement.
    func sql(on objects: String, prefix: String = "") -> String {
        let list = SQLText.list(privileges)
        let role = SQLText.name(role)
        let cascade = isPassedOn ? " CASCADE" : ""
        return switch remedy {
        case .grant: "\(prefix)GRANT \(list) ON \(objects) TO \(role)"
        case .revoke: "\(prefix)REVOKE \(list) ON \(objects) FROM \(role)\(cascade)"
        case .revokeGrantOption: "\(prefix)REVOKE GRANT OPTION FOR \(list) ON \(objects) FROM \(role)\(cascade)"
        }
    }

    /// Why, with where it is said behind.
    func reason(_ place: String) -> String {
        let list = SQLText.list(privileges)
        return switch remedy {
        case .grant: "\(role) needs \(list) \(place)"
        case .revoke: "\(role) should not have \(list) \(place)"
        case .revokeGrantOption: "\(role) should not be able to hand on \(list) \(place)"
        }
    }

    var hazards: [AccessPlan.Hazard] { remedy == .grant ? [] : [.revokesAccess] }
}

extension Planner {
    /// Adds the statement that mends a difference, or reports it where the manager cannot.
    ///
    /// - Parameters:
    ///   - discrepancy: The difference.
    ///   - owner: The owner of what it is about.
    ///   - objects: What it is about, in SQL.
    ///   - names: What it is about, for people.
    ///   - place: Where that is, behind a reason.
    ///   - prefix: What stands before the statement.
    mutating func mend(
        _ discrepancy: Discrepancy, owner: String, objects: String, names: [String], place: String,
        prefix: String = ""
    ) {
        let sql = discrepancy.sql(on: objects, prefix: prefix)
        if discrepancy.isPassedOn {
            block(sql, by: owner, "\(discrepancy.role) has granted it to others, who would lose it as well")
        } else if discrepancy.grantor != owner {
            // A privilege is taken back by whoever granted it (PostgreSQL documentation, REVOKE).
            block(sql, by: discrepancy.grantor, "\(discrepancy.grantor) has granted it, and not the owner, \(owner)")
        } else {
            add(
                actingFor: owner, sql, discrepancy.reason(place), objects: names, hazards: discrepancy.hazards)
        }
    }
}
