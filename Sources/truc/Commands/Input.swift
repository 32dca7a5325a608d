// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// Values that people type, read with a refusal that names what is wrong.
enum Input {
    /// Longest free text, in characters.
    static let maxText = 200

    static func read<T>(_ text: String, _ parse: (String) throws(ParsingProblem) -> T) throws(Refusal) -> T {
        do { return try parse(text) } catch { throw Refusal(.registryInvalid, error) }
    }

    /// A name: not blank, bounded, without control characters.
    static func text(_ text: String, _ option: String) throws(Refusal) -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed.count <= maxText,
            !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw Refusal(.registryInvalid, "\(option): 1 to \(maxText) characters, no control characters") }
        return trimmed.precomposedStringWithCanonicalMapping
    }

    /// What `--decision` and `--date` name; of today at the latest.
    static func decision(_ number: String, _ date: String) throws(Refusal) -> Decision {
        let decision = Decision(
            number: try text(number, "--decision"), date: try read(date, CalendarDate.init(iso8601:)))
        guard decision.date <= Instant.now().vietnamDate else {
            throw Refusal(.registryInvalid, "--date: \(date) has not come yet")
        }
        return decision
    }
}
