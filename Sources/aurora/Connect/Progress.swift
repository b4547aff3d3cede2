// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Says what is waited for: on a terminal one line that counts, elsewhere a line for each thing.
final class Progress: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex<(text: String, start: ContinuousClock.Instant)?>(nil)

    /// Says what is waited for now.
    func wait(for text: String) {
        state.withLock { state in
            if state?.text != text {
                state = (text, .now)
                if !isTerminal { printError("\(text)") }
            }
            guard isTerminal, let state else { return }
            let seconds = (ContinuousClock.now - state.start).components.seconds
            FileHandle.standardError.write(Data("\r\u{1B}[K\(text) (\(seconds) s; Ctrl-C stops)".utf8))
        }
    }

    /// Says that there is nothing to wait for any more.
    func done() {
        state.withLock { state in
            if isTerminal, state != nil { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
            state = nil
        }
    }
}
