// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Colours, where there is somebody to see them (no-color.org: NO_COLOR turns them off).
struct TerminalColors {
    enum Color: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case dim = 2
    }

    let areOn: Bool

    /// On where standard output is a terminal.
    static let standardOutput = TerminalColors(descriptor: STDOUT_FILENO)
    /// On where standard error is one.
    static let standardError = TerminalColors(descriptor: STDERR_FILENO)

    private init(descriptor: Int32) {
        areOn = isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty ?? true
    }

    func paint(_ text: String, _ color: Color) -> String {
        areOn ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
    }
}
