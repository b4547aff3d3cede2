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
