// SPDX-License-Identifier: Apache-2.0

/// What roles will have on objects that are created later.
extension Planner {
    typealias ObjectType = ObservedAccess.DefaultPrivileges.ObjectType

    var creators: [String] {
        var creators = [observed.manager] + groups.filter { $0.access == .owner }.map(\.name)
        for creator in desired.creators where !creators.contains(creator) { creators.append(creator) }
        return creators
    }

    /// Grants what is missing, schemas with the same need in one statement.
    mutating func missingDefaultPrivileges() {
        struct Place: Hashable {
            let creator: String
            let schema: String
            let type: ObjectType
        }
        var known: [Place: AccessControlList] = [:]
        for entry in observed.defaults {
            guard let schema = entry.schema, let type = entry.type else { continue }
            known[Place(creator: entry.creator, schema: schema, type: type)] = entry.acl
        }
        for creator in creators {
            guard creator == observed.manager || created.contains(creator) || observed.roles[creator] != nil else {
                notes.append(
                    "The creator \(creator) does not exist yet: what it creates is granted when this runs again after its creation."
                )
                continue
            }
            for type in [ObjectType.tables, .sequences] {
                var schemas = NamesByNeed<Discrepancy>()
                for schema in desired.schemas {
                    let acl = known[Place(creator: creator, schema: schema, type: type)]
                    for group in groups {
                        for missing in Discrepancy.find(
                            wanted: wanted(group, type, in: schema), acl: acl, role: group.name, owner: creator,
                            removes: false)
                        {
                            schemas.add(schema, missing)
                        }
                    }
                }
                for missing in schemas.needs { change(missing, type, of: creator, in: schemas[missing]) }
            }
        }
    }

    /// Revokes what is too much, whoever the creator is. It comes before schemas are created, which would get it.
    mutating func excessiveDefaultPrivileges() {
        guard removes else { return }
        let scope = Set(desired.schemas + removedSchemas)
        let managedRoles = managedRoles
        for entry in observed.defaults {
            guard let type = entry.type, entry.schema.map(scope.contains) ?? true else { continue }
            for role in managedRoles {
                guard !entry.acl.entries(of: role).isEmpty else { continue }
                let group = groupsByName[role]
                let wanted = group.map { self.wanted($0, type, in: entry.schema) } ?? []
                let found = Discrepancy.find(
                    wanted: wanted, acl: entry.acl, role: role, owner: entry.creator, removes: true)
                for extra in found where extra.remedy != .grant {
                    change(extra, type, of: entry.creator, in: entry.schema.map { [$0] })
                }
            }
        }
    }

    /// What a group should get on new objects in a schema; or what it may get in all of them.
    private func wanted(_ group: GroupRole, _ type: ObjectType, in schema: String?) -> Set<Privilege> {
        let kind: ObservedAccess.Relation.Kind
        switch type {
        case .tables: kind = .table
        case .sequences: kind = .sequence
        case .schemas: return []
        }
        let applies =
            schema.map(group.schemas.contains) ?? group.isForAllSchemas
        return applies ? group.privileges(on: kind, serverVersion: observed.serverVersion) : []
    }

    private mutating func change(
        _ discrepancy: Discrepancy, _ type: ObjectType, of creator: String, in schemas: [String]?
    ) {
        let place = schemas.map { " IN SCHEMA \(SQLText.names($0))" } ?? ""
        mend(
            discrepancy, owner: creator, objects: type.rawValue, names: schemas ?? [],
            place: "on what \(creator) will create",
            prefix: "ALTER DEFAULT PRIVILEGES FOR ROLE \(SQLText.name(creator))\(place) ")
    }
}
