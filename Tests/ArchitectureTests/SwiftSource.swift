// SPDX-License-Identifier: Apache-2.0

/// One Swift file with its code, its string literals and its comments told apart.
///
/// Rules are asked of the part they are about: an import in a comment is none, and SQL is what stands in a literal.
struct SwiftSource {
    /// From the root of the repository.
    let path: String
    /// The lines as written.
    let lines: [String]
    /// The same lines with comments, regex literals and the insides of string literals left out. Code inside an
    /// interpolation is code.
    let code: [String]
    /// The text of each string literal and the line (from 1) where it begins.
    let literals: [(line: Int, text: String)]
    /// Lines (from 1) that a comment touches.
    let commentedLines: Set<Int>

    init(path: String, text: String) {
        var scanner = Scanner(text)
        scanner.scanCode(untilParenthesis: false)
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.code = String(decoding: scanner.code, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.literals = scanner.literals
        self.commentedLines = scanner.commentedLines
    }

    /// The modules that the file imports, in every way that Swift has for it.
    var imports: [(line: Int, module: String)] {
        let statement =
            #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:typealias|struct|class|actor|enum|protocol|let|var|func)\s+)?`?(?<module>\w+)/#
        var found: [(line: Int, module: String)] = []
        for (index, line) in code.enumerated() {
            for part in line.split(separator: ";") {
                if let match = part.firstMatch(of: statement) { found.append((index + 1, String(match.module))) }
            }
        }
        return found
    }
}

/// Walks over the bytes once. Knows as much of Swift's lexical grammar as telling code from text takes.
private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private(set) var code: [UInt8] = []
    private(set) var literals: [(line: Int, text: String)] = []
    private(set) var commentedLines: Set<Int> = []

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Reads code to the end, or to the parenthesis that ends an interpolation.
    mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while position < bytes.count {
            // Most bytes begin nothing: they are told by one look.
            guard "/\"#()".utf8.contains(bytes[position]) else {
                take()
                continue
            }
            if starts(with: "//") {
                skipLineComment()
            } else if starts(with: "/*") {
                skipBlockComment()
            } else if let hashes = hashes(before: "\"") {
                scanString(hashes)
            } else if let hashes = hashes(before: "/"), hashes > 0 || isBareRegex {
                skipRegex(hashes)
            } else {
                if bytes[position] == UInt8(ascii: "(") { depth += 1 }
                if bytes[position] == UInt8(ascii: ")") {
                    depth -= 1
                    if untilParenthesis, depth < 0 { return }
                }
                take()
            }
        }
    }

    private mutating func scanString(_ hashes: Int) {
        let start = line
        let marks = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        position += hashes
        let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
        position += quote.utf8.count
        let end = Array(quote.utf8) + marks
        let escape = [UInt8(ascii: "\\")] + marks
        var text: [UInt8] = []
        code += Array("\"\"".utf8)
        while position < bytes.count, !stands(end) {
            if stands(escape) {
                position += escape.count
                if position < bytes.count, bytes[position] == UInt8(ascii: "(") {
                    position += 1
                    scanCode(untilParenthesis: true)
                    text.append(UInt8(ascii: "?"))
                }
                if position < bytes.count { drop() }
            } else {
                text.append(bytes[position])
                drop()
            }
        }
        position = min(bytes.count, position + end.count)
        literals.append((start, String(decoding: text, as: UTF8.self)))
    }

    private mutating func skipLineComment() {
        commentedLines.insert(line)
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            commentedLines.insert(line)
            if starts(with: "/*") {
                depth += 1
                position += 2
            } else if starts(with: "*/") {
                depth -= 1
                position += 2
            } else {
                drop()
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func skipRegex(_ hashes: Int) {
        let end = [UInt8(ascii: "/")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        position += end.count
        while position < bytes.count, !stands(end) {
            if bytes[position] == UInt8(ascii: "\\") { drop() }
            if position < bytes.count { drop() }
        }
        position = min(bytes.count, position + end.count)
    }

    /// Whether the slash here opens `/a regex/` rather than divides: it stands where an operand begins, and the line
    /// holds its end.
    private var isBareRegex: Bool {
        let before = code.last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
        if let before, !"(,=:[{;!&|?".utf8.contains(before) { return false }
        let rest = bytes[(position + 1)...].prefix { $0 != UInt8(ascii: "\n") }
        return rest.first != UInt8(ascii: " ") && rest.contains(UInt8(ascii: "/"))
    }

    /// How many `#` stand here directly before `character`; nil when it does not follow.
    private func hashes(before character: Unicode.Scalar) -> Int? {
        let count = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
        let next = position + count
        return next < bytes.count && bytes[next] == UInt8(ascii: character) ? count : nil
    }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private func stands(_ mark: [UInt8]) -> Bool {
        bytes[position] == mark.first && bytes[position...].starts(with: mark)
    }

    private mutating func take() {
        if bytes[position] != UInt8(ascii: "\n") { code.append(bytes[position]) }
        drop()
    }

    /// Leaves a byte out, but keeps the lines of the code those of the file.
    private mutating func drop() {
        if bytes[position] == UInt8(ascii: "\n") {
            code.append(UInt8(ascii: "\n"))
            line += 1
        }
        position += 1
    }
}
