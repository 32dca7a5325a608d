// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchange
import Foundation
import Store
import Trust

struct CalendarCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calendar", abstract: "Working days: holidays and make-up days of each year.",
        discussion: """
            By the Labour Code alone a year has its public holidays, and the days that make good those on a week-end.
            What the decisions for a year say besides is imported, and takes the place of all that the law would give:

              truc calendar show 2027 --as-file > 2027.csv      then edit it
              truc calendar check 2027.csv --decision 123/QĐ-TTg --date 2026-10-16
              truc calendar import 2027.csv --decision 123/QĐ-TTg --date 2026-10-16
            """,
        subcommands: [Import.self, Show.self, Check.self])

    /// The decision that a file rests on.
    struct DecisionOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Number and notation of the decision that founds the lines which name none.", valueName: "number"))
        var decision: String?
        @Option(help: ArgumentHelp("Date of the decision, yyyy-MM-dd.", valueName: "day")) var date: String?

        func validate() throws {
            guard (decision == nil) == (date == nil) else {
                throw ValidationError("--decision and --date go together.")
            }
        }

        func make() throws(Refusal) -> Decision? {
            guard let decision, let date else { return nil }
            return try Input.decision(decision, date)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with a calendar file.",
            discussion: """
                truc calendar check 2027.csv --decision 123/QĐ-TTg --date 2026-10-16

                Exit status 0 when it would be imported, 1 when not. Nothing is changed, and no hub is needed.
                """)

        @Argument(help: ArgumentHelp("Lines of day,kind,name.", valueName: "file")) var file: String
        @OptionGroup var decision: DecisionOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (read, _) = try CalendarCommand.read(file, try decision.make())
            if output.json {
                try Console.printJSON(CalendarReport(read, changes: nil))
            } else {
                CalendarReport.show(read.findings, omitted: read.omitted).forEach { print($0) }
                if let year = read.year { print("\(file): năm \(year.year), \(year.entries.count) ngày, nhập được.") }
            }
            guard read.year != nil else { throw CalendarCommand.refusal(read, file) }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the holidays and make-up days of a year from a file.",
            discussion: """
                truc calendar import 2027.csv --decision 123/QĐ-TTg --date 2026-10-16 --dry-run

                Each line is day,kind,name: 2027-02-08,holiday,Tết Nguyên đán. The kind is holiday or make-up; number and
                date of a decision of its own may follow. The file is the whole year: what was imported for it before
                goes.
                """)

        @Argument(help: ArgumentHelp("Lines of day,kind,name.", valueName: "file")) var file: String
        @OptionGroup var decision: DecisionOptions
        @Flag(help: "Show what would change, and change nothing.") var dryRun = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (read, digest) = try CalendarCommand.read(file, try decision.make())
            guard let year = read.year else {
                if output.json {
                    try Console.printJSON(CalendarReport(read, changes: nil))
                } else {
                    CalendarReport.show(read.findings, omitted: read.omitted).forEach { print($0) }
                }
                throw CalendarCommand.refusal(read, file)
            }
            let before = try await Installation.visit(installation) { database in
                let imported =
                    dryRun
                    ? try await database.calendarYears().first { $0.year == year.year }
                    : try await database.importCalendar(year, file: digest, actor: Operator.actor, at: .now())
                return try CalendarCommand.inForce(year.year, imported)
            }
            let changes = before.changes(to: year)
            if output.json { return try Console.printJSON(CalendarReport(read, changes: changes)) }
            CalendarReport.show(read.findings, omitted: read.omitted).forEach { print($0) }
            for entry in changes.removed { print("- \(CalendarReport.line(entry))") }
            for entry in changes.added { print("+ \(CalendarReport.line(entry))") }
            print(
                dryRun
                    ? "Chưa nhập gì (dry run): năm \(year.year), \(year.entries.count) ngày."
                    : "Đã nhập lịch năm \(year.year): \(year.entries.count) ngày.")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the days on which a year departs from its weeks, as they hold now.",
            discussion: """
                truc calendar show 2027
                truc calendar show 2027 --as-file > 2027.csv
                """)

        @Argument(help: "The year.") var year: Int
        @Flag(help: "Print lines that can be imported.") var asFile = false
        @OptionGroup var installation: InstallationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if asFile, output.json { throw ValidationError("Either --as-file or --json.") }
        }

        func run() async throws {
            guard WorkingCalendar.years.contains(year) else { throw Refusal(.calendarYearOutside, String(year)) }
            let known = try CalendarCommand.inForce(
                year,
                try await Installation.visit(installation) { try await $0.calendarYears() }.first { $0.year == year })
            if output.json { return try Console.printJSON(CalendarReport.Year(known)) }
            if asFile { return print(CalendarFile.text(known), terminator: "") }
            print(
                known.origin == .imported
                    ? "Năm \(year): theo quyết định đã nhập (imported)."
                    : "Năm \(year): tính theo Bộ luật Lao động, chưa nhập quyết định nào (statutory).")
            Console.printTable(known.entries.map(CalendarReport.columns))
        }
    }

    /// The bytes of a calendar file, one more than it may have at most, and what they say.
    private static func read(
        _ path: String, _ decision: Decision?
    ) throws(Refusal) -> (file: CalendarFile, digest: SHA256Digest) {
        let bytes = try Input.bytes(of: path, max: CalendarFile.maxBytes)
        return (CalendarFile(reading: bytes, decision: decision), SHA256Digest(of: bytes))
    }

    private static func refusal(_ file: CalendarFile, _ path: String) -> Refusal {
        let errors = file.findings.filter { $0.kind.severity == .error }
        let places = errors.prefix(5).map { finding in
            finding.line.map { "line \($0): \(finding.kind.rawValue)" } ?? finding.kind.rawValue
        }
        return Refusal(.calendarFileInvalid, "\(path): \(places.joined(separator: ", "))")
    }

    /// The year as it was imported, or else by the law alone.
    private static func inForce(_ year: Int, _ imported: CalendarYear?) throws(Refusal) -> CalendarYear {
        do { return try WorkingCalendar(imported: imported.map { [$0] } ?? []).year(year) } catch {
            throw Refusal(.calendarYearOutside, String(year))
        }
    }
}

