// SPDX-License-Identifier: Apache-2.0

/// The size and kind of a database instance, such as `t4g.medium`.
public struct InstanceType: Hashable, Sendable, CustomStringConvertible {
    /// The processor and its generation, such as `t4g`.
    public let instanceClass: String
    /// The size, such as `medium`.
    public let size: String

    /// Reads a type as EC2 writes it; a leading `db.` is accepted. `nil` for anything else.
    public init?(_ name: String) {
        let parts = (name.hasPrefix("db.") ? String(name.dropFirst(3)) : name)
            .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            parts.joined().utf8.allSatisfy(Self.isAllowed), parts[0].first?.isLetter == true
        else { return nil }
        (instanceClass, size) = (parts[0], parts[1])
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }

    /// The facts as a sentence for people.
    public var description: String { "\(instanceClass).\(size)" }

    /// The processor: a `g` behind the generation stands for AWS's own, which are ARM64 (EC2 User Guide,
    /// "Instance type naming conventions").
    public var architecture: Architecture {
        guard let generation = instanceClass.lastIndex(where: \.isNumber) else { return .x86_64 }
        return instanceClass[generation...].dropFirst().contains("g") ? .arm64 : .x86_64
    }
}
