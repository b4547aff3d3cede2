// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Secrets in files, readable by their owner only: one file a secret, replaced as a whole or not at all.
///
/// Those who write in the same folder, in this process or another one, exclude each other with a lock file.
public struct FileSecretStore: SecretStore {
    private struct File: Codable {
        struct Version: Codable {
            var id: String
            /// Empty where a rotation has begun, and has not made it yet.
            var value: String
            var stages: [String]
        }

        var name: String
        var isRotationEnabled = false
        var versions: [Version]
    }

    // Whole ARNs are accepted, so that what was deployed can be run here unchanged.
    private static let arnPrefix = "arn:aws:secretsmanager:local:000000000000:secret:"

    /// The folder.
    public let directory: String

    /// Uses a folder, which is made when the first secret is.
    public init(directory: String) {
        self.directory = directory
    }

    /// The ARN that a secret has here.
    public static func arn(of name: String) -> String { arnPrefix + name }

    private func name(_ secretID: String) -> String {
        secretID.hasPrefix(Self.arnPrefix) ? String(secretID.dropFirst(Self.arnPrefix.count)) : secretID
    }

    // Any name makes a file name: what is not a plain letter or digit is written as its bytes.
    private func path(_ name: String) -> String {
        var file = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                file.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                file += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return "\(directory)/\(file).json"
    }

