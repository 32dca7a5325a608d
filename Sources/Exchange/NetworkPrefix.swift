// SPDX-License-Identifier: Apache-2.0

/// A network in CIDR notation (RFC 4632, RFC 4291 §2.3): `10.0.0.0/8`, `fc00::/7`. A bare address is a network of one.
public struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    /// Its bits beyond `length` are zero.
    public let address: IPAddress
    /// Leading bits that count: 0 to 32, or to 128.
    public let length: Int

    /// - Throws: `ParsingProblem`, also where bits are set beyond the length: whoever writes `10.1.0.0/8` means something
    ///   else than what it would be.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = try IPAddress(parsing: parts[0])
        var length = address.bitCount
        if parts.count == 2 {
            let start = parts[0].unicodeScalars.count + 1
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != 0x30, let number = Int(parts[1]), number <= address.bitCount
            else {
                throw ParsingProblem(
                    "network", "expected a length from 0 to \(address.bitCount) after the '/'", at: start)
            }
            length = number
        }
        self.init(address: address, length: length)
        guard self.address == address else {
            throw ParsingProblem("network", "has bits beyond its length; the network is \(self)")
        }
    }

    /// The network of that length in which the address lies.
    public init(address: IPAddress, length: Int) {
        precondition((0...address.bitCount).contains(length), "a length that no address of this family has")
        self.length = length
        switch address {
        case .v4(let value): self.address = .v4(length == 0 ? 0 : value & (.max << UInt32(32 - length)))
        case .v6(let value): self.address = .v6(length == 0 ? 0 : value & (.max << UInt128(128 - length)))
        }
    }

    /// Whether the address lies in this network. An IPv4 address lies in no IPv6 network, whatever forms embed it.
    public func contains(_ other: IPAddress) -> Bool {
        other.bitCount == address.bitCount && NetworkPrefix(address: other, length: length) == self
    }

    public var description: String { "\(address)/\(length)" }
}
