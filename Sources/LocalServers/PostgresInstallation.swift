// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A PostgreSQL server's programs on this machine.
public struct PostgresInstallation: Hashable, Sendable {
    /// The environment variable that names more folders with a server's programs, separated by colons.
    public static let variable = "AURORA_POSTGRES_BIN"

    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    public let binaries: String
    /// The version's first part.
    public let majorVersion: Int
    /// The whole version.
    public let version: String

    /// All installations that are found, the newest first.
    ///
    /// Looked at are the folders that the environment names, those of Debian's and Homebrew's packages, and the path.
    public static func all(environment: [String: String]) async -> [PostgresInstallation] {
        var folders = (environment[variable] ?? "").split(separator: ":").map(String.init)
        let manager = FileManager.default
        for root in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
            for name in ((try? manager.contentsOfDirectory(atPath: root)) ?? []).sorted()
            where root == "/usr/lib/postgresql" || name.hasPrefix("postgresql@") {
                folders.append("\(root)/\(name)/bin")
            }
        }
        folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        var found: [PostgresInstallation] = []
        for folder in folders
        where manager.isExecutableFile(atPath: "\(folder)/initdb")
            && manager.isExecutableFile(atPath: "\(folder)/postgres")
            && !found.contains(where: { $0.binaries == folder })
        {
            if let installation = await PostgresInstallation(binaries: folder) { found.append(installation) }
        }
        return found.sorted { $0.majorVersion > $1.majorVersion }
    }

    /// Looks at a folder; `nil` where its server does not say its version.
    public init?(binaries: String) async {
        let result = try? await run(
            .path(FilePath("\(binaries)/postgres")), arguments: ["--version"], output: .string(limit: 1000),
            error: .discarded)
        // For example: postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
        guard let words = result?.standardOutput.split(whereSeparator: \.isWhitespace), words.count >= 3,
            let major = Int(words[2].prefix { $0.isNumber })
        else { return nil }
        self.binaries = binaries
        majorVersion = major
        version = String(words[2])
    }
}
