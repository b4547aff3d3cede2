// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// Names for things that have a path, stable over time: deployed resources are found again by them.
///
/// The rule is that of the AWS CDK (its Developer Guide, "Logical IDs"), as a changed id means a replaced resource:
/// the ids joined without their punctuation, followed by eight digits of a hash over the path.
public enum UniqueID {
    // An id that counts neither in the hash nor for people: a construct can be moved into a wrapper under it
    // without a change of ids.
    private static let hiddenID = "Default"
    // An id that counts in the hash but that people need not see: the main resource of a level-2 construct.
    private static let hiddenFromPeople = "Resource"
    // CloudFormation allows 255 characters; 240 and the hash stay below that.
    private static let longestReadable = 240
    private static let longest = 255

    /// The id for a path.
    ///
    /// - Parameter components: The ids from just below the stack to the element. A single one stands for itself
    ///   without its punctuation, so that hand-written templates can be carried over.
    /// - Returns: Letters and digits, at most 255.
    public static func make(_ components: [String]) -> String {
        let components = components.filter { $0 != hiddenID }
        if components.count == 1, let only = components.first {
            let candidate = alphanumeric(only)
            if candidate.count <= longest { return candidate }
        }
        var readable: [UInt8] = []
        var last: String?
        for component in components {
            // A repeated word tells people nothing: AuroraDemo/AuroraDemo reads as AuroraDemo.
            if let last, last.hasSuffix(component) { continue }
            last = component
            if component != hiddenFromPeople { readable += component.utf8.lazy.filter(isAlphanumeric) }
        }
        if readable.count > longestReadable { readable.removeLast(readable.count - longestReadable) }
        appendHash(of: components, to: &readable)
        return String(decoding: readable, as: UTF8.self)
    }

    private static func alphanumeric(_ text: String) -> String {
        String(decoding: text.utf8.filter(isAlphanumeric), as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func appendHash(of components: [String], to text: inout [UInt8]) {
        let digest = Insecure.MD5.hash(data: Array(components.joined(separator: "/").utf8))
        for byte in digest.prefix(4) {
            for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 0x30 + digit : 0x41 + digit - 10) }
        }
    }
}

extension Node {
    /// A name for this construct that no other in the application has.
    public var uniqueID: String {
        UniqueID.make(scopes.dropFirst().map(\.id))
    }
}
