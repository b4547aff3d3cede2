// SPDX-License-Identifier: Apache-2.0

import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What is remembered of a local stack between commands.
struct LocalState: Codable, Equatable {
    /// A custom resource, as its handler left it.
    struct Resource: Codable, Equatable {
        var type: String
        var physicalID: String
        /// The properties, as JSON.
        var properties: String
    }

    var stack: String
    var port: Int
    var managerSecret: String
    var databaseName: String
    var resources: [String: Resource] = [:]
    /// Whether something stands in for the proxy.
    var hasProxy: Bool?
    /// The secrets that the proxy lists.
    var listedSecrets: [String]?
    /// What the rotation function finds in its environment.
    var rotationVariables: [String: String]?

    static func path(_ directory: String) -> String { "\(directory)/stack.json" }

    static func exists(in directory: String) -> Bool { FileManager.default.fileExists(atPath: path(directory)) }

    init(stack: String, port: Int, managerSecret: String, databaseName: String) {
        self.stack = stack
        self.port = port
        self.managerSecret = managerSecret
        self.databaseName = databaseName
    }

    init(directory: String) throws(LocalStackError) {
        guard let data = FileManager.default.contents(atPath: Self.path(directory)),
            let state = try? JSONDecoder().decode(LocalState.self, from: data)
        else { throw .unreadable(path: Self.path(directory)) }
        self = state
    }

    func write(to directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try PrivateFile.replace(Self.path(directory), with: Array(try encoder.encode(self)))
    }
}

/// Keeps other commands from a stack for as long as it is held.
final class StackLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``LocalStackError/locked(stack:)`` where another command has it, an error of the file system.
    init(directory: String, stack: String) throws {
        try PrivateFile.makeDirectory(directory, mode: 0o711)
        let path = "\(directory)/\(stack).lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SecretStoreError.file(path: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            close(descriptor)
            throw LocalStackError.locked(stack: stack)
        }
    }

    deinit {
        close(descriptor)
    }
}