/// A calendar file, or a year, as commands print it. The keys are stable.
struct CalendarReport: Encodable {
    let year: Int?
    let verdict: String
    let findings: [Finding]
    let omittedFindings: Int
    /// What it takes from the list in force, and brings to it; absent where that was not asked.
    let removed: [Entry]?
    let added: [Entry]?

    struct Finding: Encodable {
        let line: Int?
        let severity: CalendarFinding.Severity
        let code: CalendarFinding.Kind
        let sentenceVi: String
        let sentenceEn: String
        let detail: String
    }

    struct Entry: Encodable {
        let day: String
        let kind: CalendarEntry.Kind
        let name: String
        let decision: String
        let decisionDate: String

        init(_ entry: CalendarEntry) {
            day = entry.day.iso8601
            kind = entry.kind
            name = entry.name
            decision = entry.decision.number
            decisionDate = entry.decision.date.iso8601
        }
    }

    struct Year: Encodable {
        let year: Int
        let origin: CalendarYear.Origin
        let entries: [Entry]

        init(_ year: CalendarYear) {
            self.year = year.year
            origin = year.origin
            entries = year.entries.map(Entry.init)
        }
    }

    init(_ file: CalendarFile, changes: (removed: [CalendarEntry], added: [CalendarEntry])?) {
        year = file.year?.year
        verdict = file.year == nil ? "refuse" : "accept"
        findings = file.findings.map { finding in
            Finding(
                line: finding.line, severity: finding.kind.severity, code: finding.kind,
                sentenceVi: finding.kind.vietnamese, sentenceEn: finding.kind.english, detail: finding.detail)
        }
        omittedFindings = file.omitted
        removed = changes?.removed.map(Entry.init)
        added = changes?.added.map(Entry.init)
    }

    static func show(_ findings: [CalendarFinding], omitted: Int) -> [String] {
        let lines = findings.map { finding in
            let place = finding.line.map { "dòng \($0)" } ?? "cả tệp"
            let mark = finding.kind.severity == .error ? "lỗi" : "lưu ý"
            let detail = finding.detail.isEmpty ? "" : " (\(finding.detail))"
            return "  \(place): \(mark) [\(finding.kind.rawValue)] \(finding.kind.vietnamese)\(detail)"
        }
        return omitted > 0 ? lines + ["  … và \(omitted) phát hiện nữa"] : lines
    }

    static func columns(_ entry: CalendarEntry) -> [String] {
        [
            entry.day.iso8601, entry.day.weekday.vietnamese, entry.kind == .holiday ? "nghỉ" : "làm bù", entry.name,
            "\(entry.decision.number), \(entry.decision.date.iso8601)",
        ]
    }

    static func line(_ entry: CalendarEntry) -> String { columns(entry).joined(separator: "  ") }
}
