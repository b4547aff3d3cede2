// SPDX-License-Identifier: Apache-2.0

/// A range of IPv4 addresses, such as `10.0.0.0/16`.
public struct CIDRBlock: Hashable, Sendable, CustomStringConvertible {
    /// The first address, as a number.
    public let first: UInt32
    /// How many leading bits are common to all addresses.
    public let mask: Int

    /// Makes the block of a given size that an address lies in.
    init(containing address: UInt32, mask: Int) {
        self.mask = mask
        first = UInt32(truncatingIfNeeded: UInt64(address) / Self.size(mask) * Self.size(mask))
    }

    /// Reads the usual notation; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let mask = Int(parts[1]), (0...32).contains(mask) else { return nil }
        let octets = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard octets.count == 4 else { return nil }
        var address: UInt32 = 0
        for octet in octets {
            guard let octet else { return nil }
            address = address << 8 | UInt32(octet)
        }
        self.init(containing: address, mask: mask)
    }

    static func size(_ mask: Int) -> UInt64 { 1 << UInt64(32 - mask) }

    /// The address behind the last one.
    var end: UInt64 { UInt64(first) + Self.size(mask) }

    /// The facts as a sentence for people.
    public var description: String {
        "\(first >> 24).\(first >> 16 & 255).\(first >> 8 & 255).\(first & 255)/\(mask)"
    }
}

/// Divides a network into subnets, as the AWS CDK does: an address plan that is deployed must come out the same.
struct SubnetPlan {
    // Amazon VPC User Guide, "VPC CIDR blocks" and "Subnet sizing".
    static let allowedMasks = 16...28

    /// Why a network cannot be divided as asked.
    enum Failure: Error, CustomStringConvertible {
        case maskOutOfRange(Int)
        case exhausted(network: CIDRBlock, subnets: Int, mask: Int)

        var description: String {
            switch self {
            case .maskOutOfRange(let mask):
                "a subnet of /\(mask) is not possible: Amazon VPC allows /16 to /28; choose a cidrMask in that range"
            case .exhausted(let network, let subnets, let mask):
                "\(network) has no room for \(subnets) more subnets of /\(mask): "
                    + "give the VPC a larger cidr, or its subnets a larger cidrMask, or use fewer maxAzs"
            }
        }
    }

    let network: CIDRBlock
    private var next: UInt64

    init(network: CIDRBlock) {
        self.network = network
        next = UInt64(network.first)
    }

    /// One block for each request: those with a mask come first in the network, the others share what is left.
    mutating func allocate(masks: [Int?]) throws(Failure) -> [CIDRBlock] {
        var allocated: [CIDRBlock] = []
        var open: [Int] = []
        for (index, mask) in masks.enumerated() {
            if let mask { allocated.append(try take(mask)) } else { open.append(index) }
        }
        guard !open.isEmpty else { return allocated }
        let available = network.end > next ? network.end - next : 0
        let each = available / UInt64(open.count)
        let mask = each == 0 ? 32 : 32 - (63 - each.leadingZeroBitCount)
        guard Self.allowedMasks.contains(mask) else {
            throw .exhausted(network: network, subnets: open.count, mask: Self.allowedMasks.upperBound)
        }
        for index in open { allocated.insert(try take(mask), at: min(index, allocated.count)) }
        return allocated
    }

    private mutating func take(_ mask: Int) throws(Failure) -> CIDRBlock {
        guard Self.allowedMasks.contains(mask) else { throw .maskOutOfRange(mask) }
        guard next + CIDRBlock.size(mask) <= network.end else {
            throw .exhausted(network: network, subnets: 1, mask: mask)
        }
        // A larger block behind a smaller one begins at the next multiple of its size that the CDK would choose.
        let block = CIDRBlock(containing: UInt32(truncatingIfNeeded: next + CIDRBlock.size(mask) - 1), mask: mask)
        next = block.end
        return block
    }
}
