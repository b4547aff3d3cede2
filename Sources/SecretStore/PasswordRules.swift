// SPDX-License-Identifier: Apache-2.0

/// What a password is made from (AWS Secrets Manager API Reference, `GetRandomPassword`).
public struct PasswordRules: Hashable, Sendable {
    // The four kinds of characters that Secrets Manager knows; one of each occurs in every password.
    private static let kinds = [
        "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789",
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    ]

    /// How many characters, 1 to 4,096.
    public var length: Int
    /// Characters that must not occur.
    public var excludeCharacters: String

    /// Secrets Manager's own default.
    public static let defaultLength = 32

    /// Describes a password.
    public init(length: Int = Self.defaultLength, excludeCharacters: String = "") {
        self.length = length
        self.excludeCharacters = excludeCharacters
    }

    /// Makes a password.
    ///
    /// - Parameter generator: The source of randomness.
    /// - Returns: A password with a character of each kind that is not excluded as a whole.
    /// - Throws: ``SecretStoreError/impossiblePassword(reason:)`` where the rules leave none.
    public func password(
        using generator: inout some RandomNumberGenerator
    ) throws(SecretStoreError) -> String {
        let excluded = Set(excludeCharacters)
        let kinds = Self.kinds.map { $0.filter { !excluded.contains($0) } }.filter { !$0.isEmpty }
        guard (1...4096).contains(length) else {
            throw .impossiblePassword(reason: "its length is \(length), and may be 1 to 4,096")
        }
        guard !kinds.isEmpty else { throw .impossiblePassword(reason: "all characters are excluded") }
        guard length >= kinds.count else {
            throw .impossiblePassword(reason: "\(length) characters are too few for \(kinds.count) kinds")
        }
        let all = kinds.joined()
        var characters = kinds.compactMap { $0.randomElement(using: &generator) }
        while characters.count < length {
            if let character = all.randomElement(using: &generator) { characters.append(character) }
        }
        return String(characters.shuffled(using: &generator))
    }
}
