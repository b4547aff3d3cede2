// SPDX-License-Identifier: Apache-2.0

import PostgreSQL

/// Spells names and privileges in the statements of a plan.
enum SQLText {
    static func name(_ name: String) -> String { SQL.identifier(name) }
    static func name(_ schema: String, _ name: String) -> String { SQL.identifier(schema, name) }
    static func names(_ names: [String]) -> String { names.map(SQL.identifier).joined(separator: ", ") }
    static func text(_ text: String) -> String { SQL.literal(text) }
    static func list(_ privileges: Set<Privilege>) -> String {
        privileges.sorted().map(\.rawValue).joined(separator: ", ")
    }
}
