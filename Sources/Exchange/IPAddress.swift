// SPDX-License-Identifier: Apache-2.0

/// An address of the Internet Protocol, without a port and without a zone.
public enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    case v6(UInt128)

    /// Longest written form, in bytes: eight groups, the last two of them as IPv4.
    public static let maxLength = 45

    /// Reads four decimal numbers without leading zeros, or RFC 4291 §2.2 without brackets and zone.
    ///
    /// The spellings of old C libraries (`0x7f.1`, `2130706433`, `127.1`, `0177.0.0.1`) are refused: what one reader takes
    /// for this machine, another takes for a name.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        let bytes = Array(text.utf8.prefix(Self.maxLength + 1))
        guard bytes.count <= Self.maxLength else {
            throw ParsingProblem("IP address", "is longer than \(Self.maxLength) characters", at: Self.maxLength)
        }
        if bytes.contains(UInt8(ascii: ":")) {
            self = .v6(try Self.v6(bytes))
        } else {
            self = .v4(try Self.v4(bytes, from: 0))
        }
    }

    /// The 4 or 16 bytes of an address in network order; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16: self = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }

    /// An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) as IPv4; any other as it is.
    public var unmapped: IPAddress {
        if case .v6(let value) = self, value >> 32 == 0xFFFF { .v4(UInt32(truncatingIfNeeded: value)) } else { self }
    }

    /// Bits of an address of this family.
    public var bitCount: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// RFC 5952 for IPv6: lower case, the first longest run of zero groups as `::`.
    public var description: String {
        switch self {
        case .v4(let value):
            return [24, 16, 8, 0].map { String(value >> UInt32($0) & 0xFF) }.joined(separator: ".")
        case .v6(let value):
            let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(16 * (7 - $0))) }
            let zeros = Self.longestZeroRun(groups)
            let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
            guard zeros.count > 1 else { return text(groups[...]) }
            return text(groups[..<zeros.lowerBound]) + "::" + text(groups[zeros.upperBound...])
        }
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }

    private static func v4(_ bytes: [UInt8], from start: Int) throws(ParsingProblem) -> UInt32 {
        var value: UInt32 = 0
        var position = start
        for part in 0..<4 {
            if part > 0 {
                guard position < bytes.count, bytes[position] == UInt8(ascii: ".") else {
                    throw problem("expected four numbers with dots between", position)
                }
                position += 1
            }
            let first = position
            var number = 0
            while position < bytes.count, position - first < 3, (0x30...0x39).contains(bytes[position]) {
                number = number * 10 + Int(bytes[position] - 0x30)
                position += 1
            }
            let hasLeadingZero = position - first > 1 && bytes[first] == 0x30
            guard position > first, !hasLeadingZero, number <= 255 else {
                throw problem("expected a number from 0 to 255 without leading zeros", first)
            }
            value = value << 8 | UInt32(number)
        }
        guard position == bytes.count else { throw problem("expected nothing more", position) }
        return value
    }

    private static func v6(_ bytes: [UInt8]) throws(ParsingProblem) -> UInt128 {
        var groups: [UInt16] = []
        /// How many groups stand before `::`.
        var gap: Int?
        var position = 0
        if bytes.starts(with: [0x3A, 0x3A]) {
            gap = 0
            position = 2
        }
        while position < bytes.count {
            guard groups.count < 8 else { throw problem("has more than eight groups", position) }
            let end = bytes[position...].firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            if end == bytes.count, bytes[position...].contains(UInt8(ascii: ".")) {
                let embedded = try v4(bytes, from: position)
                groups += [UInt16(embedded >> 16), UInt16(truncatingIfNeeded: embedded)]
                position = end
                break
            }
            groups.append(try group(bytes[position..<end]))
            position = end
            guard position < bytes.count else { break }
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: ":") {
                guard gap == nil else { throw problem("has '::' twice", position) }
                gap = groups.count
                position += 1
            } else if position == bytes.count {
                throw problem("ends with a colon", position - 1)
            }
        }
        let missing = 8 - groups.count
        guard gap == nil ? missing == 0 : missing > 0 else {
            throw problem("has not eight groups", bytes.count)
        }
        if let gap { groups.insert(contentsOf: repeatElement(0, count: missing), at: gap) }
        return groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func group(_ digits: ArraySlice<UInt8>) throws(ParsingProblem) -> UInt16 {
        guard (1...4).contains(digits.count),
            let unit = JSONStringsReader.hexUnit(repeatElement(0x30, count: 4 - digits.count) + Array(digits))
        else { throw problem("expected one to four hex digits", digits.startIndex) }
        return unit
    }

    private static func problem(_ reason: String, _ offset: Int) -> ParsingProblem {
        ParsingProblem("IP address", reason, at: offset)
    }
}
