// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseDowntimeTests {
    private let start = Instant(vietnam: CalendarDate(daysSince1970: 20_518), hour: 8)

    private func after(_ seconds: Int64) -> Instant { start.advanced(by: .seconds(seconds)) }

    @Test func aSilenceThatIsTooLongIsADowntime() async throws {
        let bench = try await AcceptBench()
        let database = bench.database
        // Before the first sign there was no hub that could be down.
        #expect(try await database.downtimes(since: .earliest, now: after(1_000_000)).isEmpty)
        #expect(try await database.showLife(at: start) == nil)
        #expect(try await database.showLife(at: after(60)) == nil)
        #expect(try await database.downtimes(since: .earliest, now: after(120)).isEmpty)
        // It lasts, nobody has written it down yet.
        let open = HubDowntime(from: after(60), to: after(121))
        #expect(try await database.downtimes(since: .earliest, now: after(121)) == [open])
        let first = HubDowntime(from: after(60), to: after(500))
        #expect(try await database.showLife(at: after(500)) == first)
        #expect(try await database.showLife(at: after(510)) == nil)
        let second = try #require(try await database.showLife(at: after(9_000)))
        #expect(second == HubDowntime(from: after(510), to: after(9_000)))
        #expect(try await database.downtimes(since: .earliest, now: after(9_001)) == [first, second])
        #expect(try await database.downtimes(since: after(500), now: after(9_001)) == [second])
        #expect(try await database.downtimes(since: after(499), now: after(9_001)) == [first, second])
        #expect(try await database.downtimes(since: after(9_000), now: after(9_001)).isEmpty)
        let events: [String] = try await bench.column(
            "SELECT detail ->> 'from' AS value FROM history WHERE event = 'hub.downtime' AND actor = 'hub' ORDER BY at")
        #expect(events == [after(60).iso8601, after(510).iso8601])
        await bench.close()
    }

    @Test func aClockThatGoesBackIsNotBelieved() async throws {
        let bench = try await AcceptBench()
        try await bench.database.showLife(at: after(1_000))
        #expect(try await bench.database.showLife(at: start) == nil)
        #expect(try await bench.database.showLife(at: after(1_060)) == nil)
        #expect(try await bench.database.downtimes(since: .earliest, now: after(1_061)).isEmpty)
        await bench.close()
    }

    @Test func nodesTogetherAreDownOnce() async throws {
        let bench = try await AcceptBench()
        try await bench.database.showLife(at: start)
        let found = try await withThrowingTaskGroup(of: HubDowntime?.self) { group in
            for node in 0..<8 {
                group.addTask { try await bench.database.showLife(at: after(1_000 + Int64(node))) }
            }
            return try await group.reduce(into: [HubDowntime]()) { found, one in if let one { found.append(one) } }
        }
        #expect(found.count == 1)
        #expect(try await bench.database.downtimes(since: .earliest, now: after(1_010)) == found)
        await bench.close()
    }
}
