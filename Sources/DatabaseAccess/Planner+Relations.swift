// SPDX-License-Identifier: Apache-2.0

/// Tables, views and sequences: those that are there, and those that will be created.
extension Planner {
    struct Change: Hashable {
        let role: String
        let privileges: Set<Privilege>
        let kind: ObservedAccess.Relation.Kind
        let owner: String
        let isGrant: Bool
    }

    mutating func relations() {
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

    var creators: [String] {
        var creators = [observed.manager] + groups.filter { $0.access == .owner }.map(\.name)
        for creator in desired.creators where !creators.contains(creator) { creators.append(creator) }
        return creators
    }

    mutating func defaultPrivileges() {
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
