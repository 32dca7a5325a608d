// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// What the demo shows: steps, the commands and requests behind them, and a tick for each thing that held.
struct DemoScreen: Sendable {
    /// Colours only for a terminal that wants them (https://no-color.org).
    private let isColoured: Bool

    init(environment: [String: String]) {
        isColoured =
            isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb" && environment["NO_COLOR", default: ""].isEmpty
    }

    /// One line, at once: the reader waits for it, and a pipe would keep it back.
    func line(_ text: String = "") {
        // Who has closed our output does not want to see the rest; the demo goes on to its clean end.
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    func title(_ vietnamese: String, _ english: String) {
        line(styled(vietnamese, .bold) + " · " + english)
    }

    func step(_ number: Int, _ vietnamese: String, _ english: String) {
        line()
        title("\(number). \(vietnamese)", english)
    }

    /// A command as it is typed.
    func command(_ words: [String]) { line("  " + styled("$ " + Self.typed(words), .blue)) }

    /// A request, and below it the command that sends the same.
    func request(_ summary: String, parameters: [String], command: [String]) {
        line("  " + styled(summary, .blue))
        line("      " + styled(parameters.joined(separator: " · "), .faint))
        line("      " + styled("$ " + Self.typed(command), .faint))
    }

    func tick(_ text: String) { line("  " + styled("✓", .green) + " " + text) }

    func cross(_ text: String) { line("  " + styled("✗", .red) + " " + text) }

    /// The words of a command, quoted as a POSIX shell needs them.
    static func typed(_ words: [String]) -> String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                    default: "-_./:@,+%".utf8.contains(byte)
                    }
                }
            return isPlain ? word : "\"" + word.replacing(#/["$`\\]/#, with: { "\\\($0.output)" }) + "\""
        }.joined(separator: " ")
    }

    private enum Style: String {
        case bold = "1"
        case faint = "2"
        case red = "31"
        case green = "32"
        case blue = "34"
    }

    private func styled(_ text: String, _ style: Style) -> String {
        isColoured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// A step of the demo that did not hold.
struct DemoFailure: Error {
    let what: String

    init(_ what: String) { self.what = what }
}
