// SPDX-License-Identifier: Apache-2.0

/// The database and its schemas.
extension Planner {
    mutating func database() {
        let acl = observed.databases.first { $0.name == desired.database }?.acl
        let object = "DATABASE \(SQLText.name(desired.database))"
        for role in managedRoles {
            let isGroup = groups.contains { $0.name == role }
            for discrepancy in Discrepancy.find(
                wanted: isGroup ? [.connect] : [], acl: acl, role: role, owner: databaseOwner, removes: removes)
            {
                mend(
                    discrepancy, owner: databaseOwner, objects: object, names: [desired.database],
                    place: "on the database \(desired.database)")
            }
        }
    }

    mutating func schemas() {
        for name in desired.schemas where observed.schemas[name] == nil {
            // Without its schemas a database is of no use: where the manager may not create them, the server says so,
            // and nothing is changed.
            _ = actFor(databaseOwner)
            add("CREATE SCHEMA \(SQLText.name(name))", "the schema \(name) is missing", objects: [name])
        }
        struct Change: Hashable {
            let discrepancy: Discrepancy
            let owner: String
        }
        var changes = NamesByNeed<Change>()
        let (declared, managedRoles) = (Set(desired.schemas), managedRoles)
        let known = Set(creators + managedUsers + [databaseOwner, "pg_database_owner"])
        for name in desired.schemas + (removes ? removedSchemas : []) {
            let schema = observed.schemas[name]
            let isDeclared = declared.contains(name)
            guard isDeclared || schema != nil else { continue }
            let owner = schema?.owner ?? observed.manager
            for role in managedRoles {
                let group = isDeclared ? groupsByName[role] : nil
                for discrepancy in Discrepancy.find(
                    wanted: group.map { $0.schemas.contains(name) ? $0.schemaPrivileges : [] } ?? [], acl: schema?.acl,
                    role: role, owner: owner,
                    removes: removes)
                {
                    changes.add(name, Change(discrepancy: discrepancy, owner: owner))
                }
            }
            if isDeclared, let schema { others(schema, known) }
        }
        for change in changes.needs {
            let names = changes[change]
            mend(
                change.discrepancy, owner: change.owner, objects: "SCHEMA \(SQLText.names(names))", names: names,
                place: names.count == 1 ? "in the schema \(names[0])" : "in \(names.count) schemas")
        }
    }

    /// What everyone may do, and who else creates objects.
    private mutating func others(_ schema: ObservedAccess.Schema, _ known: Set<String>) {
        let name = schema.name
        if schema.acl?.publicPrivileges.contains(.create) == true {
            // Until PostgreSQL 14 everyone may create objects in public (release notes of 15).
            if name == "public", observed.serverVersion < 150_000, removes {
                add(
                    actingFor: schema.owner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                    "not everyone should create objects in public", hazards: [.revokesAccess])
            } else {
                notes.append("Everyone may create objects in the schema \(name), and so may each user.")
            }
        }
        let roles =
            [schema.owner]
            + (schema.acl?.entries ?? []).filter { $0.privileges.contains(.create) }
            .compactMap(\.grantee)
        for role in Set(roles).subtracting(known).sorted() {
            notes.append(
                "\(role) can create objects in the schema \(name), which the users will not see until this runs "
                    + "again: declare it as a creator.")
        }
    }

    var removedSchemas: [String] { desired.removedSchemas.filter { !desired.schemas.contains($0) } }
    var managedUsers: [String] { desired.users.flatMap(\.pair) }
    var managedRoles: [String] { groups.map(\.name) + managedUsers }
}
