// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The words with which a document is held until its sender confirms it. edXML has no field for what may not travel, so
/// the words of a header are all there is to go by: reason enough to ask, never to refuse.
///
/// Whole words are compared, in NFC. A word of the list that is written in capitals means capitals alone (a mark such as
/// `MẬT` is stamped so); any other means either. Where a passing phrase covers part of it, a hit means nothing.
public struct HeldWords: Sendable, Equatable {
    /// Longest text that is looked at, in Unicode scalars; the rest of a longer one is not.
    public static let maxScanned = 20_000
    /// Texts of one package that are looked at, in bytes of UTF-8: a thousand attachments have names, too. It is a net for
    /// mistakes, and who fills it up to get something past it has other ways.
    public static let maxPackageBytes = 256 << 10

    /// A word of a list that stands in a text.
    public struct Hit: Sendable, Equatable {
        /// As the profile writes it.
        public let word: String
        public let rule: PolicyRule
    }

    private struct Phrase: Sendable, Equatable {
        let text: String
        let words: [String]
        /// Nil for a passing phrase.
        let rule: PolicyRule?
        let isCapital: Bool

        init?(_ text: String, _ rule: PolicyRule?) {
            isCapital = rule != nil && text == text.uppercased() && text != text.lowercased()
            words = HeldWords.words(of: isCapital ? text : text.lowercased())
            self.text = text
            self.rule = rule
            if words.isEmpty { return nil }
        }
    }

    /// By their first word in lower case.
    private let held: [String: [Phrase]]
    private let passing: [String: [Phrase]]
    /// The first words of `held`: UTF-8 of NFC, in lower case.
    private let openings: [[UInt8]]
    /// Whether one of `openings` begins with these two bytes, the first of them the upper half; or is a single byte.
    private let pairs: [Bool]

    public init(_ profile: PolicyProfile) {
        var held: [Phrase] = []
        for text in profile.secretMarks?.value ?? [] {
            if let phrase = Phrase(text, .secretMarks) { held.append(phrase) }
        }
        for text in profile.heldKeywords?.value ?? [] {
            if let phrase = Phrase(text, .heldKeywords) { held.append(phrase) }
        }
        var passing: [Phrase] = []
        for text in profile.passingPhrases?.value ?? [] { if let phrase = Phrase(text, nil) { passing.append(phrase) } }
        self.held = Dictionary(grouping: held) { $0.words[0].lowercased() }
        self.passing = Dictionary(grouping: passing) { $0.words[0].lowercased() }
        openings = self.held.keys.map { Array($0.utf8) }
        var pairs = [Bool](repeating: false, count: 1 << 16)
        for opening in openings {
            let first = Int(opening[0]) << 8
            if opening.count > 1 {
                pairs[first | Int(opening[1])] = true
            } else {
                for second in 0..<256 { pairs[first | second] = true }
            }
        }
        self.pairs = pairs
    }

    /// The first hit in a text.
    public func hit(in text: String) -> Hit? {
        guard !held.isEmpty else { return nil }
        let text = Self.normalized(text)
        guard mayHit(text.lowercased()) else { return nil }
        let written = Self.words(of: text)
        let lower = written.map { $0.lowercased() }
        var covered = Set<Int>()
        for index in lower.indices {
            for phrase in passing[lower[index]] ?? [] where lower[index...].starts(with: phrase.words) {
                covered.formUnion(index..<index + phrase.words.count)
            }
        }
        for index in lower.indices {
            for phrase in held[lower[index]] ?? [] {
                let words = phrase.isCapital ? written : lower
                guard words[index...].starts(with: phrase.words),
                    covered.isDisjoint(with: index..<index + phrase.words.count), let rule = phrase.rule
                else { continue }
                return Hit(word: phrase.text, rule: rule)
            }
        }
        return nil
    }

    /// Whether the first word of a phrase stands where a word may begin. Almost every text is done with here, in one pass.
    private func mayHit(_ lower: String) -> Bool {
        var lower = lower
        return lower.withUTF8 { bytes in
            var before: UInt8 = 0x20
            for index in bytes.indices {
                let byte = bytes[index]
                defer { before = byte }
                let isInside = (0x30...0x39).contains(before) || (0x61...0x7A).contains(before)
                let second = index + 1 < bytes.count ? bytes[index + 1] : 0
                guard !isInside, pairs[Int(byte) << 8 | Int(second)] else { continue }
                if openings.contains(where: { bytes[index...].starts(with: $0) }) { return true }
            }
            return false
        }
    }

    /// As much of a text as is looked at, in NFC. What has no marks apart is so already, as far as the lists go.
    private static func normalized(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(maxScanned)
        let bounded = scalars.endIndex == text.endIndex ? text : String(String.UnicodeScalarView(scalars))
        let hasMarks = scalars.contains { (0x300...0x36F).contains($0.value) }
        return hasMarks ? bounded.precomposedStringWithCanonicalMapping : bounded
    }

    /// The runs of letters and digits of a text in NFC, in order.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in normalized(text).unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }
}
