// SPDX-License-Identifier: Apache-2.0

/// Follows the chain from a login to a row. A pure function of what is declared and what is there.
struct Explainer {
    typealias Link = AccessExplanation.Link

    /// What is the same for all that a login wants.
    struct Facts {
        /// The group that it is declared to be in; `nil` where it is not declared.
        let group: GroupRole?
        /// The role as which its statements run.
        let actingRole: String
        /// The roles whose privileges it has.
        let identities: Set<String>
        let isSuperuser: Bool
    }

    let desired: DesiredAccess
    let access: ObservedAccess
    private let facts: [String: Facts]
    private let creators: Set<String>

    init(desired: DesiredAccess, access: ObservedAccess) {
        self.desired = desired
        self.access = access
        let groups = GroupRole.groups(of: desired)
        var facts: [String: Facts] = [:]
        for user in desired.users {
            let name = GroupRole.name(for: user)
            let group = groups.first { $0.name == name }
            for login in user.pair { facts[login] = Self.facts(login, group, access) }
        }
        self.facts = facts
        creators = Set(
            [access.manager] + groups.filter { $0.access == .owner }.map(\.name) + desired.creators)
    }

    private static func facts(_ login: String, _ group: GroupRole?, _ access: ObservedAccess) -> Facts {
        let role = access.roles[login]
        let wanted = role?.actsAsInDatabase ?? role?.actsAs
        let acting = wanted.flatMap { access.roles[$0] == nil ? nil : $0 } ?? login
        return Facts(
            group: group, actingRole: acting, identities: access.rolesWithPrivileges(of: acting),
            isSuperuser: access.roles[acting]?.isSuperuser == true)
    }

    /// What is known of a login, declared or not.
    func facts(_ login: String) -> Facts { facts[login] ?? Self.facts(login, nil, access) }

    func group(of login: String) -> GroupRole? { facts(login).group }
    func actingRole(of login: String) -> String { facts(login).actingRole }
    func identities(of login: String) -> Set<String> { facts(login).identities }
    func isSuperuser(_ login: String) -> Bool { facts(login).isSuperuser }

    // MARK: The links

    static func noDatabase(_ name: String) -> Link {
        Link(
            "The database \(name) exists", .broken,
            "there is none: provisioning has not run, or it failed, which the log of the stack's DatabaseFunction tells",
            remedy: "CREATE DATABASE \(SQLText.name(name))")
    }

    func login(_ login: String, _ password: AccessExplanation.Password) -> [Link] {
        [mayLogIn(login), passwordLink(login, password), mayConnect(login)]
    }

    private func mayLogIn(_ login: String) -> Link {
        let condition = "The user exists and may log in"
        let name = SQLText.name(login)
        guard let role = access.roles[login] else {
            return Link(condition, .broken, "there is no role \(login)", remedy: "CREATE ROLE \(name) LOGIN")
        }
        guard role.canLogin else {
            return Link(condition, .broken, "\(login) is NOLOGIN", remedy: "ALTER ROLE \(name) LOGIN")
        }
        guard !role.isShutOut else {
            return Link(
                condition, .broken, "\(login)'s password has expired, or its connection limit is 0",
                remedy: "ALTER ROLE \(name) VALID UNTIL 'infinity' CONNECTION LIMIT -1")
        }
        return Link(condition, .intact, "\(login) may")
    }

    private func passwordLink(_ login: String, _ password: AccessExplanation.Password) -> Link {
        let condition = "The password matches the secret"
        switch password {
        case .works(let secret): return Link(condition, .intact, "\(login) logged in just now with \(secret)")
        case .refused(let secret):
            return Link(
                condition, .broken, "the server refuses what \(secret) says",
                remedy: "\\password \(SQLText.name(login))")
        case .notTried(let reason): return Link(condition, .unknown, reason)
        }
    }

    private func mayConnect(_ login: String) -> Link {
        let condition = "CONNECT on the database \(access.database)"
        let database = access.databases.first { $0.name == access.database }
        let everyone = database?.acl.map(\.publicPrivileges) ?? [.connect]
        return holder(
            of: [.connect], condition, login, owner: database?.owner ?? "", acl: database?.acl, everyone: everyone,
            object: "DATABASE \(SQLText.name(access.database))")
    }

