// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct AgencyIDTests {
    @Test(arguments: [
        ("000.00.00.H53", 1), ("000.00.13.H53", 2), ("000.46.24.H44", 3), ("001.46.24.H44", 4),
        // Level 3 is skipped: the unit stands directly below one of level 2 and is of level 4 all the same.
        ("002.00.20.H13", 4),
        ("000.00.0A.G22", 2),
    ])
    func `thirteen characters have four levels, the highest last`(text: String, level: Int) throws {
        let agency = try AgencyID(parsing: text)
        #expect(agency.form == .qcvn102)
        #expect(agency.level == level)
        #expect(agency.levelOne == String(text.suffix(3)))
        #expect(agency.text == text)
        #expect(agency.description == text)
    }

    @Test(arguments: [
        ("H53", 1), ("H53.13", 2), ("H44.24.46", 3), ("G22.01.02.003.04", 5), ("H37.DN.001", 3),
        ("H53.0123456789.0123456789.012345678", 4),
        // Fits the thirteen-character rule too, from the other end.
        ("G12.01.02.H03", 4),
    ])
    func `the QĐ 20 form grows to the right`(text: String, level: Int) throws {
        let agency = try AgencyID(parsing: text)
        #expect(agency.form == .qd20)
        #expect(agency.level == level)
        #expect(agency.levelOne == String(text.prefix(3)))
    }

    @Test(arguments: ["0100107370", "0100107370001", "020100107370", "020100107370001"])
    func `enterprises have their registration number, with or without the prefix of traffic`(text: String) throws {
        let agency = try AgencyID(parsing: text)
        #expect(agency.form == .enterprise)
        #expect(agency.level == nil)
        #expect(agency.parent == nil)
        #expect(agency.levelOne == nil)
        #expect(agency.reversed == nil)
    }

    @Test(arguments: ["010010737", "01001073700", "010100107370", "01001073700011"])
    func `digits of another count or prefix are no enterprise`(text: String) throws {
        #expect(try AgencyID(parsing: text).form == .unlisted)
    }

    @Test func `schemes are Z01 to Z99, never Z00`() throws {
        for number in 1...99 {
            let scheme = "Z" + (number < 10 ? "0" : "") + String(number)
            #expect(try AgencyID(parsing: scheme + "A.1").form == .scheme)
            #expect(try AgencyID(parsing: scheme).form == .unlisted, "a scheme without a number names nobody")
        }
        #expect(try AgencyID(parsing: "Z00A1").form == .unlisted)
        #expect(try AgencyID(parsing: "Z01a").form == .unlisted)
        let longest = "Z01" + String(repeating: "9", count: 32)
        #expect(try AgencyID(parsing: longest).form == .scheme)
        #expect(throws: ParsingProblem("AgencyID", "is longer than 35 characters", at: 35)) {
            try AgencyID(parsing: longest + "9")
        }
    }

    @Test(arguments: [
        "02.29.W00", "00.22.W00", "00.53.W00", "00.36.W00", "02.44.W00", "14.00.W00", "001.00.20.TT2", "28.22.H17",
        "01.02.G22", "99.99.99.G21", "vxp.saas.03", "null", "qlvb_so-xd", "H53.", "H53..13", ".", "h53",
        "000.00.00.Z01", "000.00.00.h53", "000.00.00.53H",
    ])
    func `names that occur without a rule are carried, and the registry decides`(text: String) throws {
        let agency = try AgencyID(parsing: text)
        #expect(agency.form == .unlisted)
        #expect(agency.text == text)
        #expect(agency.level == nil)
        #expect(agency.parent == nil)
        #expect(agency.ancestors.isEmpty)
        #expect(agency.levelOne == nil)
        #expect(agency.reversed == nil)
    }

    @Test(arguments: [
        ("001.46.24.H44", ["000.46.24.H44", "000.00.24.H44", "000.00.00.H44"]),
        ("002.00.20.H13", ["000.00.20.H13", "000.00.00.H13"]),
        ("000.00.00.H13", []),
        ("H44.24.46", ["H44.24", "H44"]),
        ("H44", []),
    ])
    func `ancestors go up to level 1, a skipped level left out`(text: String, expected: [String]) throws {
        let agency = try AgencyID(parsing: text)
        #expect(agency.ancestors.map(\.text) == expected)
        #expect(agency.parent?.text == expected.first)
        #expect(agency.ancestors.allSatisfy { $0.form == agency.form })
    }

    @Test(arguments: [
        ("000.00.00.G12", "G12"), ("000.00.13.H53", "H53.13"), ("000.46.24.H44", "H44.24.46"),
        ("001.46.24.H44", "H44.24.46.001"),
    ])
    func `the reversal rule agrees with every known pair`(old: String, new: String) throws {
        #expect(try AgencyID(parsing: old).reversed?.text == new)
        #expect(try AgencyID(parsing: new).reversed?.text == old)
    }

    @Test(arguments: [
        "002.00.20.H13", "H53.1", "H53.130", "H53.13.01.001.5", "H53.00", "H53.00.13", "H53.13.01.000", "G12.01.02.H03",
    ])
    func `there is no reversal where it would not come back`(text: String) throws {
        #expect(try AgencyID(parsing: text).reversed == nil)
    }

    @Test func `two forms of one agency are not equal`() throws {
        #expect(try AgencyID(parsing: "000.00.13.H53") != AgencyID(parsing: "H53.13"))
        #expect(try AgencyID(parsing: "000.00.13.H53") == AgencyID(parsing: "000.00.13.H53"))
    }

    @Test(arguments: [
        ("", 0), (" H53", 0), ("H53 ", 3), ("H53\n", 3), ("H53\u{0}", 3), ("H53/13", 3), ("H53.Đ1", 4),
        ("H53.E\u{301}", 5), ("H53,13", 3), ("H53.１3", 4), ("😀", 0), ("'; --", 0),
    ])
    func `other characters are refused at their place`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try AgencyID(parsing: text) }
        #expect(problem?.offset == offset)
        #expect(problem?.subject == "AgencyID")
    }

    @Test func `35 characters are the most`() throws {
        let longest = "H53." + String(repeating: "1", count: 31)
        #expect(try AgencyID(parsing: longest).form == .qd20)
        #expect(throws: ParsingProblem.self) { try AgencyID(parsing: longest + "1") }
        let huge = String(repeating: "1", count: 1_000_000)
        let problem = #expect(throws: ParsingProblem.self) { try AgencyID(parsing: huge) }
        #expect(problem?.offset == AgencyID.maxLength)
    }

    @Test func `any text is read or refused, and what is read keeps its promises`() throws {
        let lawful = ["000.00.13.H53", "002.00.20.H13", "H44.24.46.001", "020100107370", "Z0112.A", "vxp.saas.03"]
        var generator = SeededGenerator(seed: 20_200_720)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = generator.hostileText(near: lawful)
            guard let agency = try? AgencyID(parsing: text) else { continue }
            accepted += 1
            #expect(agency.text == text)
            #expect((1...AgencyID.maxLength).contains(text.unicodeScalars.count))
            #expect(agency.ancestors.count < AgencyID.maxLength)
            if let parent = agency.parent {
                #expect(parent.form == agency.form)
                #expect(try AgencyID(parsing: parent.text) == parent)
                #expect((parent.level ?? 0) < (agency.level ?? 0))
            }
            if let other = agency.reversed { #expect(other.reversed == agency) }
        }
        #expect(accepted > 1_000, "the generator must also reach what is lawful")
    }

    @Test func `every reversal comes back, over both forms`() throws {
        var generator = SeededGenerator(seed: 35)
        func group(_ width: Int, of alphabet: String) -> String {
            if Int.random(in: 0..<3, using: &generator) == 0 { return String(repeating: "0", count: width) }
            return String((0..<width).compactMap { _ in alphabet.randomElement(using: &generator) })
        }
        let digits = "0123456789"
        let any = digits + "ABZ"
        var reversals = 0
        for _ in 0..<5_000 {
            let top = "H\(Int.random(in: 10...63, using: &generator))"
            let old = try AgencyID(parsing: "\(group(3, of: digits)).\(group(2, of: any)).\(group(2, of: any)).\(top)")
            try #require(old.form == .qcvn102)
            if let new = old.reversed {
                reversals += 1
                try #require(new.form == .qd20)
                try #require(new.reversed == old)
                try #require(new.level == old.level)
                try #require(new.parent?.reversed == old.parent)
            }
            let lower = [group(2, of: any), group(2, of: any), group(3, of: any)]
            let depth = Int.random(in: 0...3, using: &generator)
            let new = try AgencyID(parsing: ([top] + lower.prefix(depth)).joined(separator: "."))
            try #require(new.form == .qd20)
            if let old = new.reversed {
                try #require(AgencyID(parsing: old.text) == old)
                try #require(old.form == .qcvn102)
                try #require(old.reversed == new)
            }
        }
        #expect(reversals > 1_000)
    }

    @Test func `JSON holds the text, and a bad text does not decode`() throws {
        let agency = try AgencyID(parsing: "000.00.13.H53")
        let json = try JSONEncoder().encode([agency])
        #expect(String(decoding: json, as: UTF8.self) == #"["000.00.13.H53"]"#)
        #expect(try JSONDecoder().decode([AgencyID].self, from: json) == [agency])
        #expect(throws: ParsingProblem.self) {
            try JSONDecoder().decode([AgencyID].self, from: Data(#"["H53 "]"#.utf8))
        }
    }
}
