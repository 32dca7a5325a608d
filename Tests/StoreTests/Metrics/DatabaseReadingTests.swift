// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseReadingTests {
    @Test func theBacklogIsToldByAgeAndTheOldestByAgency() async throws {
        let bench = try await AcceptBench()
        // To the millisecond, as the ids are.
        let now = Instant(microseconds: Instant.now().microseconds / 1_000 * 1_000)
        var ids: [String: DeliveryID] = [:]
        for (name, seconds, agency) in [
            ("now", 0, TestAgency.finance), ("a minute", 60, .finance), ("more", 61, .treasury),
            ("old", 7_200, .treasury),
            ("done", 90_000, .finance),
        ] {
            let acceptance = try bench.acceptance(name, to: [agency], at: now.advanced(by: .seconds(-seconds)))
            ids[name] = acceptance.package.deliveries.first?.id
            _ = try await bench.store.accept(acceptance)
        }
        let done = try #require(ids["done"])
        _ = try await bench.database.confirm(
            done, .done, description: nil, agencies: [bench.key(.finance)], system: TestAgency.finance.systemID,
            request: RequestID(), at: now)

        let reading = try await bench.database.reading(ages: [60, 3_600], now: now)
        #expect(reading.backlog == [2, 1, 1])
        #expect(reading.oldest.map(\.agency) == [TestAgency.treasury.code, TestAgency.finance.code])
        #expect(
            reading.oldest.map(\.since)
                == [now.advanced(by: .seconds(-7_200)), now.advanced(by: .seconds(-60))])
        #expect(reading.held == 0)
        #expect(reading.walPosition > 0 && reading.walRetained == 0)

        let held = try #require(ids["old"])
        _ = try await bench.database.confirm(
            held, .fail, description: "hỏng", agencies: [bench.key(.treasury)], system: TestAgency.treasury.systemID,
            request: RequestID(), maxFailures: 1, at: now)
        let later = try await bench.database.reading(ages: [60, 3_600], now: now)
        #expect(later.backlog == [2, 1, 0])
        #expect(later.held == 1)
        #expect(later.walPosition > reading.walPosition)
        await bench.close()
    }

    @Test func theDatabasesClockIsComparedWithOurs() async throws {
        let bench = try await AcceptBench()
        let agreed = try await bench.database.clockOffset { Instant.now() }
        // One machine, one clock: what is left is the way to the database and back.
        #expect(agreed.offset < .seconds(1) && agreed.offset > .seconds(-1))
        let behind = try await bench.database.clockOffset { Instant.now().advanced(by: .seconds(-60)) }
        #expect(behind.offset > .seconds(59) && behind.offset < .seconds(61))
        await bench.close()
    }

    @Test func anOffsetKnowsHowWrongItMayBe() {
        let asked = Instant(microseconds: 1_000_000)
        let offset = ClockOffset(
            asked: asked, told: asked.advanced(by: .seconds(3)), answered: asked.advanced(by: .seconds(2)))
        #expect(offset == ClockOffset(.seconds(2), uncertainty: .seconds(1)))
    }

    @Test func theEarliestIdOfAnInstantSortsBeforeThoseMadeThen() {
        let at = Instant(microseconds: 1_700_000_000_123_456)
        let earliest = DeliveryID.earliest(at: at)
        #expect(earliest < DeliveryID(at: at))
        #expect(earliest < DeliveryID(at: Instant(microseconds: 1_700_000_000_123_000)))
        #expect(DeliveryID(at: Instant(microseconds: 1_700_000_000_122_999)) < earliest)
    }
}
