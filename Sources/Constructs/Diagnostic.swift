// SPDX-License-Identifier: Apache-2.0

/// A remark about a construct, for the person who declared it.
public struct Diagnostic: Hashable, Sendable {
    /// How much a remark matters.
    public enum Severity: String, Hashable, Sendable {
        /// Good to know.
        case info
        /// Works, but should be looked at.
        case warning
        /// Nothing is synthesized until this is mended.
        case error
    }

    /// How much it matters.
    public let severity: Severity
    /// Where: the construct's path, such as `AuroraDemo/Vpc`.
    public let path: String
    /// What, and how to mend it.
    public let message: String

    /// Makes a remark.
    public init(_ severity: Severity, path: String, message: String) {
        self.severity = severity
        self.path = path
        self.message = message
    }
}

extension Diagnostic: CustomStringConvertible {
    /// The facts as a sentence for people.
    public var description: String {
        path.isEmpty ? "\(severity.rawValue): \(message)" : "\(severity.rawValue): \(path): \(message)"
    }
}

/// What is wrong with a tree, all of it at once.
public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errors found, in the order of the tree.
    public let diagnostics: [Diagnostic]

    /// Gathers errors; never empty.
    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// The facts as a sentence for people.
    public var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}
