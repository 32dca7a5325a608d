// SPDX-License-Identifier: Apache-2.0

/// Finds the tests of Swift sources, each as `Suite/function`: the innermost type around it, and its name without
/// backticks.
struct TestNames {
    private enum Token {
        case word(String)
        /// Between backticks, where no word is a keyword.
        case raw(String)
        case open
        case close
    }

    private enum Awaited {
        case nothing
        case type
        case function
    }

    private var found: Set<String> = []
    /// A type's name for each brace that is open, nil for every other brace.
    private var braces: [String?] = []
    private var type: String?
    private var awaited = Awaited.nothing
    private var isTest = false

    static func all(in sources: [SwiftSource]) -> Set<String> {
        var found: Set<String> = []
        for source in sources {
            var names = TestNames()
            for token in tokens(of: source) { names.read(token) }
            found.formUnion(names.found)
        }
        return found
    }

    private mutating func read(_ token: Token) {
        switch token {
        case .open:
            braces.append(type)
            type = nil
            awaited = .nothing
        case .close: _ = braces.popLast()
        case .raw(let name): take(name)
        case .word("func"): awaited = isTest ? .function : .nothing
        case .word("@Test"): isTest = true
        case .word(let word) where ["struct", "class", "actor", "enum", "extension"].contains(word): awaited = .type
        case .word(let word): take(word)
        }
    }

    private mutating func take(_ name: String) {
        switch awaited {
        case .nothing: return
        case .type: type = name
        case .function:
            let suite = braces.last { $0 != nil } ?? nil
            found.insert("\(suite ?? "")/\(name)")
            isTest = false
        }
        awaited = .nothing
    }

    /// Words that follow a dot are members, and left out.
    private static func tokens(of source: SwiftSource) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        var isRaw = false
        for byte in source.code.joined(separator: "\n").utf8 + [UInt8(ascii: "\n")] {
            if byte == UInt8(ascii: "`") {
                if isRaw { tokens.append(.raw(String(decoding: word, as: UTF8.self))) }
                isRaw.toggle()
                word = []
            } else if isRaw || isPartOfWord(byte) || (word.isEmpty && ".@".utf8.contains(byte)) {
                word.append(byte)
            } else {
                if let first = word.first, first != UInt8(ascii: ".") {
                    tokens.append(.word(String(decoding: word, as: UTF8.self)))
                }
                word = byte == UInt8(ascii: ".") ? [byte] : []
                if byte == UInt8(ascii: "{") { tokens.append(.open) }
                if byte == UInt8(ascii: "}") { tokens.append(.close) }
            }
        }
        return tokens
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
