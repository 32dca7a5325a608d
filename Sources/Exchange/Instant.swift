// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A point in time, in whole microseconds since 1970-01-01T00:00:00Z: what PostgreSQL's `timestamptz` keeps.
///
/// Shown only as ISO 8601 with the offset `+07:00` (QĐ 28/2018/QĐ-TTg Điều 14.4). Always within the years 1 to 9999 of
/// Vietnam's calendar, so that every instant can be shown and no arithmetic on two of them overflows.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Offset of Vietnam's time from UTC, in seconds. The country has had no other since 1975.
    public static let vietnamOffsetSeconds: Int64 = 7 * 3600

    public let microseconds: Int64

    /// 0001-01-01T00:00:00+07:00.
    public static let earliest = Instant(microseconds: .min)
    /// 9999-12-31T23:59:59.999999+07:00.
    public static let latest = Instant(microseconds: .max)

    private static let range: ClosedRange<Int64> = -62_135_622_000_000_000...253_402_275_599_999_999

    /// The instant at this distance from 1970, or the nearest that there is: PostgreSQL's `infinity` (the largest
    /// number) becomes `latest`.
    public init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// The system clock, now.
    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    /// This instant moved by whole microseconds of `duration`, held within `earliest` and `latest`.
    public func advanced(by duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        let moved = Int128(microseconds) + Int128(seconds) * 1_000_000 + Int128(attoseconds / 1_000_000_000_000)
        return Instant(microseconds: Int64(clamping: moved))
    }

    /// Time from `other` to this instant.
    public func duration(since other: Instant) -> Duration { .microseconds(microseconds - other.microseconds) }

    /// `2026-11-21T16:04:05.123+07:00`, milliseconds rounded down.
    public var iso8601: String {
        let local = LocalTime(self)
        return "\(local.date.iso8601)T\(local.clockText).\(padded(local.milliseconds, 3))+07:00"
    }

    /// `2026-11-21T16:04:05.123456+07:00`: all that an instant has.
    public var iso8601Microseconds: String {
        let local = LocalTime(self)
        let rest = Int((microseconds % 1_000 + 1_000) % 1_000)
        return "\(local.date.iso8601)T\(local.clockText).\(padded(local.milliseconds, 3))\(padded(rest, 3))+07:00"
    }

    /// `2026/11/21 16:04:05` in Vietnam's time: edXML's `Timestamp`.
    public var edXML: String {
        let local = LocalTime(self)
        return "\(local.date.edXML) \(local.clockText)"
    }

    /// `21/11/2026 16:04:05` in Vietnam's time: the date form of the VXP lists.
    public var vxp: String {
        let local = LocalTime(self)
        return local.dayMonthYear.joined(separator: "/") + " " + local.clockText
    }

    public var description: String { iso8601 }

    /// The instant at which a wall clock in Vietnam shows this; hour 24 is the first of the next day.
    public init(vietnam date: CalendarDate, hour: Int = 0, minute: Int = 0, second: Int = 0, milliseconds: Int = 0) {
        let clockSeconds = Int64(hour) * 3_600 + Int64(minute) * 60 + Int64(second)
        let seconds = date.daysSince1970 * 86_400 + clockSeconds - Self.vietnamOffsetSeconds
        self.init(microseconds: seconds * 1_000_000 + Int64(milliseconds) * 1_000)
    }

    /// Reads ISO 8601 with `Z` or a `±hh:mm` offset and at most six decimals.
    ///
    /// - Throws: `ParsingProblem` for anything else, for impossible dates and for what is not between `earliest` and
    ///   `latest`.
    public init(iso8601 text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("Instant", text)
        let date = try reader.date(separator: "-")
        try reader.expect("T")
        let (hour, minute, second) = try reader.clock()
        var microseconds: Int64 = 0
        if reader.skip(".") { microseconds = try reader.fraction() }
        var offsetSeconds: Int64 = 0
        if !reader.skip("Z") {
            let sign: Int64 = reader.skip("+") ? 1 : -1
            if sign < 0 { try reader.expect("-") }
            let hours = try reader.number(digits: 2, in: 0...14)
            try reader.expect(":")
            let minutes = try reader.number(digits: 2, in: 0...59)
            offsetSeconds = sign * Int64(hours * 3_600 + minutes * 60)
        }
        try reader.end()
        let seconds = date.daysSince1970 * 86_400 + Int64(hour * 3_600 + minute * 60 + second) - offsetSeconds
        let exact = seconds * 1_000_000 + microseconds
        guard Self.range.contains(exact) else {
            throw ParsingProblem("Instant", "is outside the years 1 to 9999 in Vietnam's time")
        }
        self.init(microseconds: exact)
    }

    /// Reads edXML's `yyyy/MM/dd HH:mm:ss`, which has no zone and means Vietnam's time.
    public init(edXML text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("Timestamp", text)
        let date = try reader.date(separator: "/")
        try reader.expect(" ")
        let (hour, minute, second) = try reader.clock()
        try reader.end()
        self.init(vietnam: date, hour: hour, minute: minute, second: second)
    }

    /// Reads the VXP lists' `dd/MM/yyyy HH:mm:ss`, Vietnam's time.
    public init(vxp text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("Instant", text)
        let date = try reader.dayMonthYear(separator: "/")
        try reader.expect(" ")
        let (hour, minute, second) = try reader.clock()
        try reader.end()
        self.init(vietnam: date, hour: hour, minute: minute, second: second)
    }

    /// Reads the VXP request timestamp `ddMMyyyy'T'HHmmss+SSSS`, Vietnam's time.
    ///
    /// The `+` is a literal and `SSSS` are milliseconds padded to four digits: not a zone, whatever it looks like.
    public init(vxpHeader text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("timestamp", text)
        let date = try reader.dayMonthYear(separator: nil)
        try reader.expect("T")
        let hour = try reader.number(digits: 2, in: 0...23)
        let minute = try reader.number(digits: 2, in: 0...59)
        let second = try reader.number(digits: 2, in: 0...59)
        try reader.expect("+")
        let milliseconds = try reader.number(digits: 4, in: 0...999)
        try reader.end()
        self.init(vietnam: date, hour: hour, minute: minute, second: second, milliseconds: milliseconds)
    }

    /// `ddMMyyyy'T'HHmmss+SSSS`, as a VXP client writes it.
    public var vxpHeader: String {
        let local = LocalTime(self)
        return "\(local.dayMonthYear.joined())T\(local.clock.joined())+\(padded(local.milliseconds, 4))"
    }

    /// The day on Vietnam's calendar.
    public var vietnamDate: CalendarDate { LocalTime(self).date }
}

/// As `iso8601` says it: anything finer than a millisecond is dropped.
extension Instant: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(iso8601: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(iso8601)
    }
}

/// A wall clock in Vietnam.
private struct LocalTime {
    let date: CalendarDate
    /// Hour, minute and second, two digits each.
    let clock: [String]
    let milliseconds: Int

    init(_ instant: Instant) {
        let local = instant.microseconds + Instant.vietnamOffsetSeconds * 1_000_000
        let (days, inDay) = floorDivide(local, 86_400_000_000)
        date = CalendarDate(daysSince1970: days)
        let seconds = Int(inDay / 1_000_000)
        clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        milliseconds = Int(inDay % 1_000_000 / 1_000)
    }

    var clockText: String { clock.joined(separator: ":") }
    var dayMonthYear: [String] { [padded(date.day, 2), padded(date.month, 2), padded(date.year, 4)] }
}

func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
    return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
