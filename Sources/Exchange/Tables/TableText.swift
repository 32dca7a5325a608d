// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Lines of fields with commas between them, as spreadsheets save them (RFC 4180), read strictly: UTF-8, a record is one
/// line, a quote only around a whole field. Empty lines and those that begin with `#` do not count.
public struct TableText: Sendable {
    /// Largest file, in bytes.
    public static let maxBytes = 4 << 20
    /// Most lines, those that do not count among them.
    public static let maxLines = 20_000
    /// Longest field, in characters.
    public static let maxField = 2_000

    public struct Row: Sendable, Equatable {
        /// Counted from 1.
        public let line: Int
        /// Without blanks around them.
        public let fields: [String]
    }

    public let rows: [Row]
    public let findings: [TableFinding]

    /// - Parameter bytes: at most `maxBytes` and one more are looked at.
    public init(reading bytes: [UInt8]) {
        guard bytes.count <= Self.maxBytes else {
            (rows, findings) = ([], [TableFinding(.tooLarge, "> \(Self.maxBytes) byte")])
            return
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            (rows, findings) = ([], [TableFinding(.notText)])
            return
        }
        // What spreadsheets write before the first letter.
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.count <= Self.maxLines + 1 else {
            (rows, findings) = ([], [TableFinding(.tooManyLines, "> \(Self.maxLines)")])
            return
        }
        var rows: [Row] = []
        var findings: [TableFinding] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) && !line.hasPrefix("#") {
            do {
                rows.append(Row(line: index + 1, fields: try Self.fields(of: line)))
            } catch {
                findings.append(TableFinding(error.kind, line: index + 1, String(line)))
            }
        }
        if rows.isEmpty, findings.isEmpty { findings.append(TableFinding(.noLines)) }
        (self.rows, self.findings) = (rows, findings)
    }

    /// One line, as `init(reading:)` reads it back.
    public static func line(_ fields: [String]) -> String {
        fields.map { field in
            let isPlain =
                !field.contains { $0 == "," || $0 == "\"" } && field.first?.isWhitespace != true
                && field.last?.isWhitespace != true && !field.hasPrefix("#")
            return isPlain
                ? field
                : "\""
                    + field.split(separator: "\"", omittingEmptySubsequences: false)
                    .joined(separator: "\"\"") + "\""
        }.joined(separator: ",") + "\n"
    }

    private struct Broken: Error { let kind: TableFinding.Kind }

    private static func fields(of line: Substring) throws(Broken) -> [String] {
        var fields: [String] = []
        var rest = line
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            var field = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while true {
                    guard let next = rest.popFirst() else { throw Broken(kind: .quotes) }
                    if next != "\"" {
                        field.append(next)
                    } else if rest.first == "\"" {
                        rest.removeFirst()
                        field.append("\"")
                    } else {
                        break
                    }
                }
                rest = rest.drop { $0 == " " || $0 == "\t" }
                guard rest.isEmpty || rest.first == "," else { throw Broken(kind: .quotes) }
            } else {
                let plain = rest.prefix { $0 != "," }
                guard !plain.contains("\"") else { throw Broken(kind: .quotes) }
                rest = rest.dropFirst(plain.count)
                field = String(plain)
                while let last = field.last, last == " " || last == "\t" { field.removeLast() }
            }
            guard isPlain(field) else { throw Broken(kind: .badText) }
            fields.append(field.precomposed)
            guard rest.popFirst() != nil else { return fields }
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.count <= maxField && text.unicodeScalars.count <= 4 * maxField
            && !text.unicodeScalars.contains {
                switch $0.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
    }
}
