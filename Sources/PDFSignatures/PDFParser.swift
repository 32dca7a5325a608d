// SPDX-License-Identifier: Apache-2.0
import Trust

/// Reads objects from a place of a source on, a page at a time. Every depth, length and count has its bound.
struct PDFParser {
    static let maxDepth = 32
    /// Most values inside one object, all of its depths together.
    static let maxValues = 100_000
    /// Longest string, decoded: a signature with all that it brings along.
    static let maxString = SignedData.maxBytes
    static let maxName = 256
    private static let pageSize = 16 << 10

    private let source: any PDFSource
    private(set) var position: Int
    private var page: [UInt8] = []
    private var pageStart = 0
    private var values = 0

    init(_ source: any PDFSource, at position: Int) {
        self.source = source
        self.position = position
    }

    // MARK: Bytes

    mutating func peek() throws(PDFProblem) -> UInt8? {
        guard position >= 0, position < source.length else { return nil }
        if position < pageStart || position >= pageStart + page.count {
            page = try source.read(at: position, count: Self.pageSize)
            pageStart = position
            guard !page.isEmpty else { return nil }
        }
        return page[position - pageStart]
    }

    mutating func next() throws(PDFProblem) -> UInt8? {
        let byte = try peek()
        if byte != nil { position += 1 }
        return byte
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00, 0x09, 0x0A, 0x0C, 0x0D, 0x20: true
        default: false
        }
    }

    static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "/"), UInt8(ascii: "%"):
            true
        default: false
        }
    }

    /// Spaces and comments, bounded: a file of nothing else is no object.
    mutating func skipSpace() throws(PDFProblem) {
        let limit = position + Self.maxString
        while let byte = try peek(), Self.isSpace(byte) || byte == UInt8(ascii: "%") {
            guard position < limit else { throw .tooMuch("spaces") }
            if byte == UInt8(ascii: "%") {
                while let other = try peek(), other != 0x0A, other != 0x0D {
                    guard position < limit else { throw .tooMuch("spaces") }
                    position += 1
                }
            } else {
                position += 1
            }
        }
    }

    mutating func take(_ word: String) throws(PDFProblem) -> Bool {
        let start = position
        for byte in word.utf8 {
            guard try next() == byte else {
                position = start
                return false
            }
        }
        return true
    }

    /// A word of regular characters, at most 32 long; empty where none stands here.
    mutating func keyword() throws(PDFProblem) -> String {
        try skipSpace()
        var bytes: [UInt8] = []
        while let byte = try peek(), !Self.isSpace(byte), !Self.isDelimiter(byte) {
            guard bytes.count < 32 else { throw .malformed("a word") }
            bytes.append(byte)
            position += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func integer() throws(PDFProblem) -> Int? {
        let start = position
        let word = try keyword()
        guard word.utf8.count <= 18, let value = Int(word) else {
            position = start
            return nil
        }
        return value
    }

    // MARK: Objects

    mutating func object(depth: Int = 0) throws(PDFProblem) -> PDFObject {
        guard depth < Self.maxDepth else { throw .tooMuch("depth") }
        values += 1
        guard values < Self.maxValues else { throw .tooMuch("values of an object") }
        try skipSpace()
        guard let byte = try peek() else { throw .malformed("the file ends inside an object") }
        switch byte {
        case UInt8(ascii: "/"): return .name(try name())
        case UInt8(ascii: "("): return .string(try literal())
        case UInt8(ascii: "["): return .array(try array(depth))
        case UInt8(ascii: "<"):
            if try take("<<") { return .dictionary(try dictionary(depth)) }
            return .string(try hexadecimal())
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x30...0x39: return try number()
        default:
            switch try keyword() {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: throw .malformed("an unknown word")
            }
        }
    }

    private mutating func number() throws(PDFProblem) -> PDFObject {
        let word = try keyword()
        guard let value = Int(word), word.utf8.count <= 18 else {
            let isPlain = word.utf8.allSatisfy { (0x2B...0x39).contains($0) && $0 != 0x2C && $0 != 0x2F }
            guard isPlain, let value = Double(word) else { throw .malformed("a number") }
            return .real(value)
        }
        guard value >= 0 else { return .integer(value) }
        // Perhaps it is a reference: two whole numbers and an R.
        let end = position
        if let generation = try integer(), generation >= 0 {
            try skipSpace()
            if try take("R") {
                guard let after = try peek(), !Self.isSpace(after), !Self.isDelimiter(after) else {
                    return .reference(PDFReference(number: value, generation: generation))
                }
            }
        }
        position = end
        return .integer(value)
    }

    private mutating func array(_ depth: Int) throws(PDFProblem) -> [PDFObject] {
        position += 1
        var items: [PDFObject] = []
        while true {
            try skipSpace()
            if try take("]") { return items }
            items.append(try object(depth: depth + 1))
        }
    }

    private mutating func dictionary(_ depth: Int) throws(PDFProblem) -> PDFDictionary {
        var entries = PDFDictionary()
        while true {
            try skipSpace()
            if try take(">>") { return entries }
            guard try peek() == UInt8(ascii: "/") else { throw .malformed("a key that is no name") }
            let key = try name()
            entries.add(key, try object(depth: depth + 1))
        }
    }

    private mutating func name() throws(PDFProblem) -> String {
        position += 1
        var bytes: [UInt8] = []
        while let byte = try peek(), !Self.isSpace(byte), !Self.isDelimiter(byte) {
            guard bytes.count < Self.maxName else { throw .tooMuch("a name") }
            position += 1
            if byte == UInt8(ascii: "#"), let high = try peek().flatMap(Self.digit) {
                position += 1
                guard let low = try next().flatMap(Self.digit) else { throw .malformed("a name") }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// By pages and not by bytes: a signature's value is long.
    private mutating func hexadecimal() throws(PDFProblem) -> PDFString {
        let start = position
        position += 1
        var bytes: [UInt8] = []
        var high: UInt8?
        while try peek() != nil {
            guard position - start <= 2 * Self.maxString else { throw .tooMuch("a string") }
            let pageEnd = pageStart + page.count
            for byte in page[(position - pageStart)...] {
                position += 1
                if let value = Self.digit(byte) {
                    if let first = high {
                        bytes.append(first << 4 | value)
                        high = nil
                    } else {
                        high = value
                    }
                } else if byte == UInt8(ascii: ">") {
                    if let high { bytes.append(high << 4) }
                    return PDFString(bytes: bytes, range: start..<position)
                } else if !Self.isSpace(byte) {
                    throw .malformed("a hexadecimal string")
                }
            }
            position = pageEnd
        }
        throw .malformed("the file ends inside a string")
    }

    private mutating func literal() throws(PDFProblem) -> PDFString {
        let start = position
        position += 1
        var bytes: [UInt8] = []
        var open = 1
        while let byte = try next() {
            guard bytes.count < Self.maxString, position - start <= 2 * Self.maxString else {
                throw .tooMuch("a string")
            }
            switch byte {
            case UInt8(ascii: "("):
                open += 1
                bytes.append(byte)
            case UInt8(ascii: ")"):
                open -= 1
                if open == 0 { return PDFString(bytes: bytes, range: start..<position) }
                bytes.append(byte)
            case UInt8(ascii: "\\"): try escape(&bytes)
            default: bytes.append(byte)
            }
        }
        throw .malformed("the file ends inside a string")
    }

    private mutating func escape(_ bytes: inout [UInt8]) throws(PDFProblem) {
        guard let byte = try next() else { return }
        switch byte {
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case 0x0D:
            // A broken line is whole again.
            if try peek() == 0x0A { position += 1 }
        case 0x0A: break
        case 0x30...0x37:
            var value = Int(byte - 0x30)
            for _ in 0..<2 {
                guard let digit = try peek(), (0x30...0x37).contains(digit) else { break }
                value = value << 3 | Int(digit - 0x30)
                position += 1
            }
            bytes.append(UInt8(truncatingIfNeeded: value))
        default: bytes.append(byte)
        }
    }
}
