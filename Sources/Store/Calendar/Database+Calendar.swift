// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

extension Database {
    /// The years that were imported, in order; the law alone holds for all others.
    public func calendarYears() async throws -> [CalendarYear] {
        try await run { connection in
            // No more rows than days: each has one.
            let rows = try connection.query(CalendarStatements.all).map(CalendarEntry.init(row:))
            return Dictionary(grouping: rows, by: \.day.year).sorted { $0.key < $1.key }.map { year, entries in
                CalendarYear(year, origin: .imported, entries: entries)
            }
        }
    }

    /// Puts a year's list in the place of whatever was imported for that year before, and writes down from which file.
    ///
    /// - Parameter file: digest of the file that the list was read from.
    /// - Returns: the list that it replaces; nil when none of that year was imported.
    public func importCalendar(
        _ year: CalendarYear, file: SHA256Digest, actor: String, at now: Instant
    ) async throws -> CalendarYear? {
        try await run { connection in
            try connection.transaction {
                // One after the other: two imports must not become one year.
                try connection.query(CalendarStatements.lock)
                let removed = try connection.query(CalendarStatements.remove, [.int4(Int32(year.year))])
                    .map(CalendarEntry.init(row:))
                let decisions = Set(year.entries.map(\.decision)).sorted { ($0.date, $0.number) < ($1.date, $1.number) }
                let row = HistoryRow(
                    at: now, event: .calendarImported, actor: actor,
                    detail: [
                        "year": .number(year.year), "fileSHA256": .string(file.hex),
                        "entries": .number(year.entries.count), "replaced": .number(removed.count),
                        "decisions": .strings(decisions.map { "\($0.number), \($0.date.iso8601)" }),
                    ])
                _ = try connection.pipeline([
                    CalendarStatements.add.statement(year.entries.map(\.row)), HistoryRow.statement([row]),
                ])
                return removed.isEmpty ? nil : CalendarYear(year.year, origin: .imported, entries: removed)
            }
        }
    }
}

private enum CalendarStatements {
    static let all = "SELECT day, kind, name, decision, decision_date FROM holiday ORDER BY day"
    static let lock = "LOCK TABLE holiday IN SHARE ROW EXCLUSIVE MODE"
    static let remove = """
        DELETE FROM holiday WHERE day BETWEEN make_date($1, 1, 1) AND make_date($1, 12, 31)
        RETURNING day, kind, name, decision, decision_date
        """
    static let add = BulkInsert(
        into: "holiday",
        [("day", .date), ("kind", .text), ("name", .text), ("decision", .text), ("decision_date", .date)])
}

extension CalendarEntry {
    fileprivate init(row: PostgresRow) throws {
        guard let kind = Kind(rawValue: try row.decode("kind")) else {
            throw Refusal(.internalError, "a holiday row is not of this version")
        }
        self.init(
            day: try row.decode("day"), kind: kind, name: try row.decode("name"),
            decision: Decision(number: try row.decode("decision"), date: try row.decode("decision_date")))
    }

    fileprivate var row: [PostgresValue] {
        [.date(day), .text(kind.rawValue), .text(name), .text(decision.number), .date(decision.date)]
    }
}
