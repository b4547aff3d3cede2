// SPDX-License-Identifier: Apache-2.0

public import CloudFormation
import Crypto
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files that are uploaded before a stack is deployed, found again by a hash of their content.
public struct FileAsset: Hashable, Sendable {
    /// How the files are uploaded.
    public enum Packaging: String, Hashable, Sendable {
        /// A folder, zipped by the `cdk` CLI.
        case zip
        /// A single file as it is.
        case file

        var fileExtension: String { self == .zip ? ".zip" : "" }
    }

    /// Where the files come from.
    public enum Source: Hashable, Sendable {
        /// A file or folder at a path.
        case path(String)
        /// A command that the CLI runs when it publishes the asset, and that prints the path of the finished file.
        case command([String])
    }

    /// Where an asset will be when the stack is deployed.
    public struct Location: Sendable {
        /// The bucket's name.
        public let bucket: Value<String>
        /// The object's key.
        public let key: Value<String>
    }

    /// Where the files come from.
    public let source: Source
    /// How they are uploaded.
    public let packaging: Packaging
    /// SHA-256 over the content, in hexadecimal digits.
    public let hash: String

    /// Takes a file or a folder.
    ///
    /// The hash covers names, contents and run permissions, nothing of this machine, so that the same files give
    /// the same hash everywhere.
    ///
    /// - Throws: ``AssetError`` when the path cannot be read.
    public init(path: String) throws {
        var isDirectory = false
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let attributes else { throw AssetError.unreadable(path: path) }
        isDirectory = attributes[.type] as? FileAttributeType == .typeDirectory
        source = .path(path)
        packaging = isDirectory ? .zip : .file
        hash = try Self.fingerprint(path, isDirectory: isDirectory)
    }

    /// Takes what a command makes when the asset is published.
    ///
    /// - Parameters:
    ///   - command: A program and its arguments; it prints the path of a finished zip file.
    ///   - identity: What the hash is made from, in place of a content that does not exist yet.
    public init(command: [String], identity: String) {
        source = .command(command)
        packaging = .zip
        hash = Self.hexadecimal(SHA256.hash(data: Data(identity.utf8)))
    }

    private static func fingerprint(_ path: String, isDirectory: Bool) throws -> String {
        var hash = SHA256()
        // One buffer for all: a bundle has tens of megabytes, and they pass through here at each synthesis.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        func add(_ name: String, _ file: String, size: UInt64) throws {
            let runs = FileManager.default.isExecutableFile(atPath: file)
            // Lengths go first, so that no other division of the same bytes has the same hash.
            hash.update(data: Data("\(name.utf8.count):\(name):\(runs ? "x" : "-"):\(size):".utf8))
            do {
                let descriptor = try FileDescriptor.open(FilePath(file), .readOnly)
                try descriptor.closeAfter {
                    while case let count = try descriptor.read(into: buffer), count > 0 {
                        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    }
                }
            } catch {
                throw AssetError.unreadable(path: file)
            }
        }
        func size(_ file: String) throws -> UInt64? {
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            if attributes[.type] as? FileAttributeType == .typeDirectory { return nil }
            return attributes[.size] as? UInt64 ?? (attributes[.size] as? Int).map(UInt64.init)
        }
        if isDirectory {
            for name in try FileManager.default.subpathsOfDirectory(atPath: path).sorted() {
                let file = "\(path)/\(name)"
                if let size = try size(file) { try add(name, file, size: size) }
            }
        } else if let size = try size(path) {
            try add("", path, size: size)
        }
        return hexadecimal(hash.finalize())
    }

    static func hexadecimal(_ digest: SHA256Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Why files cannot be uploaded.
public enum AssetError: Error, CustomStringConvertible {
    /// There is nothing at the path, or it may not be read.
    case unreadable(path: String)

    /// The facts as a sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let path): "'\(path)' cannot be read: check that it exists and who may read it."
        }
    }
}