    func membership(_ login: String) -> Link {
        let condition = "The user is in its group, and inherits from it"
        guard let group = group(of: login) else {
            return Link(condition, .doubtful, "\(login) is not declared, and is expected in no group")
        }
        let found = (access.membershipsByMember[login] ?? []).filter { $0.role == group.name }
        let options = access.serverVersion >= 160_000 ? " WITH INHERIT TRUE, SET TRUE" : ""
        let grant = "GRANT \(SQLText.name(group.name)) TO \(SQLText.name(login))\(options)"
        if found.isEmpty {
            return Link(condition, .broken, "\(login) is not in \(group.name)", remedy: grant)
        }
        guard found.contains(where: \.inherits) else {
            let inherit =
                access.serverVersion >= 160_000 ? grant : "ALTER ROLE \(SQLText.name(login)) INHERIT"
            return Link(
                condition, .broken, "\(login) is in \(group.name), but does not inherit from it", remedy: inherit)
        }
        let acting = actingRole(of: login)
        if group.access == .owner, acting != group.name {
            return Link(
                condition, .doubtful, "\(login) acts as \(acting) from login: what it creates is its own",
                remedy: "ALTER ROLE \(SQLText.name(login)) SET role = \(SQLText.text(group.name))")
        }
        return Link(condition, .intact, "\(login) is in \(group.name)")
    }

    func schema(_ name: String, _ login: String, _ privileges: Set<Privilege> = [.usage]) -> Link {
        let condition = "\(SQLText.list(privileges)) on the schema \(name)"
        guard let schema = access.schemas[name] else {
            let reason =
                desired.schemas.contains(name)
                ? "it is declared, and provisioning has not run since, or failed: see the log of the stack's "
                    + "DatabaseFunction" : "it is not declared either"
            return Link(
                condition, .broken, "there is no schema \(name); \(reason)",
                remedy: "CREATE SCHEMA \(SQLText.name(name))")
        }
        let group = group(of: login)
        return holder(
            of: privileges, condition, login, owner: schema.owner, acl: schema.acl,
            everyone: schema.acl?.publicPrivileges ?? [],
            declared: group.map { $0.schemas.contains(name) ? $0.schemaPrivileges : [] },
            object: "SCHEMA \(SQLText.name(name))")
    }

    func object(_ object: AuditedObject, _ login: String, _ privileges: Set<Privilege>) -> [Link] {
        let list = SQLText.list(privileges)
        let granted = holder(
            of: privileges, "\(list) on the \(object.kind.rawValue.lowercased())", login, owner: object.owner,
            acl: object.acl, columns: object.columnACL,
            everyone: object.acl?.publicPrivileges ?? object.kind.ofEveryone,
            declared: group(of: login) == nil ? nil : declared(login, object),
            object: "\(object.kind.rawValue) \(Self.placeholder)")
        return [granted] + rowSecurity(of: object, login, privileges)
            + defaultPrivilege(of: object, login, privileges, isGranted: granted.state == .intact)
    }

    /// Stands for the object's name in a remedy, so that many objects can share one.
    static let placeholder = "{object}"

    /// Which role gives a login the privileges on an object.
    ///
    /// - Parameters:
    ///   - privileges: The privileges.
    ///   - condition: What has to be so, in words.
    ///   - login: Who logs in.
    ///   - owner: The object's owner.
    ///   - acl: Who was given what on it.
    ///   - columns: Who was given what on its columns.
    ///   - everyone: What everyone has.
    ///   - declared: What the login should have; `nil` where nothing is declared for it.
    ///   - object: The object in SQL.
    /// - Returns: What was found.
    private func holder(
        of privileges: Set<Privilege>, _ condition: String, _ login: String, owner: String,
        acl: AccessControlList?, columns: AccessControlList? = nil, everyone: Set<Privilege>,
        declared: Set<Privilege>? = nil, object: String
    ) -> Link {
        if isSuperuser(login) { return Link(condition, .intact, "\(login) is a superuser") }
        let identities = identities(of: login)
        let owner = owner == "pg_database_owner" && identities.contains(databaseOwner) ? databaseOwner : owner
        if identities.contains(owner) { return Link(condition, .intact, "\(owner) is the owner") }
        var missing = privileges
        var holders: [String] = []
        for entry in acl?.entries ?? [] {
            guard let grantee = entry.grantee, identities.contains(grantee) else { continue }
            if !entry.privileges.isDisjoint(with: privileges) { holders.append("\(grantee) has it") }
            missing.subtract(entry.privileges)
        }
        if !missing.isDisjoint(with: everyone) { holders.append("everyone has it") }
        missing.subtract(everyone)
        guard !missing.isEmpty else {
            return Link(condition, .intact, Set(holders).sorted().joined(separator: ", "))
        }
        if let group = group(of: login), !identities.contains(group.name),
            missing.isSubset(of: acl?.privileges(of: group.name) ?? [])
        {
            return Link(
                condition, .broken, "\(group.name) has it, but \(login) has not \(group.name)'s privileges",
                remedy: membership(login).remedy)
        }
        let role = SQLText.name(group(of: login)?.name ?? login)
        let inColumns = (columns?.entries ?? []).contains {
            $0.grantee.map(identities.contains) ?? true && !missing.isDisjoint(with: $0.privileges)
        }
        let finding =
            "neither \(identities.sorted().joined(separator: ", ")) nor everyone has \(SQLText.list(missing))"
            + (inColumns ? ", except in some columns" : "")
        // A statement would be taken back by the next apply; and it may well be right that this user cannot.
        if let declared, !missing.isSubset(of: declared) {
            return Link(
                condition, .broken, "\(finding), and none of that is declared: change the declaration if it should")
        }
        return Link(
            condition, .broken, finding,
            remedy: "GRANT \(SQLText.list(missing)) ON \(object) TO \(role)")
    }

