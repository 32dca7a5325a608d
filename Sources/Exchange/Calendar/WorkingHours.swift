// SPDX-License-Identifier: Apache-2.0

public enum Weekday: Int, CaseIterable, Sendable {
    case monday = 1
    case tuesday, wednesday, thursday, friday, saturday, sunday

    public var vietnamese: String { self == .sunday ? "Chủ nhật" : "Thứ \(rawValue + 1)" }
}

extension CalendarDate {
    public var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        let fromMonday = floorDivide(daysSince1970 + 3, 7).remainder
        return Weekday(rawValue: Int(fromMonday) + 1) ?? .monday
    }

    /// The day at this distance, held within the years 1 to 9999.
    public func adding(days: Int64) -> CalendarDate { CalendarDate(daysSince1970: daysSince1970 + days) }

    /// The first instant after the day, by Vietnam's time.
    public var end: Instant { Instant(vietnam: self).advanced(by: .seconds(86_400)) }
}

/// Giờ hành chính: on which days of the week an office works, and from when to when.
public struct WorkingHours: Equatable, Sendable {
    /// A part of a day, from its first minute up to and without its last.
    public struct Period: Equatable, Sendable {
        /// Minutes since midnight.
        public let start: Int
        public let end: Int

        public init(start: Int, end: Int) {
            self.start = start
            self.end = end
        }
    }

    /// Most periods in a day.
    public static let maxPeriods = 4
    /// Minutes since midnight at which a morning ends at the latest.
    private static let noon = 12 * 60

    public let weekdays: Set<Weekday>
    /// One at least, in order, none touching the next.
    public let periods: [Period]

    /// Monday to Friday, 07:30–11:30 and 13:30–17:00.
    public static let usual = WorkingHours(
        checked: [.monday, .tuesday, .wednesday, .thursday, .friday],
        [Period(start: 7 * 60 + 30, end: 11 * 60 + 30), Period(start: 13 * 60 + 30, end: 17 * 60)])

    /// Nil without a working day or a period, with more periods than `maxPeriods`, and with periods that are empty,
    /// out of order, outside a day, or touch each other.
    public init?(weekdays: Set<Weekday>, periods: [Period]) {
        guard !weekdays.isEmpty, (1...Self.maxPeriods).contains(periods.count),
            periods.allSatisfy({ $0.start >= 0 && $0.start < $0.end && $0.end <= 24 * 60 }),
            zip(periods, periods.dropFirst()).allSatisfy({ $0.end < $1.start })
        else { return nil }
        self.init(checked: weekdays, periods)
    }

    private init(checked weekdays: Set<Weekday>, _ periods: [Period]) {
        self.weekdays = weekdays
        self.periods = periods
    }

    /// The working periods of a day that is one.
    func spans(on day: CalendarDate) -> [Range<Instant>] {
        periods.map { Self.instant(day, $0.start)..<Self.instant(day, $0.end) }
    }

    /// When the morning's work is over: with the first period, at noon where that lasts longer.
    func morningEnd(on day: CalendarDate) -> Instant {
        Self.instant(day, min(periods.first?.end ?? Self.noon, Self.noon))
    }

    private static func instant(_ day: CalendarDate, _ minutes: Int) -> Instant {
        Instant(vietnam: day, hour: minutes / 60, minute: minutes % 60)
    }
}
