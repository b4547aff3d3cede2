// SPDX-License-Identifier: Apache-2.0

public import Logging
public import PostgreSQL
public import SecretStore

/// Carries out what a ``RotationMachine`` asks for, with a real store and a real database.
public struct Rotator: Sendable {
    // Any number does, as long as all who rotate use the same one.
    private static let lockKey = 0x726F_7461_7465
    // Whoever holds the lock makes a few calls to Secrets Manager meanwhile.
    private static let lockDeadline = Duration.seconds(300)
    private static let resetDeadline = Duration.seconds(300)
    private static let usualDatabase = "postgres"

    private let store: any SecretStore
    private let configuration: RotationMachine.Configuration
    private let tls: PostgresConnection.Configuration.TLS?
    private let newVersionID: @Sendable () -> String
    private let resetManager: (@Sendable (DatabaseCredentials) async throws -> Void)?
    private let logger: Logger

    /// Makes a rotator.
    ///
    /// - Parameters:
    ///   - store: Where secrets are.
    ///   - configuration: What the stack says.
    ///   - tls: What is asked of TLS; always TLS where `nil`.
    ///   - newVersionID: Makes ids for versions of secrets.
    ///   - resetManager: Sets the manager's password where the database refuses all that are known.
    ///   - logger: Gets what is done, without what is secret.
    public init(
        store: any SecretStore, configuration: RotationMachine.Configuration,
        tls: PostgresConnection.Configuration.TLS? = nil, newVersionID: @escaping @Sendable () -> String,
        resetManager: (@Sendable (DatabaseCredentials) async throws -> Void)? = nil, logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.tls = tls
        self.newVersionID = newVersionID
        self.resetManager = resetManager
        self.logger = logger
    }

    /// Takes a step.
    ///
    /// - Parameter request: Which one, of which secret.
    /// - Returns: What was done.
    /// - Throws: ``RotationRefusal`` where the step must not be taken, `SecretStoreError`, `PostgresError`, an error of
    ///   the store; no label was changed then, and the same step can be taken again.
    public func take(_ request: RotationRequest) async throws -> String {
        var machine = RotationMachine(request, configuration)
        var locked: PostgresConnection?
        // The lock ends with its connection.
        defer { if let locked { Task { await locked.close() } } }
        while true {
            switch machine.action {
            case .call(let call): machine.receive(try await perform(call, &locked))
            case .finished(let report): return report
            case .refused(let refusal): throw refusal
            }
        }
    }

    private func perform(
        _ call: RotationMachine.Call, _ locked: inout PostgresConnection?
    ) async throws -> RotationMachine.Outcome {
        switch call {
        case .describe(let secret): return .described(try await store.describe(secret))
        case .read(let secret, let versionID, let stage): return try await read(secret, versionID, stage)
        case .put(let secret, let versionID, let credentials, let stage):
            do {
                try await store.put(
                    credentials.value, for: secret, versionID: versionID ?? newVersionID(), stages: [stage])
            } catch SecretStoreError.versionExists {
                return .exists
            }
        case .makeCurrent(let secret, let versionID, let from):
            try await store.moveStage(VersionStage.current, of: secret, to: versionID, from: from)
        case .makePassword(let rules): return .password(try await store.randomPassword(rules))
        case .logIn(let credentials):
            return .loginWorks(try await PostgresConnection.accepts(login(credentials), logger: logger))
        case .lock(let credentials):
            let connection: PostgresConnection
            do {
                connection = try await PostgresConnection.connect(login(credentials), logger: logger)
            } catch let error as PostgresError where error.isAuthenticationFailure {
                return .loginWorks(false)
            }
            locked = connection
            try await connection.query(
                "select pg_advisory_lock(\(Self.lockKey)::bigint)", deadline: Self.lockDeadline)
            return .loginWorks(true)
        case .setPassword(let credentials, let other):
            guard let locked else { preconditionFailure("a password is only set while the lock is held") }
            try await setPassword(credentials, like: other, on: locked)
        case .resetManager(let credentials):
            guard let resetManager else { preconditionFailure("configured to reset without a way to") }
            try await resetManager(credentials)
            try await waitForLogin(credentials)
        case .unlock:
            await locked?.close()
            locked = nil
        }
        return .done
    }

    private func read(
        _ secret: String, _ versionID: String?, _ stage: String
    ) async throws -> RotationMachine.Outcome {
        do {
            let version =
                if let versionID {
                    try await store.value(of: secret, versionID: versionID, stage: stage)
                } else {
                    try await store.value(of: secret, stage: stage)
                }
            return .credentials(try DatabaseCredentials(value: version.value, secret: secret))
        } catch SecretStoreError.notFound {
            return .missing
        }
    }

    /// RDS sets a password a little after it was told to.
    private func waitForLogin(_ credentials: DatabaseCredentials) async throws {
        let deadline = ContinuousClock.now + Self.resetDeadline
        while ContinuousClock.now < deadline {
            if try await PostgresConnection.accepts(login(credentials), logger: logger) { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func login(_ credentials: DatabaseCredentials) throws -> PostgresConnection.Configuration {
        try credentials.configuration(
            database: credentials.databaseName ?? Self.usualDatabase, tls: tls, secret: credentials.username)
    }

    private func setPassword(
        _ credentials: DatabaseCredentials, like other: String, on connection: PostgresConnection
    ) async throws {
        let username = credentials.username
        let found = try await connection.query("select from pg_catalog.pg_roles where rolname = \(username)")
        if found.isEmpty {
            // As AWS's function makes the second of a pair that provisioning has not made.
            try await connection.withTransaction { connection in
                try await connection.query("create role \(identifier: username) login")
                try await connection.query("grant \(identifier: other) to \(identifier: username)")
                try await connection.setPassword(credentials.password, of: username)
            }
        } else {
            try await connection.setPassword(credentials.password, of: username)
        }
        logger.info("the password of \(username) was set")
    }
}
