// SPDX-License-Identifier: Apache-2.0

/// A privilege on an object (PostgreSQL documentation, "Privileges").
public enum Privilege: String, Codable, Hashable, Sendable, CaseIterable, Comparable {
    case select = "SELECT"
    case insert = "INSERT"
    case update = "UPDATE"
    case delete = "DELETE"
    case truncate = "TRUNCATE"
    case references = "REFERENCES"
    case trigger = "TRIGGER"
    case maintain = "MAINTAIN"
    case usage = "USAGE"
    case create = "CREATE"
    case connect = "CONNECT"
    case temporary = "TEMPORARY"
    case execute = "EXECUTE"

    /// The letter in access control lists.
    init?(letter: Character) {
        let letters: [Character: Privilege] = [
            "r": .select, "a": .insert, "w": .update, "d": .delete, "D": .truncate, "x": .references, "t": .trigger,
            "m": .maintain, "U": .usage, "C": .create, "c": .connect, "T": .temporary, "X": .execute,
        ]
        guard let privilege = letters[letter] else { return nil }
        self = privilege
    }

    /// In the order of the documentation, so that statements look the same each time.
    public static func < (left: Privilege, right: Privilege) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Who was given what on one object, as the catalogs tell it.
struct AccessControlList: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        /// The role; `nil` stands for everyone.
        let grantee: String?
        let privileges: Set<Privilege>
        let grantor: String
    }

    let entries: [Entry]

    /// Reads the text of an `aclitem[]`, such as `{owner=arwd/owner,"odd name=r/owner"}`.
    init(text: String) {
        entries = Self.elements(text).compactMap(Self.entry)
    }

    func privileges(of grantee: String, grantedBy grantor: String? = nil) -> Set<Privilege> {
        entries.reduce(into: []) { found, entry in
            if entry.grantee == grantee, grantor == nil || entry.grantor == grantor {
                found.formUnion(entry.privileges)
            }
        }
    }

    var publicPrivileges: Set<Privilege> {
        entries.reduce(into: []) { found, entry in if entry.grantee == nil { found.formUnion(entry.privileges) } }
    }

    /// The elements of an array's text form.
    private static func elements(_ text: String) -> [String] {
        var elements: [String] = []
        var current = ""
        var isQuoted = false
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if isEscaped {
                current.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ",", !isQuoted {
                elements.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        if !current.isEmpty { elements.append(current) }
        return elements
    }

    /// One item: `grantee=letters/grantor`, with names in double quotes where they are not plain.
    private static func entry(_ item: String) -> Entry? {
        var rest = item[...]
        let grantee = name(&rest)
        guard rest.first == "=" else { return nil }
        rest = rest.dropFirst()
        var privileges: Set<Privilege> = []
        while let letter = rest.first, letter != "/" {
            if let privilege = Privilege(letter: letter) { privileges.insert(privilege) }
            rest = rest.dropFirst()
        }
        rest = rest.dropFirst()
        let grantor = name(&rest)
        return Entry(grantee: grantee.isEmpty ? nil : grantee, privileges: privileges, grantor: grantor)
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
