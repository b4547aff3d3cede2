// SPDX-License-Identifier: Apache-2.0

/// Compares what is desired with what is there. A pure function: the same two give the same plan.
struct Planner {
    // PostgreSQL takes statements of any length; this keeps each one readable in a log.
    private static let namesInStatement = 1000

    let desired: DesiredAccess
    let observed: ObservedAccess
    private let groups: [GroupRole]

    private var before: [AccessPlan.Statement] = []
    private var body: [AccessPlan.Statement] = []
    private var blocked: [AccessPlan.Blocked] = []
    private var notes: [String] = []
    private var created: Set<String> = []
    private var actedFor: [String] = []

    private var removes: Bool { desired.mode == .managed }

    static func plan(
        _ desired: DesiredAccess, _ observed: ObservedAccess, createsDatabase: Bool = false
    ) -> AccessPlan {
        var planner = Planner(desired: desired, observed: observed)
        planner.roles()
        planner.memberships()
        planner.removedUsers()
        planner.database()
        planner.schemas()
        planner.relations()
        planner.defaultPrivileges()
        let take = planner.actedFor.map { role in
            AccessPlan.Statement(
                "GRANT \(SQLText.name(role)) TO CURRENT_USER",
                reason: "to act for \(role) during this transaction, as only it may change what is its own")
        }
        let giveBack = planner.actedFor.reversed().map { role in
            AccessPlan.Statement(
                "REVOKE \(SQLText.name(role)) FROM CURRENT_USER", reason: "the membership in \(role) is given back")
        }
        return AccessPlan(
            createsDatabase: createsDatabase ? desired.database : nil,
            statements: planner.before + take + planner.body + giveBack, blocked: planner.blocked,
            notes: planner.notes, fingerprint: observed.fingerprint)
    }

    private init(desired: DesiredAccess, observed: ObservedAccess) {
        self.desired = desired
        self.observed = observed
        groups = GroupRole.groups(of: desired)
    }

    private mutating func add(
        _ sql: String, _ reason: String, objects: [String] = [], hazards: [AccessPlan.Hazard] = []
    ) {
        body.append(.init(sql, reason: reason, objects: objects, hazards: hazards))
    }

    // MARK: Roles

