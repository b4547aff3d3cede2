// SPDX-License-Identifier: Apache-2.0

import PostgreSQL

/// Who was given what on one object, as the catalogs tell it.
struct AccessControlList: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        /// The role; `nil` stands for everyone.
        let grantee: String?
        let privileges: Set<Privilege>
        /// Those that the role may grant to others.
        let grantable: Set<Privilege>
        let grantor: String
    }

    let entries: [Entry]
    private let text: String
    // Lists are asked for one role after the other, most of which are not in them.
    private let entriesByGrantee: [String: [Entry]]

    /// Reads the text of an `aclitem[]`, such as `{owner=arwd/owner,"odd name=r/owner"}`.
    init(text: String) {
        self.text = text
        entries = ([String](postgresText: text) ?? []).compactMap(Self.entry)
        entriesByGrantee = Dictionary(grouping: entries.filter { $0.grantee != nil }) { $0.grantee ?? "" }
    }

    // The same text says the same, and thousands of lists are compared.
    static func == (left: AccessControlList, right: AccessControlList) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    func entries(of grantee: String) -> [Entry] { entriesByGrantee[grantee] ?? [] }

    func privileges(of grantee: String) -> Set<Privilege> {
        let entries = entries(of: grantee)
        if entries.count == 1 { return entries[0].privileges }
        return entries.reduce(into: []) { $0.formUnion($1.privileges) }
    }

    /// What a role has granted to others, which would be taken from them together with its own.
    func privileges(grantedBy grantor: String) -> Set<Privilege> {
        entries.reduce(into: []) { found, entry in
            if entry.grantor == grantor { found.formUnion(entry.privileges) }
        }
    }

    var publicPrivileges: Set<Privilege> {
        entries.reduce(into: []) { found, entry in if entry.grantee == nil { found.formUnion(entry.privileges) } }
    }

    /// One item: `grantee=letters/grantor`, with names in double quotes where they are not plain.
    private static func entry(_ item: String) -> Entry? {
        var rest = item[...]
        let grantee = name(&rest)
        guard rest.first == "=" else { return nil }
        rest = rest.dropFirst()
        var privileges: Set<Privilege> = []
        var grantable: Set<Privilege> = []
        while let letter = rest.popFirst(), letter != "/" {
            guard let privilege = Privilege(letter: letter) else { continue }
            privileges.insert(privilege)
            if rest.first == "*" { grantable.insert(privilege) }
        }
        let grantor = name(&rest)
        return Entry(
            grantee: grantee.isEmpty ? nil : grantee, privileges: privileges, grantable: grantable, grantor: grantor)
    }

    private static func name(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let plain = rest.prefix { $0 != "=" && $0 != "/" }
            rest = rest[plain.endIndex...]
            return String(plain)
        }
        var name = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst() {
            if character != "\"" {
                name.append(character)
            } else if rest.first == "\"" {
                name.append("\"")
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        return name
    }
}
