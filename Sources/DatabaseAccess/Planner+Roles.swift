// SPDX-License-Identifier: Apache-2.0

/// Groups and users.
extension Planner {
    mutating func roles() {
        for group in groups {
            if let role = observed.roles[group.name] {
                adjust(role, login: false)
            } else {
                create(group.name, "NOLOGIN", "the group \(group.name) is missing")
            }
        }
        for user in desired.users {
            for name in user.pair {
                if let role = observed.roles[name] {
                    adjust(role, login: true)
                } else {
                    create(name, "LOGIN", "the user \(name) is missing")
                }
            }
        }
    }

    private mutating func create(_ role: String, _ option: String, _ reason: String) {
        before.append(.init("CREATE ROLE \(SQLText.name(role)) \(option)", reason: reason))
        created.insert(role)
    }

    /// Gives a role what it needs by itself, and takes from it what it should not have.
    private mutating func adjust(_ role: ObservedAccess.Role, login: Bool) {
        var options: [String] = []
        var hazards: [AccessPlan.Hazard] = []
        if role.canLogin != login, login || removes {
            options.append(login ? "LOGIN" : "NOLOGIN")
            if !login { hazards.append(.disablesLogin) }
        }
        if !role.inherits { options.append("INHERIT") }
        if login, role.isShutOut { options += ["VALID UNTIL 'infinity'", "CONNECTION LIMIT -1"] }
        if removes {
            if role.createsDatabases { options.append("NOCREATEDB") }
            if role.createsRoles { options.append("NOCREATEROLE") }
            if role.createsDatabases || role.createsRoles { hazards.append(.revokesAccess) }
            if role.isSuperuser || role.bypassesRowSecurity {
                // Only a superuser may change these (PostgreSQL documentation, ALTER ROLE).
                block(
                    "ALTER ROLE \(SQLText.name(role.name)) NOSUPERUSER NOBYPASSRLS", by: "a superuser",
                    "\(role.name) is a superuser or bypasses row security, which \(observed.manager) cannot change")
            }
        }
        guard !options.isEmpty else { return }
        add(
            administering: role.name, "ALTER ROLE \(SQLText.name(role.name)) \(options.joined(separator: " "))",
            "\(role.name) should be \(options.joined(separator: ", ").lowercased())", hazards: hazards)
    }

    func mayAlter(_ role: String) -> Bool {
        created.contains(role) || observed.canGrant(role, observed.manager)
    }

    /// Adds a statement that only who administers a role may run, or reports it.
    mutating func add(
        administering role: String, _ sql: String, _ reason: String, objects: [String] = [],
        hazards: [AccessPlan.Hazard] = []
    ) {
        if mayAlter(role) {
            add(sql, reason, objects: objects, hazards: hazards)
        } else {
            block(sql, by: "whoever created \(role)", "\(observed.manager) has no ADMIN OPTION on \(role)")
        }
    }

    /// Owners act as their group from login, so that what they create belongs to neither of the pair.
    mutating func actingRoles() {
        for user in desired.users {
            let wanted = user.access == .owner ? GroupRole.name(for: user) : nil
            for name in user.pair { actingRole(name, wanted) }
        }
    }

    private mutating func actingRole(_ name: String, _ group: String?) {
        let role = observed.roles[name]
        let alter = "ALTER ROLE \(SQLText.name(name))"
        // The setting for one database takes precedence over the one for all.
        if let here = role?.actsAsInDatabase, here != group, removes || group != nil {
            add(
                administering: name, "\(alter) IN DATABASE \(SQLText.name(desired.database)) RESET role",
                "\(name) should not act as \(here) in \(desired.database)")
        }
        guard role?.actsAs != group else { return }
        if let group {
            add(
                administering: name, "\(alter) SET role = \(SQLText.text(group))",
                "\(name) acts as \(group) from login, which owns what it creates")
        } else if removes, let current = role?.actsAs {
            add(administering: name, "\(alter) RESET role", "\(name) should not act as \(current)")
        }
    }
}
