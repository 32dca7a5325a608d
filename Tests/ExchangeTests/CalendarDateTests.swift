// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@Suite struct CalendarDateTests {
    @Test(arguments: [
        (2000, true), (2024, true), (1900, false), (2100, false), (2023, false), (2400, true), (4, true), (100, false),
    ])
    func `29 February exists in leap years only`(year: Int, exists: Bool) {
        #expect((CalendarDate(year: year, month: 2, day: 29) != nil) == exists)
        #expect((try? CalendarDate(edXML: "\(fourDigits(year))/02/29")) == CalendarDate(year: year, month: 2, day: 29))
    }

    @Test(arguments: [
        (0, 1, 1), (10_000, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (2026, 1, 32), (2026, 4, 31),
        (2026, 6, 31),
        (2026, 9, 31), (2026, 11, 31), (2014, 2, 30), (.min, 1, 1), (2026, .min, 1), (2026, 2, .max),
        (.max, .max, .max),
    ])
    func `a day that does not exist is nil`(year: Int, month: Int, day: Int) {
        #expect(CalendarDate(year: year, month: month, day: day) == nil)
    }

    @Test(arguments: [
        (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (1900, 2, 28, -25_509),
        (1900, 3, 1, -25_508), (2100, 3, 1, 47_541), (1, 1, 1, -719_162), (9999, 12, 31, 2_932_896),
    ])
    func `days since 1970 of days that others counted`(year: Int, month: Int, day: Int, days: Int64) throws {
        let date = try #require(CalendarDate(year: year, month: month, day: day))
        #expect(date.daysSince1970 == days)
        #expect(CalendarDate(daysSince1970: days) == date)
    }

    /// Walks the whole calendar once: consecutive numbers are consecutive days, and each comes back.
    @Test func `every day from year 1 to 9999 has its number`() throws {
        var expected: Int64 = -719_162
        var last: CalendarDate?
        for year in 1...9999 {
            for month in 1...12 {
                // Asking for the 28th to 31st only keeps the walk short; the days between cannot differ in kind.
                for day in [1, 2] + Array(28...31) {
                    guard let date = CalendarDate(year: year, month: month, day: day) else { continue }
                    if day == 28 { expected += 25 }
                    if date.daysSince1970 != expected {
                        Issue.record("\(date) is \(date.daysSince1970), not \(expected)")
                    }
                    if CalendarDate(daysSince1970: expected) != date { Issue.record("\(expected) does not come back") }
                    if let last, last >= date { Issue.record("\(last) is not before \(date)") }
                    last = date
                    expected += 1
                }
            }
        }
        #expect(expected == 2_932_897)
    }

    @Test func `days beyond the calendar are held at its ends`() {
        #expect(CalendarDate(daysSince1970: .min) == CalendarDate(year: 1, month: 1, day: 1))
        #expect(CalendarDate(daysSince1970: .max) == CalendarDate(year: 9999, month: 12, day: 31))
    }

    @Test func `both written forms`() throws {
        let date = try #require(CalendarDate(year: 987, month: 6, day: 5))
        #expect(date.edXML == "0987/06/05")
        #expect(date.iso8601 == "0987-06-05")
        #expect(date.description == "0987-06-05")
        #expect(try CalendarDate(edXML: "0987/06/05") == date)
        #expect(try CalendarDate(iso8601: "0987-06-05") == date)
    }

    @Test(arguments: [
        ("", 0), ("2026", 4), ("2026-01-05", 4), ("2026/1/05", 6), ("2026/13/05", 5), ("2026/00/05", 5),
        ("2014/02/30", 8), ("2026/01/32", 8), ("2026/01/05 ", 10), ("2026/01/055", 10), ("0000/01/05", 0),
        (" 2026/01/05", 0), ("２026/01/05", 0), ("2026/01/0５", 9), ("+026/01/05", 0), ("2026/01/0\u{0}", 9),
        ("2026/01/05\u{301}", 10),
    ])
    func `a problem says where`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try CalendarDate(edXML: text) }
        #expect(problem?.offset == offset)
    }

    @Test func `any text is read or refused, and the read ones are written back the same`() {
        var generator = SeededGenerator(seed: 1945)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = generator.hostileText(near: ["2026/01/05", "2000/02/29", "1900-02-28", "9999-12-31"])
            if let date = try? CalendarDate(edXML: text) {
                accepted += 1
                #expect(date.edXML == text)
            }
            if let date = try? CalendarDate(iso8601: text) {
                accepted += 1
                #expect(date.iso8601 == text)
            }
        }
        #expect(accepted > 100)
    }

    private func fourDigits(_ year: Int) -> String {
        let digits = String(year)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
