// SPDX-License-Identifier: Apache-2.0

/// Users that are no longer declared.
extension Planner {
    /// The roles of users that are no longer declared, as far as they are there.
    private var removedRoles: [String] {
        guard removes else { return [] }
        return desired.removedRoles.filter { observed.roles[$0] != nil && $0 != observed.manager }
    }

    mutating func removedUsers() {
        for name in removedRoles {
            for membership in observed.membershipsByMember[name] ?? []
            where GroupRole.common.contains(membership.role) || desired.removedGroups.contains(membership.role) {
                revoke(membership, "", "\(name) is not declared any more")
            }
            if observed.roles[name]?.canLogin == true {
                add(
                    administering: name, "ALTER ROLE \(SQLText.name(name)) NOLOGIN",
                    "\(name) is not declared any more", hazards: [.disablesLogin])
            }
        }
    }

    /// What is done once nobody can log in any more: sessions end, and roles are dropped if that is wanted.
    mutating func transactionsAfterwards() -> [AccessPlan.Transaction] {
        let removed = removedRoles.filter { observed.roles[$0]?.isSuperuser == false }
        var transactions: [AccessPlan.Transaction] = []
        for name in removed {
            let hasSessions = observed.leftovers.contains { $0.role == name && $0.hasSessions }
            guard observed.roles[name]?.canLogin == true || hasSessions else { continue }
            // Sessions may be ended by whoever has the user's privileges (PostgreSQL documentation,
            // pg_terminate_backend); the second argument is how long their end is waited for, in milliseconds.
            let sql =
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = \(SQLText.text(name))"
            act(
                for: [name], in: desired.database,
                [.init(sql, reason: "\(name)'s sessions end with its login", hazards: [.terminatesSessions])],
                &transactions)
        }
        guard desired.dropUsers else { return transactions }
        let groups = desired.removedGroups.filter { group in
            observed.roles[group] != nil
                && observed.memberships.allSatisfy {
                    $0.role != group || removed.contains($0.member) || $0.member == observed.manager
                }
        }
        let dropped = removed + groups
        guard !dropped.isEmpty else { return transactions }
        let list = SQLText.names(dropped)
        let leftovers = observed.leftovers.filter { dropped.contains($0.role) }
        let elsewhere = Set(leftovers.compactMap(\.database)).subtracting([desired.database]).sorted()
        for database in elsewhere + [desired.database] {
            // What was granted is taken back by those who granted it.
            let owners = Set(leftovers.filter { $0.database == database }.flatMap(\.owners))
                .union(database == desired.database ? creators : []).subtracting(dropped)
            var statements: [AccessPlan.Statement] = [
                .init(
                    "REASSIGN OWNED BY \(list) TO CURRENT_USER",
                    reason: "what they own in \(database) stays, and belongs to \(observed.manager)",
                    objects: dropped, hazards: [.takesLock])
            ]
            // One role after the other: the default privileges of one for another of the list would be dropped twice,
            // and the server fails then ("could not find tuple for default ACL").
            statements += dropped.map { role in
                .init(
                    "DROP OWNED BY \(SQLText.name(role))", reason: "what \(role) was granted in \(database) goes",
                    objects: [role], hazards: [.revokesAccess, .takesLock])
            }
            if database == desired.database {
                statements.append(
                    .init(
                        "DROP ROLE \(list)", reason: "they are not declared any more, and are to be dropped",
                        objects: dropped, hazards: [.dropsRole]))
            }
            act(for: dropped, in: database, helpedBy: owners.filter(mayTake).sorted(), statements, &transactions)
        }
        return transactions
    }

    /// Adds a transaction in which the manager has the privileges of roles, or reports what it would have done.
    ///
    /// - Parameters:
    ///   - roles: The roles.
    ///   - database: Where.
    ///   - others: Roles whose privileges it has as well.
    ///   - statements: What is done.
    ///   - transactions: Where it is added.
    private mutating func act(
        for roles: [String], in database: String, helpedBy others: [String] = [],
        _ statements: [AccessPlan.Statement],
        _ transactions: inout [AccessPlan.Transaction]
    ) {
        let isNeeded = { (role: String) in !observed.hasPrivileges(of: role, observed.manager) }
        let needed = roles.filter(isNeeded)
        let helpers = others.filter(isNeeded)
        if let role = needed.first(where: { !mayTake($0) }) {
            for statement in statements {
                block(statement.sql, by: "a superuser, in \(database),", cannotAct(for: role))
            }
            return
        }
        // The membership in a role that was dropped is gone with it.
        let dropped = statements.contains { $0.hazards.contains(.dropsRole) }
        let taken = (dropped ? [] : needed) + helpers
        transactions.append(
            .init(
                database: database,
                statements: (needed + helpers).map(Self.take) + statements + taken.reversed().map(Self.giveBack)))
    }
}
