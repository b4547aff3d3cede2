// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and the other ways to end a program: what is at work is cancelled, and cleans up.
final class Interruption: Sendable {
    // As shells tell it of a program that Ctrl-C has ended.
    private static let exitCode: Int32 = 130

    /// Whether Ctrl-C is somebody else's just now: psql cancels a statement with it.
    private let isElsewhere = Mutex(false)

    /// Runs something that can be interrupted.
    ///
    /// - Throws: What it throws; an exit code where it was interrupted.
    static func run(_ body: @escaping @Sendable (Interruption) async throws -> Void) async throws {
        let interruption = Interruption()
        let task = Task { try await body(interruption) }
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if number == SIGINT, interruption.isElsewhere.withLock({ $0 }) { return }
                task.cancel()
            }
            source.activate()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do {
            try await task.value
        } catch {
            guard task.isCancelled else { throw error }
            printError("Stopped, and cleaned up.")
            throw ExitCode(exitCode)
        }
    }

    /// Leaves Ctrl-C to a program that is run meanwhile.
    func leaving<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        isElsewhere.withLock { $0 = true }
        defer { isElsewhere.withLock { $0 = false } }
        return try await body()
    }
}