    private var databaseOwner: String {
        access.databases.first { $0.name == access.database }?.owner ?? access.manager
    }

    private func rowSecurity(of object: AuditedObject, _ login: String, _ privileges: Set<Privilege>) -> [Link] {
        guard object.kind == .table else { return [] }
        let condition = "Row security lets rows through"
        guard let security = object.rowSecurity else {
            return [Link(condition, .intact, "it is not at work here")]
        }
        let acting = access.roles[actingRole(of: login)]
        let identities = identities(of: login)
        if acting?.isSuperuser == true || acting?.bypassesRowSecurity == true {
            return [Link(condition, .intact, "\(login) bypasses it")]
        }
        if !security.isForced, identities.contains(object.owner) {
            return [Link(condition, .intact, "it does not hold for the owner")]
        }
        let commands = Set(privileges.map(\.rawValue)).union(["ALL"])
        let policies = security.policies.filter { policy in
            commands.contains(policy.command)
                && policy.roles.contains { $0 == "public" || identities.contains($0) }
        }
        guard policies.contains(where: \.isPermissive) else {
            let group = group(of: login)?.name
            if let group, let policy = security.policies.first(where: { $0.roles.contains(group) }) {
                return [Link(condition, .broken, "\(policy.name) is for \(group), which \(login) is not in")]
            }
            let role = SQLText.name(group ?? login)
            let command = privileges.count == 1 ? privileges.first?.rawValue ?? "ALL" : "ALL"
            let check = command == "INSERT" ? "WITH CHECK (true)" : "USING (true)"
            return [
                Link(
                    condition, .broken, "no policy is for \(login), which therefore sees no row",
                    remedy: "CREATE POLICY \(SQLText.name("all rows for \(group ?? login)")) ON "
                        + "\(Self.placeholder) FOR \(command) TO \(role) \(check)")
            ]
        }
        let names = policies.map(\.name).joined(separator: ", ")
        return [Link(condition, .intact, "the rows that \(names) lets through")]
    }

    /// Whether what its owner creates is granted from the start: where it is not, the next object will lack it too.
    private func defaultPrivilege(
        of object: AuditedObject, _ login: String, _ privileges: Set<Privilege>, isGranted: Bool
    ) -> [Link] {
        guard object.kind == .table || object.kind == .sequence, let group = group(of: login),
            group.name != object.owner, group.schemas.contains(object.schema)
        else { return [] }
        let relation: ObservedAccess.Relation.Kind = object.kind == .table ? .table : .sequence
        let wanted = group.privileges(on: relation, serverVersion: access.serverVersion).intersection(privileges)
        guard !wanted.isEmpty else { return [] }
        let type: ObservedAccess.DefaultPrivileges.ObjectType = object.kind == .table ? .tables : .sequences
        let condition = "What \(object.owner) creates in \(object.schema) is granted from the start"
        let has = access.defaults.reduce(into: Set<Privilege>()) { has, entry in
            guard entry.creator == object.owner, entry.type == type else { return }
            if let schema = entry.schema, schema != object.schema { return }
            has.formUnion(entry.acl.privileges(of: group.name))
        }
        let missing = wanted.subtracting(has)
        guard !missing.isEmpty else {
            return [
                Link(
                    condition, .intact,
                    isGranted
                        ? "\(group.name) gets it"
                        : "\(group.name) gets it now: the object is older, or it was taken away later")
            ]
        }
        let declared = creators.contains(object.owner) ? "" : ", which is not declared as a creator"
        return [
            Link(
                condition, .doubtful, "\(group.name) does not get it from \(object.owner)\(declared)",
                remedy: "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.name(object.owner)) IN SCHEMA "
                    + "\(SQLText.name(object.schema)) GRANT \(SQLText.list(missing)) ON \(type.rawValue) TO "
                    + SQLText.name(group.name))
        ]
    }
}
