// SPDX-License-Identifier: Apache-2.0

import SecretStore

/// How a secret is rotated: a user changes its own password, or a pair of users takes turns (AWS Secrets Manager User
/// Guide, "Lambda function rotation strategies").
struct Strategy {
    static let cloneSuffix = "_clone"
    // As AWS's own functions want it to be called.
    private static let engines: Set = ["postgres", "aurora-postgresql"]

    /// Who changes the passwords; the user itself where `nil`.
    let managerSecret: String?
    /// Whose turn it is next.
    let nextUsername: String

    /// Chooses by what the secret contains and the stack says.
    init(
        _ current: DatabaseCredentials, _ secret: SecretDescription, _ configuration: RotationMachine.Configuration
    ) throws(Conversation.Stop) {
        guard let engine = current.engine, Self.engines.contains(engine) else {
            throw .refusal(.otherEngine(secret: secret.name, engine: current.engine))
        }
        guard current.host?.isEmpty == false else { throw .refusal(.noHost(secret: secret.name)) }
        guard let manager = current.masterArn else {
            // A pair's secret that has lost its manager must not be taken for one that changes its own password: the
            // login before would end at once, and the proxy would not be told.
            if configuration.usernames != nil, let declared = configuration.managerSecret,
                declared != secret.arn, declared != secret.name
            {
                throw .refusal(.noManager(secret: secret.name, expected: declared))
            }
            managerSecret = nil
            nextUsername = current.username
            return
        }
        // Whoever can write to a secret must not make this function use other credentials, or change other users.
        if let declared = configuration.managerSecret, declared != manager {
            throw .refusal(.otherManager(secret: secret.name, manager: manager, expected: declared))
        }
        if let usernames = configuration.usernames {
            guard usernames.contains(Self.base(current.username)) else {
                throw .refusal(.notDeclared(secret: secret.name, username: current.username))
            }
            guard Self.isSecret(secret.name, of: current.username) else {
                throw .refusal(.otherUser(secret: secret.name, username: current.username))
            }
        }
        managerSecret = manager
        nextUsername = Self.other(current.username)
    }

    /// Whether a secret is a user's own: the stack makes both names from the same words, the secret's in Pascal case and
    /// perhaps after a prefix.
    static func isSecret(_ name: String, of username: String) -> Bool {
        func letters(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
        return letters(name).hasSuffix(letters(base(username)))
    }

    /// The pair's name.
    static func base(_ username: String) -> String {
        username.hasSuffix(cloneSuffix) ? String(username.dropLast(cloneSuffix.count)) : username
    }

    /// The pair's other user.
    static func other(_ username: String) -> String {
        username.hasSuffix(cloneSuffix) ? base(username) : username + cloneSuffix
    }

    /// The secret by which a proxy admits a user of a pair, as the stack names it.
    static func listedSecret(of username: String, secret: String) -> String {
        secret + (username.hasSuffix(cloneSuffix) ? "ProxyClone" : "ProxyUser")
    }
}
