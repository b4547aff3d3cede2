// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// Files that only their owner can read.
package enum PrivateFile {
    private static let fileMode: mode_t = 0o600

    /// Replaces a file as a whole: a reader sees the old content or the new one, also after a crash.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(SecretStoreError) {
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fileMode)
        guard descriptor >= 0 else { throw failure(path) }
        var rest = bytes[...]
        var isWritten = true
        while isWritten, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { isWritten = false }
        }
        isWritten = isWritten && fsync(descriptor) == 0
        let error = errno
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            let reason = isWritten ? errno : error
            unlink(temporary)
            throw failure(path, reason)
        }
    }

    /// Makes a folder, and those above it, that only its owner can enter, unless another mode is given.
    package static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws(SecretStoreError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard errno == ENOENT, !parent.isEmpty else { throw failure(path) }
        try makeDirectory(parent, mode: mode)
        if mkdir(path, mode) != 0, errno != EEXIST { throw failure(path) }
    }

    /// Runs something while no other process holds the lock.
    package static func withLock<T>(_ path: String, _ body: () throws -> T) throws -> T {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, fileMode)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure(path) }
        }
        return try body()
    }

    private static func failure(_ path: String, _ code: Int32 = errno) -> SecretStoreError {
        .file(path: path, reason: "cannot be written: \(String(cString: strerror(code)))")
    }
}
