// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The few calls of the C library that ending a program takes.
enum Terminal {
    /// Writes a text to standard error and ends the process with status 1.
    static func fail(_ text: String) -> Never {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written <= 0 { break }
            rest = rest.dropFirst(written)
        }
        exit(1)
    }
}
