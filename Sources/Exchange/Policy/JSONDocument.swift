// SPDX-License-Identifier: Apache-2.0

/// A value of JSON as it was written: members in order, none twice, whole numbers alone.
public indirect enum JSONDocument: Sendable, Equatable {
    case object([Member])
    case array([JSONDocument])
    case string(String)
    case number(Int)
    case bool(Bool)

    public struct Member: Sendable, Equatable {
        public let key: String
        public let value: JSONDocument
    }

    /// Deepest nesting that is read.
    public static let maxDepth = 8
    /// Most members of an object, and most items of an array.
    public static let maxItems = 500

    /// - Throws: `ParsingProblem` for anything that is no JSON, a key that occurs twice, `null`, a number that is not whole, or
    ///   what is beyond the bounds.
    public init(_ subject: String, _ text: String) throws(ParsingProblem) {
        var reader = JSONStringsReader(subject, text)
        self = try reader.document()
    }
}

extension JSONStringsReader {
    /// Any value.
    mutating func document() throws(ParsingProblem) -> JSONDocument {
        let value = try value(depth: 1)
        try end()
        return value
    }

    private mutating func value(depth: Int) throws(ParsingProblem) -> JSONDocument {
        guard depth <= JSONDocument.maxDepth else { throw problem("is nested deeper than \(JSONDocument.maxDepth)") }
        skipSpace()
        let value: JSONDocument
        if take("{") {
            value = .object(try members(depth: depth))
        } else if take("[") {
            value = .array(try items(depth: depth))
        } else if takeWord("true") {
            value = .bool(true)
        } else if takeWord("false") {
            value = .bool(false)
        } else if let number = try number() {
            value = .number(number)
        } else {
            value = .string(try string())
        }
        skipSpace()
        return value
    }

    private mutating func members(depth: Int) throws(ParsingProblem) -> [JSONDocument.Member] {
        var members: [JSONDocument.Member] = []
        var seen: Set<[UInt8]> = []
        skipSpace()
        if take("}") { return [] }
        repeat {
            guard members.count < JSONDocument.maxItems else {
                throw problem("has more than \(JSONDocument.maxItems) keys")
            }
            skipSpace()
            let key = try string()
            guard seen.insert(Array(key.utf8)).inserted else { throw problem("has a key twice") }
            skipSpace()
            try expect(":")
            members.append(JSONDocument.Member(key: key, value: try value(depth: depth + 1)))
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func items(depth: Int) throws(ParsingProblem) -> [JSONDocument] {
        var items: [JSONDocument] = []
        skipSpace()
        if take("]") { return [] }
        repeat {
            guard items.count < JSONDocument.maxItems else {
                throw problem("has more than \(JSONDocument.maxItems) items")
            }
            items.append(try value(depth: depth + 1))
        } while take(",")
        try expect("]")
        return items
    }
}
