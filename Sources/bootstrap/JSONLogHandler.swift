// SPDX-License-Identifier: Apache-2.0

import Logging

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

/// Writes each log event as a line of JSON, as CloudWatch Logs reads it.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    /// Takes the level from `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging configuration.
    init(environment: [String: String]) {
        logLevel =
            switch environment["AWS_LAMBDA_LOG_LEVEL"]?.lowercased() {
            case "trace": .trace
            case "debug": .debug
            case "warn": .warning
            case "error": .error
            case "fatal": .critical
            default: .info
            }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = ["level": event.level.rawValue, "message": event.message.description]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            line[key] = "\(value)"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var bytes = (try? encoder.encode(line)).map({ Array($0) }) else { return }
        bytes.append(UInt8(ascii: "\n"))
        Self.write(bytes)
    }

    /// Writes at once: what waits in a buffer is lost where Lambda stops the function.
    private static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                #if canImport(Glibc)
                    let count = Glibc.write(STDOUT_FILENO, start, rest.count)
                #else
                    let count = Musl.write(STDOUT_FILENO, start, rest.count)
                #endif
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
