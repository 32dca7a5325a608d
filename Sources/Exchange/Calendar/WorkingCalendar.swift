// SPDX-License-Identifier: Apache-2.0

/// Why the calendar cannot answer.
public enum CalendarProblem: Error, Hashable, Sendable {
    /// It is not known which days of that year are holidays.
    case outsideYears(Int)
    /// No working day follows this one within `WorkingCalendar.maxRestDays`.
    case noWorkingDay(after: CalendarDate)
    /// More than `WorkingCalendar.maxSpanDays` lie between.
    case spanTooLong
}

/// When offices work: hours, weeks, and the days on which the years depart from them. Vietnam's time throughout.
///
/// A period of work reaches from its first instant up to, and without, its last: at 11:30:00 the morning is over.
public struct WorkingCalendar: Sendable {
    /// The years about which it can be asked: the Labour Code of 2019 holds from 2021, the lunar calendar is computed
    /// up to 2100.
    public static let years = StatutoryHolidays.years
    /// Most days in a row without work. Tết with its week-ends has nine or ten.
    public static let maxRestDays = 31
    /// Most days over which working time is counted.
    public static let maxSpanDays = 1_000

    public let hours: WorkingHours
    private let table: [Int: CalendarYear]

    /// - Parameter imported: what the decisions of years say; such a year has these entries and no others.
    public init(hours: WorkingHours = .usual, imported: [CalendarYear] = []) {
        self.hours = hours
        var table = hours.weekdays == WorkingHours.usual.weekdays ? Self.statutory : Self.table(hours.weekdays)
        for year in imported where Self.years.contains(year.year) { table[year.year] = year }
        self.table = table
    }

    private static let statutory = table(WorkingHours.usual.weekdays)

    private static func table(_ weekdays: Set<Weekday>) -> [Int: CalendarYear] {
        Dictionary(uniqueKeysWithValues: years.map { ($0, StatutoryHolidays.year($0, weekdays: weekdays)) })
    }

    /// - Throws: `.outsideYears`.
    public func year(_ year: Int) throws(CalendarProblem) -> CalendarYear {
        guard let known = table[year] else { throw .outsideYears(year) }
        return known
    }

    /// - Throws: `.outsideYears`.
    public func isWorkingDay(_ day: CalendarDate) throws(CalendarProblem) -> Bool {
        switch try year(day.year).kind(of: day) {
        case .holiday: false
        case .makeUp: true
        case nil: hours.weekdays.contains(day.weekday)
        }
    }

    /// The first working day after a day.
    ///
    /// - Throws: `.outsideYears`, `.noWorkingDay`.
    public func nextWorkingDay(after day: CalendarDate) throws(CalendarProblem) -> CalendarDate {
        for step in 1...Int64(Self.maxRestDays) + 1 {
            let next = day.adding(days: step)
            if try isWorkingDay(next) { return next }
        }
        throw .noWorkingDay(after: day)
    }

    /// When the morning of the first working day after a day is over.
    ///
    /// - Throws: `.outsideYears`, `.noWorkingDay`.
    public func nextMorningEnd(after day: CalendarDate) throws(CalendarProblem) -> Instant {
        hours.morningEnd(on: try nextWorkingDay(after: day))
    }

    /// Whether offices work at this instant.
    ///
    /// - Throws: `.outsideYears`.
    public func isWorking(_ instant: Instant) throws(CalendarProblem) -> Bool {
        try spans(on: instant.vietnamDate).contains { $0.contains(instant) }
    }

    /// When a document that entered its receiver's system counts as received: then, or where that was outside of
    /// working hours, when these begin next (QĐ 2588/QĐ-UBND Sơn La 2018 Điều 10.4.b: "nếu thời điểm văn bản nhập vào
    /// hệ thống ngoài giờ hành chính thì thời điểm tiếp nhận … được tính là thời điểm bắt đầu giờ hành chính kế
    /// tiếp").
    ///
    /// - Throws: `.outsideYears`, `.noWorkingDay`.
    public func legalInstant(entered: Instant) throws(CalendarProblem) -> Instant {
        let day = entered.vietnamDate
        if let span = try spans(on: day).first(where: { entered < $0.upperBound }) {
            return max(entered, span.lowerBound)
        }
        let next = try nextWorkingDay(after: day)
        return try spans(on: next).first?.lowerBound ?? Instant(vietnam: next)
    }

    /// Working time from one instant to another; none where the second is not later.
    ///
    /// - Throws: `.outsideYears`, `.spanTooLong`.
    public func workingTime(from start: Instant, to end: Instant) throws(CalendarProblem) -> Duration {
        guard start < end else { return .zero }
        let first = start.vietnamDate
        let days = end.vietnamDate.daysSince1970 - first.daysSince1970
        guard days <= Self.maxSpanDays else { throw .spanTooLong }
        var total: Duration = .zero
        for step in 0...days {
            for span in try spans(on: first.adding(days: step)) {
                let from = max(span.lowerBound, start)
                let until = min(span.upperBound, end)
                if from < until { total += until.duration(since: from) }
            }
        }
        return total
    }

    /// The instant by which this much working time has gone since another, which itself need not be in working hours;
    /// that one for none.
    ///
    /// - Throws: `.outsideYears`, `.spanTooLong`.
    public func instant(after working: Duration, from start: Instant) throws(CalendarProblem) -> Instant {
        guard working > .zero else { return start }
        var left = working
        let first = start.vietnamDate
        for step in 0...Int64(Self.maxSpanDays) {
            for span in try spans(on: first.adding(days: step)) {
                let from = max(span.lowerBound, start)
                guard from < span.upperBound else { continue }
                let length = span.upperBound.duration(since: from)
                if left <= length { return from.advanced(by: left) }
                left -= length
            }
        }
        throw .spanTooLong
    }

    private func spans(on day: CalendarDate) throws(CalendarProblem) -> [Range<Instant>] {
        try isWorkingDay(day) ? hours.spans(on: day) : []
    }
}
