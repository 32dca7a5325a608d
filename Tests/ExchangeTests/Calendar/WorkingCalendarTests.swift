// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@Suite struct WorkingCalendarTests {
    private let calendar = WorkingCalendar()

    /// The days between Monday and Friday on which offices were closed, without those swapped for a Saturday.
    @Test(arguments: [
        (
            2021,
            "01-01 02-10 02-11 02-12 02-15 02-16 04-21 04-30 05-03 09-02 09-03"
        ),
        (2022, "01-03 01-31 02-01 02-02 02-03 02-04 04-11 05-02 05-03 09-01 09-02"),
        (2023, "01-02 01-20 01-23 01-24 01-25 01-26 05-01 05-02 05-03 09-01 09-04"),
        (2024, "01-01 02-08 02-09 02-12 02-13 02-14 04-18 04-30 05-01 09-02 09-03"),
        (2025, "01-01 01-27 01-28 01-29 01-30 01-31 04-07 04-30 05-01 09-01 09-02"),
        (2026, "01-01 02-16 02-17 02-18 02-19 02-20 04-27 04-30 05-01 09-01 09-02"),
    ])
    func `by the law alone the past years come out as they were`(year: Int, closed: String) throws {
        let entries = try calendar.year(year).entries
        let off = entries.filter { $0.day.weekday.rawValue <= 5 }.map { $0.day.iso8601.dropFirst(5) }
        #expect(off.joined(separator: " ") == closed)
        #expect(entries.allSatisfy { $0.kind == .holiday && $0.decision.number == "45/2019/QH14" })
        #expect(entries.first?.decision.date.iso8601 == "2019-11-20")
    }

    /// Eleven days off in every year: those that fall on a week-end are made good.
    @Test func `every year has its eleven days`() throws {
        for year in WorkingCalendar.years {
            let known = try calendar.year(year)
            #expect(known.origin == .statutory)
            #expect(known.entries.filter { $0.day.weekday.rawValue <= 5 }.count == 11, "\(year)")
        }
    }

    @Test(arguments: [
        (1970, 1, 1, Weekday.thursday), (2026, 11, 21, .saturday), (2026, 11, 22, .sunday), (1, 1, 1, .monday),
        (9999, 12, 31, .friday), (1969, 12, 31, .wednesday),
    ])
    func `days have their weekdays`(year: Int, month: Int, day: Int, weekday: Weekday) throws {
        #expect(try #require(CalendarDate(year: year, month: month, day: day)).weekday == weekday)
    }

    @Test(arguments: [
        // Within working hours: itself.
        ("2026-03-05 07:30:00", "2026-03-05 07:30:00"), ("2026-03-05 11:29:59.999999", "2026-03-05 11:29:59.999999"),
        // At the end of a period it is over.
        ("2026-03-05 11:30:00", "2026-03-05 13:30:00"), ("2026-03-05 12:00:00", "2026-03-05 13:30:00"),
        ("2026-03-05 17:00:00", "2026-03-06 07:30:00"), ("2026-03-05 16:59:59.999999", "2026-03-05 16:59:59.999999"),
        // About midnight, where UTC's day is another.
        ("2026-03-05 23:59:59", "2026-03-06 07:30:00"), ("2026-03-05 00:00:00", "2026-03-05 07:30:00"),
        ("2026-03-05 06:59:59", "2026-03-05 07:30:00"), ("2026-03-05 07:00:00", "2026-03-05 07:30:00"),
        // Over a week-end.
        ("2026-03-06 17:00:00", "2026-03-09 07:30:00"), ("2026-03-07 10:00:00", "2026-03-09 07:30:00"),
        // The last moment before Tết, and the first after.
        ("2026-02-13 16:59:59.999999", "2026-02-13 16:59:59.999999"), ("2026-02-13 17:00:00", "2026-02-23 07:30:00"),
        ("2026-02-22 23:59:59", "2026-02-23 07:30:00"),
        // A year's end: 2027-01-01 is a Friday.
        ("2026-12-31 23:59:59", "2027-01-04 07:30:00"), ("2026-12-31 17:00:00", "2027-01-04 07:30:00"),
    ])
    func `what enters outside of working hours counts from their next beginning`(entered: String, legal: String) throws
    {
        #expect(try calendar.legalInstant(entered: at(entered)) == at(legal))
    }

    @Test func `a decision for a year takes the place of the law alone`() throws {
        let decided = WorkingCalendar(imported: [try decided2026()])
        #expect(try decided.isWorkingDay(day("2026-08-22")))
        #expect(try !decided.isWorkingDay(day("2026-08-31")))
        #expect(try decided.isWorkingDay(day("2027-01-04")))
        // Friday evening before the make-up Saturday, and its own evening before five days off.
        #expect(try decided.legalInstant(entered: at("2026-08-21 17:00:00")) == at("2026-08-22 07:30:00"))
        #expect(try decided.legalInstant(entered: at("2026-08-22 10:00:00")) == at("2026-08-22 10:00:00"))
        #expect(try decided.legalInstant(entered: at("2026-08-28 20:00:00")) == at("2026-09-03 07:30:00"))
        #expect(try calendar.legalInstant(entered: at("2026-08-28 20:00:00")) == at("2026-08-31 07:30:00"))
        // Nothing of the law is left where a decision does not say it.
        let empty = WorkingCalendar(imported: [CalendarYear(2026, origin: .imported, entries: [])])
        #expect(try empty.isWorkingDay(day("2026-02-17")))
    }

    @Test func `of two entries for a day the first counts, and none of another year`() throws {
        let year = CalendarYear(
            2026, origin: .imported,
            entries: try [
                entry("2026-05-04", .holiday, "một"), entry("2026-05-04", .makeUp, "hai"),
                entry("2025-05-05", .holiday),
            ])
        #expect(year.entries.map(\.name) == ["một"])
    }

    @Test func `an unknown year and an endless holiday have names`() throws {
        #expect(throws: CalendarProblem.outsideYears(2020)) { try calendar.isWorkingDay(day("2020-12-31")) }
        #expect(throws: CalendarProblem.outsideYears(2101)) { try calendar.nextWorkingDay(after: day("2100-12-31")) }
        #expect(throws: CalendarProblem.outsideYears(1)) { try calendar.legalInstant(entered: .earliest) }
        #expect(throws: CalendarProblem.outsideYears(9999)) { try calendar.isWorking(.latest) }
        let first = try day("2026-06-01")
        let run = (0..<Int64(WorkingCalendar.maxRestDays)).map {
            CalendarEntry(
                day: first.adding(days: $0), kind: .holiday, name: "dài",
                decision: Decision(number: "1", date: first))
        }
        // From Monday 1 June: 31 days end on Wednesday 1 July.
        let bounded = WorkingCalendar(imported: [CalendarYear(2026, origin: .imported, entries: run)])
        #expect(try bounded.nextWorkingDay(after: day("2026-05-31")) == day("2026-07-02"))
        #expect(throws: CalendarProblem.noWorkingDay(after: try day("2026-05-30"))) {
            try bounded.nextWorkingDay(after: day("2026-05-30"))
        }
        #expect(throws: CalendarProblem.spanTooLong) {
            try calendar.workingTime(from: at("2026-01-01 00:00:00"), to: at("2029-01-01 00:00:00"))
        }
        #expect(throws: CalendarProblem.spanTooLong) {
            try calendar.instant(after: .seconds(86_400 * 1_000), from: at("2026-01-01 00:00:00"))
        }
    }

    @Test(arguments: [
        ("2026-03-05 00:00:00", "2026-03-06 00:00:00", 27_000), ("2026-03-05 11:00:00", "2026-03-05 14:00:00", 3_600),
        ("2026-03-05 11:30:00", "2026-03-05 13:30:00", 0), ("2026-03-06 16:00:00", "2026-03-09 08:00:00", 5_400),
        ("2026-02-14 00:00:00", "2026-02-22 23:59:59", 0), ("2026-03-05 16:00:00", "2026-03-05 08:00:00", 0),
        ("2026-03-05 08:00:00", "2026-03-05 08:00:00", 0),
    ])
    func `working time is what lies in working hours`(start: String, end: String, seconds: Int) throws {
        #expect(try calendar.workingTime(from: at(start), to: at(end)) == .seconds(seconds))
    }

    /// A term that is used up with a period ends with it, not when the next begins.
    @Test(arguments: [
        ("2026-03-05 07:30:00", 14_400, "2026-03-05 11:30:00"), ("2026-03-05 11:30:00", 12_600, "2026-03-05 17:00:00"),
        ("2026-03-05 11:30:00", 12_601, "2026-03-06 07:30:01"), ("2026-03-06 20:00:00", 1, "2026-03-09 07:30:01"),
    ])
    func `working time goes on over what is not`(start: String, seconds: Int, end: String) throws {
        #expect(try calendar.instant(after: .seconds(seconds), from: at(start)) == at(end))
    }

    @Test func `hours are data, and foolish ones are none`() throws {
        let saturday = try #require(
            WorkingHours(
                weekdays: [.monday, .saturday], periods: [WorkingHours.Period(start: 8 * 60, end: 16 * 60)]))
        let calendar = WorkingCalendar(hours: saturday)
        #expect(try calendar.legalInstant(entered: at("2026-03-06 10:00:00")) == at("2026-03-07 08:00:00"))
        // One long period: the morning ends at noon.
        #expect(try calendar.nextMorningEnd(after: day("2026-03-05")) == at("2026-03-07 12:00:00"))
        // 10/3 of the lunar year is Sunday 26 April 2026; made good on the next day on which this office works.
        #expect(try calendar.year(2026).kind(of: day("2026-04-27")) == .holiday)
        // Saturday is no day off here, so the Saturday of Tết 2024 is not made good; Sunday is.
        #expect(try calendar.year(2024).entries.contains { try $0.day == day("2024-02-17") })
        let period = WorkingHours.Period(start: 480, end: 960)
        let after = WorkingHours.Period(start: 960, end: 1_000)
        #expect(WorkingHours(weekdays: [], periods: [period]) == nil)
        #expect(WorkingHours(weekdays: [.monday], periods: []) == nil)
        #expect(WorkingHours(weekdays: [.monday], periods: [period, after]) == nil)
        #expect(WorkingHours(weekdays: [.monday], periods: [WorkingHours.Period(start: 480, end: 480)]) == nil)
        #expect(WorkingHours(weekdays: [.monday], periods: [WorkingHours.Period(start: -1, end: 480)]) == nil)
        #expect(WorkingHours(weekdays: [.monday], periods: [WorkingHours.Period(start: 0, end: 1_441)]) == nil)
        #expect(
            WorkingHours(weekdays: Set(Weekday.allCases), periods: [WorkingHours.Period(start: 0, end: 1_440)]) != nil)
    }

    @Test func `the legal instant is a working one, not before, stays what it is, and keeps the order`() throws {
        let decided = WorkingCalendar(imported: [try decided2026()])
        var generator = SeededGenerator(seed: 4_102)
        for _ in 0..<4_000 {
            let one = generator.workingInstant()
            let other = generator.workingInstant()
            let legal = try decided.legalInstant(entered: one)
            #expect(legal >= one)
            #expect(try decided.isWorking(legal))
            #expect(try decided.legalInstant(entered: legal) == legal)
            #expect(try decided.isWorking(one) == (legal == one))
            let (early, late) = (min(one, other), max(one, other))
            #expect(try decided.legalInstant(entered: early) <= decided.legalInstant(entered: late))
            // No working time is lost between.
            #expect(try decided.workingTime(from: one, to: legal) == .zero)
        }
    }

    @Test func `going on by working time and counting it are each other's inverse`() throws {
        var generator = SeededGenerator(seed: 77)
        for _ in 0..<500 {
            let start = generator.workingInstant()
            guard start.vietnamDate.year < 2099 else { continue }
            let length = Duration.microseconds(Int64.random(in: 1...2_000_000_000_000, using: &generator))
            let end = try calendar.instant(after: length, from: start)
            #expect(try calendar.workingTime(from: start, to: end) == length)
            #expect(try calendar.instant(after: .zero, from: start) == start)
        }
    }
}
