// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging

/// Writes log events as lines for people, to standard error.
struct ConsoleLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
            .sorted { $0.key < $1.key }.map { " (\($0.key): \($0.value))" }.joined()
        printError("\(event.level.rawValue): \(event.message)\(facts)")
    }
}

extension Logger {
    /// A log for a command.
    ///
    /// - Parameter verbose: Whether every statement is shown, or only what needs attention.
    /// - Returns: The log.
    static func console(verbose: Bool) -> Logger {
        Logger(label: "aurora") { _ in ConsoleLogHandler(logLevel: verbose ? .debug : .warning) }
    }
}
