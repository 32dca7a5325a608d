// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct DocumentIDTests {
    @Test func `the edXML form gives its four parts`() throws {
        let id = try DocumentID(parsing: "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT")
        let agency = try AgencyID(parsing: "000.00.00.G22")
        let date = try #require(CalendarDate(year: 2015, month: 9, day: 30))
        #expect(id.form == .edXML(agency: agency, date: date, number: "7816", notation: "VPCP-TTĐT"))
        #expect(id.text == "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT")
        #expect(try DocumentID(agency: agency, date: date, number: "7816", notation: "VPCP-TTĐT") == id)
    }

    @Test func `a number is text, and a notation may hold slashes and commas`() throws {
        let id = try DocumentID(parsing: "020100107370,2025/10/13,74fass22/QĐ/PLX,HĐQT")
        guard case .edXML(let agency, _, let number, let notation) = id.form else {
            Issue.record("not read as edXML: \(id.form)")
            return
        }
        #expect(agency.form == .enterprise)
        #expect(number == "74fass22")
        #expect(notation == "QĐ/PLX,HĐQT")
    }

    @Test(arguments: [
        ("000.00.13.H53.2026.15", "000.00.13.H53"), ("H53.13,2026,000015", "H53.13"), ("H53.13;2026;15", "H53.13"),
        ("H53.13-2026-15", "H53.13"), ("H53.13/2026/15", "H53.13"), ("0100107370.2026.15", "0100107370"),
    ])
    func `agency, year and ordinal of QĐ 28`(text: String, agency: String) throws {
        let id = try DocumentID(parsing: text)
        #expect(id.form == .qd28(agency: try AgencyID(parsing: agency), year: 2026, ordinal: 15))
        #expect(id.text == text)
    }

    /// What packages really carry (and what they carry by mistake) besides the lawful forms: all of it is an id.
    @Test(arguments: [
        // UUIDs, gateway numbers, Mongo ids.
        "9fbfbad2-0000-4000-8000-00000000abcd", "5bebcfef0000000000000000", "123456",
        // The date with hyphens; the notation before the number without a slash; no agency; no number; no notation.
        "000.00.00.H53,2026-09-30,15/UBND", "000.00.00.H53,2026/09/30,UBND-15", ",2026/09/30,15/UBND",
        "000.00.00.H53,2026/09/30,/UBND", "000.00.00.H53,2026/09/30,15/",
        // A day that does not exist, and an agency with a space.
        "000.00.00.H53,2014/02/30,15/UBND", "000 00,2014/02/28,15/UBND",
        // No ordinal, year out of range, an agency that no rule knows.
        "H53.13.2026.0", "H53.13.1944.15", "H53.13.3000.15", "H53.13.2026.1234567890", "vxp.saas.2026.15", ".2026.15",
        "2026.15", "..", ",,", "/", "văn bản số 5",
    ])
    func `anything else is opaque and carried as it is`(text: String) throws {
        let id = try DocumentID(parsing: text)
        #expect(id.form == .opaque)
        #expect(id.text == text)
        #expect(id.description == text)
    }

    @Test func `number and notation swapped still read, as what they say`() throws {
        let id = try DocumentID(parsing: "000.00.00.H37,2026/01/05,UBND-VP/15")
        guard case .edXML(_, _, let number, let notation) = id.form else {
            Issue.record("not read as edXML: \(id.form)")
            return
        }
        #expect((number, notation) == ("UBND-VP", "15"))
    }

    @Test func `composed and decomposed letters are one id`() throws {
        let composed = "H53,2026/01/05,15/TT\u{0110}T-Vi\u{1EC7}t"
        let decomposed = "H53,2026/01/05,15/TT\u{0110}T-Vie\u{0323}\u{0302}t"
        let otherOrder = "H53,2026/01/05,15/TT\u{0110}T-Vie\u{0302}\u{0323}t"
        let first = try DocumentID(parsing: composed)
        for text in [decomposed, otherOrder] {
            let second = try DocumentID(parsing: text)
            #expect(Array(second.text.unicodeScalars) == Array(text.unicodeScalars), "kept as written")
            #expect(first == second)
            #expect(first.hashValue == second.hashValue)
            #expect(first.form == second.form)
            // The database compares bytes, so the normalised texts must agree in them too.
            #expect(Array(first.normalized.utf8) == Array(second.normalized.utf8))
        }
        #expect(Array(first.normalized.unicodeScalars) == Array(composed.unicodeScalars))
        #expect(try DocumentID(parsing: "H53,2026/01/05,15/TTDT-Viet") != first)
    }

    @Test func `two ids are equal exactly when their normalised bytes are`() throws {
        let bases = ["a", "e", "o", "u", "E", "O", "D", "Đ", "đ", "1"]
        let marks = ["\u{300}", "\u{301}", "\u{302}", "\u{303}", "\u{306}", "\u{309}", "\u{31B}", "\u{323}"]
        var generator = SeededGenerator(seed: 28)
        for _ in 0..<5_000 {
            let base = bases.randomElement(using: &generator) ?? "a"
            let some = (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in
                marks.randomElement(using: &generator)
            }
            let left = try DocumentID(parsing: base + some.joined())
            let right = try DocumentID(parsing: base + some.shuffled(using: &generator).joined())
            #expect((left == right) == (Array(left.normalized.utf8) == Array(right.normalized.utf8)))
            #expect(try DocumentID(parsing: left.normalized).normalized.utf8.elementsEqual(left.normalized.utf8))
        }
    }

    @Test func `200 characters after normalising, not one more`() throws {
        #expect(try DocumentID(parsing: String(repeating: "x", count: 200)).normalized.count == 200)
        let decomposed = String(repeating: "e\u{323}\u{302}", count: 200)
        #expect(decomposed.unicodeScalars.count == 600)
        #expect(try DocumentID(parsing: decomposed).normalized.unicodeScalars.count == 200)
        let tooLong = ParsingProblem("DocumentID", "is longer than 200 characters", at: 200)
        #expect(throws: tooLong) { try DocumentID(parsing: String(repeating: "x", count: 201)) }
        #expect(throws: tooLong) { try DocumentID(parsing: String(repeating: "x", count: 1_000_000)) }
        #expect(throws: tooLong) { try DocumentID(parsing: "x" + String(repeating: "\u{323}", count: 1_000_000)) }
        #expect(throws: tooLong) { try DocumentID(parsing: String(repeating: "e\u{323}\u{302}", count: 201)) }
        #expect(throws: tooLong) { try DocumentID(parsing: String(repeating: " ", count: 1_000_000)) }
    }

    @Test(arguments: [
        ("", 0), (" ", 0), ("\u{A0}\u{3000}", 0), ("a\u{0}", 1), ("ab\n", 2), ("\u{7F}", 0), ("Đ\u{85}", 1),
    ])
    func `blank texts and control characters are refused at their place`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try DocumentID(parsing: text) }
        #expect(problem?.offset == offset)
        #expect(problem?.subject == "DocumentID")
    }

    @Test(arguments: [("", "UBND"), ("15", ""), ("15/2", "UBND"), ("15\n", "UBND"), ("15", "\u{301}UBND")])
    func `an id is not built that could not be read back`(number: String, notation: String) throws {
        let agency = try AgencyID(parsing: "H53.13")
        let date = try #require(CalendarDate(year: 2026, month: 1, day: 5))
        #expect(throws: ParsingProblem.self) {
            try DocumentID(agency: agency, date: date, number: number, notation: notation)
        }
    }

    @Test func `any text is read or refused`() {
        let lawful = [
            "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT", "H53.13.2026.15", "9fbfbad2-0000-4000-8000-00000000abcd",
        ]
        var generator = SeededGenerator(seed: 10_2)
        var forms: Set<String> = []
        for _ in 0..<20_000 {
            guard let id = try? DocumentID(parsing: generator.hostileText(near: lawful)) else { continue }
            #expect(id.normalized.unicodeScalars.count <= DocumentID.maxLength)
            #expect((try? DocumentID(parsing: id.normalized)) == id)
            switch id.form {
            case .edXML: forms.insert("edXML")
            case .qd28: forms.insert("qd28")
            case .opaque: forms.insert("opaque")
            }
        }
        #expect(forms == ["edXML", "qd28", "opaque"], "the generator must reach every form")
    }

    @Test func `JSON keeps the text as written`() throws {
        let id = try DocumentID(parsing: "H53,2026/01/05,15/Vie\u{323}\u{302}t")
        let back = try JSONDecoder().decode([DocumentID].self, from: JSONEncoder().encode([id]))
        #expect(back.first.map { Array($0.text.utf8) } == Array(id.text.utf8))
        #expect(throws: ParsingProblem.self) { try JSONDecoder().decode([DocumentID].self, from: Data(#"[" "]"#.utf8)) }
    }
}
