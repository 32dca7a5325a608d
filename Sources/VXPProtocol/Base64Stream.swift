// SPDX-License-Identifier: Apache-2.0

/// Base64 (RFC 4648 §4, padded) over chunks of any size; memory is one chunk's output.
///
/// Concatenated outputs equal the encoding of the concatenated inputs.
public struct Base64Stream: Sendable {
    /// The at most two bytes that did not fill a group of three.
    private var rest: [UInt8] = []

    public init() {}

    /// The text for all whole groups of three bytes that have come so far.
    public mutating func encode(_ chunk: UnsafeRawBufferPointer) -> [UInt8] {
        var start = 0
        var head: [UInt8] = []
        if !rest.isEmpty {
            start = min(3 - rest.count, chunk.count)
            rest.append(contentsOf: chunk[..<start])
            guard rest.count == 3 else { return [] }
            head = Self.groups(rest)
            rest = []
        }
        let whole = (chunk.count - start) / 3 * 3
        rest = Array(chunk[(start + whole)...])
        let body = UnsafeRawBufferPointer(rebasing: chunk[start..<start + whole])
        return [UInt8](unsafeUninitializedCapacity: head.count + whole / 3 * 4) { output, count in
            var next = output.initialize(fromContentsOf: head)
            for group in stride(from: 0, to: whole, by: 3) {
                let bits = UInt32(body[group]) << 16 | UInt32(body[group + 1]) << 8 | UInt32(body[group + 2])
                output.initializeElement(at: next, to: Self.digit(bits >> 18))
                output.initializeElement(at: next + 1, to: Self.digit(bits >> 12))
                output.initializeElement(at: next + 2, to: Self.digit(bits >> 6))
                output.initializeElement(at: next + 3, to: Self.digit(bits))
                next += 4
            }
            count = next
        }
    }

    /// The last group with its padding; the stream then begins anew.
    public mutating func finish() -> [UInt8] {
        defer { rest = [] }
        guard !rest.isEmpty else { return [] }
        let filled = Self.groups(rest + [UInt8](repeating: 0, count: 3 - rest.count))
        return filled.prefix(rest.count + 1) + [UInt8](repeating: UInt8(ascii: "="), count: 3 - rest.count)
    }

    private static func groups(_ three: [UInt8]) -> [UInt8] {
        let bits = three.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return [18, 12, 6, 0].map { digit(bits >> $0) }
    }

    /// The letter for the low six bits, by arithmetic instead of a table so that the loop above vectorises.
    @inline(__always)
    private static func digit(_ bits: UInt32) -> UInt8 {
        let six = UInt8(truncatingIfNeeded: bits) & 0x3F
        var letter = six &+ 65  // A–Z
        letter = letter &+ (six >= 26 ? 6 : 0)  // a–z follow Z after six others
        letter = letter &- (six >= 52 ? 75 : 0)  // 0–9
        letter = letter &- (six >= 62 ? 15 : 0)  // +
        return letter &+ (six == 63 ? 3 : 0)  // /
    }
}
