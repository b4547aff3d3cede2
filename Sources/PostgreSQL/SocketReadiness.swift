// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Waits for a socket without holding a thread of the cooperative pool.
enum SocketReadiness {
    enum Interest {
        case read
        case write
    }

    enum Outcome {
        case ready
        case deadlineExceeded
        case cancelled
    }

    private static let queue = DispatchQueue(label: "aurora.postgresql.sockets")

    /// Waits until a socket can be read from or written to, a deadline passes, or the task is cancelled.
    static func wait(
        for interest: Interest, on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) async -> Outcome {
        let wait = Wait(interest, descriptor)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait.start($0, until: deadline, on: queue) }
        } onCancel: {
            wait.finish(.cancelled)
        }
    }

    /// One wait. The continuation is resumed by the source's cancel handler, after which the socket may be closed.
    private final class Wait: Sendable {
        private struct State {
            var outcome: Outcome?
            var source: Source?
        }

        private struct Source: Sendable {
            // Safe because Dispatch lets sources be cancelled from any thread, which their types do not say on Linux.
            nonisolated(unsafe) let source: any DispatchSourceProtocol
            nonisolated(unsafe) let timer: any DispatchSourceTimer
        }

        private let interest: Interest
        private let descriptor: Int32
        private let state = Mutex(State())

        init(_ interest: Interest, _ descriptor: Int32) {
            self.interest = interest
            self.descriptor = descriptor
        }

        func start(
            _ continuation: CheckedContinuation<Outcome, Never>, until deadline: ContinuousClock.Instant,
            on queue: DispatchQueue
        ) {
            let source: any DispatchSourceProtocol =
                switch interest {
                case .read: DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
                case .write: DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
                }
            let timer = DispatchSource.makeTimerSource(queue: queue)
            let rest = ContinuousClock.now.duration(to: deadline).components
            let nanoseconds = max(rest.seconds, 0) * 1_000_000_000 + max(rest.attoseconds, 0) / 1_000_000_000
            timer.schedule(deadline: .now() + .nanoseconds(Int(nanoseconds)))
            source.setEventHandler { self.finish(.ready) }
            timer.setEventHandler { self.finish(.deadlineExceeded) }
            source.setCancelHandler {
                timer.cancel()
                continuation.resume(returning: self.state.withLock { $0.outcome ?? .cancelled })
            }
            let pair = Source(source: source, timer: timer)
            timer.activate()
            source.activate()
            let isFinished = state.withLock { state in
                state.source = pair
                return state.outcome != nil
            }
            if isFinished { source.cancel() }
        }

        func finish(_ outcome: Outcome) {
            let source = state.withLock { state -> Source? in
                if state.outcome == nil { state.outcome = outcome }
                return state.source
            }
            source?.source.cancel()
        }
    }
}
