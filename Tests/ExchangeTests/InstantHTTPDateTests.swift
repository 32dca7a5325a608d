// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct InstantHTTPDateTests {
    private static let now = Instant(vietnam: CalendarDate(daysSince1970: 20_778))

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"), ("Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"),
        ("Sat, 21 Nov 2026 23:59:59 GMT", "2026-11-21T23:59:59Z"),
        ("Saturday, 21-Nov-26 17:00:00 GMT", "2026-11-21T17:00:00Z"),
        ("Saturday, 21-Nov-76 17:00:00 GMT", "2076-11-21T17:00:00Z"),
        ("Saturday, 21-Nov-77 17:00:00 GMT", "1977-11-21T17:00:00Z"),
    ])
    func reads(text: String, instant: String) throws {
        #expect(try Instant(httpDate: text, now: Self.now) == Instant(iso8601: instant))
    }

    @Test(arguments: [
        "", "Sun", "Sun,", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun Nov 6 08:49:37 1994",
        "Sun, 06-Nov-1994 08:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT",
    ])
    func refuses(text: String) {
        #expect(throws: ParsingProblem.self) { try Instant(httpDate: text, now: Self.now) }
    }
}
