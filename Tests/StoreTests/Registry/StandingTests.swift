// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import TestKit
import Testing

@testable import Store

/// How the exchange with an agency goes, as it is kept while packages are fetched and carried.
@Suite(.timeLimit(.minutes(2))) struct StandingTests {
    private func standing(_ agency: TestAgency, _ bench: AcceptBench) async throws -> AgencyStanding? {
        let key = try bench.key(agency)
        return try await bench.database.standings(of: [key])[key]
    }

    @Test func aFetchIsAPickUpAndTheOldestThatWaitsIsKnown() async throws {
        let bench = try await AcceptBench()
        #expect(
            try await standing(.finance, bench)
                == AgencyStanding(endpoint: nil, pickedUpAt: nil, waitingSince: nil))
        let start = Instant(microseconds: Instant.now().microseconds / 1_000_000 * 1_000_000)
        for number in 0..<2 {
            let at = start.advanced(by: .seconds(number))
            _ = try await bench.store.accept(bench.acceptance("VB-\(number)", at: at))
        }
        let key = try bench.key(.finance)
        let lines = try await bench.pending(.finance)
        func fetch(_ seconds: Int) async throws {
            _ = try await bench.database.fetch(
                id: lines[0].id.uuid, agencies: [key], system: TestAgency.finance.systemID, request: RequestID(),
                at: start.advanced(by: .seconds(seconds)))
        }
        #expect(try await standing(.finance, bench)?.waitingSince == start)
        // To the minute; the sender's own reading is none.
        for (seconds, noted) in [(10, 10), (69, 10), (70, 70)] {
            try await fetch(seconds)
            #expect(try await standing(.finance, bench)?.pickedUpAt == start.advanced(by: .seconds(noted)))
        }
        _ = try await bench.fetch(lines[0].id.uuid, by: .finance)
        #expect(try await standing(.construction, bench)?.pickedUpAt == nil)
        await bench.close()
    }

    @Test func whatEntersAnEndpointIsAPickUpAndAFailingOneIsKnown() async throws {
        let bench = try await QueueBench()
        _ = try await bench.accept(2)
        let now = Instant(microseconds: Instant.now().microseconds / 1_000_000 * 1_000_000)
        #expect(try await standing(.finance, bench.accepting)?.endpoint == .open)
        try await bench.database.setFailing(bench.endpoint, isFailing: true, at: now)
        #expect(try await standing(.finance, bench.accepting)?.endpoint == .failing(since: now))
        let claims = try await bench.claim()
        for (claim, seconds) in zip(claims, [0, 30]) {
            try await bench.finish(claim, .entered, at: now.advanced(by: .seconds(seconds)))
        }
        let after = try #require(try await standing(.finance, bench.accepting))
        #expect(after.endpoint == .open && after.pickedUpAt == now && after.waitingSince == nil)
        let finance = try AgencyID(parsing: TestAgency.finance.code)
        _ = try await bench.database.setSuspended(
            true, endpointOf: finance, reason: "thử", actor: "operator:test", at: now)
        #expect(try await standing(.finance, bench.accepting)?.endpoint == .suspended(since: now))
        await bench.close()
    }
}
