// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

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

/// As whom servers run: PostgreSQL refuses to run as root, and then runs as a user of its own.
public struct ServerUser: Sendable {
    /// The environment variable that names the user for servers where this runs as root.
    public static let variable = "AURORA_POSTGRES_USER"

    /// The user to change to; `nil` where servers run as the current one.
    let identity: (user: uid_t, group: gid_t)?

    /// Finds out as whom servers run.
    ///
    /// - Throws: ``ServerError/noUser(name:)`` where this runs as root and there is no user for servers.
    public init(environment: [String: String]) throws(ServerError) {
        guard geteuid() == 0 else {
            identity = nil
            return
        }
        let name = environment[Self.variable] ?? "postgres"
        guard let entry = getpwnam(name) else { throw .noUser(name: name) }
        identity = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// Runs a program as this user.
    ///
    /// - Returns: What it printed.
    /// - Throws: ``ServerError/failed(program:output:)`` where it fails, with what it said.
    @discardableResult
    func run(
        _ program: String, _ arguments: [String], input: String = "", calledInErrors name: String? = nil
    ) async throws -> String {
        var command = [program] + arguments
        if let identity {
            // A program of its own changes the user: between fork and exec of a process with several threads the C
            // library's own calls for that can wait for threads that are not there.
            command =
                [
                    "/usr/bin/setpriv", "--reuid=\(identity.user)", "--regid=\(identity.group)", "--clear-groups", "--",
                ] + command
        }
        let result = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: .init(Array(command.dropFirst())),
            environment: .inherit.updating(["LC_ALL": "C"]), workingDirectory: "/", input: .string(input),
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        let output = result.standardOutput
        guard result.terminationStatus.isSuccess else {
            let name = name ?? program.split(separator: "/").last.map(String.init) ?? program
            let lines = output.split(whereSeparator: \.isNewline).suffix(4).joined(separator: "; ")
            throw ServerError.failed(program: name, output: lines)
        }
        return output
    }

    /// Makes a folder that only this user can enter.
    func makeDirectory(_ path: String) throws(ServerError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: path, reason: Self.reason(error))
        }
        guard chmod(path, 0o700) == 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        if let identity, chown(path, identity.user, identity.group) != 0 {
            throw .unwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    static func reason(_ error: any Error) -> String {
        (error as? CocoaError).map { error in
            switch error.code {
            case .fileWriteOutOfSpace: "there is no space left on the device"
            case .fileWriteNoPermission: "permission is denied"
            case .fileWriteVolumeReadOnly: "the file system is read-only"
            default: "\(error.code)"
            }
        } ?? "\(error)"
    }

    /// Whether this user can reach a folder from the root.
    public func canReach(_ path: String) async -> Bool {
        guard identity != nil else { return true }
        return (try? await run("/bin/sh", ["-c", "cd \"$1\"", "sh", path])) != nil
    }
}
