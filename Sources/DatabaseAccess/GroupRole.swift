// SPDX-License-Identifier: Apache-2.0

/// A role that nobody logs in as, and that holds the privileges of those who are in it.
struct GroupRole: Hashable {
    static let reader = "r_reader"
    static let writer = "r_writer"
    static let owner = "r_owner"

    let name: String
    let access: DesiredAccess.Access
    let schemas: Set<String>
    /// Whether it is one for all users of its access, and not for one with schemas of its own.
    let isForAllSchemas: Bool

    /// The groups that a desired state needs: one for each access, and one for each user with schemas of its own.
    static func groups(of desired: DesiredAccess) -> [GroupRole] {
        let all = Set(desired.schemas)
        let common = [(reader, DesiredAccess.Access.reader), (writer, .writer), (owner, .owner)]
        return common.map { GroupRole(name: $0.0, access: $0.1, schemas: all, isForAllSchemas: true) }
            + desired.users.compactMap { user in
                user.schemas.map {
                    GroupRole(
                        name: name(for: user), access: user.access, schemas: Set($0), isForAllSchemas: false)
                }
            }
    }

    /// The groups that are there in any case.
    static let common = [reader, writer, owner]

    /// The groups that users with schemas of their own may have had: what the one for owners owns, it must not keep as
    /// somebody's who may only read.
    static func ownNames(ofUser name: String) -> [String] { [ownName(ofUser: name), "o_\(name)"] }

    private static func ownName(ofUser name: String) -> String {
        common.contains("r_\(name)") ? "r_\(name)_user" : "r_\(name)"
    }

    /// The group that a user is in.
    static func name(for user: DesiredAccess.User) -> String {
        guard user.schemas == nil else {
            return user.access == .owner ? "o_\(user.name)" : ownName(ofUser: user.name)
        }
        return switch user.access {
        case .reader: reader
        case .writer: writer
        case .owner: owner
        }
    }

    /// What its members may do with a table, a view or a sequence.
    func privileges(on kind: ObservedAccess.Relation.Kind, serverVersion: Int) -> Set<Privilege> {
        switch (kind, access) {
        case (.table, .reader): [.select]
        case (.table, .writer): [.select, .insert, .update, .delete]
        case (.sequence, .reader): [.usage, .select]
        case (.sequence, .writer): [.usage, .select, .update]
        case (_, .owner): Self.everything(on: kind, serverVersion)
        }
    }

    /// All that can be granted.
    static func everything(on kind: ObservedAccess.Relation.Kind, _ serverVersion: Int) -> Set<Privilege> {
        switch kind {
        case .table:
            // MAINTAIN came with PostgreSQL 17.
            Set([.select, .insert, .update, .delete, .truncate, .references, .trigger])
                .union(serverVersion >= 170_000 ? [.maintain] : [])
        case .sequence: [.usage, .select, .update]
        }
    }

    /// What its members may do in a schema.
    var schemaPrivileges: Set<Privilege> { access == .owner ? [.usage, .create] : [.usage] }
}
