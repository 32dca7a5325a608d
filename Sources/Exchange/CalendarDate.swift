// SPDX-License-Identifier: Apache-2.0

/// A day of the Gregorian calendar that exists, year 1 to 9999.
public struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Nil when there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads edXML's `yyyy/MM/dd`.
    ///
    /// - Throws: `ParsingProblem` for another form or an impossible day such as `2014/02/30`.
    public init(edXML text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("date", text)
        self = try reader.date(separator: "/")
        try reader.end()
    }

    /// Reads `yyyy-MM-dd`.
    public init(iso8601 text: some StringProtocol) throws(ParsingProblem) {
        var reader = DigitReader("date", text)
        self = try reader.date(separator: "-")
        try reader.end()
    }

    public var edXML: String { "\(padded(year, 4))/\(padded(month, 2))/\(padded(day, 2))" }
    public var iso8601: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
    public var description: String { iso8601 }

    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// Days from 1970-01-01, negative before it.
    ///
    /// Counts in a year that begins on 1 March, so that the leap day is the last of its year; 400 years are 146 097 days.
    public var daysSince1970: Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let (era, yearOfEra) = floorDivide(shifted, 400)
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The day at this distance from 1970-01-01, held within the years 1 to 9999.
    public init(daysSince1970 days: Int64) {
        let held = min(max(days, -719_162), 2_932_896)
        let (era, dayOfEra) = floorDivide(held + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width digits and separators, and knows where it stands when something is wrong.
struct DigitReader {
    /// Longest text that any date or time of ours has; more is refused before it is looked at.
    static let maxLength = 40

    private let subject: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ subject: String, _ text: some StringProtocol) {
        self.subject = subject
        self.bytes = Array(text.utf8.prefix(Self.maxLength + 1))
    }

    func problem(_ reason: String) -> ParsingProblem { ParsingProblem(subject, reason, at: position) }

    mutating func number(digits: Int, in range: ClosedRange<Int>) throws(ParsingProblem) -> Int {
        var value = 0
        for _ in 0..<digits {
            guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else {
                throw problem("expected a digit")
            }
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        guard range.contains(value) else {
            position -= digits
            throw problem("expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Whether `character` (ASCII) came next; it is read if so.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    /// Whether `word` (ASCII) came next; it is read if so.
    mutating func skip(word: String) -> Bool {
        guard bytes[min(position, bytes.count)...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(ParsingProblem) {
        guard skip(character) else { throw problem("expected '\(character)'") }
    }

    mutating func end() throws(ParsingProblem) {
        guard position == bytes.count else { throw problem("expected nothing more") }
    }

    mutating func date(separator: Unicode.Scalar) throws(ParsingProblem) -> CalendarDate {
        let year = try number(digits: 4, in: 1...9999)
        try expect(separator)
        let month = try number(digits: 2, in: 1...12)
        try expect(separator)
        let dayStart = position
        let day = try number(digits: 2, in: 1...31)
        return try existing(year, month, day, dayStart: dayStart)
    }

    /// The order of the VXP protocol; nil where nothing stands between the numbers.
    mutating func dayMonthYear(separator: Unicode.Scalar?) throws(ParsingProblem) -> CalendarDate {
        let dayStart = position
        let day = try number(digits: 2, in: 1...31)
        if let separator { try expect(separator) }
        let month = try number(digits: 2, in: 1...12)
        if let separator { try expect(separator) }
        let year = try number(digits: 4, in: 1...9999)
        return try existing(year, month, day, dayStart: dayStart)
    }

    func existing(_ year: Int, _ month: Int, _ day: Int, dayStart: Int = 0) throws(ParsingProblem) -> CalendarDate {
        guard let date = CalendarDate(year: year, month: month, day: day) else {
            throw ParsingProblem(subject, "no such day in this month", at: dayStart)
        }
        return date
    }

    mutating func clock() throws(ParsingProblem) -> (hour: Int, minute: Int, second: Int) {
        let hour = try number(digits: 2, in: 0...23)
        try expect(":")
        let minute = try number(digits: 2, in: 0...59)
        try expect(":")
        return (hour, minute, try number(digits: 2, in: 0...59))
    }

    /// One to six decimals, as microseconds.
    mutating func fraction() throws(ParsingProblem) -> Int64 {
        var value: Int64 = 0
        var read = 0
        while read < 6, position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            value = value * 10 + Int64(bytes[position] - 0x30)
            position += 1
            read += 1
        }
        guard read > 0 else { throw problem("expected a digit") }
        for _ in read..<6 { value *= 10 }
        return value
    }
}
