// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Prints a line for people, beside what a command prints for programs.
func printError(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}

/// Why a command could not do what it was asked: one line with what to do. The exit code is 1.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
