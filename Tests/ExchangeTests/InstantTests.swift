// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@Suite struct InstantTests {
    /// 2026-11-21T16:04:05.123456+07:00.
    private let afternoon = Instant(microseconds: 1_795_251_845_123_456)

    @Test func `one instant in every written form`() {
        #expect(afternoon.iso8601 == "2026-11-21T16:04:05.123+07:00")
        #expect(afternoon.description == afternoon.iso8601)
        #expect(afternoon.edXML == "2026/11/21 16:04:05")
        #expect(afternoon.vxp == "21/11/2026 16:04:05")
        #expect(afternoon.vxpHeader == "21112026T160405+0123")
        #expect(afternoon.vietnamDate == CalendarDate(year: 2026, month: 11, day: 21))
    }

    @Test func `every written form is read`() throws {
        let whole = Instant(microseconds: 1_795_251_845_000_000)
        #expect(try Instant(edXML: "2026/11/21 16:04:05") == whole)
        #expect(try Instant(vxp: "21/11/2026 16:04:05") == whole)
        #expect(try Instant(vxpHeader: "21112026T160405+0123") == whole.advanced(by: .milliseconds(123)))
        for text in [
            "2026-11-21T16:04:05+07:00", "2026-11-21T09:04:05Z", "2026-11-21T09:04:05.0Z",
            "2026-11-20T19:04:05.000000-14:00",
            "2026-11-21T14:34:05+05:30",
        ] {
            #expect(try Instant(iso8601: text) == whole, "\(text)")
        }
        #expect(try Instant(iso8601: "2026-11-21T16:04:05.123456+07:00") == afternoon)
        #expect(try Instant(iso8601: "2026-11-21T16:04:05.1+07:00") == whole.advanced(by: .milliseconds(100)))
    }

    @Test func `the plus of a VXP timestamp is no zone`() throws {
        #expect(try Instant(vxpHeader: "13102025T142233+0456").iso8601 == "2025-10-13T14:22:33.456+07:00")
        #expect(throws: ParsingProblem("timestamp", "expected a number from 0 to 999", at: 16)) {
            try Instant(vxpHeader: "13102025T142233+1000")
        }
    }

    @Test(arguments: [
        (Int64(-1), "1970-01-01T06:59:59.999+07:00"), (0, "1970-01-01T07:00:00.000+07:00"),
        (-25_200_000_000, "1970-01-01T00:00:00.000+07:00"), (-25_200_000_001, "1969-12-31T23:59:59.999+07:00"),
        (951_757_200_000_000, "2000-02-29T00:00:00.000+07:00"),
        (-2_203_916_400_000_000, "1900-03-01T00:00:00.000+07:00"),
        (4_107_517_199_999_999, "2100-02-28T23:59:59.999+07:00"),
        (4_107_517_200_000_000, "2100-03-01T00:00:00.000+07:00"),
    ])
    func `instants before 1970 and at the ends of days`(microseconds: Int64, text: String) throws {
        let instant = Instant(microseconds: microseconds)
        #expect(instant.iso8601 == text)
        let read = try Instant(iso8601: text)
        #expect(read <= instant)
        #expect(instant.duration(since: read) < .milliseconds(1))
    }

    @Test func `numbers beyond the calendar become its ends and nothing overflows`() throws {
        #expect(Instant.earliest.iso8601 == "0001-01-01T00:00:00.000+07:00")
        #expect(Instant.latest.iso8601 == "9999-12-31T23:59:59.999+07:00")
        #expect(Instant(microseconds: .max) == .latest)
        #expect(Instant(microseconds: .min) == .earliest)
        let far = Duration(secondsComponent: .max, attosecondsComponent: 0)
        #expect(afternoon.advanced(by: far) == .latest)
        #expect(afternoon.advanced(by: .zero - far) == .earliest)
        #expect(Instant.latest.advanced(by: .microseconds(1)) == .latest)
        let whole = Instant.latest.duration(since: .earliest)
        #expect(Instant.earliest.advanced(by: whole) == .latest)
        for instant in [Instant.earliest, .latest] {
            #expect(try Instant(iso8601: instant.iso8601).vietnamDate == instant.vietnamDate)
        }
    }

    @Test(arguments: ["0001-01-01T00:00:00+07:01", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999+06:59"])
    func `a text outside the calendar is refused, not bent`(text: String) {
        #expect(throws: ParsingProblem("Instant", "is outside the years 1 to 9999 in Vietnam's time")) {
            try Instant(iso8601: text)
        }
    }

    @Test func `written and read again, over the whole calendar`() throws {
        var generator = SeededGenerator(seed: 14_4)
        for _ in 0..<5_000 {
            let instant = Instant(
                microseconds: Int64.random(
                    in: Instant.earliest.microseconds...Instant.latest.microseconds, using: &generator))
            let milliseconds = floor(instant, to: 1_000)
            let seconds = floor(instant, to: 1_000_000)
            #expect(try Instant(iso8601: instant.iso8601) == milliseconds)
            #expect(try Instant(vxpHeader: instant.vxpHeader) == milliseconds)
            #expect(try Instant(edXML: instant.edXML) == seconds)
            #expect(try Instant(vxp: instant.vxp) == seconds)
            #expect(try JSONDecoder().decode([Instant].self, from: JSONEncoder().encode([instant])) == [milliseconds])
        }
    }

    @Test func `moving and measuring agree`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1_000 {
            let start = Instant(microseconds: Int64.random(in: 0...4_000_000_000_000_000, using: &generator))
            let step = Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator)
            let end = start.advanced(by: .microseconds(step))
            #expect(end.microseconds - start.microseconds == step)
            #expect(end.duration(since: start) == .microseconds(step))
            #expect((start < end) == (step > 0))
        }
    }

    @Test func `a wall clock in Vietnam`() throws {
        let date = try #require(CalendarDate(year: 2026, month: 12, day: 31))
        #expect(Instant(vietnam: date).iso8601 == "2026-12-31T00:00:00.000+07:00")
        #expect(Instant(vietnam: date, hour: 24).iso8601 == "2027-01-01T00:00:00.000+07:00")
        let last = Instant(vietnam: date, hour: 23, minute: 59, second: 58, milliseconds: 7)
        #expect(last.iso8601 == "2026-12-31T23:59:58.007+07:00")
    }

    @Test func `now is now`() throws {
        let before = Int64(Date().timeIntervalSince1970 * 1_000_000)
        let now = Instant.now().microseconds
        let after = Int64(Date().timeIntervalSince1970 * 1_000_000)
        // Date counts in binary fractions: a few microseconds are its own rounding.
        #expect((before - 10...after + 10).contains(now))
    }

    @Test(arguments: [
        ("", 0), ("2026-11-21", 10), ("2026-11-21 16:04:05Z", 10), ("2026-11-21T24:00:00Z", 11),
        ("2026-11-21T16:60:05Z", 14),
        ("2026-11-21T16:04:60Z", 17), ("2026-11-21T16:04:05", 19), ("2026-11-21T16:04:05.Z", 20),
        ("2026-11-21T16:04:05.1234567Z", 26), ("2026-11-21T16:04:05+7:00", 21), ("2026-11-21T16:04:05+0700", 22),
        ("2026-11-21T16:04:05+15:00", 20), ("2026-11-21T16:04:05+07:60", 23), ("2026-11-21T16:04:05Zx", 20),
        ("2026-02-29T16:04:05Z", 8), ("٢026-11-21T16:04:05Z", 0),
    ])
    func `a problem in ISO 8601 says where`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try Instant(iso8601: text) }
        #expect(problem?.offset == offset)
    }

    @Test(arguments: [
        ("31/11/2026 16:04:05", 0), ("29/02/2026 16:04:05", 0), ("21-11-2026 16:04:05", 2), ("21/13/2026 16:04:05", 3),
        ("21/11/0000 16:04:05", 6), ("21/11/2026T16:04:05", 10), ("21/11/2026 16:04:05.1", 19),
        ("2026/11/21 16:04:05", 2),
    ])
    func `a problem in a VXP date says where`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try Instant(vxp: text) }
        #expect(problem?.offset == offset)
    }

    @Test(arguments: [
        ("31112026T160405+0123", 0), ("21112026 160405+0123", 8), ("21112026T160405-0123", 15),
        ("21112026T160405+123", 19),
        ("21112026T160405+01234", 20), ("21112026T250405+0123", 9), ("21/11/2026T160405+0123", 2),
    ])
    func `a problem in a VXP timestamp says where`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try Instant(vxpHeader: text) }
        #expect(problem?.offset == offset)
    }

    @Test(arguments: [
        ("2026/11/21T16:04:05", 10), ("2026/11/21 16:04", 16), ("2026/11/21 16:04:05 ", 19), ("2026-11-21", 4),
    ])
    func `a problem in an edXML timestamp says where`(text: String, offset: Int) {
        let problem = #expect(throws: ParsingProblem.self) { try Instant(edXML: text) }
        #expect(problem?.offset == offset)
    }

    @Test func `any text is read or refused`() {
        let lawful = [afternoon.iso8601, afternoon.edXML, afternoon.vxp, afternoon.vxpHeader, "2026-11-21T09:04:05Z"]
        var generator = SeededGenerator(seed: 1975)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = generator.hostileText(near: lawful)
            if let instant = try? Instant(iso8601: text) {
                accepted += 1
                #expect((Instant.earliest...Instant.latest).contains(instant))
            }
            if let instant = try? Instant(edXML: text) { #expect(instant.edXML == text) }
            if let instant = try? Instant(vxp: text) { #expect(instant.vxp == text) }
            if let instant = try? Instant(vxpHeader: text) { #expect(instant.vxpHeader == text) }
        }
        #expect(accepted > 10)
        #expect(throws: ParsingProblem.self) { try Instant(iso8601: String(repeating: "2", count: 1_000_000)) }
    }

    private func floor(_ instant: Instant, to unit: Int64) -> Instant {
        let remainder = instant.microseconds % unit
        return Instant(microseconds: instant.microseconds - (remainder < 0 ? remainder + unit : remainder))
    }
}
