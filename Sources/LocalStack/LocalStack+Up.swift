// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import LocalServers
public import Logging
import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension LocalStack {
    /// What a start did.
    public struct Report: Sendable {
        /// A custom resource that was run.
        public struct Step: Sendable {
            /// The resource's name in the template.
            public let resource: String
            /// What it is.
            public let physicalID: String
            /// How much had to change.
            public let changes: Int
        }

        /// The stack.
        public let stack: String
        /// Whether the stack was made just now.
        public let isNew: Bool
        /// Whether the server had to be started.
        public let wasStarted: Bool
        /// The server's version.
        public let serverVersion: String
        /// The port it runs on.
        public let port: Int
        /// The custom resources, in the order in which they ran.
        public let steps: [Step]
        /// The secrets that were made.
        public let newSecrets: [String]

        /// Whether all was there already.
        public var changedNothing: Bool { !isNew && newSecrets.isEmpty && steps.allSatisfy { $0.changes == 0 } }
    }

    /// Starts a stack, or brings a running one up to date with its template.
    ///
    /// What a first start made is removed again where it fails.
    ///
    /// - Parameters:
    ///   - assembly: The synthesized assembly.
    ///   - stack: Which stack of it; may be left out where only one declares an Aurora.
    ///   - root: The folder for local stacks, an absolute path.
    ///   - port: The server's port; where `nil`, the one from before, else a free one.
    ///   - version: PostgreSQL's version for a new stack; the newest that is installed where `nil`.
    ///   - proxy: Whether something stands in for the proxy; as the last time where `nil`.
    ///   - environment: The process's environment variables.
    ///   - logger: Gets what the handlers do.
    ///   - progress: Is told what happens.
    /// - Returns: What was done.
    /// - Throws: ``LocalStackError``, `ServerError`, `PostgresError`, `SecretStoreError`.
    public static func up(
        assembly: LocalAssembly, stack: String?, root: String, port: Int? = nil, version: Int? = nil,
        proxy: Bool? = nil,
        environment: [String: String], logger: Logger, progress: @Sendable (String) -> Void
    ) async throws -> Report {
        let template = try assembly.template(named: stack)
        let local = LocalStack(name: template.stack, root: root, environment: environment, logger: logger)
        let lock = try StackLock(directory: root, stack: template.stack)
        defer { withExtendedLifetime(lock) {} }
        let isNew = !LocalState.exists(in: local.directory)
        // A first start that was killed leaves files without a state: they are of no use to anyone.
        if isNew { try await local.removeFiles() }
        do {
            return try await local.up(template, isNew: isNew, port: port, version: version, proxy: proxy, progress)
        } catch {
            if isNew { try? await local.removeFiles() }
            throw error
        }
    }

    func up(
        _ template: LocalTemplate, isNew: Bool, port: Int?, version: Int?, proxy: Bool?, _ progress: (String) -> Void
    ) async throws -> Report {
        let before = isNew ? nil : try LocalState(directory: directory)
        let hasProxy = proxy ?? before?.hasProxy ?? false
        if proxy == true, template.resources(ofType: Self.proxyType).isEmpty {
            throw LocalStackError.unsupported(resource: name, what: "--proxy, as the stack declares no proxy")
        }
        let location = try await chooseServerDirectory()
        let server = try await PostgresServer(directory: location, version: version, environment: environment)
        // Names do not depend on where the server is, and are needed before it runs.
        let names = TemplateEvaluator(template: template, host: Self.host, port: 0)
        let manager = try Self.managerSecret(names)
        let database = try databaseName(names)
        let newSecrets = try await makeSecrets(names)
        let wasRunning = server.runningPort != nil
        if !server.isInitialized {
            let shown =
                location.hasPrefix("\(directory)/") ? "\(name)/\(location.dropFirst(directory.count + 1))" : location
            progress("Making a PostgreSQL \(server.installation.version) server in \(shown)")
            try await server.initialize(superuserPassword: try await superuserPassword())
        }
        if !wasRunning { progress("Starting PostgreSQL \(server.installation.version)") }
        let runningPort = try await server.start(port: port ?? before?.port)
        do {
            if isNew { try await makeMasterUser(server, manager, runningPort) }
            var state =
                before
                ?? LocalState(
                    stack: name, port: runningPort, managerSecret: manager, databaseName: database)
            (state.port, state.databaseName, state.hasProxy) = (runningPort, database, hasProxy)
            let evaluator = TemplateEvaluator(
                template: template, host: Self.host, port: runningPort,
                proxyHost: hasProxy ? ConnectionPooler.host : nil)
            try await attachSecrets(evaluator)
            let steps = try await runCustomResources(evaluator, &state, progress)
            try removeUndeclaredSecrets(evaluator)
            try prepareRotation(evaluator, &state)
            try state.write(to: directory)
            try await runProxy(state)
            return Report(
                stack: name, isNew: isNew, wasStarted: !wasRunning, serverVersion: server.installation.version,
                port: runningPort,
                steps: steps, newSecrets: newSecrets)
        } catch {
            if isNew || !wasRunning { _ = try? await server.stop() }
            throw error
        }
    }

    /// Decides where the server's files are: with the stack's, unless the server's user cannot get there.
    private func chooseServerDirectory() async throws -> String {
        if let serverDirectory { return serverDirectory }
        let user = try ServerUser(environment: environment)
        // Entered by the server's user as well; what is secret has a folder of its own in here.
        try PrivateFile.makeDirectory(root, mode: 0o711)
        try PrivateFile.makeDirectory(directory, mode: 0o711)
        // As root in a folder of root's own, for example: PostgreSQL is never root, and would not get in.
        let isReachable = await user.canReach(directory)
        let location = isReachable ? "\(directory)/server" : "/var/tmp/aurora-\(UUID().uuidString)"
        try setServerDirectory(location)
        return location
    }

    func superuserPassword() async throws -> String {
        let secret = PostgresServer.superuser
        if !superuserStore.contains(secret) {
            try superuserStore.create(secret, value: try await superuserStore.randomPassword(.init()))
        }
        return try await superuserStore.value(of: secret, stage: VersionStage.current).value
    }

    func makeMasterUser(_ server: PostgresServer, _ secret: String, _ port: Int) async throws {
        let credentials = try await credentials(of: secret)
        try await server.makeMasterUser(
            credentials.username, password: credentials.password, superuserPassword: try await superuserPassword(),
            port: port, logger: logger)
    }

    func credentials(of secret: String) async throws -> DatabaseCredentials {
        try await secrets.credentials(of: secret)
    }
}
