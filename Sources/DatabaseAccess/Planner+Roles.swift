// SPDX-License-Identifier: Apache-2.0

/// Groups, users and memberships.
extension Planner {
    mutating func roles() {
        for group in groups {
            if let role = observed.roles[group.name] {
                adjust(role, login: false)
            } else {
                before.append(
                    .init(
                        "CREATE ROLE \(SQLText.name(group.name)) NOLOGIN", reason: "the group \(group.name) is missing")
                )
                created.insert(group.name)
            }
        }
        for user in desired.users {
            for name in user.pair {
                if let role = observed.roles[name] {
                    adjust(role, login: true)
                } else {
                    before.append(
                        .init("CREATE ROLE \(SQLText.name(name)) LOGIN", reason: "the user \(name) is missing"))
                    created.insert(name)
                }
            }
        }
    }

    /// Takes from a role what it should not have by itself.
    mutating func adjust(_ role: ObservedAccess.Role, login: Bool) {
        var options: [String] = []
        var hazards: [AccessPlan.Hazard] = []
        if role.canLogin != login, login || removes {
            options.append(login ? "LOGIN" : "NOLOGIN")
            if !login { hazards.append(.disablesLogin) }
        }
        if !role.inherits { options.append("INHERIT") }
        if removes {
            if role.createsDatabases { options.append("NOCREATEDB") }
            if role.createsRoles { options.append("NOCREATEROLE") }
            if role.createsDatabases || role.createsRoles { hazards.append(.revokesAccess) }
            if role.isSuperuser || role.bypassesRowSecurity {
                // Only a superuser may change these (PostgreSQL documentation, ALTER ROLE).
                blocked.append(
                    .init(
                        sql: "ALTER ROLE \(SQLText.name(role.name)) NOSUPERUSER NOBYPASSRLS", role: "a superuser",
                        reason:
                            "\(role.name) is a superuser or bypasses row security, which \(observed.manager) cannot change"
                    ))
            }
        }
        guard !options.isEmpty else { return }
        let sql = "ALTER ROLE \(SQLText.name(role.name)) \(options.joined(separator: " "))"
        guard mayAlter(role.name) else {
            block(sql, by: "whoever created \(role.name)", "\(observed.manager) has no ADMIN OPTION on \(role.name)")
            return
        }
        body.append(
            .init(
                sql, reason: "\(role.name) should be \(options.joined(separator: ", ").lowercased())", hazards: hazards)
        )
    }

    func mayAlter(_ role: String) -> Bool {
        created.contains(role) || observed.canGrant(role, observed.manager)
    }

    mutating func block(_ sql: String, by role: String, _ reason: String) {
        blocked.append(.init(sql: sql, role: role, reason: reason))
    }

    mutating func memberships() {
        var missing: [String: [String]] = [:]
        for user in desired.users {
            let group = GroupRole.name(for: user)
            for name in user.pair {
                let has = (observed.membershipsByMember[name] ?? []).contains { $0.role == group && $0.inherits }
                if !has { missing[group, default: []].append(name) }
                extraMemberships(of: name, besides: group)
                actingRole(name, user.access == .owner ? group : nil)
            }
        }
        for (group, members) in missing.sorted(by: { $0.key < $1.key }) {
            let list = members.map(SQLText.name).joined(separator: ", ")
            let sql = "GRANT \(SQLText.name(group)) TO \(list)"
            if mayAlter(group) {
                add(sql, "\(group) gives its members their privileges", objects: members)
            } else {
                block(sql, by: "whoever created \(group)", "\(observed.manager) has no ADMIN OPTION on \(group)")
            }
        }
    }

    var ownGroups: Set<String> {
        Set(groups.map(\.name) + [GroupRole.reader, GroupRole.writer, GroupRole.owner])
    }

    mutating func extraMemberships(of name: String, besides group: String?) {
        guard removes else { return }
        let extra = (observed.membershipsByMember[name] ?? []).map(\.role)
            .filter { ownGroups.contains($0) && $0 != group }
        for role in Set(extra).sorted() where mayAlter(role) {
            add(
                "REVOKE \(SQLText.name(role)) FROM \(SQLText.name(name))", "\(name) should not be in \(role)",
                hazards: [.revokesAccess])
        }
    }

    /// Owners act as their group from login, so that what they create belongs to neither of the pair.
    mutating func actingRole(_ name: String, _ group: String?) {
        let current = observed.roles[name]?.actsAs
        guard current != group, mayAlter(name) else { return }
        if let group {
            add(
                "ALTER ROLE \(SQLText.name(name)) SET role = \(SQLText.text(group))",
                "\(name) acts as \(group) from login, which owns what it creates")
        } else if removes, let current, ownGroups.contains(current) {
            add("ALTER ROLE \(SQLText.name(name)) RESET role", "\(name) does not act as \(current) any more")
        }
    }

    mutating func removedUsers() {
        guard removes else { return }
        let declared = Set(desired.users.flatMap(\.pair))
        for user in desired.removedUsers {
            for name in DesiredAccess.User(name: user, access: .reader).pair where !declared.contains(name) {
                guard let role = observed.roles[name] else { continue }
                extraMemberships(of: name, besides: nil)
                guard role.canLogin else { continue }
                guard mayAlter(name) else {
                    block(
                        "ALTER ROLE \(SQLText.name(name)) NOLOGIN", by: "whoever created \(name)",
                        "\(observed.manager) has no ADMIN OPTION on \(name)")
                    continue
                }
                add(
                    "ALTER ROLE \(SQLText.name(name)) NOLOGIN", "\(name) is not declared any more",
                    hazards: [.disablesLogin])
                // Its sessions may be ended by whoever has its privileges (pg_terminate_backend).
                if actFor(name) {
                    add(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = \(SQLText.text(name))",
                        "\(name)'s sessions end with its login", hazards: [.terminatesSessions])
                }
            }
        }
    }
}
