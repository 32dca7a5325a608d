// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseCalendarTests {
    private let digest = SHA256Digest(of: Array("tệp".utf8))
    private let actor = "operator:test"

    private func year(_ lines: String, decision: String = "1/QĐ") throws -> CalendarYear {
        let founded = Decision(number: decision, date: try CalendarDate(iso8601: "2025-10-16"))
        return try #require(CalendarFile(reading: Array(lines.utf8), decision: founded).year)
    }

    @Test func whatIsImportedIsReadBackAndStandsInTheHistory() async throws {
        let bench = try await AcceptBench()
        #expect(try await bench.database.calendarYears().isEmpty)
        let first = try year("2026-02-17,holiday,Tết\n2026-08-22,make-up,Làm bù 'x',2/QĐ,2026-01-05\n")
        let now = Instant.now()
        #expect(try await bench.database.importCalendar(first, file: digest, actor: actor, at: now) == nil)
        #expect(try await bench.database.calendarYears() == [first])
        let details: [String] = try await bench.column(
            "SELECT detail::text AS value FROM history WHERE event = 'calendar.imported' AND actor = '\(actor)'")
        let detail = try #require(try JSONSerialization.jsonObject(with: Data(details.joined().utf8)) as? [String: Any])
        #expect(detail["year"] as? Int == 2026 && detail["entries"] as? Int == 2 && detail["replaced"] as? Int == 0)
        #expect(detail["fileSHA256"] as? String == digest.hex)
        #expect(detail["decisions"] as? [String] == ["1/QĐ, 2025-10-16", "2/QĐ, 2026-01-05"])
        await bench.close()
    }

    @Test func aYearIsReplacedWholeAndNoOtherIsTouched() async throws {
        let bench = try await AcceptBench()
        let old = try year("2026-01-01,holiday,a\n2026-12-31,holiday,b")
        let neighbours = [try year("2025-12-31,holiday,c"), try year("2027-01-01,holiday,d")]
        for one in neighbours + [old] {
            #expect(try await bench.database.importCalendar(one, file: digest, actor: actor, at: .now()) == nil)
        }
        let new = try year("2026-12-31,holiday,b\n2026-05-04,holiday,e", decision: "9/QĐ")
        #expect(try await bench.database.importCalendar(new, file: digest, actor: actor, at: .now()) == old)
        #expect(try await bench.database.calendarYears() == [neighbours[0], new, neighbours[1]])
        #expect(try await bench.count("history WHERE event = 'calendar.imported'") == 4)
        await bench.close()
    }

    @Test func twoImportsAtOnceDoNotBecomeOneYear() async throws {
        let bench = try await AcceptBench()
        let one = try year("2026-01-01,holiday,a\n2026-04-30,holiday,a")
        let other = try year("2026-01-01,holiday,b\n2026-05-01,holiday,b")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<8 {
                group.addTask {
                    _ = try await bench.database.importCalendar(
                        round.isMultiple(of: 2) ? one : other, file: digest, actor: actor, at: .now())
                }
            }
            try await group.waitForAll()
        }
        let stored = try await bench.database.calendarYears()
        #expect(stored == [one] || stored == [other])
        await bench.close()
    }
}
