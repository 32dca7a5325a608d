// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is wrong or odd about a calendar file, and where.
public struct CalendarFinding: Hashable, Sendable {
    public enum Severity: String, CaseIterable, Sendable, Codable {
        /// The file is refused.
        case error
        /// It may be meant so; somebody should look.
        case note
    }

    /// What was met. The raw value is stable.
    public enum Kind: String, CaseIterable, Sendable, Codable {
        case tooLarge = "file-too-large"
        case notText = "not-utf8"
        case tooManyLines = "too-many-lines"
        case noEntries = "no-entries"
        case fields = "wrong-fields"
        case badDay = "bad-day"
        case badKind = "bad-kind"
        case badName = "bad-name"
        case badDecision = "bad-decision"
        case noDecision = "no-decision"
        case otherYear = "other-year"
        case outsideYears = "outside-years"
        case repeatedDay = "repeated-day"
        case makeUpOnWorkingDay = "make-up-on-working-day"
        case longRest = "no-working-day"
        case missingHoliday = "missing-holiday"
        case dayCount = "day-count"

        public var severity: Severity {
            switch self {
            case .missingHoliday, .dayCount: .note
            default: .error
            }
        }

        public var vietnamese: String {
            switch self {
            case .tooLarge: "tệp quá lớn"
            case .notText: "không phải văn bản UTF-8"
            case .tooManyLines: "quá nhiều dòng"
            case .noEntries: "không có ngày nào"
            case .fields: "cần ngày,loại,tên hoặc ngày,loại,tên,số quyết định,ngày quyết định"
            case .badDay: "không phải một ngày yyyy-MM-dd"
            case .badKind: "loại phải là holiday hoặc make-up"
            case .badName: "tên trống, quá dài hoặc có ký tự điều khiển"
            case .badDecision: "số hoặc ngày quyết định không hợp lệ"
            case .noDecision: "không có quyết định làm căn cứ"
            case .otherYear: "ngày thuộc năm khác với ngày đầu tiên của tệp"
            case .outsideYears: "năm ngoài phạm vi của lịch"
            case .repeatedDay: "ngày đã có ở dòng trước"
            case .makeUpOnWorkingDay: "ngày làm bù vốn là ngày làm việc"
            case .longRest: "quá nhiều ngày liền không làm việc"
            case .missingHoliday: "thiếu ngày nghỉ lễ theo Bộ luật Lao động Điều 112"
            case .dayCount: "số ngày nghỉ trong tuần trừ số ngày làm bù khác với Bộ luật Lao động Điều 111, 112"
            }
        }

        public var english: String {
            switch self {
            case .tooLarge: "the file is too large"
            case .notText: "not UTF-8 text"
            case .tooManyLines: "too many lines"
            case .noEntries: "no day in it"
            case .fields: "expected day,kind,name or day,kind,name,decision,decision's date"
            case .badDay: "not a day yyyy-MM-dd"
            case .badKind: "the kind is holiday or make-up"
            case .badName: "the name is empty, too long or has control characters"
            case .badDecision: "the decision's number or date is invalid"
            case .noDecision: "no decision founds it"
            case .otherYear: "of another year than the first day of the file"
            case .outsideYears: "a year outside the calendar"
            case .repeatedDay: "the day is on a line before"
            case .makeUpOnWorkingDay: "the make-up day is a working day anyway"
            case .longRest: "too many days in a row without work"
            case .missingHoliday: "a holiday of the Labour Code Điều 112 is missing"
            case .dayCount: "working days off, less make-up days, are not as many as by the Labour Code Điều 111, 112"
            }
        }
    }

    public let kind: Kind
    /// Counted from 1; nil when it is about the whole.
    public let line: Int?
    /// The day or word that was met, bounded; empty when the kind says it all.
    public let detail: String

    init(_ kind: Kind, line: Int? = nil, _ detail: String = "") {
        self.kind = kind
        self.line = line
        self.detail = Refusal.oneLine(detail, maxLength: CalendarFile.maxDetail)
    }
}

/// The days of one year as a file of lines: `2027-02-05,holiday,Tết Nguyên đán`, with a decision's number and date as
/// fourth and fifth field where it is not the one that the whole file rests on. Empty lines and those that begin with
/// `#` do not count. The file holds all of the year: what it does not say, does not hold.
public struct CalendarFile: Sendable {
    /// Largest file, in bytes.
    public static let maxBytes = 64 << 10
    /// Most lines, those that do not count among them.
    public static let maxLines = 500
    /// Longest name, in characters.
    public static let maxName = 200
    /// Longest number of a decision, in characters.
    public static let maxDecision = 100
    /// Most findings that are kept.
    public static let maxFindings = 100
    static let maxDetail = 60

    /// The year, when nothing is wrong with it.
    public let year: CalendarYear?
    /// In order of lines, those about the whole last; bounded.
    public let findings: [CalendarFinding]
    /// How many more there are.
    public let omitted: Int

    /// - Parameters:
    ///   - bytes: at most `maxBytes` and one more are looked at.
    ///   - decision: founds the lines that name none.
    ///   - hours: says which days of the week are off.
    public init(reading bytes: [UInt8], decision: Decision?, hours: WorkingHours = .usual) {
        var reading = CalendarReading(decision: decision, hours: hours)
        reading.read(bytes)
        let hasErrors = reading.findings.contains { $0.kind.severity == .error }
        if !hasErrors { reading.judgeWhole() }
        let all = reading.findings
        findings = Array(all.prefix(Self.maxFindings))
        omitted = all.count - findings.count
        let refused = all.contains { $0.kind.severity == .error }
        year = refused ? nil : reading.year
    }

