// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation

/// What commands say, and how they end.
enum Console {
    /// Ends the command with a refusal on standard error: code, sentence, remedy.
    static func fail(_ refusal: Refusal) -> Never {
        let entry = refusal.entry
        var lines = ["truc: \(entry.vietnamese) [\(refusal.code.rawValue)]"]
        if let detail = refusal.detail { lines.append("  \(detail)") }
        lines.append("  \(entry.english)")
        lines.append("  → \(entry.remedyVietnamese)")
        lines.append("  → \(entry.remedyEnglish)")
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        exit(status(of: refusal))
    }

    /// The exit status where the operator must act.
    static let operatorStatus: Int32 = 2

    /// A line on standard error.
    static func warn(_ line: String) { FileHandle.standardError.write(Data("truc: \(line)\n".utf8)) }

    /// The exit status that `truc --help` promises.
    private static func status(of refusal: Refusal) -> Int32 {
        switch refusal.entry.class {
        case .caller, .permanent: 1
        case .operatorDuty: operatorStatus
        case .transient: 3
        }
    }

    /// One JSON value on standard output; keys sorted, so that outputs can be compared.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A line on standard output. What strangers wrote stands in it and must not write the screen: no second line, nothing
    /// that a terminal takes for more than text.
    static func line(_ text: String) { print(plain(text)) }

    static func plain(_ text: String) -> String { Refusal.oneLine(text, maxLength: .max) }

    /// Columns, each as wide as its widest cell.
    static func printTable(_ rows: [[String]]) { for line in table(rows) { print(line) } }

    /// The lines of a table, of which each row is one.
    static func table(_ rows: [[String]]) -> [String] {
        let rows = rows.map { $0.map(plain) }
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return cells.joined(separator: "  ")
        }
    }
}

/// The choice between text and JSON.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print stable JSON instead of text.")
    var json = false
}
