// SPDX-License-Identifier: Apache-2.0
/// Reads the two shapes of JSON in which signed headers and receipts come: a flat object of strings and an array of
/// strings. `JSONDocument` reads any other with it.
///
/// Not Foundation's reader, because that one hides what matters here: a key that occurs twice would be settled
/// silently, and such a text must have one meaning. Bounded by the length of the text; nothing nests.
public struct JSONStringsReader {
    /// Most keys of an object. The SDK's calls have fewer than a dozen.
    public static let maxKeys = 64

    private let subject: String
    private let bytes: [UInt8]
    private var position = 0

    public init(_ subject: String, _ text: String) {
        self.subject = subject
        self.bytes = Array(text.utf8)
    }

    /// The keys and values in the order written.
    ///
    /// - Throws: `ParsingProblem` for anything but one object, a value that is no string, a repeated key, or more than
    ///   `maxKeys` keys.
    public mutating func object() throws(ParsingProblem) -> [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        var seen: Set<[UInt8]> = []
        skipSpace()
        try expect("{")
        skipSpace()
        if !take("}") {
            repeat {
                guard entries.count < Self.maxKeys else { throw problem("has more than \(Self.maxKeys) keys") }
                skipSpace()
                let key = try string()
                guard seen.insert(Array(key.utf8)).inserted else { throw problem("has a key twice") }
                skipSpace()
                try expect(":")
                skipSpace()
                entries.append((key, try string()))
                skipSpace()
            } while take(",")
            try expect("}")
        }
        try end()
        return entries
    }

    /// - Throws: `ParsingProblem` for anything but one array of at most `maxCount` strings.
    public mutating func array(maxCount: Int) throws(ParsingProblem) -> [String] {
        var items: [String] = []
        skipSpace()
        try expect("[")
        skipSpace()
        if !take("]") {
            repeat {
                guard items.count < maxCount else { throw problem("has more than \(maxCount) items") }
                skipSpace()
                items.append(try string())
                skipSpace()
            } while take(",")
            try expect("]")
        }
        try end()
        return items
    }

    func problem(_ reason: String) -> ParsingProblem { ParsingProblem(subject, reason, at: position) }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    /// A word such as `true`.
    mutating func takeWord(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    /// A whole number; nil when no number stands here.
    ///
    /// - Throws: `ParsingProblem` for one that is not whole, begins with a needless zero, or is too large.
    mutating func number() throws(ParsingProblem) -> Int? {
        let rest = bytes[position...]
        let digits = rest.first == UInt8(ascii: "-") ? rest.dropFirst() : rest
        guard let first = digits.first, (0x30...0x39).contains(first) else { return nil }
        let text = rest.prefix { [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) || (0x30...0x39).contains($0) }
        guard let number = Int(String(decoding: text, as: UTF8.self)), text.count == "\(number)".utf8.count else {
            throw problem("has a number that is not whole or too large")
        }
        position += text.count
        return number
    }

    mutating func expect(_ character: Unicode.Scalar) throws(ParsingProblem) {
        guard take(character) else { throw problem("expected '\(character)'") }
    }

    mutating func end() throws(ParsingProblem) {
        skipSpace()
        guard position == bytes.count else { throw problem("expected nothing more") }
    }

    mutating func string() throws(ParsingProblem) -> String {
        guard take("\"") else { throw problem("expected a string") }
        // Almost all strings have no escape and are taken in one piece.
        let start = position
        var value: [UInt8] = []
        var isWhole = true
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x22:
                position += 1
                return isWhole
                    ? String(decoding: bytes[start..<position - 1], as: UTF8.self)
                    : String(decoding: value, as: UTF8.self)
            case 0x5C:
                if isWhole { value += bytes[start..<position] }
                isWhole = false
                position += 1
                value.append(contentsOf: String(Character(try escape())).utf8)
            case 0..<0x20:
                throw problem("has a raw control character")
            default:
                if !isWhole { value.append(byte) }
                position += 1
            }
        }
        throw problem("ends inside a string")
    }

    private mutating func escape() throws(ParsingProblem) -> Unicode.Scalar {
        guard position < bytes.count else { throw problem("ends inside an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            position -= 1
            throw problem("has an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(ParsingProblem) -> Unicode.Scalar {
        let high = try hexUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard UTF16.isLeadSurrogate(high), take("\\"), take("u") else { throw problem("has half a surrogate pair") }
        let low = try hexUnit()
        guard UTF16.isTrailSurrogate(low) else { throw problem("has half a surrogate pair") }
        return UTF16.decode(UTF16.EncodedScalar([high, low]))
    }

    private mutating func hexUnit() throws(ParsingProblem) -> UInt16 {
        guard let unit = Self.hexUnit(bytes[position...].prefix(4)) else {
            throw problem("expected four hex digits")
        }
        position += 4
        return unit
    }

    /// The UTF-16 unit that four hex digits are, or nil.
    public static func hexUnit(_ digits: some Collection<UInt8>) -> UInt16? {
        guard digits.count == 4 else { return nil }
        var unit: UInt16 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: unit = unit << 4 | UInt16(digit - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt16(digit - 0x41 + 10)
            case 0x61...0x66: unit = unit << 4 | UInt16(digit - 0x61 + 10)
            default: return nil
            }
        }
        return unit
    }
}
