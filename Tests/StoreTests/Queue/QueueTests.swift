// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct QueueTests {
    private let failed = AttemptOutcome.failed(AttemptFailure(.pushUnreachable, detail: "kết nối bị từ chối"))

    @Test func theMostUrgentGoesFirstAndTheOldestWithin() async throws {
        let bench = try await QueueBench()
        var expected: [DeliveryID] = []
        for urgency in Urgency.allCases {
            expected = try await bench.accept(3, urgency, prefix: "\(urgency)") + expected
        }
        var cursor = ClaimCursor()
        var order: [DeliveryID] = []
        while true {
            let (claimed, next) = try await bench.database.claim(
                bench.endpoint, limit: 4, node: bench.one, cursor: cursor)
            if claimed.isEmpty { break }
            #expect(claimed.allSatisfy { $0.attempt == 1 && $0.messageType == .edoc })
            order += claimed.map(\.id)
            cursor = next
        }
        #expect(order == expected)
        await bench.close()
    }

    /// Its hour is the one by which it must be there, and no field of edXML names it: it goes at once, before all others.
    @Test func `hỏa tốc hẹn giờ waits for no hour`() async throws {
        let bench = try await QueueBench()
        let now = Instant.now()
        let urgent = try await bench.accept(1, .immediate, prefix: "hỏa tốc", at: now.advanced(by: .seconds(-60)))
        let acceptance = try bench.accepting.acceptance(
            "hẹn giờ", version: try await bench.database.registryVersion(), at: now
        ) { envelope in
            envelope.urgency = .immediateTimed
            envelope.dueDate = now.vietnamDate.adding(days: 1)
        }
        _ = try await bench.accepting.store.accept(acceptance)
        let timed = acceptance.package.deliveries.map(\.id)
        #expect(try await bench.claim().map(\.id) == timed + urgent)
        // Who pulls has it in the list from the beginning, too.
        #expect(try await bench.accepting.pending(.finance).map(\.id).contains(timed))
        await bench.close()
    }

    @Test func onlyWhoHasAnEndpointIsCarriedTo() async throws {
        let bench = try await QueueBench()
        let version = try await bench.database.registryVersion()
        _ = try await bench.accepting.store.accept(
            bench.accepting.acceptance("VB-1", to: [.treasury, .finance], version: version))
        let queued = try await bench.accepting.count("queue")
        #expect(queued == 1)
        #expect(bench.accepting.store.due.take() == [bench.endpoint])
        #expect(bench.accepting.store.due.take() == [])
        #expect(try await bench.database.endpointsWithWork() == [bench.endpoint])
        #expect(try await bench.claim().count == 1)
        #expect(try await bench.database.endpointsWithWork() == [])
        await bench.close()
    }

    @Test func theBytesThatAreCarriedAreThoseThatCame() async throws {
        let bench = try await QueueBench()
        try await bench.accept(1)
        let claimed = try #require(try await bench.claim().first)
        let content = try claimed.content.get()
        let bytes = try await bench.accepting.store.content.readWhole(content)
        #expect(String(decoding: bytes, as: UTF8.self) == "<edXML>VB-0</edXML>")
        #expect(claimed.sha256 == content.sha256)
        await bench.close()
    }

    @Test func whatHasEnteredIsDeliveredOnceAndLeavesTheList() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        let claimed = try #require(try await bench.claim().first)
        #expect(try await bench.finish(claimed, .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.finish(claimed, .entered) == .late)
        #expect(try await bench.state(id) == .delivered)
        #expect(try await bench.accepting.pending(.finance) == [])
        #expect(try await bench.events(id) == ["delivery.delivered"])
        #expect(try await bench.accepting.count("queue") == 0)
        #expect(try await bench.accepting.count("delivery_attempt") == 1)
        let entered: [Int64] = try await bench.accepting.column(
            "SELECT count(*) AS value FROM delivery WHERE entered_at IS NOT NULL")
        #expect(entered == [1])
        await bench.close()
    }

    @Test func whatFailsIsTriedAgainInItsTime() async throws {
        let bench = try await QueueBench()
        let start = Instant.now()
        let id = try await bench.accept(1, at: start)[0]
        let first = try #require(try await bench.claim().first)
        let due = start.advanced(by: .seconds(5))
        #expect(try await bench.finish(first, failed, at: start) == .counted(.waiting, nextAt: due))
        #expect(try await bench.claim().isEmpty)
        #expect(try await bench.database.sweep(at: due.advanced(by: .microseconds(-1))).endpoints == [])
        #expect(try await bench.database.sweep(at: due).endpoints == [bench.endpoint])
        let second = try #require(try await bench.claim().first)
        #expect(second.id == id && second.attempt == 2 && second.token > first.token)
        // Three days later no time is left: given up by name, and in the history.
        let late = start.advanced(by: .seconds(3 * 86_400 + 1))
        #expect(try await bench.finish(second, failed, at: late) == .counted(.expired, nextAt: nil))
        #expect(try await bench.events(id) == ["delivery.expired"])
        let refusals: [String] = try await bench.accepting.column("SELECT refusal AS value FROM delivery")
        #expect(refusals == ["delivery.expired"])
        #expect(try await bench.accepting.pending(.finance) == [])
        await bench.close()
    }

    @Test func whatIsRefusedIsNotTriedAgainUntilSomebodyAsks() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        let claimed = try #require(try await bench.claim().first)
        let refused = AttemptOutcome.refused(AttemptFailure(.pushRefused, httpStatus: 422, detail: "sai mã"))
        #expect(try await bench.finish(claimed, refused) == .counted(.refused, nextAt: nil))
        #expect(try await bench.claim().isEmpty)
        try await bench.order(.retry, id)
        let again = try #require(try await bench.claim().first)
        #expect(again.attempt == 1 && again.token > claimed.token)
        #expect(try await bench.finish(again, .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.events(id) == ["delivery.refused", "delivery.retried", "delivery.delivered"])
        await bench.close()
    }

    @Test func anEndpointThatIsGoneIsSuspendedAndItsDeliveriesWait() async throws {
        let bench = try await QueueBench()
        try await bench.accept(2)
        let claimed = try await bench.claim()
        let gone = AttemptOutcome.gone(AttemptFailure(.pushGone, httpStatus: 410))
        let version = try await bench.database.registryVersion()
        for claim in claimed { #expect(try await bench.finish(claim, gone) == .counted(.waiting, nextAt: nil)) }
        let records = try await bench.database.registry()
        #expect(records.endpoints.map(\.isSuspended) == [true] && records.version == version + 1)
        let listed = try #require(try await bench.database.endpoints().first)
        #expect(listed.isSuspended && listed.waiting == 2 && listed.reason?.hasPrefix("push.gone") == true)
        #expect(try await bench.accepting.pending(.finance).count == 2)
        let resumed = try await bench.database.setSuspended(
            false, endpointOf: AgencyID(parsing: TestAgency.finance.code), reason: "đã sửa", actor: "operator:test",
            at: .now())
        #expect(resumed)
        // It counted as no attempt.
        #expect(try await bench.claim().map(\.attempt) == [1, 1])
        await bench.close()
    }

    @Test func whatARecipientConfirmsIsNotCarriedAnyMore() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim(1)
        for id in ids {
            _ = try await bench.database.confirm(
                id, .done, description: nil, agencies: [bench.accepting.key(.finance)],
                system: TestAgency.finance.systemID, request: RequestID(), at: .now())
        }
        #expect(try await bench.claim().isEmpty)
        #expect(try await bench.finish(claimed[0], .entered) == .late)
        #expect(try await bench.events(ids[0]) == ["delivery.delivered"])
        let late: [Bool] = try await bench.accepting.column("SELECT is_late AS value FROM delivery_attempt")
        #expect(late == [true])
        await bench.close()
    }

    @Test func twoNodesNeverCarryTheSame() async throws {
        let bench = try await QueueBench()
        try await bench.accept(60)
        let claims = try await withThrowingTaskGroup(of: [ClaimedDelivery].self) { group in
            for number in 0..<8 {
                // Past what gathers claims: as two hubs would.
                let node = number % 2 == 0 ? bench.one : bench.two
                let request = ClaimRequest(endpoint: bench.endpoint, limit: 16, node: node, cursor: ClaimCursor())
                group.addTask { try await bench.database.claim([request], by: node)[bench.endpoint] ?? [] }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(claims.map(\.id)).count == claims.count && claims.count >= 16)
        #expect(Set(claims.map(\.token)).count == claims.count)
        await bench.close()
    }

    @Test func aSilentNodesWorkIsAnothersAndItsFinishIsLate() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        let mine = try #require(try await bench.claim(by: bench.one).first)
        #expect(try await bench.database.beat(bench.two))
        #expect(try await bench.database.freeSilent() == [])
        try await bench.silence(bench.one)
        #expect(try await bench.database.freeSilent() == [bench.endpoint])
        let theirs = try #require(try await bench.claim(by: bench.two).first)
        #expect(theirs.id == id && theirs.token > mine.token)
        // It comes back, and did nothing that counts; the same delivery goes on.
        #expect(try await bench.database.beat(bench.one) == false)
        #expect(try await bench.finish(mine, .entered, by: bench.one) == .late)
        #expect(try await bench.state(id) == .waiting)
        #expect(try await bench.finish(theirs, .entered, by: bench.two) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.events(id) == ["delivery.delivered"])
        await bench.close()
    }

    @Test func whatNobodyTookOverMayStillBeFinished() async throws {
        let bench = try await QueueBench()
        try await bench.accept(1)
        let claimed = try #require(try await bench.claim().first)
        try await bench.silence(bench.one)
        _ = try await bench.database.freeSilent()
        #expect(try await bench.finish(claimed, .entered) == .counted(.delivered, nextAt: nil))
        await bench.close()
    }

    @Test func whatIsGivenBackCountsAsNoAttempt() async throws {
        let bench = try await QueueBench()
        try await bench.accept(1)
        let claimed = try #require(try await bench.claim().first)
        try await bench.database.abandon(claimed)
        let again = try #require(try await bench.claim(by: bench.two).first)
        #expect(again.attempt == 1)
        // Whoever lost it gives nothing of another's back.
        try await bench.database.abandon(claimed)
        #expect(try await bench.claim().isEmpty)
        await bench.close()
    }

    @Test func whatIsHeldWhileItIsCarriedIsDeliveredAllTheSame() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        for id in ids { try await bench.order(.hold, id) }
        #expect(try await bench.finish(claimed[0], .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.finish(claimed[1], failed) != .late)
        _ = try await bench.database.sweep(at: .latest)
        #expect(try await bench.claim().isEmpty)
        #expect(try await bench.state(ids[1]) == .held)
        try await bench.order(.release, ids[1])
        #expect(try await bench.claim().map(\.id) == [ids[1]])
        await bench.close()
    }

    @Test func ordersThatDoNotFitAreRefusedAndATrialChangesNothing() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        #expect(await refusal { try await bench.order(.release, id) } == .confirmationConflict)
        // What is on its way need not be sent again.
        try await bench.order(.replay, id)
        #expect(await refusal { try await bench.order(.hold, DeliveryID()) } == .packageNotFound)
        try await bench.order(.expire, id, isTrial: true)
        #expect(try await bench.state(id) == .waiting)
        #expect(try await bench.events(id) == [])
        try await bench.order(.expire, id)
        #expect(try await bench.claim().isEmpty)
        try await bench.order(.retry, id)
        let claimed = try #require(try await bench.claim().first)
        #expect(await refusal { try await bench.order(.withdraw, id) } == .confirmationConflict)
        try await bench.finish(claimed, .entered)
        try await bench.order(.replay, id)
        #expect(try await bench.claim().map(\.id) == [id])
        #expect(
            try await bench.events(id)
                == ["delivery.expired", "delivery.retried", "delivery.delivered", "delivery.replayed"])
        await bench.close()
    }

    @Test func anEndpointGetsWhatWaitedAndLosesItWhenItGoes() async throws {
        let bench = try await QueueBench()
        try await bench.accept(3)
        let finance = try AgencyID(parsing: TestAgency.finance.code)
        try await bench.database.removeEndpoint(of: finance, reason: "kéo", actor: "operator:test", at: .now())
        #expect(try await bench.claim().isEmpty)
        #expect(try await bench.accepting.pending(.finance).count == 3)
        #expect(
            await refusal {
                try await bench.database.removeEndpoint(of: finance, reason: "", actor: "operator:test", at: .now())
            } == .endpointNotFound)
        try await bench.accept(2, prefix: "SAU")
        let (fresh, waiting) = try await bench.database.setEndpoint(
            of: finance, url: "https://qlvb.example/moi", actor: "operator:test", at: .now())
        #expect(waiting == 5 && fresh != bench.endpoint)
        let claimed = try await bench.database.claim(fresh, limit: 16, node: bench.one, cursor: ClaimCursor()).claimed
        #expect(claimed.count == 5)
        await bench.close()
    }

    @Test func nobodysSecretSignsForAnAgencyWithoutASystem() async throws {
        let bench = try await QueueBench()
        let agency = try AgencyID(parsing: TestAgency.withoutSystem.code)
        let version = try await bench.database.registryVersion()
        #expect(
            await refusal {
                _ = try await bench.database.setEndpoint(
                    of: agency, url: "https://qlvb.example/", actor: "operator:test", at: .now())
            } == .recipientNoSystem)
        #expect(try await bench.database.registryVersion() == version)
        await bench.close()
    }

    /// What is accepted while an endpoint is set misses it never: either it was there, or it is found waiting.
    @Test func nothingAcceptedMeanwhileMissesANewEndpoint() async throws {
        let bench = try await QueueBench()
        let treasury = try AgencyID(parsing: TestAgency.treasury.code)
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for sender in 0..<4 {
                group.addTask {
                    for number in 0..<15 {
                        while true {
                            let version = try await bench.database.registryVersion()
                            let acceptance = try bench.accepting.acceptance(
                                "KB-\(sender)-\(number)", to: [.treasury], version: version)
                            if try await bench.accepting.store.accept(acceptance).isAccepted { break }
                        }
                    }
                    return 15
                }
            }
            group.addTask {
                for _ in 0..<6 {
                    _ = try await bench.database.setEndpoint(
                        of: treasury, url: "https://kho.example/", actor: "operator:test", at: .now())
                }
                return 0
            }
            return try await group.reduce(0, +)
        }
        let queued: [Int64] = try await bench.accepting.column(
            """
            SELECT count(*) AS value FROM queue JOIN endpoint ON endpoint.id = queue.endpoint_id
            WHERE endpoint.state = 'open' AND endpoint.url = 'https://kho.example/'
            """)
        #expect(queued == [Int64(accepted)])
        await bench.close()
    }

    /// Ends of attempts, confirmations, orders and a changing endpoint lock the same rows: nobody waits for another in a
    /// circle.
    @Test func whoeverChangesTheSameDeliveriesNeverWaitsInACircle() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(24)
        let claimed = try await bench.claim(16)
        let finance = try AgencyID(parsing: TestAgency.finance.code)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for claim in claimed {
                group.addTask { try await bench.finish(claim, .failed(AttemptFailure(.pushUnreachable))) }
            }
            for id in ids.suffix(8) {
                group.addTask {
                    _ = try await bench.database.confirm(
                        id, .done, description: nil, agencies: [bench.accepting.key(.finance)],
                        system: TestAgency.finance.systemID, request: RequestID(), at: .now())
                }
                group.addTask { _ = await refusal { try await bench.order(.hold, id) } }
                group.addTask { _ = await refusal { try await bench.order(.retry, id) } }
            }
            group.addTask {
                for _ in 0..<5 {
                    _ = try await bench.database.setEndpoint(
                        of: finance, url: "https://qlvb.example/nhan", actor: "operator:test", at: .now())
                }
            }
            try await group.waitForAll()
        }
        let states: [String] = try await bench.accepting.column(
            "SELECT DISTINCT state AS value FROM delivery ORDER BY 1")
        #expect(Set(states).isSubset(of: ["waiting", "delivered", "held"]) && states.contains("delivered"))
        // Nothing waits for an endpoint that is no more.
        let orphans: [Int64] = try await bench.accepting.column(
            """
            SELECT count(*) AS value FROM queue JOIN endpoint ON endpoint.id = queue.endpoint_id
            WHERE endpoint.state = 'removed'
            """)
        #expect(orphans == [0])
        await bench.close()
    }

    @Test func whatArrivesAfterItWasGivenUpCountsAllTheSame() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        try await bench.order(.expire, ids[0])
        #expect(try await bench.finish(claimed[0], .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.database.dueNotices(limit: 5).isEmpty)
        let finance = try AgencyID(parsing: TestAgency.finance.code)
        try await bench.database.removeEndpoint(of: finance, reason: "kéo", actor: "operator:test", at: .now())
        #expect(try await bench.finish(claimed[1], .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.events(ids[0]) == ["delivery.expired", "delivery.delivered"])
        #expect(try await bench.accepting.pending(.finance) == [])
        await bench.close()
    }

    @Test func `senders are told of what was given up in order, and from any place on`() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(5)
        for claimed in try await bench.claim() {
            try await bench.finish(claimed, .refused(AttemptFailure(.pushRefused, httpStatus: 422)))
        }
        let first = try await bench.database.dueNotices(limit: 2).map(\.delivery)
        #expect(first == Array(ids.prefix(2)))
        let rest = try await bench.database.dueNotices(limit: 10, after: first.last)
        #expect(rest.map(\.delivery) == Array(ids.dropFirst(2)))
        try await bench.database.noticeSent(rest[0])
        #expect(
            try await bench.database.dueNotices(limit: 10, after: ids[1]).map(\.delivery) == Array(ids.dropFirst(3)))
        await bench.close()
    }

    @Test func aNewBeginningIsNotUndoneByAnAttemptThatWasUnderWay() async throws {
        let bench = try await QueueBench()
        let start = Instant.now()
        let id = try await bench.accept(1, at: start)[0]
        let first = try #require(try await bench.claim().first)
        try await bench.finish(first, failed, at: start)
        _ = try await bench.database.sweep(at: .latest)
        let second = try #require(try await bench.claim().first)
        try await bench.order(.retry, id)
        #expect(try await bench.finish(second, failed, at: start) == .counted(.waiting, nextAt: nil))
        #expect(try await bench.claim().map(\.attempt) == [1])
        await bench.close()
    }

    @Test func whatIsConfirmedAfterAllIsNotToldAsGivenUp() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        try await bench.order(.expire, id)
        #expect(try await bench.database.dueNotices(limit: 5).map(\.delivery) == [id])
        _ = try await bench.database.confirm(
            id, .done, description: nil, agencies: [bench.accepting.key(.finance)],
            system: TestAgency.finance.systemID, request: RequestID(), at: .now())
        #expect(try await bench.database.dueNotices(limit: 5).isEmpty)
        #expect(try await bench.database.report(on: id).refusal == nil)
        await bench.close()
    }

    @Test func whatWaitsBehindADeadEndpointIsOverdueWhenItsTimeIsOver() async throws {
        let bench = try await QueueBench()
        let start = Instant.now()
        let ids = try await bench.accept(2, at: start)
        try await bench.order(.hold, ids[1])
        let end = start.advanced(by: RetrySchedules.standard.longestLifetime)
        #expect(try await bench.database.overdue(at: end) == [])
        #expect(try await bench.database.overdue(at: end.advanced(by: .seconds(1))) == [ids[0]])
        _ = try await bench.claim()
        #expect(try await bench.database.overdue(at: end.advanced(by: .seconds(1))) == [])
        await bench.close()
    }

    @Test func oneThatCannotBeReadStopsNoOther() async throws {
        let bench = try await QueueBench()
        try await bench.accept(2)
        try await onConnection(to: bench.accepting.owner) { connection in
            try connection.query(
                """
                UPDATE content SET wrapped_key = set_byte(wrapped_key, 40, 255 - get_byte(wrapped_key, 40))
                WHERE package_id = (SELECT min(id::text)::uuid FROM package)
                """)
        }
        let claimed = try await bench.claim()
        #expect(claimed.count == 2)
        let readable = claimed.filter { if case .success = $0.content { true } else { false } }
        #expect(readable.count == 1)
        await bench.close()
    }
}
