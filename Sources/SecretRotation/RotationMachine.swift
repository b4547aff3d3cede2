// SPDX-License-Identifier: Apache-2.0

public import SecretStore

/// One step of a rotation, as a conversation with the secret store and the database.
///
/// It is pure: what comes next depends on nothing but the request, the configuration and the results so far. Whoever
/// drives it carries out ``action`` and hands back what came of it; a driver that dies loses nothing, as a step that is
/// taken again from its beginning finds out what was done. The lock in the database keeps two rotations of the same
/// users from changing anything at the same time, and whoever gets it looks again whether it is still the one to go on.
public struct RotationMachine: Hashable, Sendable {
    /// What the stack says about rotations.
    public struct Configuration: Hashable, Sendable {
        /// The secret of the one who may change others.
        public var managerSecret: String?
        /// The users that the stack declares; any but the manager where `nil`.
        public var usernames: [String]?
        /// Whether a proxy lists both users of a pair, each by a secret of its own.
        public var listsBothUsers: Bool
        /// Whether a manager's password that nobody knows is set through RDS.
        public var resetsManager: Bool
        /// What a new password is made from.
        public var rules: PasswordRules

        /// Describes rotations.
        public init(
            managerSecret: String? = nil, usernames: [String]? = nil, listsBothUsers: Bool = false,
            resetsManager: Bool = false, rules: PasswordRules = .init()
        ) {
            self.managerSecret = managerSecret
            self.usernames = usernames
            self.listsBothUsers = listsBothUsers
            self.resetsManager = resetsManager
            self.rules = rules
        }
    }

    /// What the driver is asked to do.
    public enum Call: Hashable, Sendable {
        /// Read what is known about a secret.
        case describe(secret: String)
        /// Read a secret's version with a label; the version is any where `nil`.
        case read(secret: String, versionID: String?, stage: String)
        /// Write a version; its id is a new one where `nil`.
        case put(secret: String, versionID: String?, credentials: DatabaseCredentials, stage: String)
        /// Make a version the current one.
        case makeCurrent(secret: String, versionID: String, from: String)
        /// Make a password.
        case makePassword(PasswordRules)
        /// Try a login.
        case logIn(DatabaseCredentials)
        /// Log in, and wait until nobody else rotates; what is changed from now on is changed by this login. Where
        /// the login does not work, nothing is locked.
        case lock(by: DatabaseCredentials)
        /// Set the password of a user; one that is missing is made like another one.
        case setPassword(DatabaseCredentials, like: String)
        /// Set the manager's password through RDS.
        case resetManager(DatabaseCredentials)
        /// Let others rotate.
        case unlock
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        case described(SecretDescription)
        case credentials(DatabaseCredentials)
        /// There is no such version, or it has no value.
        case missing
        /// There is such a version, with another value.
        case exists
        case password(String)
        case loginWorks(Bool)
        case done
    }

    /// What comes next.
    public enum Action: Hashable, Sendable {
        /// Something is to be done.
        case call(Call)
        /// The step is taken; the text says what was done.
        case finished(String)
        /// The step must not be taken; no label was changed.
        case refused(RotationRefusal)
    }

    /// What is asked.
    public let request: RotationRequest
    /// What the stack says.
    public let configuration: Configuration
    private var outcomes: [Outcome] = []

    /// Begins a step.
    public init(_ request: RotationRequest, _ configuration: Configuration) {
        self.request = request
        self.configuration = configuration
    }

    /// Takes in what came of the last call.
    public mutating func receive(_ outcome: Outcome) { outcomes.append(outcome) }

    /// What comes next.
    public var action: Action {
        // All of the conversation is gone through again, up to the first question without an answer.
        var conversation = Conversation(answers: outcomes[...])
        do {
            return .finished(try takeStep(&conversation))
        } catch {
            switch error {
            case .question(let call): return .call(call)
            case .refusal(let refusal): return .refused(refusal)
            }
        }
    }

    private func takeStep(_ conversation: inout Conversation) throws(Conversation.Stop) -> String {
        if try admission(&conversation) == .alreadyCurrent { return "the version is current already" }
        guard let secret = conversation.description else { preconditionFailure("the secret was described") }
        let current = try conversation.read(request.secretID, stage: VersionStage.current)
        guard let current else { throw .refusal(.noCurrentValue(secret: request.secretID)) }
        let strategy = try Strategy(current, secret, configuration)
        switch request.step {
        case .createSecret: return try create(current, strategy, &conversation)
        case .setSecret: return try set(current, strategy, &conversation)
        case .testSecret: return try test(current, strategy, &conversation)
        case .finishSecret: return try finish(current, strategy, &conversation)
        }
    }

    private func admission(_ conversation: inout Conversation) throws(Conversation.Stop) -> RotationAdmission {
        let description = try conversation.describe(request.secretID)
        do {
            return try request.admission(to: description)
        } catch {
            throw .refusal(error)
        }
    }

    // MARK: The steps

