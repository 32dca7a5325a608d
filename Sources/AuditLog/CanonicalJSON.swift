// SPDX-License-Identifier: Apache-2.0
import Exchange

/// JSON that is written in one way only (RFC 8785), so that its hash says what it says: members in the order of their
/// UTF-16, no space, the shortest escapes. Numbers are whole; the log has no others.
public indirect enum CanonicalJSON: Sendable {
    case null
    case bool(Bool)
    /// -(2⁵³-1) to 2⁵³-1: what every reader of JSON keeps exactly.
    case integer(Int)
    case string(String)
    case array([CanonicalJSON])
    /// Keys that are canonically equivalent Unicode are one key: keys are names of the log's own.
    case object([String: CanonicalJSON])

    /// Deepest nesting that is read.
    public static let maxDepth = 8
    /// Longest text that is read, in bytes.
    public static let maxLength = 16 << 20
    /// The largest whole number, and without its sign the smallest.
    public static let maxInteger = 1 << 53 - 1

    /// The only text of this value.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    /// Appends the text.
    public func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += String(value).utf8
        case .string(let value): Self.append(value, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.append(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a string with its quotes.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20:
                bytes += byte < 0x10 ? "\\u000".utf8 : "\\u001".utf8
                bytes += String(byte % 16, radix: 16).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Equal where the texts are: not as Swift compares strings, for which two ways to write a letter are one.
extension CanonicalJSON: Equatable {
    public static func == (left: CanonicalJSON, right: CanonicalJSON) -> Bool { left.bytes == right.bytes }
}

extension CanonicalJSON {
    /// Reads a canonical text.
    ///
    /// - Throws: `ParsingProblem` for what is no JSON, for JSON that is written in any other way than `bytes` writes it, and
    ///   beyond the bounds. Its offset counts bytes.
    public init(canonical bytes: [UInt8]) throws(ParsingProblem) {
        let value = try CanonicalReader.read(bytes, isSpaced: false)
        let written = value.bytes
        guard written == bytes else {
            let offset = zip(written, bytes).prefix { $0 == $1 }.count
            throw ParsingProblem("CanonicalJSON", "is not written as RFC 8785 has it", at: offset)
        }
        self = value
    }
}

extension CanonicalJSON {
    /// Reads JSON with spaces and with members in any order, as PostgreSQL writes its jsonb; else as `init(canonical:)`.
    ///
    /// - Throws: `ParsingProblem`. Its offset counts bytes.
    public init(spaced bytes: [UInt8]) throws(ParsingProblem) {
        self = try CanonicalReader.read(bytes, isSpaced: true)
    }
}

/// Reads what `CanonicalJSON` writes; what it lets pass beyond that, the comparison with the written text finds.
private struct CanonicalReader {
    let bytes: [UInt8]
    let isSpaced: Bool
    var position = 0

    static func read(_ bytes: [UInt8], isSpaced: Bool) throws(ParsingProblem) -> CanonicalJSON {
        guard bytes.count <= CanonicalJSON.maxLength else {
            throw ParsingProblem("CanonicalJSON", "is longer than \(CanonicalJSON.maxLength) bytes")
        }
        var reader = CanonicalReader(bytes: bytes, isSpaced: isSpaced)
        let value = try reader.value(depth: 1)
        guard reader.position == bytes.count else { throw reader.problem("goes on after its end") }
        return value
    }

    private mutating func skipSpace() {
        while isSpaced, position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    func problem(_ reason: String) -> ParsingProblem { ParsingProblem("CanonicalJSON", reason, at: position) }

    private mutating func take(_ word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        let isThere = word.withUTF8Buffer { $0.elementsEqual(bytes[position..<end]) }
        if isThere { position = end }
        return isThere
    }

    private mutating func expect(_ word: StaticString) throws(ParsingProblem) {
        guard take(word) else { throw problem("has no \(word) here") }
    }

    mutating func value(depth: Int) throws(ParsingProblem) -> CanonicalJSON {
        guard depth <= CanonicalJSON.maxDepth else { throw problem("is nested deeper than \(CanonicalJSON.maxDepth)") }
        skipSpace()
        let value = try bareValue(depth: depth)
        skipSpace()
        return value
    }

    private mutating func bareValue(depth: Int) throws(ParsingProblem) -> CanonicalJSON {
        if take("null") { return .null }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if take("[") { return .array(try items(depth: depth)) }
        if take("{") { return .object(try members(depth: depth)) }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return .string(try string()) }
        return .integer(try integer())
    }

    private mutating func items(depth: Int) throws(ParsingProblem) -> [CanonicalJSON] {
        var items: [CanonicalJSON] = []
        skipSpace()
        if take("]") { return items }
        repeat { items.append(try value(depth: depth + 1)) } while take(",")
        try expect("]")
        return items
    }

    private mutating func members(depth: Int) throws(ParsingProblem) -> [String: CanonicalJSON] {
        var members: [String: CanonicalJSON] = [:]
        skipSpace()
        if take("}") { return members }
        repeat {
            skipSpace()
            let key = try string()
            skipSpace()
            try expect(":")
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else { throw problem("has a key twice") }
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func integer() throws(ParsingProblem) -> Int {
        let start = position
        _ = take("-")
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int(text), value.magnitude <= CanonicalJSON.maxInteger else {
            position = start
            throw problem("has neither a value here nor a whole number within ±\(CanonicalJSON.maxInteger)")
        }
        return value
    }

    private mutating func string() throws(ParsingProblem) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] == UInt8(ascii: "\\") else {
                text.append(bytes[position])
                position += 1
                continue
            }
            text.append(try escape())
        }
        guard let string = String(validating: text, as: UTF8.self) else {
            throw problem("has a string that is no UTF-8")
        }
        try expect("\"")
        return string
    }

    /// The canonical ones: they stand for control characters, quotes and backslashes only.
    private mutating func escape() throws(ParsingProblem) -> UInt8 {
        if take("\\\"") { return UInt8(ascii: "\"") }
        if take("\\\\") { return UInt8(ascii: "\\") }
        if take("\\b") { return 0x08 }
        if take("\\t") { return 0x09 }
        if take("\\n") { return 0x0A }
        if take("\\f") { return 0x0C }
        if take("\\r") { return 0x0D }
        try expect("\\u00")
        guard position + 2 <= bytes.count,
            let code = UInt8(String(decoding: bytes[position..<position + 2], as: UTF8.self), radix: 16), code < 0x20
        else { throw problem("has an escape that is not canonical") }
        position += 2
        return code
    }
}
