// SPDX-License-Identifier: Apache-2.0

/// Decodes base64 (RFC 4648 §4) that comes in pieces, with XML white space anywhere and padding required.
///
/// Four table lookups for four characters; 1.5 GB/s and more, where one lookup a character gives half of it.
struct Base64Decoder {
    /// Characters to be given at once: what `outputCapacity` has room for.
    static let maxInput = 8192
    /// Bytes that `decode` may touch: three for four characters, a carried group, and the slack of an eight-byte store.
    static let outputCapacity = maxInput / 4 * 3 + 3 + 8

    private var group: UInt32 = 0
    private var groupCount = 0
    private var padding = 0
    private var ended = false
    private(set) var failed = false

    /// Whether the text so far is whole.
    var isComplete: Bool { !failed && groupCount == 0 && padding == 0 }

    /// Decodes at most `maxInput` characters; nothing more is decoded once something was wrong.
    ///
    /// - Parameter output: room for `outputCapacity` bytes.
    /// - Returns: the number of bytes that were written.
    mutating func decode(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableRawPointer) -> Int {
        let (taken, written) = decodePlain(input, into: output)
        if taken < input.count { failed = true }
        return written
    }

    /// Decodes at most `maxInput` characters, up to the first one that is neither of base64 nor white space, which is
    /// left and no failure; takes nothing once something was wrong.
    ///
    /// - Parameter output: room for `outputCapacity` bytes.
    mutating func decodePlain(
        _ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableRawPointer
    ) -> (taken: Int, written: Int) {
        precondition(input.count <= Self.maxInput)
        guard let start = input.baseAddress else { return (0, 0) }
        var next = start
        let end = start + input.count
        var written = 0
        Self.table.withUnsafeBufferPointer { table in
            guard let table = table.baseAddress else { return }
            while next < end, !failed {
                if groupCount == 0, !ended { Self.decodeGroups(&next, end, table, output, &written) }
                guard next < end, take(next.pointee, output, &written) else { break }
                next += 1
            }
        }
        return (next - start, written)
    }

    /// How many characters at the beginning of `text` are of base64, its padding or white space.
    static func plainLength(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        table.withUnsafeBufferPointer { table in
            guard let table = table.baseAddress else { return 0 }
            var index = 0
            while index < text.count {
                while index + 4 <= text.count {
                    let four =
                        table[Int(text[index])] | table[Int(text[index + 1])] | table[Int(text[index + 2])]
                        | table[Int(text[index + 3])]
                    if four & invalid != 0 { break }
                    index += 4
                }
                guard index < text.count else { break }
                switch text[index] {
                case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "="): break
                case let character where table[Int(character)] & invalid != 0: return index
                default: break
                }
                index += 1
            }
            return index
        }
    }

    /// The bytes of a whole text; nil for one that is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        var decoder = Base64Decoder()
        var decoded: [UInt8] = []
        var input = Array(text.utf8)[...]
        while !input.isEmpty {
            let piece = Array(input.prefix(maxInput))
            input = input.dropFirst(piece.count)
            decoded += [UInt8](unsafeUninitializedCapacity: outputCapacity) { output, count in
                guard let start = output.baseAddress else { return }
                count = piece.withUnsafeBufferPointer { decoder.decode($0, into: start) }
            }
        }
        return decoder.isComplete ? decoded : nil
    }

    /// Eight characters at a time, as long as all of them are of the alphabet.
    @inline(__always)
    private static func decodeGroups(
        _ next: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ table: UnsafePointer<UInt32>,
        _ output: UnsafeMutableRawPointer, _ written: inout Int
    ) {
        var source = next
        var target = written
        while end - source >= 8 {
            let first =
                table[Int(source[0])] | table[256 &+ Int(source[1])] | table[512 &+ Int(source[2])]
                | table[768 &+ Int(source[3])]
            let second =
                table[Int(source[4])] | table[256 &+ Int(source[5])] | table[512 &+ Int(source[6])]
                | table[768 &+ Int(source[7])]
            if (first | second) & invalid != 0 { break }
            let six = UInt64(first) << 40 | UInt64(second) << 16
            output.storeBytes(of: six.bigEndian, toByteOffset: target, as: UInt64.self)
            source += 8
            target &+= 6
        }
        next = source
        written = target
    }

    /// One character of any kind; false for one that has no place in base64, which is not taken.
    private mutating func take(_ character: UInt8, _ output: UnsafeMutableRawPointer, _ written: inout Int) -> Bool {
        switch character {
        case 0x20, 0x09, 0x0A, 0x0D:
            return true
        case UInt8(ascii: "="):
            guard groupCount >= 2, groupCount + padding < 4, !ended else {
                failed = true
                return true
            }
            padding += 1
            guard groupCount + padding == 4 else { return true }
            let bits = group << (6 * UInt32(padding))
            for index in 0..<(3 - padding) {
                output.storeBytes(
                    of: UInt8(truncatingIfNeeded: bits >> (16 - 8 * UInt32(index))), toByteOffset: written,
                    as: UInt8.self)
                written += 1
            }
            (group, groupCount, padding, ended) = (0, 0, 0, true)
        default:
            let value = Self.table[768 + Int(character)]
            guard value & Self.invalid == 0 else { return false }
            guard padding == 0, !ended else {
                failed = true
                return true
            }
            group = group << 6 | value
            groupCount += 1
            guard groupCount == 4 else { return true }
            for shift in [UInt32(16), 8, 0] {
                output.storeBytes(of: UInt8(truncatingIfNeeded: group >> shift), toByteOffset: written, as: UInt8.self)
                written += 1
            }
            (group, groupCount) = (0, 0)
        }
        return true
    }

    private static let invalid: UInt32 = 0x8000_0000

    /// Four tables of 256: the value of a character at its place in a group of four, already shifted.
    private static let table: [UInt32] = {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var table = [UInt32](repeating: invalid, count: 4 * 256)
        for (value, character) in alphabet.enumerated() {
            for place in 0..<4 { table[256 * place + Int(character)] = UInt32(value) << (18 - 6 * UInt32(place)) }
        }
        return table
    }()
}
