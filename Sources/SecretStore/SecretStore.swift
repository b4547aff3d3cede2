// SPDX-License-Identifier: Apache-2.0

/// A label on a version of a secret (AWS Secrets Manager User Guide, "Secret versions").
public enum VersionStage {
    /// The version that applications use.
    public static let current = "AWSCURRENT"
    /// The version that a rotation is about to make current.
    public static let pending = "AWSPENDING"
    /// The version that was current before.
    public static let previous = "AWSPREVIOUS"
}

/// A version of a secret.
public struct SecretVersion: Sendable, CustomStringConvertible {
    /// The version's id.
    public let id: String
    /// What is secret.
    public let value: String
    /// The version's labels.
    public let stages: Set<String>

    /// Describes a version.
    public init(id: String, value: String, stages: Set<String>) {
        self.id = id
        self.value = value
        self.stages = stages
    }

    /// The id and the labels, without the value.
    public var description: String { "version \(id) \(stages.sorted())" }
}

/// What is known about a secret apart from its value.
public struct SecretDescription: Sendable, Hashable {
    /// The secret's ARN.
    public let arn: String
    /// The secret's name.
    public let name: String
    /// Whether it has a rotation schedule.
    public let isRotationEnabled: Bool
    /// The labels of each version.
    public let stages: [String: Set<String>]

    /// Describes a secret.
    public init(arn: String, name: String, isRotationEnabled: Bool, stages: [String: Set<String>]) {
        self.arn = arn
        self.name = name
        self.isRotationEnabled = isRotationEnabled
        self.stages = stages
    }
}

/// A place for secrets, with the semantics of AWS Secrets Manager.
///
/// A secret has versions. A label belongs to at most one version of a secret: putting `AWSCURRENT` on one takes it from
/// the other, which becomes `AWSPREVIOUS`.
public protocol SecretStore: Sendable {
    /// Reads a version by its label.
    ///
    /// - Throws: ``SecretStoreError/notFound(secret:what:)`` where there is no such secret or version.
    func value(of secretID: String, stage: String) async throws -> SecretVersion
    /// Reads a version by its id and label.
    func value(of secretID: String, versionID: String, stage: String) async throws -> SecretVersion
    /// Reads what is known about a secret.
    func describe(_ secretID: String) async throws -> SecretDescription
    /// Writes a version; the same id again with the same value changes nothing.
    func put(_ value: String, for secretID: String, versionID: String, stages: Set<String>) async throws
    /// Moves a label to a version, from another one or from none.
    func moveStage(_ stage: String, of secretID: String, to versionID: String?, from other: String?) async throws
    /// Makes a password.
    func randomPassword(_ rules: PasswordRules) async throws -> String
}

extension SecretStore {
    /// Writes a new current version beside rotation.
    ///
    /// A rotation that is over may have left `AWSPENDING` on the current version. There it harms nobody, but left behind on
    /// the version before, it would look like a rotation that has not ended, and none could begin (AWS Secrets Manager API
    /// Reference, `RotateSecret`): it goes along with `AWSCURRENT`.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - secretID: The secret.
    ///   - versionID: The new version's id.
    /// - Throws: ``SecretStoreError``, an error of the store.
    public func replaceCurrent(_ value: String, of secretID: String, versionID: String) async throws {
        let before = try await self.value(of: secretID, stage: VersionStage.current)
        try await put(
            value, for: secretID, versionID: versionID,
            stages: before.stages.intersection([VersionStage.pending]).union([VersionStage.current]))
    }
}

/// Why a secret could not be read or written.
public enum SecretStoreError: Error, Hashable, Sendable {
    /// There is no such secret, or no such version of it.
    case notFound(secret: String, what: String)
    /// The version is there with another value.
    case versionExists(secret: String, versionID: String)
    /// The secret is there already.
    case secretExists(secret: String)
    /// The rules for a password leave no password.
    case impossiblePassword(reason: String)
    /// A file could not be read or written.
    case file(path: String, reason: String)
    /// The value is not what credentials look like.
    case malformed(secret: String, reason: String)
}

extension SecretStoreError: CustomStringConvertible {
    /// What happened, to which secret, and what to do.
    public var description: String {
        switch self {
        case .notFound(let secret, let what): "The secret '\(secret)' has no \(what)."
        case .versionExists(let secret, let version):
            "The secret '\(secret)' has a version '\(version)' already, with another value: use a new version id."
        case .secretExists(let secret): "There is a secret '\(secret)' already: choose another name or delete that one."
        case .impossiblePassword(let reason): "No password can be made: \(reason)."
        case .file(let path, let reason): "'\(path)': \(reason)."
        case .malformed(let secret, let reason): "The secret '\(secret)' \(reason)."
        }
    }
}
