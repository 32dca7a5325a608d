// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A time-ordered identifier (UUID version 7, RFC 9562 §5.7).
///
/// Ordered by time so that the indexes grow at their end: random ids touch a new page for every row and multiply
/// the write-ahead log.
public protocol TimeOrderedID: Hashable, Sendable, CustomStringConvertible, Codable, Comparable {
    var uuid: UUID { get }
    init(uuid: UUID)
}

extension TimeOrderedID {
    /// A new identifier: 48 bits of milliseconds (none before 1970), 12 bits that go on with the microseconds (RFC 9562
    /// §6.2, method 3), then 62 random bits. Ids of different microseconds sort by them.
    public init(at instant: Instant = .now()) {
        var generator = SystemRandomNumberGenerator()
        let (milliseconds, microseconds) = UInt64(max(0, instant.microseconds)).quotientAndRemainder(dividingBy: 1_000)
        let high = milliseconds << 16 | 0x7000 | microseconds * 4_096 / 1_000
        let low = 0x8000_0000_0000_0000 | (generator.next() as UInt64) >> 2
        let bytes = withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { $0.loadUnaligned(as: uuid_t.self) }
        self.init(uuid: UUID(uuid: bytes))
    }

    /// Sorts before every identifier that is made at this instant or later, and after those of earlier milliseconds.
    public static func earliest(at instant: Instant) -> Self {
        let high = (UInt64(max(0, instant.microseconds)) / 1_000) << 16
        let bytes = withUnsafeBytes(of: (high.bigEndian, UInt64.zero)) { $0.loadUnaligned(as: uuid_t.self) }
        return Self(uuid: UUID(uuid: bytes))
    }

    /// When an identifier of ours was made, to the millisecond.
    public var madeAt: Instant {
        let high = withUnsafeBytes(of: uuid.uuid) { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
        return Instant(microseconds: Int64(high >> 16) * 1_000)
    }

    /// - Throws: `ParsingProblem` unless the text is a UUID of any version.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        // Foundation's own reading takes "0x", signs and blanks for digits: two texts would be one id.
        let wrong = text.utf8.prefix(36).enumerated().first { offset, byte in
            [8, 13, 18, 23].contains(offset) ? byte != UInt8(ascii: "-") : !isHexDigit(byte)
        }
        guard wrong == nil, text.utf8.count == 36, let uuid = UUID(uuidString: String(text)) else {
            let offset = wrong?.offset ?? min(36, text.utf8.count)
            throw ParsingProblem(String(describing: Self.self), "is not a UUID", at: offset)
        }
        self.init(uuid: uuid)
    }

    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Self, right: Self) -> Bool {
        withUnsafeBytes(of: left.uuid.uuid) { left in
            withUnsafeBytes(of: right.uuid.uuid) { right in left.lexicographicallyPrecedes(right) }
        }
    }

    /// Lower case, as PostgreSQL writes it.
    public var description: String { uuid.uuidString.lowercased() }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
}

/// One accepted package. The `DocId` that a sender gets as its receipt.
public struct PackageID: TimeOrderedID {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// One package for one recipient; the same over all attempts. The `docId` of a VXP list.
public struct DeliveryID: TimeOrderedID {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// One request to the hub: the id that stands in the answer, in the log and in the history row.
public struct RequestID: TimeOrderedID {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// The name under which a system connects (`systemid`), for example `qlvb.soxd`.
public struct SystemID: Hashable, Sendable, CustomStringConvertible, Codable {
    /// Longest name, in characters.
    public static let maxLength = 64

    public let text: String

    /// - Throws: `ParsingProblem` unless the text is 1 to 64 of `A–Z a–z 0–9 . - _`.
    @specialized(where Text == String)
    public init<Text: StringProtocol>(parsing text: Text) throws(ParsingProblem) {
        guard !text.isEmpty else { throw ParsingProblem("SystemID", "is empty") }
        for (offset, byte) in text.utf8.enumerated() {
            guard offset < Self.maxLength else {
                throw ParsingProblem("SystemID", "is longer than \(Self.maxLength) characters", at: offset)
            }
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: continue
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): continue
            default:
                throw ParsingProblem(
                    "SystemID", "has a character other than letters, digits, '.', '-' and '_'", at: offset)
            }
        }
        self.text = String(text)
    }

    public var description: String { text }

    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
