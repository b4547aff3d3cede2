// SPDX-License-Identifier: Apache-2.0

/// Something wrong in a configuration file, and where.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// The file's path.
    public let file: String
    /// The line, counted from 1; `nil` where the whole file is meant.
    public let line: Int?
    /// The column, counted from 1.
    public let column: Int?
    /// What is wrong, and how to mend it.
    public let message: String

    /// The facts as a sentence for people.
    public var description: String {
        guard let line, let column else { return "\(file): \(message)" }
        return "\(file):\(line):\(column): \(message)"
    }
}

/// All that is wrong in a configuration file.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The problems, in the order of the file.
    public let problems: [ConfigurationProblem]

    /// The facts as a sentence for people.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
