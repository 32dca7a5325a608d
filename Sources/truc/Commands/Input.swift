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

    /// A day's beginning in Vietnam, an instant, or nil for `now`.
    static func instant(_ text: String, _ option: String) throws(Refusal) -> Instant? {
        if text == "now" { return nil }
        if let day = try? CalendarDate(iso8601: text) { return Instant(vietnam: day) }
        if let instant = try? Instant(iso8601: text) { return instant }
        throw Refusal(.registryInvalid, "\(option): yyyy-MM-dd, ISO 8601 with an offset, or now")
    }

    /// A file's bytes, one more than it may have at most.
    static func bytes(of path: String, max: Int) throws(Refusal) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Refusal(.fileUnreadable, path) }
        var bytes: [UInt8] = []
        do {
            while bytes.count <= max, let more = try handle.read(upToCount: max + 1 - bytes.count), !more.isEmpty {
                bytes += more
            }
        } catch {
            throw Refusal(.fileUnreadable, "\(path): \(error.localizedDescription)")
        }
        return bytes
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
