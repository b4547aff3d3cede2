// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The value of a database user's secret (AWS Secrets Manager User Guide, "JSON structure of AWS Secrets Manager
/// secrets"); members that are not known here are kept as they are.
public struct DatabaseCredentials: Sendable, Hashable {
    private enum Member: Codable, Hashable, Sendable {
        case text(String)
        case number(Int)
        case real(Double)
        case flag(Bool)
        case list([Member])
        case object([String: Member])
        case null

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else if let number = try? container.decode(Double.self) {
                self = .real(number)
            } else if let elements = try? container.decode([Member].self) {
                self = .list(elements)
            } else if let members = try? container.decode([String: Member].self) {
                self = .object(members)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .real(let number): try container.encode(number)
            case .list(let elements): try container.encode(elements)
            case .object(let members): try container.encode(members)
            case .null: try container.encodeNil()
            case .flag(let flag): try container.encode(flag)
            }
        }

        /// What can be read as a text; nothing else belongs where this type looks.
        var text: String? {
            switch self {
            case .text(let text): text
            case .number(let number): String(number)
            case .flag(let flag): String(flag)
            case .real, .list, .object, .null: nil
            }
        }
    }

    private var members: [String: Member]

    /// Reads a secret's value.
    ///
    /// - Parameters:
    ///   - value: A JSON object with a username and a password.
    ///   - secret: The secret's name, for errors.
    /// - Throws: ``SecretStoreError/malformed(secret:reason:)``, which does not show the value.
    public init(value: String, secret: String) throws(SecretStoreError) {
        guard let members = try? JSONDecoder().decode([String: Member].self, from: Data(value.utf8)) else {
            throw .malformed(secret: secret, reason: "is not a JSON object")
        }
        self.members = members
        for key in ["username", "password"] where members[key]?.text?.isEmpty ?? true {
            throw .malformed(
                secret: secret, reason: "has no '\(key)': put it back, or let the stack make the secret anew")
        }
    }

    /// The JSON text, the same each time.
    public var value: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(members) else { preconditionFailure("what was decoded can be encoded") }
        return String(decoding: data, as: UTF8.self)
    }

    private subscript(name: String) -> String? {
        get { members[name]?.text }
        set { members[name] = newValue.map { .text($0) } }
    }

    /// The database user.
    public var username: String {
        get { self["username"] ?? "" }
        set { self["username"] = newValue }
    }
    /// Its password.
    public var password: String {
        get { self["password"] ?? "" }
        set { self["password"] = newValue }
    }
    /// The cluster's host name.
    public var host: String? {
        get { self["host"] }
        set { self["host"] = newValue }
    }
    /// The port; PostgreSQL's own where none is given.
    public var port: Int {
        get { self["port"].flatMap { Int($0) } ?? 5432 }
        set { members["port"] = .number(newValue) }
    }
    /// The database product: `postgres`.
    public var engine: String? {
        get { self["engine"] }
        set { self["engine"] = newValue }
    }
    /// The proxy's host name.
    public var proxyHost: String? {
        get { self["proxyHost"] }
        set { self["proxyHost"] = newValue }
    }
    /// The secret of the one who may change this user's password.
    public var masterArn: String? {
        get { self["masterarn"] }
        set { self["masterarn"] = newValue }
    }
    /// The database to connect to, where one is named.
    public var databaseName: String? {
        get { self["dbname"] }
        set { self["dbname"] = newValue }
    }
    /// The cluster's identifier.
    public var dbClusterIdentifier: String? {
        get { self["dbClusterIdentifier"] }
        set { self["dbClusterIdentifier"] = newValue }
    }
}

extension DatabaseCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Who and where, without the password.
    public var description: String { "\(username)@\(host ?? "?"):\(port)" }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// Shows the password to nobody.
    public var customMirror: Mirror { Mirror(self, children: ["login": description, "password": "redacted"]) }
}

extension SecretStore {
    /// Reads a secret's version as credentials.
    ///
    /// - Parameters:
    ///   - secretID: The secret.
    ///   - stage: The version's label.
    /// - Returns: The credentials.
    /// - Throws: ``SecretStoreError``, an error of the store.
    public func credentials(
        of secretID: String, stage: String = VersionStage.current
    ) async throws -> DatabaseCredentials {
        try DatabaseCredentials(value: try await value(of: secretID, stage: stage).value, secret: secretID)
    }
}
