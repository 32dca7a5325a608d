// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exchange

@Suite struct LunarCalendarTests {
    /// As Vietnam kept it, the years in which China kept another day among them: 1985, 2007; and 2030 to come.
    @Test(arguments: [
        "1976-01-31", "1985-01-21", "2000-02-05", "2001-01-24", "2002-02-12", "2003-02-01", "2004-01-22", "2005-02-09",
        "2006-01-29", "2007-02-17", "2008-02-07", "2009-01-26", "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10",
        "2014-01-31", "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12",
        "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13",
        "2030-02-02",
    ])
    func `Tết is on the day on which it was`(text: String) throws {
        let day = try CalendarDate(iso8601: text)
        #expect(LunarCalendar.newYear(of: day.year) == day)
    }

    @Test(arguments: [
        "2020-04-02", "2021-04-21", "2022-04-10", "2023-04-29", "2024-04-18", "2025-04-07", "2026-04-26", "2027-04-16",
    ])
    func `Giỗ Tổ is on the day on which it was, behind a repeated month too`(text: String) throws {
        let day = try CalendarDate(iso8601: text)
        #expect(LunarCalendar.date(day: 10, month: 3, of: day.year) == day)
    }

    @Test func `what is not known is not told`() {
        #expect(LunarCalendar.newYear(of: 1975) == nil)
        #expect(LunarCalendar.newYear(of: 2101) == nil)
        #expect(LunarCalendar.newYear(of: .min) == nil)
        #expect(LunarCalendar.date(day: 30, month: 1, of: 2026) == nil)
        #expect(LunarCalendar.date(day: 0, month: 1, of: 2026) == nil)
        #expect(LunarCalendar.date(day: 1, month: 11, of: 2026) == nil)
        #expect(LunarCalendar.date(day: 1, month: 0, of: 2026) == nil)
    }

    /// Another's computation of the same rules, over Beijing's meridian. The months in which a holiday lies.
    @Test func `over Beijing it says what Foundation's Chinese calendar says`() throws {
        let beijing = Sky(offsetSeconds: 8 * 3_600)
        var chinese = Calendar(identifier: .chinese)
        chinese.timeZone = try #require(TimeZone(secondsFromGMT: 8 * 3_600))
        for year in LunarCalendar.years {
            for month in 1...3 {
                let day = beijing.firstDay(ofMonth: month, year: year)
                let noon = Date(timeIntervalSince1970: Double(day * 86_400 + 4 * 3_600))
                let found = chinese.dateComponents([.month, .day, .isLeapMonth], from: noon)
                #expect(found.month == month && found.day == 1 && found.isLeapMonth == false, "\(year), \(month)")
            }
        }
    }

    @Test func `no new moon on which a holiday hangs is as near to midnight as the formula errs`() {
        let hanoi = Sky(offsetSeconds: Instant.vietnamOffsetSeconds)
        var checked = 0
        for year in LunarCalendar.years {
            let number = Int((Double(year - 2000) * 12.3683).rounded())
            for month in [1, 3] {
                let first = hanoi.firstDay(ofMonth: month, year: year)
                for near in number - 3...number + 8 where hanoi.newMoonDay(near) == first {
                    let part = hanoi.newMoon(near) - Double(first)
                    #expect(min(part, 1 - part) * 1_440 > 5, "\(year), \(month)")
                    checked += 1
                }
            }
        }
        #expect(checked == LunarCalendar.years.count * 2)
    }
}
