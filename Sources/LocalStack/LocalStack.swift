// SPDX-License-Identifier: Apache-2.0

import LocalServers
public import Logging
public import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A stack that runs on this machine: a real PostgreSQL, the stack's secrets, and its own custom resources, run by the
/// handlers that run in Lambda.
public struct LocalStack: Sendable {
    /// The host name of everything local.
    public static let host = "127.0.0.1"
    /// Where stacks are kept, unless told otherwise.
    public static let usualDirectory = ".aurora"

    /// The stack's name.
    public let name: String
    /// Where the stack's files are.
    public let directory: String
    /// The stack's secrets.
    public let secrets: FileSecretStore

    let root: String
    let environment: [String: String]
    let logger: Logger

    /// Names a stack.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - root: The folder with all local stacks.
    ///   - environment: The process's environment variables.
    ///   - logger: Gets what the handlers do.
    public init(name: String, root: String, environment: [String: String], logger: Logger) {
        self.name = name
        self.root = root
        self.environment = environment
        self.logger = logger
        directory = "\(root)/\(name)"
        secrets = FileSecretStore(directory: "\(directory)/secrets")
    }

    /// The names of all stacks in a folder.
    public static func names(in root: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
            .filter { LocalState.exists(in: "\(root)/\($0)") }.sorted()
    }

    /// Chooses a stack that was started here.
    ///
    /// - Parameters:
    ///   - name: Its name; may be left out where there is only one.
    ///   - root: The folder with all local stacks.
    ///   - environment: The process's environment variables.
    ///   - logger: Gets what the handlers do.
    /// - Returns: The stack.
    /// - Throws: ``LocalStackError`` where there is none, or where it is not clear which one is meant.
    public static func existing(
        _ name: String?, root: String, environment: [String: String], logger: Logger
    ) throws(LocalStackError) -> LocalStack {
        let known = names(in: root)
        guard !known.isEmpty else { throw .nothingHere(directory: root) }
        if let name, !known.contains(name) { throw .noSuchStack(name: name, known: known) }
        guard let chosen = name ?? (known.count == 1 ? known[0] : nil) else { throw .ambiguous(stacks: known) }
        return LocalStack(name: chosen, root: root, environment: environment, logger: logger)
    }

    private var locationFile: String { "\(directory)/server-directory" }

    /// Where the server's files are, once that was decided.
    var serverDirectory: String? {
        FileManager.default.contents(atPath: locationFile).map { String(decoding: $0, as: UTF8.self) }
    }

    func setServerDirectory(_ path: String) throws {
        try PrivateFile.replace(locationFile, with: Array(path.utf8))
    }

    /// The server of a stack that was started before.
    func server() async throws -> PostgresServer {
        guard let serverDirectory else { throw LocalStackError.unreadable(path: locationFile) }
        return try await PostgresServer(directory: serverDirectory, environment: environment)
    }

    /// Where the server, or the proxy's stand-in, logs to.
    ///
    /// - Throws: ``LocalStackError``, `ServerError`.
    public func logFile(ofProxy isProxy: Bool) async throws -> String {
        if isProxy { return try await pooler().logFile }
        return try await server().logFile
    }

    var superuserStore: FileSecretStore { FileSecretStore(directory: "\(directory)/superuser") }

    /// Stops the stack's server.
    ///
    /// - Parameter deletingFiles: Whether the database and the secrets are deleted as well.
    /// - Returns: Whether the server ran.
    /// - Throws: ``LocalStackError``, `ServerError`.
    public func down(deletingFiles: Bool) async throws -> Bool {
        let lock = try StackLock(directory: root, stack: name)
        defer { withExtendedLifetime(lock) {} }
        try await pooler().stop()
        let ran = try await server().stop()
        if deletingFiles { try await removeFiles() }
        return ran
    }

    func removeFiles() async throws {
        let manager = FileManager.default
        if let serverDirectory {
            // A first start that was killed may have left its server running.
            if let pooler = try? await pooler() { await pooler.stop() }
            if let server = try? await server() { _ = try? await server.stop() }
            if !serverDirectory.hasPrefix("\(directory)/"), manager.fileExists(atPath: serverDirectory) {
                try manager.removeItem(atPath: serverDirectory)
            }
        }
        guard manager.fileExists(atPath: directory) else { return }
        // A program of a command that was killed may still be writing there: it loses sight of the files first.
        let removed = "\(root)/.removed-\(UUID().uuidString)"
        try manager.moveItem(atPath: directory, toPath: removed)
        for _ in 0..<20 {
            if (try? manager.removeItem(atPath: removed)) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        try manager.removeItem(atPath: removed)
    }
}