    private mutating func roles() {
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
    private mutating func adjust(_ role: ObservedAccess.Role, login: Bool) {
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

    private func mayAlter(_ role: String) -> Bool {
        created.contains(role) || observed.canGrant(role, observed.manager)
    }

    private mutating func block(_ sql: String, by role: String, _ reason: String) {
        blocked.append(.init(sql: sql, role: role, reason: reason))
    }

    // MARK: Memberships

    private mutating func memberships() {
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

    private var ownGroups: Set<String> {
        Set(groups.map(\.name) + [GroupRole.reader, GroupRole.writer, GroupRole.owner])
    }

    private mutating func extraMemberships(of name: String, besides group: String?) {
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
    private mutating func actingRole(_ name: String, _ group: String?) {
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

    private mutating func removedUsers() {
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

    // MARK: Acting for others

    /// Whether statements may be run that only a role, or a member of it, may run; its membership is taken if needed.
    private mutating func actFor(_ role: String) -> Bool {
        let role = role == "pg_database_owner" ? databaseOwner : role
        if observed.hasPrivileges(of: role, observed.manager) || actedFor.contains(role) { return true }
        guard mayAlter(role), !observed.isMember(role, of: observed.manager) else { return false }
        actedFor.append(role)
        return true
    }

    private var databaseOwner: String {
        observed.databases.first { $0.name == desired.database }?.owner ?? observed.manager
    }

    private func cannotAct(for role: String) -> String {
        observed.isMember(role, of: observed.manager)
            ? "\(role) is itself a member of \(observed.manager), which therefore cannot act for it"
            : "\(observed.manager) may not act for \(role)"
    }

    /// Adds a statement that only a role may run, or reports it.
    private mutating func add(
        actingFor role: String, _ sql: String, _ reason: String, objects: [String] = [],
        hazards: [AccessPlan.Hazard] = []
    ) {
        if actFor(role) {
            add(sql, reason, objects: objects, hazards: hazards)
        } else {
            block(sql, by: role, cannotAct(for: role))
        }
    }

    // MARK: The database and its schemas

    private mutating func database() {
        let acl = observed.databases.first { $0.name == desired.database }?.acl
        let missing = groups.filter { acl?.privileges(of: $0.name).contains(.connect) != true }.map(\.name)
        guard !missing.isEmpty else { return }
        add(
            actingFor: databaseOwner,
            "GRANT CONNECT ON DATABASE \(SQLText.name(desired.database)) TO \(SQLText.names(missing))",
            "members may connect to \(desired.database)", objects: missing)
    }

    private mutating func schemas() {
        for name in desired.schemas where observed.schemas[name] == nil {
            add(
                actingFor: databaseOwner, "CREATE SCHEMA \(SQLText.name(name))", "the schema \(name) is missing",
                objects: [name])
        }
        for name in desired.schemas {
            let schema = observed.schemas[name]
            let owner = schema?.owner ?? observed.manager
            for group in groups {
                let wanted = group.schemas.contains(name) ? group.schemaPrivileges : []
                change(wanted, on: schema?.acl, of: group.name, owner: owner, "SCHEMA \(SQLText.name(name))", name)
            }
            for user in managedUsers {
                change([], on: schema?.acl, of: user, owner: owner, "SCHEMA \(SQLText.name(name))", name)
            }
            // Until PostgreSQL 14 everyone may create objects in public (release notes of 15).
            if name == "public", observed.serverVersion < 150_000, removes,
                schema?.acl?.publicPrivileges.contains(.create) == true
            {
                add(
                    actingFor: owner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                    "not everyone should create objects in public", hazards: [.revokesAccess])
            }
        }
        guard removes else { return }
        for name in removedSchemas {
            guard let schema = observed.schemas[name] else { continue }
            for role in managedRoles {
                change([], on: schema.acl, of: role, owner: schema.owner, "SCHEMA \(SQLText.name(name))", name)
            }
        }
    }

    private var removedSchemas: [String] { desired.removedSchemas.filter { !desired.schemas.contains($0) } }
    private var managedUsers: [String] { desired.users.flatMap(\.pair) }
    private var managedRoles: [String] { groups.map(\.name) + managedUsers }

    /// Grants what is missing on one object, and revokes what is too much.
    private mutating func change(
        _ wanted: Set<Privilege>, on acl: AccessControlList?, of role: String, owner: String, _ object: String,
        _ name: String
    ) {
        guard role != owner else { return }
        let has = acl?.privileges(of: role) ?? []
        let missing = wanted.subtracting(has)
        if !missing.isEmpty {
            add(
                actingFor: owner, "GRANT \(SQLText.list(missing)) ON \(object) TO \(SQLText.name(role))",
                "\(role) needs \(SQLText.list(missing)) there", objects: [name])
        }
        guard removes else { return }
        let extra = (acl?.privileges(of: role, grantedBy: owner) ?? []).subtracting(wanted)
        if !extra.isEmpty {
            add(
                actingFor: owner, "REVOKE \(SQLText.list(extra)) ON \(object) FROM \(SQLText.name(role))",
                "\(role) should not have \(SQLText.list(extra)) there", objects: [name], hazards: [.revokesAccess])
        }
    }

    // MARK: Tables, views and sequences

    private struct Change: Hashable {
        let role: String
        let privileges: Set<Privilege>
        let kind: ObservedAccess.Relation.Kind
        let owner: String
        let isGrant: Bool
    }

    private mutating func relations() {
        var order: [Change] = []
        var objects: [Change: [String]] = [:]
        func note(_ change: Change, _ relation: ObservedAccess.Relation) {
            if objects[change] == nil { order.append(change) }
            objects[change, default: []].append(SQLText.name(relation.schema, relation.name))
        }
        let declared = Set(desired.schemas)
        let removed = Set(removedSchemas)
        let users = managedUsers
        for relation in observed.relations {
            let isDeclared = declared.contains(relation.schema)
            guard isDeclared || (removed.contains(relation.schema) && removes) else { continue }
            func compare(_ role: String, _ wanted: Set<Privilege>) {
                guard role != relation.owner else { return }
                let missing = wanted.subtracting(relation.acl?.privileges(of: role) ?? [])
                if !missing.isEmpty {
                    note(
                        Change(
                            role: role, privileges: missing, kind: relation.kind, owner: relation.owner, isGrant: true),
                        relation)
                }
                guard removes, let acl = relation.acl else { return }
                let extra = acl.privileges(of: role, grantedBy: relation.owner).subtracting(wanted)
                if !extra.isEmpty {
                    note(
                        Change(
                            role: role, privileges: extra, kind: relation.kind, owner: relation.owner, isGrant: false),
                        relation)
                }
            }
            for group in groups {
                let applies = isDeclared && group.schemas.contains(relation.schema)
                compare(
                    group.name,
                    applies ? group.privileges(on: relation.kind, serverVersion: observed.serverVersion) : [])
            }
            if relation.acl != nil { for user in users { compare(user, []) } }
        }
        for change in order {
            let names = objects[change] ?? []
            for start in stride(from: 0, to: names.count, by: Self.namesInStatement) {
                let chunk = Array(names[start..<min(start + Self.namesInStatement, names.count)])
                let kind = change.kind == .table ? "TABLE" : "SEQUENCE"
                let verb = change.isGrant ? "GRANT" : "REVOKE"
                add(
                    actingFor: change.owner,
                    "\(verb) \(SQLText.list(change.privileges)) ON \(kind) \(chunk.joined(separator: ", ")) "
                        + "\(change.isGrant ? "TO" : "FROM") \(SQLText.name(change.role))",
                    change.isGrant
                        ? "\(change.role) needs \(SQLText.list(change.privileges)) on what is there"
                        : "\(change.role) should not have \(SQLText.list(change.privileges))",
                    objects: chunk, hazards: change.isGrant ? [] : [.revokesAccess])
            }
        }
    }

    // MARK: What will be created

    private var creators: [String] {
        var creators = [observed.manager] + groups.filter { $0.access == .owner }.map(\.name)
        for creator in desired.creators where !creators.contains(creator) { creators.append(creator) }
        return creators
    }

    private mutating func defaultPrivileges() {
        // A creator may have default privileges for all schemas as well, which add to those for one.
        var known: [String: AccessControlList] = [:]
        for entry in observed.defaults {
            known["\(entry.creator)\0\(entry.schema ?? "")\0\(entry.objectType)"] = entry.acl
        }
        func privileges(_ creator: String, _ schema: String, _ type: String, _ role: String) -> Set<Privilege> {
            known["\(creator)\0\(schema)\0\(type)"]?.privileges(of: role) ?? []
        }
        for creator in creators {
            guard creator == observed.manager || created.contains(creator) || observed.roles[creator] != nil else {
                notes.append(
                    "The creator \(creator) does not exist yet: what it creates is granted when this runs again after its creation."
                )
                continue
            }
            for (kind, type, objects) in [
                (ObservedAccess.Relation.Kind.table, "r", "TABLES"), (.sequence, "S", "SEQUENCES"),
            ] {
                var order: [String] = []
                var statements: [String: (schemas: [String], role: String, privileges: Set<Privilege>, grant: Bool)] =
                    [:]
                func note(_ schema: String, _ role: String, _ privileges: Set<Privilege>, grant: Bool) {
                    let key = "\(grant)\0\(role)\0\(SQLText.list(privileges))"
                    if statements[key] == nil {
                        order.append(key)
                        statements[key] = ([], role, privileges, grant)
                    }
                    statements[key]?.schemas.append(schema)
                }
                for schema in desired.schemas + (removes ? removedSchemas.filter { observed.schemas[$0] != nil } : []) {
                    for group in groups where group.name != creator {
                        let applies = desired.schemas.contains(schema) && group.schemas.contains(schema)
                        let wanted =
                            applies ? group.privileges(on: kind, serverVersion: observed.serverVersion) : []
                        let has = privileges(creator, schema, type, group.name)
                        let missing = wanted.subtracting(has)
                        if !missing.isEmpty { note(schema, group.name, missing, grant: true) }
                        let extra = has.subtracting(wanted)
                        if removes, !extra.isEmpty { note(schema, group.name, extra, grant: false) }
                    }
                }
                for key in order {
                    guard let statement = statements[key] else { continue }
                    let list = SQLText.list(statement.privileges)
                    add(
                        actingFor: creator,
                        "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.name(creator)) IN SCHEMA "
                            + "\(SQLText.names(statement.schemas)) \(statement.grant ? "GRANT" : "REVOKE") \(list) ON "
                            + "\(objects) \(statement.grant ? "TO" : "FROM") \(SQLText.name(statement.role))",
                        statement.grant
                            ? "\(statement.role) needs \(list) on what \(creator) will create"
                            : "\(statement.role) should not have \(list) on what \(creator) will create",
                        objects: statement.schemas, hazards: statement.grant ? [] : [.revokesAccess])
                }
            }
        }
    }
}
