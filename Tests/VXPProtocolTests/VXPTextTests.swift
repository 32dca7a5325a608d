// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing
import VXPProtocol

@Suite struct VXPTextTests {
    @Test func escapedReadsBack() {
        var generator = SeededGenerator(seed: 5)
        let alphabet: [Unicode.Scalar] = ["a", "u", "\\", "0", "1", "đ", "Ộ", "e", "\u{301}", "🇻", "\u{FFFF}", "%"]
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                if let scalar = alphabet.randomElement(using: &generator) { text.unicodeScalars.append(scalar) }
            }
            let escaped = VXPText.escaped(text)
            #expect(escaped.utf8.allSatisfy { $0 < 0x80 })
            #expect(Array(VXPText.unescaped(escaped).utf8) == Array(text.utf8))
        }
    }

    /// Text that looks like an escape is text.
    @Test(arguments: [#"\u0111"#, #"\u"#, #"\u0111"#, #"\ud83c\uddfb"#, #"\U0111"#, "đ"])
    func whatLooksLikeAnEscape(text: String) {
        #expect(VXPText.unescaped(VXPText.escaped(text)) == text)
    }
}
