// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit

/// `2026-02-13 17:00:00`, Vietnam's time; decimals may follow.
func at(_ text: String) throws -> Instant {
    try Instant(iso8601: text.replacing(" ", with: "T") + "+07:00")
}

func day(_ text: String) throws -> CalendarDate { try CalendarDate(iso8601: text) }

func entry(_ text: String, _ kind: CalendarEntry.Kind, _ name: String = "thử") throws -> CalendarEntry {
    CalendarEntry(
        day: try day(text), kind: kind, name: name, decision: Decision(number: "1/QĐ", date: try day("2025-11-01")))
}

/// 2026 as it was decided in fact: Monday 31 August is off for Saturday 22 August.
func decided2026() throws -> CalendarYear {
    let statutory = try WorkingCalendar().year(2026)
    return CalendarYear(
        2026, origin: .imported,
        entries: statutory.entries + [try entry("2026-08-31", .holiday), try entry("2026-08-22", .makeUp)])
}

extension SeededGenerator {
    /// Often at, before or after one of the instants at which something changes.
    mutating func workingInstant() -> Instant {
        let days = Int64.random(in: 18_700...47_400, using: &self)
        let date = CalendarDate(daysSince1970: days)
        let edges = [0, 450, 690, 810, 1_020, 1_440]
        let minute = edges.randomElement(using: &self) ?? 0
        let edge = Instant(vietnam: date, minute: minute)
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return edge
        case 1: return Instant(microseconds: edge.microseconds - 1)
        case 2: return Instant(microseconds: edge.microseconds + 1)
        default: return Instant(microseconds: edge.microseconds + Int64.random(in: 0..<86_400_000_000, using: &self))
        }
    }
}
