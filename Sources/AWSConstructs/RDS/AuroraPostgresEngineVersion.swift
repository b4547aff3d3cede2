// SPDX-License-Identifier: Apache-2.0

/// A version of Aurora PostgreSQL, such as `16.8`.
public struct AuroraPostgresEngineVersion: Hashable, Sendable, CustomStringConvertible {
    /// The part before the point.
    public let major: Int
    /// The whole.
    public let full: String

    /// Reads a version such as `16.8`; `nil` for anything else.
    public init?(_ full: String) {
        let parts = full.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }),
            let major = Int(parts[0]), major >= 10
        else { return nil }
        self.major = major
        self.full = full
    }

    private init(major: Int, full: String) {
        self.major = major
        self.full = full
    }

    /// The newest version with long-term support that the schemas of the build know (Amazon Aurora User Guide,
    /// "Using an Aurora PostgreSQL long-term support (LTS) release").
    public static let longTermSupport = AuroraPostgresEngineVersion(major: 17, full: "17.7")

    /// The facts as a sentence for people.
    public var description: String { full }

    /// The family of parameter groups for this version.
    public var parameterGroupFamily: String { "aurora-postgresql\(major)" }
}
