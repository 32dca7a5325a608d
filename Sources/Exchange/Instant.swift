// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A point in time, in whole microseconds since 1970-01-01T00:00:00Z: what PostgreSQL's `timestamptz` keeps.
///
/// Shown only as ISO 8601 with the offset `+07:00` (QĐ 28/2018/QĐ-TTg Điều 14.4).
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Offset of Vietnam's time from UTC, in seconds. The country has had no other since 1975.
    public static let vietnamOffsetSeconds: Int64 = 7 * 3600

    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The system clock, now.
    public static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    public func advanced(by duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        return Instant(microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// Time from `other` to this instant.
    public func duration(since other: Instant) -> Duration { .microseconds(microseconds - other.microseconds) }

    /// `2026-11-21T16:04:05.123+07:00`, milliseconds rounded down.
    public var iso8601: String {
        let local = LocalTime(self)
        return "\(local.date.iso8601)T\(local.clock).\(padded(local.milliseconds, 3))+07:00"
    }

    /// `2026/11/21 16:04:05` in Vietnam's time: edXML's `Timestamp`.
    public var edXML: String {
        let local = LocalTime(self)
        return "\(local.date.edXML) \(local.clock)"
    }

    /// `21/11/2026 16:04:05` in Vietnam's time: the date form of the VXP lists.
    public var vxp: String {
        let local = LocalTime(self)
        return "\(padded(local.date.day, 2))/\(padded(local.date.month, 2))/\(padded(local.date.year, 4)) \(local.clock)"
    }

    public var description: String { iso8601 }

    /// The instant at which a wall clock in Vietnam shows this.
    public init(vietnam date: CalendarDate, hour: Int = 0, minute: Int = 0, second: Int = 0, milliseconds: Int = 0) {
        let seconds =
            date.daysSince1970 * 86_400 + Int64(hour) * 3_600 + Int64(minute) * 60 + Int64(second) - Self.vietnamOffsetSeconds
        self.microseconds = seconds * 1_000_000 + Int64(milliseconds) * 1_000
    }

    /// Reads ISO 8601 with `Z` or a `±hh:mm` offset and at most six decimals.
    ///
    /// - Throws: `ParsingProblem` for anything else, for impossible dates and for years outside 1–9999.
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
        self.microseconds = seconds * 1_000_000 + microseconds
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
        let day = try reader.number(digits: 2, in: 1...31)
        try reader.expect("/")
        let month = try reader.number(digits: 2, in: 1...12)
        try reader.expect("/")
        let year = try reader.number(digits: 4, in: 1...9999)
        guard let date = CalendarDate(year: year, month: month, day: day) else { throw reader.problem("no such day") }
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
        let day = try reader.number(digits: 2, in: 1...31)
        let month = try reader.number(digits: 2, in: 1...12)
        let year = try reader.number(digits: 4, in: 1...9999)
        guard let date = CalendarDate(year: year, month: month, day: day) else { throw reader.problem("no such day") }
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
        let date = local.date
        let clock = local.clock.filter { $0 != ":" }
        return "\(padded(date.day, 2))\(padded(date.month, 2))\(padded(date.year, 4))T\(clock)+\(padded(local.milliseconds, 4))"
    }

    /// The day on Vietnam's calendar.
    public var vietnamDate: CalendarDate { LocalTime(self).date }
}

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
    let clock: String
    let milliseconds: Int

    init(_ instant: Instant) {
        let local = instant.microseconds + Instant.vietnamOffsetSeconds * 1_000_000
        let (days, inDay) = floorDivide(local, 86_400_000_000)
        date = CalendarDate(daysSince1970: days)
        let seconds = Int(inDay / 1_000_000)
        clock = "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        milliseconds = Int(inDay % 1_000_000 / 1_000)
    }
}

func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
    return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
