// SPDX-License-Identifier: Apache-2.0

/// A day on which a year departs from its weeks.
public struct CalendarEntry: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// A day off that the week would have as a working day, or that is a public holiday on a day off.
        case holiday
        /// A working day (làm bù) that the week would have off.
        case makeUp = "make-up"
    }

    public let day: CalendarDate
    public let kind: Kind
    public let name: String
    /// What founds it.
    public let decision: Decision

    public init(day: CalendarDate, kind: Kind, name: String, decision: Decision) {
        self.day = day
        self.kind = kind
        self.name = name
        self.decision = decision
    }
}

/// The days on which one year departs from its weeks: by the law alone, or as the decisions for that year say.
public struct CalendarYear: Equatable, Sendable {
    public enum Origin: String, Sendable, Codable {
        /// Computed from the Labour Code.
        case statutory
        /// What an operator imported.
        case imported
    }

    public let year: Int
    public let origin: Origin
    /// In order of days; a day occurs once.
    public let entries: [CalendarEntry]
    private let kinds: [CalendarDate: CalendarEntry.Kind]

    /// What is not of this year is left out; of several entries for a day the first counts.
    public init(_ year: Int, origin: Origin, entries: [CalendarEntry]) {
        self.year = year
        self.origin = origin
        let first = Dictionary(entries.filter { $0.day.year == year }.map { ($0.day, $0) }) { first, _ in first }
        self.entries = first.values.sorted { $0.day < $1.day }
        kinds = first.mapValues(\.kind)
    }

    /// What becomes of a day that the week alone does not decide.
    public func kind(of day: CalendarDate) -> CalendarEntry.Kind? { kinds[day] }

    /// What another list of the same year would take away and bring, in order of days. An entry that differs in
    /// anything is in both.
    public func changes(to other: CalendarYear) -> (removed: [CalendarEntry], added: [CalendarEntry]) {
        let before = Set(entries)
        let after = Set(other.entries)
        return (entries.filter { !after.contains($0) }, other.entries.filter { !before.contains($0) })
    }
}

/// The public holidays of the Labour Code (Bộ luật Lao động 45/2019/QH14, in force from 2021-01-01), for a year of
/// which nothing was imported.
///
/// Điều 112.1: New Year 1 day, Tết 5 days, Giỗ Tổ 1 day (10/3 of the lunar calendar), 30/4, 1/5, Quốc khánh 2 days
/// (2/9 and a day next to it). Điều 111.3: a weekly day off on which a holiday falls is made good on the next working
/// day. Which days of Tết and which day beside 2/9, the Prime Minister decides every year (Điều 112.3); until that is
/// imported:
/// - Tết from the second day before the lunar New Year, as the decisions for 2021 to 2026 had it in effect;
/// - 1/9, and 3/9 where 2/9 is a Thursday: the side on which the days off join a week-end.
struct StatutoryHolidays {
    /// The years for which the law in force and the lunar calendar are known.
    static let years = 2021...LunarCalendar.years.upperBound
    /// Days off that the law gives in a year.
    static let daysOfYear = 11
    /// Days off before the lunar New Year's day; five in all.
    private static let daysBeforeTet: Int64 = 2
    private static let daysOfTet: Int64 = 5
    /// Days that are looked at for one that makes a lost day off good: more than any run of holidays.
    private static let maxSearch: Int64 = 14

    /// 2019-11-20.
    static let law = Decision(number: "45/2019/QH14", date: CalendarDate(daysSince1970: 18_220))

    private static let tet = "Tết Âm lịch"
    private static let national = "Quốc khánh"

    /// The holidays themselves, on whatever days of the week they fall.
    static func named(_ year: Int) -> [(day: CalendarDate, name: String)] {
        var days: [(day: CalendarDate, name: String)] = []
        func add(_ day: CalendarDate?, _ name: String) {
            if let day { days.append((day, name)) }
        }
        add(CalendarDate(year: year, month: 1, day: 1), "Tết Dương lịch")
        if let first = LunarCalendar.newYear(of: year) {
            for day in 0..<daysOfTet { add(first.adding(days: day - daysBeforeTet), tet) }
        }
        add(LunarCalendar.date(day: 10, month: 3, of: year), "Giỗ Tổ Hùng Vương")
        add(CalendarDate(year: year, month: 4, day: 30), "Ngày Chiến thắng")
        add(CalendarDate(year: year, month: 5, day: 1), "Ngày Quốc tế lao động")
        if let national = CalendarDate(year: year, month: 9, day: 2) {
            let beside = national.adding(days: national.weekday == .thursday ? 1 : -1)
            add(min(national, beside), Self.national)
            add(max(national, beside), Self.national)
        }
        return days
    }

    /// The holidays on whose days no decision has a say: all but those of Tết beside New Year's day, and the one
    /// beside 2/9.
    static func certain(_ year: Int) -> [(day: CalendarDate, name: String)] {
        let tet = LunarCalendar.newYear(of: year)
        let national = CalendarDate(year: year, month: 9, day: 2)
        return named(year).filter { day, name in
            switch name {
            case Self.tet: day == tet
            case Self.national: day == national
            default: true
            }
        }
    }

    /// The year by the law alone, for weeks with these working days.
    static func year(_ year: Int, weekdays: Set<Weekday>) -> CalendarYear {
        let named = Self.named(year).sorted { $0.day < $1.day }
        var taken = Set(named.map(\.day))
        var entries = named.map { CalendarEntry(day: $0.day, kind: .holiday, name: $0.name, decision: law) }
        for (day, name) in named where !weekdays.contains(day.weekday) {
            let instead = (1...maxSearch).lazy.map(day.adding(days:)).first {
                weekdays.contains($0.weekday) && !taken.contains($0)
            }
            guard let instead, taken.insert(instead).inserted else { continue }
            entries.append(CalendarEntry(day: instead, kind: .holiday, name: "Nghỉ bù \(name)", decision: law))
        }
        return CalendarYear(year, origin: .statutory, entries: entries)
    }
}
