// SPDX-License-Identifier: Apache-2.0

/// Tables, views and sequences that are there.
extension Planner {
    /// What relations have in common that need the same: thousands of tables share a few of these.
    private struct Class: Hashable {
        let schema: String
        let kind: ObservedAccess.Relation.Kind
        let owner: String
        let acl: AccessControlList?
        let columnACL: AccessControlList?
    }

    /// A statement for many relations.
    private struct Change: Hashable {
        let discrepancy: Discrepancy
        let kind: ObservedAccess.Relation.Kind
        let owner: String
    }

    mutating func relations() {
        let declared = Set(desired.schemas)
        let scope = declared.union(removes ? removedSchemas : [])
        let users = managedUsers
        let nonOwners = Set(managedUsers + groups.filter { $0.access != .owner }.map(\.name))
        var known: [Class: [Discrepancy]] = [:]
        var changes = NamesByNeed<Change>()
        var ownedByOthers: [String: [String]] = [:]
        for relation in observed.relations where scope.contains(relation.schema) {
            let key = Class(
                schema: relation.schema, kind: relation.kind, owner: relation.owner, acl: relation.acl,
                columnACL: relation.columnACL)
            let discrepancies = known[key] ?? discrepancies(key, isDeclared: declared.contains(relation.schema), users)
            known[key] = discrepancies
            if nonOwners.contains(relation.owner), relation.kind == .table {
                ownedByOthers[relation.owner, default: []].append("\(relation.schema).\(relation.name)")
            }
            guard !discrepancies.isEmpty else { continue }
            let name = SQLText.name(relation.schema, relation.name)
            for discrepancy in discrepancies {
                changes.add(name, Change(discrepancy: discrepancy, kind: relation.kind, owner: relation.owner))
            }
        }
        everyone(declared)
        for change in changes.needs {
            let names = changes[change]
            for start in stride(from: 0, to: names.count, by: Self.namesInStatement) {
                let chunk = Array(names[start..<min(start + Self.namesInStatement, names.count)])
                mend(
                    change.discrepancy, owner: change.owner,
                    objects: "\(change.kind == .table ? "TABLE" : "SEQUENCE") \(chunk.joined(separator: ", "))",
                    names: chunk, place: "on what is there")
            }
        }
        for (owner, names) in ownedByOthers.sorted(by: { $0.key < $1.key }) {
            let more = names.count > 1 ? " and \(names.count - 1) more" : ""
            notes.append(
                "\(names[0])\(more) belongs to \(owner), which can therefore do everything with it: "
                    + "ALTER TABLE … OWNER TO \(GroupRole.owner) changes that.")
        }
    }

    /// Reports what everyone may do that some users should not: others may rely on it, so that it is not taken away.
    private mutating func everyone(_ declared: Set<String>) {
        guard removes else { return }
        struct Excess: Hashable {
            let privileges: Set<Privilege>
            let kind: ObservedAccess.Relation.Kind
            let owner: String
        }
        var found = NamesByNeed<Excess>()
        for relation in observed.relations where declared.contains(relation.schema) {
            guard let everyone = relation.acl?.publicPrivileges, !everyone.isEmpty else { continue }
            // Who may not use the schema has nothing of what is in it.
            let least = groups.filter { group in group.schemas.contains(relation.schema) && isInUse(group) }
                .map { $0.privileges(on: relation.kind, serverVersion: observed.serverVersion) }
            let excess = least.reduce(into: Set<Privilege>()) { $0.formUnion(everyone.subtracting($1)) }
            guard !excess.isEmpty else { continue }
            found.add(
                SQLText.name(relation.schema, relation.name),
                Excess(privileges: excess, kind: relation.kind, owner: relation.owner))
        }
        for excess in found.needs {
            let (names, list) = (found[excess], SQLText.list(excess.privileges))
            let more = names.count > 1 ? " and \(names.count - 1) more" : ""
            block(
                "REVOKE \(list) ON \(excess.kind == .table ? "TABLE" : "SEQUENCE") \(names.joined(separator: ", ")) "
                    + "FROM PUBLIC",
                by: excess.owner,
                "everyone has \(list) on \(names[0])\(more), and so has each user; others than those declared may rely "
                    + "on it")
        }
    }

    /// Whether a declared user is in a group.
    private func isInUse(_ group: GroupRole) -> Bool {
        desired.users.contains { GroupRole.name(for: $0) == group.name }
    }

    private func discrepancies(_ relation: Class, isDeclared: Bool, _ users: [String]) -> [Discrepancy] {
        var found: [Discrepancy] = []
        for group in groups {
            let applies = isDeclared && group.schemas.contains(relation.schema)
            let wanted = applies ? group.privileges(on: relation.kind, serverVersion: observed.serverVersion) : []
            found += Discrepancy.find(
                wanted: wanted, acl: relation.acl, columns: relation.columnACL, role: group.name,
                owner: relation.owner, removes: removes)
        }
        guard relation.acl != nil || relation.columnACL != nil else { return found }
        for user in users {
            found += Discrepancy.find(
                wanted: [], acl: relation.acl, columns: relation.columnACL, role: user, owner: relation.owner,
                removes: removes)
        }
        return found
    }
}
