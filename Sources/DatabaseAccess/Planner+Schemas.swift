// SPDX-License-Identifier: Apache-2.0

/// The database and its schemas.
extension Planner {
    mutating func database() {
        let acl = observed.databases.first { $0.name == desired.database }?.acl
        let missing = groups.filter { acl?.privileges(of: $0.name).contains(.connect) != true }.map(\.name)
        guard !missing.isEmpty else { return }
        add(
            actingFor: databaseOwner,
            "GRANT CONNECT ON DATABASE \(SQLText.name(desired.database)) TO \(SQLText.names(missing))",
            "members may connect to \(desired.database)", objects: missing)
    }

    mutating func schemas() {
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

    var removedSchemas: [String] { desired.removedSchemas.filter { !desired.schemas.contains($0) } }
    var managedUsers: [String] { desired.users.flatMap(\.pair) }
    var managedRoles: [String] { groups.map(\.name) + managedUsers }

    /// Grants what is missing on one object, and revokes what is too much.
    mutating func change(
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
}