    private func create(
        _ current: DatabaseCredentials, _ strategy: Strategy, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String {
        let pending = try conversation.read(
            request.secretID, versionID: request.versionID, stage: VersionStage.pending)
        guard pending == nil else { return "the new value was made before, and is used" }
        var next = current
        next.username = strategy.nextUsername
        next.password = try conversation.password(configuration.rules)
        let isNew = try conversation.put(
            next, to: request.secretID, versionID: request.versionID, stage: VersionStage.pending)
        return isNew ? "a new password was made for \(next.username)" : "somebody else made the new value meanwhile"
    }

    /// The new value, which has to be for the user whose turn it is.
    private func pending(
        _ current: DatabaseCredentials, _ strategy: Strategy, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> DatabaseCredentials {
        let pending = try conversation.read(
            request.secretID, versionID: request.versionID, stage: VersionStage.pending)
        guard let pending else {
            throw .refusal(.notCreated(secret: request.secretID, versionID: request.versionID))
        }
        guard pending.username == strategy.nextUsername else {
            throw .refusal(
                .outsidePair(
                    secret: request.secretID, username: pending.username, expected: strategy.nextUsername))
        }
        guard pending.host == current.host else {
            throw .refusal(.otherHost(secret: request.secretID, host: pending.host, expected: current.host))
        }
        return pending
    }

    private func set(
        _ current: DatabaseCredentials, _ strategy: Strategy, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String {
        let pending = try pending(current, strategy, &conversation)
        guard let managerSecret = strategy.managerSecret else {
            return try setOwn(current, pending, &conversation)
        }
        let stored = try conversation.read(managerSecret, stage: VersionStage.current)
        guard var manager = stored else { throw .refusal(.noCurrentValue(secret: managerSecret)) }
        guard manager.host == current.host else {
            throw .refusal(.otherHost(secret: request.secretID, host: current.host, expected: manager.host))
        }
        guard Strategy.base(manager.username) != Strategy.base(current.username) else {
            throw .refusal(.managersName(secret: request.secretID, username: manager.username))
        }
        // Locks belong to a database: all take them in the one that the users' secret names.
        manager.databaseName = current.databaseName
        guard try conversation.lock(by: manager) else {
            throw .refusal(.managerLost(secret: managerSecret, cluster: manager.dbClusterIdentifier))
        }
        // While it waited, another rotation may have taken its place, or finished.
        if let stop = try changed(current, &conversation) { return stop }
        var done: [String] = []
        if try !conversation.logsIn(current) {
            try conversation.setPassword(current, like: pending.username)
            done.append("the password of \(current.username) did not agree with its secret, and does again")
        }
        if try !conversation.logsIn(pending) {
            try conversation.setPassword(pending, like: current.username)
            done.append("the password of \(pending.username) was set")
        }
        if configuration.listsBothUsers {
            for credentials in [current, pending] {
                if try list(credentials, &conversation) { done.append("the proxy was told of \(credentials.username)") }
            }
        }
        try conversation.unlock()
        return done.isEmpty ? "all was done before" : done.joined(separator: "; ")
    }

    /// A user changes its own password: with the current one, or the one before where that is still at work.
    private func setOwn(
        _ current: DatabaseCredentials, _ pending: DatabaseCredentials, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String {
        if try conversation.logsIn(pending) { return "all was done before" }
        var login: DatabaseCredentials?
        if try conversation.logsIn(current) {
            login = current
        } else if let previous = try conversation.read(request.secretID, stage: VersionStage.previous),
            previous.username == current.username, previous.host == current.host, try conversation.logsIn(previous)
        {
            login = previous
        }
        guard let login else {
            guard configuration.resetsManager else {
                throw .refusal(.managerLost(secret: request.secretID, cluster: current.dbClusterIdentifier))
            }
            if let stop = try changed(current, &conversation) { return stop }
            try conversation.resetManager(pending)
            return "the password of \(pending.username) was set through RDS, as none was known"
        }
        guard try conversation.lock(by: login) else { throw .refusal(.overtaken(secret: request.secretID)) }
        if let stop = try changed(current, &conversation) { return stop }
        try conversation.setPassword(pending, like: pending.username)
        try conversation.unlock()
        return "the password of \(pending.username) was set"
    }

    /// Looks, once nobody else can change anything, whether this is still the rotation to go on.
    ///
    /// - Returns: What to say where all is done already.
    private func changed(
        _ current: DatabaseCredentials, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String? {
        if try admission(&conversation) == .alreadyCurrent {
            try conversation.unlock()
            return "the version is current already"
        }
        let now = try conversation.read(request.secretID, stage: VersionStage.current)
        guard now == current else { throw .refusal(.overtaken(secret: request.secretID)) }
        return nil
    }

    /// Tells the proxy of a login, through the secret that it lists for that user.
    ///
    /// - Returns: Whether it had to be told.
    private func list(
        _ credentials: DatabaseCredentials, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> Bool {
        let secret = Strategy.listedSecret(of: credentials.username, secret: conversation.description?.name ?? "")
        let listed = try conversation.read(secret, stage: VersionStage.current)
        guard listed != credentials else { return false }
        _ = try conversation.put(credentials, to: secret, versionID: nil, stage: VersionStage.current)
        return true
    }

    /// Refuses to go on with a new login that does not work.
    private func require(
        _ pending: DatabaseCredentials, _ conversation: inout Conversation
    ) throws(Conversation.Stop) {
        guard try conversation.logsIn(pending) else { throw refusal(of: pending) }
    }

    private func refusal(of pending: DatabaseCredentials) -> Conversation.Stop {
        .refusal(.newLoginRefused(secret: request.secretID, username: pending.username))
    }

    private func test(
        _ current: DatabaseCredentials, _ strategy: Strategy, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String {
        let pending = try pending(current, strategy, &conversation)
        try require(pending, &conversation)
        return "\(pending.username) logs in"
    }

    private func finish(
        _ current: DatabaseCredentials, _ strategy: Strategy, _ conversation: inout Conversation
    ) throws(Conversation.Stop) -> String {
        let pending = try pending(current, strategy, &conversation)
        // The lock is taken with the new login: what becomes current is known to work at that moment.
        guard try conversation.lock(by: pending) else { throw refusal(of: pending) }
        if let stop = try changed(current, &conversation) { return stop }
        try require(pending, &conversation)
        try conversation.makeCurrent(request.secretID, request.versionID)
        try conversation.unlock()
        return "\(pending.username) is the one to log in with"
    }
}