    /// The file that says what a year's list says.
    public static func text(_ year: CalendarYear) -> String {
        year.entries.map { entry in
            [
                entry.day.iso8601, entry.kind.rawValue, entry.name, entry.decision.number, entry.decision.date.iso8601,
            ].joined(separator: ",") + "\n"
        }.joined()
    }
}

/// A calendar file on its way to a year.
private struct CalendarReading {
    let decision: Decision?
    let hours: WorkingHours
    private(set) var findings: [CalendarFinding] = []
    private var entries: [CalendarEntry] = []
    private var lines: [CalendarDate: Int] = [:]

    init(decision: Decision?, hours: WorkingHours) {
        self.decision = decision
        self.hours = hours
    }

    /// The year of the first day that could be read.
    var year: CalendarYear? {
        entries.first.map { CalendarYear($0.day.year, origin: .imported, entries: entries) }
    }

    mutating func read(_ bytes: [UInt8]) {
        guard bytes.count <= CalendarFile.maxBytes else {
            return findings.append(CalendarFinding(.tooLarge, "> \(CalendarFile.maxBytes) byte"))
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            return findings.append(CalendarFinding(.notText))
        }
        // What spreadsheets write before the first letter.
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let rows = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard rows.count <= CalendarFile.maxLines + 1 else {
            return findings.append(CalendarFinding(.tooManyLines, "> \(CalendarFile.maxLines)"))
        }
        for (index, row) in rows.enumerated() { readLine(row.trimmed, index + 1) }
        if entries.isEmpty, findings.isEmpty { findings.append(CalendarFinding(.noEntries)) }
    }

    private mutating func readLine(_ row: Substring, _ line: Int) {
        guard !row.isEmpty, !row.hasPrefix("#") else { return }
        let fields = row.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
        guard fields.count == 3 || fields.count == 5 else {
            return findings.append(CalendarFinding(.fields, line: line))
        }
        guard let day = try? CalendarDate(iso8601: fields[0]) else {
            return findings.append(CalendarFinding(.badDay, line: line, String(fields[0])))
        }
        guard let kind = CalendarEntry.Kind(rawValue: String(fields[1])) else {
            return findings.append(CalendarFinding(.badKind, line: line, String(fields[1])))
        }
        guard Self.isPlain(fields[2], max: CalendarFile.maxName) else {
            return findings.append(CalendarFinding(.badName, line: line))
        }
        guard let founded = decision(fields, line) else { return }
        judge(
            CalendarEntry(
                day: day, kind: kind, name: String(fields[2]).precomposed, decision: founded),
            line)
    }

    private mutating func decision(_ fields: [Substring], _ line: Int) -> Decision? {
        guard fields.count == 5 else {
            if decision == nil { findings.append(CalendarFinding(.noDecision, line: line)) }
            return decision
        }
        guard Self.isPlain(fields[3], max: CalendarFile.maxDecision), let date = try? CalendarDate(iso8601: fields[4])
        else {
            findings.append(CalendarFinding(.badDecision, line: line))
            return nil
        }
        return Decision(number: String(fields[3]).precomposed, date: date)
    }

    private mutating func judge(_ entry: CalendarEntry, _ line: Int) {
        let day = entry.day
        guard WorkingCalendar.years.contains(day.year) else {
            return findings.append(CalendarFinding(.outsideYears, line: line, day.iso8601))
        }
        if let first = entries.first, first.day.year != day.year {
            return findings.append(CalendarFinding(.otherYear, line: line, day.iso8601))
        }
        if let before = lines[day] {
            return findings.append(CalendarFinding(.repeatedDay, line: line, "\(day.iso8601), \(before)"))
        }
        if entry.kind == .makeUp, hours.weekdays.contains(day.weekday) {
            findings.append(CalendarFinding(.makeUpOnWorkingDay, line: line, day.iso8601))
        }
        lines[day] = line
        entries.append(entry)
    }

    /// What only the whole year shows.
    mutating func judgeWhole() {
        guard let year else { return }
        for holiday in StatutoryHolidays.certain(year.year)
        where hours.weekdays.contains(holiday.day.weekday) && year.kind(of: holiday.day) != .holiday {
            findings.append(CalendarFinding(.missingHoliday, "\(holiday.day.iso8601) \(holiday.name)"))
        }
        // Holidays on weekly days off are made good, and what is swapped evens out: the sum is the same in every year.
        let off = year.entries.count { $0.kind == .holiday && hours.weekdays.contains($0.day.weekday) }
        let count = off - year.entries.count { $0.kind == .makeUp }
        if count != StatutoryHolidays.daysOfYear {
            findings.append(CalendarFinding(.dayCount, "\(count), not \(StatutoryHolidays.daysOfYear)"))
        }
        let calendar = WorkingCalendar(hours: hours, imported: [year])
        guard let first = CalendarDate(year: year.year, month: 1, day: 1) else { return }
        for step in -Int64(WorkingCalendar.maxRestDays)..<366 {
            let day = first.adding(days: step)
            do {
                _ = try calendar.nextWorkingDay(after: day)
            } catch .noWorkingDay {
                return findings.append(CalendarFinding(.longRest, day.iso8601))
            } catch {
                // Beyond the calendar's first and last year there is nothing to be found.
            }
        }
    }

    private static func isPlain(_ text: Substring, max: Int) -> Bool {
        !text.isEmpty && text.count <= max && text.unicodeScalars.count <= 4 * max
            && !text.unicodeScalars.contains {
                switch $0.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = self
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest.drop { $0 == " " || $0 == "\t" }
    }
}