    /// The names of all secrets.
    public var names: [String] {
        get throws {
            guard FileManager.default.fileExists(atPath: directory) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".json") }
                .compactMap { try? read(at: "\(directory)/\($0)").name }.sorted()
        }
    }

    /// Makes a secret.
    ///
    /// - Parameters:
    ///   - secretName: Its name.
    ///   - value: Its first value.
    ///   - versionID: The id of the first version; a new one where `nil`.
    /// - Returns: Its ARN.
    /// - Throws: ``SecretStoreError/secretExists(secret:)`` where there is one already, an error of the file system.
    @discardableResult
    public func create(_ secretName: String, value: String, versionID: String? = nil) throws -> String {
        try exclusively {
            guard !FileManager.default.fileExists(atPath: path(secretName)) else {
                throw SecretStoreError.secretExists(secret: secretName)
            }
            try write(
                File(
                    name: secretName,
                    versions: [.init(id: versionID ?? UUID().uuidString, value: value, stages: [VersionStage.current])])
            )
            return Self.arn(of: secretName)
        }
    }

    /// Whether there is a secret.
    public func contains(_ secretID: String) -> Bool {
        FileManager.default.fileExists(atPath: path(name(secretID)))
    }

    /// Deletes a secret, at once and for good.
    ///
    /// - Throws: ``SecretStoreError/notFound(secret:what:)`` where there is none.
    public func delete(_ secretID: String) throws {
        try exclusively {
            let file = try file(secretID)
            try FileManager.default.removeItem(atPath: path(file.name))
        }
    }

    /// Says whether a secret has a rotation schedule.
    ///
    /// - Throws: ``SecretStoreError``.
    public func setRotationEnabled(_ isEnabled: Bool, of secretID: String) throws {
        guard try file(secretID).isRotationEnabled != isEnabled else { return }
        try change(secretID) { $0.isRotationEnabled = isEnabled }
    }

    /// Begins a rotation, as `RotateSecret` does: a version without a value gets the label `AWSPENDING`.
    ///
    /// - Parameter secretID: The secret.
    /// - Returns: The version's id, which is that of a rotation that has begun before and did not come to its end.
    /// - Throws: ``SecretStoreError``.
    public func beginRotation(of secretID: String) throws -> String {
        var versionID = UUID().uuidString
        try change(secretID) { file in
            if let pending = file.versions.first(where: {
                $0.stages.contains(VersionStage.pending) && !$0.stages.contains(VersionStage.current)
            }) {
                versionID = pending.id
                return
            }
            file.versions.append(.init(id: versionID, value: "", stages: []))
            Self.move(VersionStage.pending, to: versionID, in: &file)
        }
        return versionID
    }

    /// Reads a version by its label.
    public func value(of secretID: String, stage: String) async throws -> SecretVersion {
        try version(of: secretID, "version with the label \(stage)") { $0.stages.contains(stage) }
    }

    /// Reads a version by its id and label.
    public func value(of secretID: String, versionID: String, stage: String) async throws -> SecretVersion {
        try version(of: secretID, "version \(versionID) with the label \(stage)") {
            $0.id == versionID && $0.stages.contains(stage)
        }
    }

    private func version(
        of secretID: String, _ what: String, _ matches: (File.Version) -> Bool
    ) throws -> SecretVersion {
        let file = try file(secretID)
        guard let version = file.versions.first(where: matches), !version.value.isEmpty else {
            throw SecretStoreError.notFound(secret: file.name, what: what)
        }
        return SecretVersion(id: version.id, value: version.value, stages: Set(version.stages))
    }

    /// Reads what is known about a secret.
    public func describe(_ secretID: String) async throws -> SecretDescription {
        let file = try file(secretID)
        let stages = file.versions.map { ($0.id, Set($0.stages)) }
        return SecretDescription(
            arn: Self.arn(of: file.name), name: file.name, isRotationEnabled: file.isRotationEnabled,
            stages: Dictionary(stages, uniquingKeysWith: { first, _ in first }))
    }

    /// Writes a version.
    public func put(_ value: String, for secretID: String, versionID: String, stages: Set<String>) async throws {
        try change(secretID) { file in
            if let existing = file.versions.firstIndex(where: { $0.id == versionID }) {
                guard [value, ""].contains(file.versions[existing].value) else {
                    throw SecretStoreError.versionExists(secret: file.name, versionID: versionID)
                }
                file.versions[existing].value = value
            } else {
                file.versions.append(.init(id: versionID, value: value, stages: []))
            }
            for stage in stages.sorted() { Self.move(stage, to: versionID, in: &file) }
        }
    }

    /// Moves a label to a version.
    public func moveStage(
        _ stage: String, of secretID: String, to versionID: String?, from other: String?
    ) async throws {
        try change(secretID) { file in
            if let other {
                guard let index = file.versions.firstIndex(where: { $0.id == other && $0.stages.contains(stage) })
                else {
                    throw SecretStoreError.notFound(secret: file.name, what: "version \(other) with the label \(stage)")
                }
                if versionID == nil { file.versions[index].stages.removeAll { $0 == stage } }
            }
            if let versionID {
                guard file.versions.contains(where: { $0.id == versionID }) else {
                    throw SecretStoreError.notFound(secret: file.name, what: "version \(versionID)")
                }
                Self.move(stage, to: versionID, in: &file)
            }
        }
    }

    /// Makes a password from the system's random source.
    public func randomPassword(_ rules: PasswordRules) async throws -> String {
        var generator = SystemRandomNumberGenerator()
        return try rules.password(using: &generator)
    }

    private static func move(_ stage: String, to versionID: String, in file: inout File) {
        let holder = file.versions.first { $0.stages.contains(stage) }?.id
        guard holder != versionID else { return }
        for index in file.versions.indices { file.versions[index].stages.removeAll { $0 == stage } }
        if let index = file.versions.firstIndex(where: { $0.id == versionID }) {
            file.versions[index].stages.append(stage)
        }
        if stage == VersionStage.current, let holder { move(VersionStage.previous, to: holder, in: &file) }
        // A version without a label is one that Secrets Manager would delete.
        file.versions.removeAll { $0.stages.isEmpty && $0.id != versionID }
    }

    private func file(_ secretID: String) throws -> File {
        let name = name(secretID)
        guard FileManager.default.fileExists(atPath: path(name)) else {
            throw SecretStoreError.notFound(secret: name, what: "file in '\(directory)'")
        }
        return try read(at: path(name))
    }

    private func change(_ secretID: String, _ body: (inout File) throws -> Void) throws {
        try exclusively {
            var file = try file(secretID)
            try body(&file)
            try write(file)
        }
    }

    private func read(at path: String) throws -> File {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SecretStoreError.file(path: path, reason: "cannot be read: check who owns it")
        }
        do {
            return try JSONDecoder().decode(File.self, from: data)
        } catch {
            throw SecretStoreError.file(path: path, reason: "is not a secret of this store: delete it to start anew")
        }
    }

    private func write(_ file: File) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try PrivateFile.replace(path(file.name), with: Array(try encoder.encode(file)))
    }

    private func exclusively<T>(_ body: () throws -> T) throws -> T {
        try PrivateFile.makeDirectory(directory)
        return try PrivateFile.withLock("\(directory)/.lock", body)
    }
}
