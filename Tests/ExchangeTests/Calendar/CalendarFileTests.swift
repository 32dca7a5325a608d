// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct CalendarFileTests {
    private func decision() throws -> Decision { Decision(number: "123/QĐ-X", date: try day("2025-10-16")) }

    private func read(_ text: String, founded: Bool = true) throws -> CalendarFile {
        CalendarFile(reading: Array(text.utf8), decision: founded ? try decision() : nil)
    }

    /// What the findings are, each with its line.
    private func found(_ text: String, founded: Bool = true) throws -> [String] {
        try read(text, founded: founded).findings.filter { $0.kind.severity == .error }.map {
            "\($0.kind.rawValue)@\($0.line ?? 0)"
        }
    }

    /// All that the law fixes in 2026.
    private let fixed2026 = """
        2026-01-01,holiday,Tết Dương lịch
        2026-02-17,holiday,Tết
        2026-04-30,holiday,Ngày Chiến thắng
        2026-05-01,holiday,Quốc tế lao động
        2026-09-02,holiday,Quốc khánh
        """

    @Test func `a file becomes a year, each day with what founds it`() throws {
        let text =
            "\u{FEFF}# Nghỉ lễ 2026\r\n\r\n" + fixed2026.replacing("\n", with: "\r\n")
            + "\r\n 2026-08-31 ,\tholiday , Hoán đổi , 12/QĐ , 2026-01-02 \r\n2026-08-22,make-up,Làm bù\r\n"
        let file = try read(text)
        #expect(file.findings.map(\.kind) == [.dayCount])
        #expect(file.omitted == 0)
        let year = try #require(file.year)
        #expect(year.year == 2026 && year.origin == .imported && year.entries.count == 7)
        #expect(try year.kind(of: day("2026-08-22")) == .makeUp)
        let swapped = try #require(year.entries.first { $0.day.month == 8 && $0.kind == .holiday })
        #expect(swapped.name == "Hoán đổi")
        #expect(swapped.decision == Decision(number: "12/QĐ", date: try day("2026-01-02")))
        #expect(try year.entries.first?.decision == decision())
    }

    @Test func `what is written is read back as it was`() throws {
        for year in [2021, 2026, 2100] {
            let statutory = try WorkingCalendar().year(year)
            let read = try read(CalendarFile.text(statutory), founded: false)
            #expect(read.findings.isEmpty)
            #expect(read.year?.entries == statutory.entries)
        }
    }

    @Test(arguments: [
        ("2026-01-01,holiday", "wrong-fields@1"), ("2026-01-01,holiday,a,b", "wrong-fields@1"),
        ("2026-01-01,holiday,a,b,2026-01-01,c", "wrong-fields@1"), ("\n\n2026-02-29,holiday,a", "bad-day@3"),
        ("01/01/2026,holiday,a", "bad-day@1"), ("2026-01-01,Holiday,a", "bad-kind@1"), ("2026-01-01,,a", "bad-kind@1"),
        ("2026-01-01,holiday,", "bad-name@1"), ("2026-01-01,holiday,a\u{7}b", "bad-name@1"),
        ("2026-01-01,holiday,a\u{202E}b", "bad-name@1"), ("2026-01-01,holiday,a,,2026-01-01", "bad-decision@1"),
        ("2026-01-01,holiday,a,1/QĐ,hôm qua", "bad-decision@1"), ("2020-12-31,holiday,a", "outside-years@1"),
        ("2101-01-01,holiday,a", "outside-years@1"), ("9999-12-31,holiday,a", "outside-years@1"),
        ("2026-01-01,holiday,a\n2027-01-01,holiday,b", "other-year@2"),
        ("2026-01-01,holiday,a\n2026-01-01,make-up,b", "repeated-day@2"),
        ("2026-03-05,make-up,a", "make-up-on-working-day@1"), ("", "no-entries@0"), ("# chỉ có lời\n", "no-entries@0"),
    ])
    func `what is wrong has a name and a line`(text: String, finding: String) throws {
        #expect(try found(text) == [finding])
        #expect(try read(text).year == nil)
    }

    @Test func `all that is wrong is told at once`() throws {
        let text = "x\n2026-13-01,holiday,a\n2026-01-02,holiday,b\n2026-01-02,holiday,c\n2026-01-05,make-up,d\n"
        #expect(
            try found(text)
                == ["wrong-fields@1", "bad-day@2", "repeated-day@4", "make-up-on-working-day@5"])
    }

    @Test func `every line needs a decision`() throws {
        #expect(
            try found("2026-01-01,holiday,a\n2026-04-30,holiday,b,1/QĐ,2025-01-01", founded: false) == ["no-decision@1"]
        )
    }

    @Test func `the bounds hold at their numbers`() throws {
        let name = String(repeating: "đ", count: CalendarFile.maxName)
        #expect(try found("2026-01-01,holiday,\(name)") == [])
        #expect(try found("2026-01-01,holiday,\(name)đ") == ["bad-name@1"])
        let number = String(repeating: "1", count: CalendarFile.maxDecision)
        #expect(try found("2026-01-01,holiday,a,\(number),2025-01-01") == [])
        #expect(try found("2026-01-01,holiday,a,\(number)1,2025-01-01") == ["bad-decision@1"])
        // One letter of many marks is no way around.
        let marks = "a" + String(repeating: "\u{301}", count: 4 * CalendarFile.maxName)
        #expect(try found("2026-01-01,holiday,\(marks)") == ["bad-name@1"])
        let lines = String(repeating: "#\n", count: CalendarFile.maxLines - 1)
        #expect(try found(lines + "2026-01-01,holiday,a\n") == [])
        #expect(try found(lines + "#\n2026-01-01,holiday,a\n") == ["too-many-lines@0"])
        let whole = "2026-01-01,holiday,a\n#"
        let filler = String(repeating: "x", count: CalendarFile.maxBytes - whole.utf8.count)
        #expect(try found(whole + filler) == [])
        #expect(try found(whole + filler + "x") == ["file-too-large@0"])
        let wrong = try read(String(repeating: "x\n", count: CalendarFile.maxFindings + 7))
        #expect(wrong.findings.count == CalendarFile.maxFindings && wrong.omitted == 7)
        #expect(CalendarFile(reading: [0x32, 0xFF, 0xFE], decision: nil).findings.map(\.kind) == [.notText])
    }

    @Test func `a year without a month's working day is none`() throws {
        func closed(_ count: Int64) throws -> String {
            try (0..<count).map { "\(try day("2026-06-01").adding(days: $0).iso8601),holiday,a" }.joined(
                separator: "\n")
        }
        // With the two week-ends' days beside them: 30 and 31 May before, none after.
        #expect(try found(closed(29)) == [])
        #expect(try found(closed(30)) == ["no-working-day@0"])
    }

    @Test func `a holiday that no decision can move is missed aloud, and the file is taken`() throws {
        func missed(_ text: String) throws -> [String] {
            try read(text).findings.filter { $0.kind == .missingHoliday }.map(\.detail)
        }
        #expect(try missed(fixed2026) == [])
        let other = fixed2026.replacing("2026-04-30", with: "2026-04-29")
        #expect(try missed(other) == ["2026-04-30 Ngày Chiến thắng"])
        #expect(try read(other).year != nil)
        // One on a Sunday closes nothing.
        #expect(!fixed2026.contains("2026-04-26"))
        let worked = fixed2026.replacing("2026-02-17,holiday", with: "2026-02-18,holiday")
        #expect(try missed(worked) == ["2026-02-17 Tết Âm lịch"])
    }

    @Test func `a year with more or fewer days off than the law gives is pointed at`() throws {
        func counted(_ text: String) throws -> [String] {
            try read(text).findings.filter { $0.kind == .dayCount }.map(\.detail)
        }
        let statutory = CalendarFile.text(try WorkingCalendar().year(2026))
        #expect(try counted(statutory) == [])
        #expect(try counted(statutory + "2026-08-31,holiday,a\n") == ["12, not 11"])
        #expect(try counted(statutory + "2026-08-31,holiday,a\n2026-08-22,make-up,b\n") == [])
        #expect(try counted(statutory + "2026-08-22,make-up,b\n") == ["10, not 11"])
        // A holiday on a Sunday is none of them; the Monday that makes it good is.
        #expect(try counted(statutory.replacing("2026-04-26", with: "2026-04-25")) == [])
        #expect(try counted(statutory.replacing("2026-04-27", with: "2026-04-25")) == ["10, not 11"])
    }

    @Test func `any bytes are read to an end, and a year comes only without an error`() throws {
        var generator = SeededGenerator(seed: 2_026)
        let lawful = [fixed2026, "2026-08-22,make-up,Làm bù,1/QĐ,2026-01-01", "2026-02-16,holiday,Tết"]
        for _ in 0..<2_000 {
            let text = generator.hostileText(near: lawful)
            let file = try read(text)
            #expect((file.year == nil) == file.findings.contains { $0.kind.severity == .error })
            if let year = file.year {
                #expect(try read(CalendarFile.text(year), founded: false).year?.entries == year.entries)
            }
        }
    }

    @Test func `what changes between two lists is told`() throws {
        let before = try WorkingCalendar().year(2026)
        let after = try decided2026()
        let (removed, added) = before.changes(to: after)
        #expect(removed.isEmpty)
        #expect(added.map(\.day.iso8601) == ["2026-08-22", "2026-08-31"])
        #expect(after.changes(to: before).removed == added)
    }

    @Test func `every finding has both sentences`() {
        for kind in CalendarFinding.Kind.allCases { #expect(!kind.vietnamese.isEmpty && !kind.english.isEmpty) }
    }
}
