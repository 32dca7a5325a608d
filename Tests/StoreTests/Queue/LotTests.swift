// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Claims and their ends that share a transaction.
@Suite(.timeLimit(.minutes(3))) struct LotTests {
    @Test func claimsAtManyEndpointsAreEachServedToTheirOwnLimit() async throws {
        let bench = try await QueueBench()
        let other = try await bench.database.setEndpoint(
            of: AgencyID(parsing: TestAgency.treasury.code), url: "https://khobac.example/nhan", actor: "operator:test",
            at: .now()
        ).endpoint
        let version = try await bench.database.registryVersion()
        for (number, urgency) in [Urgency.normal, .immediate, .normal, .immediate, .normal].enumerated() {
            let acceptance = try bench.accepting.acceptance(
                "CHUNG-\(number)", to: [.finance, .treasury], version: version
            ) { $0.urgency = urgency }
            _ = try await bench.accepting.store.accept(acceptance)
        }
        func claim(_ limits: (EndpointKey, Int)..., by node: NodeID) async throws -> [EndpointKey: [ClaimedDelivery]] {
            let requests = limits.map {
                ClaimRequest(endpoint: $0.0, limit: $0.1, node: node, cursor: ClaimCursor())
            }
            return try await bench.database.claim(requests, by: node)
        }
        let first = try await claim((bench.endpoint, 3), (other, 1), by: bench.two)
        #expect(first[bench.endpoint]?.map(\.rank) == [1, 1, 4])
        #expect(first[other]?.map(\.rank) == [1])
        let carriers: [UUID] = try await bench.accepting.column(
            "SELECT DISTINCT node AS value FROM queue WHERE endpoint_id = $1 AND node IS NOT NULL", [.int8(other.value)]
        )
        #expect(carriers == [bench.two.uuid])
        let rest = try await claim((bench.endpoint, 9), (other, 9), by: bench.one)
        #expect(rest[bench.endpoint]?.count == 2 && rest[other]?.count == 4)
        await bench.close()
    }

    @Test func endsOfEveryKindShareATransactionAndEachCountsAsAlone() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(6)
        let claimed = try await bench.claim()
        let byID = Dictionary(uniqueKeysWithValues: claimed.map { ($0.id, $0) })
        // The fourth was freed and claimed anew meanwhile, the fifth given up.
        let stale = try #require(byID[ids[3]])
        try await bench.database.abandon(stale)
        let again = try #require(try await bench.claim(by: bench.two).first)
        #expect(again.id == ids[3] && again.token > stale.token)
        _ = try await bench.database.order(.expire, ids[4], reason: "thử", actor: "operator:test", at: .now())
        let now = Instant.now()
        let outcomes: [AttemptOutcome] = [
            .entered, .failed(AttemptFailure(.pushUnreachable, detail: "từ chối")),
            .refused(AttemptFailure(.pushRefused, httpStatus: 422, detail: "sai mã")), .entered, .entered,
            .gone(AttemptFailure(.pushGone, httpStatus: 410)),
        ]
        let ended = try zip(ids, outcomes).map { id, outcome in
            EndedAttempt(
                claim: try #require(byID[id]), outcome: outcome, node: bench.one, beganAt: now, endedAt: now,
                chance: 0.5)
        }
        let finished = try await bench.database.finish(ended.reversed()).reversed().map { try $0.get() }
        #expect(finished[0] == .counted(.delivered, nextAt: nil))
        guard case .counted(.waiting, let next?) = finished[1] else {
            Issue.record("\(finished[1])")
            return
        }
        #expect(next > now)
        #expect(finished[2] == .counted(.refused, nextAt: nil))
        #expect(finished[3] == .late)
        #expect(finished[4] == .counted(.delivered, nextAt: nil))
        #expect(finished[5] == .counted(.waiting, nextAt: nil))
        #expect(try await bench.database.registry().endpoints.map(\.isSuspended) == [true])
        var states: [DeliveryState?] = []
        for id in ids { states.append(try await bench.state(id)) }
        #expect(states == [.delivered, .waiting, .refused, .waiting, .delivered, .waiting])
        let late: [Bool] = try await bench.accepting.column(
            "SELECT is_late AS value FROM delivery_attempt ORDER BY delivery_id")
        #expect(late == [false, false, false, true, false, false])
        #expect(try await bench.events(ids[0]) == ["delivery.delivered"])
        #expect(try await bench.events(ids[3]) == [])
        // Who holds it now ends it as if nothing had been.
        #expect(try await bench.finish(again, .entered, by: bench.two) == .counted(.delivered, nextAt: nil))
        await bench.close()
    }

    @Test func theFaultOfOneKeepsNoOtherFromBeingWritten() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        let first = claimed[0]
        let nobody = ClaimedDelivery(
            id: DeliveryID(), packageID: first.packageID, messageType: .edoc, endpoint: first.endpoint,
            token: first.token, attempt: 1, rank: first.rank, sha256: first.sha256, content: first.content)
        let now = Instant.now()
        let results = await bench.database.finish(
            [claimed[0], nobody, claimed[1]].map {
                EndedAttempt(
                    claim: $0, outcome: .entered, node: bench.one, beganAt: now, endedAt: now, chance: 0.5)
            })
        #expect(try results[0].get() == .counted(.delivered, nextAt: nil))
        #expect(throws: Refusal.self) { try results[1].get() }
        #expect(try results[2].get() == .counted(.delivered, nextAt: nil))
        for id in ids { #expect(try await bench.events(id) == ["delivery.delivered"]) }
        await bench.close()
    }
}
