// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Deliveries that go another way than their sender addressed them. Finance has an endpoint.
@Suite(.timeLimit(.minutes(3))) struct RedirectTests {
    private func consent() throws -> SenderConsent {
        SenderConsent(
            person: "Trần Thị B", date: try CalendarDate(iso8601: "2026-11-20"), document: "3/SXD-VP")
    }

    @discardableResult
    private func redirect(
        _ id: DeliveryID, to agency: TestAgency, consent: SenderConsent? = nil, _ bench: QueueBench,
        isTrial: Bool = false
    ) async throws -> Redirected {
        try await bench.database.redirect(
            id, to: agency.id, consent: consent, reason: "gửi nhầm", actor: "operator:test", at: .now(),
            isTrial: isTrial)
    }

    private func setEndpoint(of agency: TestAgency, _ name: String, _ bench: QueueBench) async throws -> EndpointKey {
        try await bench.database.setEndpoint(
            of: agency.id, url: "https://\(name).example/nhan", actor: "operator:test", at: .now()
        ).endpoint
    }

    /// Every row of the queue, as delivery and endpoint.
    private func queue(_ bench: QueueBench) async throws -> [String] {
        try await bench.accepting.column(
            "SELECT delivery_id || ' ' || endpoint_id AS value FROM queue ORDER BY delivery_id")
    }

    private func listed(_ agency: TestAgency, _ bench: QueueBench) async throws -> [DeliveryID] {
        try await bench.accepting.pending(agency).map(\.id)
    }

    private func close(_ agency: TestAgency, to heir: TestAgency, _ bench: QueueBench) async throws {
        let closing = Succession.Closing(try agency.id, successors: [.init(try heir.id)])
        _ = try await bench.database.close(
            Succession(
                [closing], effective: nil,
                decision: Decision(number: "1/QĐ-UBND", date: try CalendarDate(iso8601: "2026-11-20"))),
            actor: "operator:test", at: .now())
    }

    /// What one of two who want the same delivery got.
    private enum RaceOutcome: Sendable {
        case claimed(DeliveryID)
        case redirected(DeliveryID)
        case other(Refusal.Code)
    }

    @Test func anotherAgencyNeedsTheSendersRecordedConsent() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        #expect(await refusal { try await redirect(id, to: .stranger, bench) } == .redirectForbidden)
        let trial = try await redirect(id, to: .stranger, consent: consent(), bench, isTrial: true)
        #expect(trial.ground == .consent && trial.before == .waiting && trial.after == .waiting)
        #expect(try await listed(.finance, bench) == [id])
        #expect(try await bench.events(id) == [])

        let done = try await redirect(id, to: .stranger, consent: consent(), bench)
        #expect(done == trial && done.from == TestAgency.finance.code && done.endpoint == nil)
        // Out of one list and one queue, into the other list, under the same id.
        #expect(try await listed(.finance, bench) == [])
        #expect(try await listed(.stranger, bench) == [id])
        #expect(try await queue(bench) == [])
        #expect(try await bench.events(id) == ["delivery.redirected"])
        let told: [String] = try await bench.accepting.column(
            """
            SELECT concat_ws('|', detail->>'ground', detail->>'consent', detail->>'consentBy', detail->>'consentDate',
                detail->>'from', detail->>'to', actor) AS value
            FROM history WHERE event = 'delivery.redirected'
            """)
        #expect(
            told == ["consent|3/SXD-VP|Trần Thị B|2026-11-20|000.00.14.H52|000.00.15.H52|operator:test"])
        #expect(try await bench.accepting.text(of: id, for: .stranger) == "<edXML>VB-0</edXML>")
        await #expect(throws: Refusal(.packageNotFound)) {
            _ = try await bench.accepting.fetch(id.uuid, by: .construction)
        }
        #expect(try await bench.database.report(on: id).agency == TestAgency.stranger.code)
        await bench.close()
    }

    @Test func itLeavesOneQueueForTheOther() async throws {
        let bench = try await QueueBench()
        let other = try await setEndpoint(of: .stranger, "soct", bench)
        let ids = try await bench.accept(2)
        let done = try await redirect(ids[0], to: .stranger, consent: consent(), bench)
        #expect(done.endpoint == "https://soct.example/nhan")
        #expect(try await queue(bench) == ["\(ids[0]) \(other.value)", "\(ids[1]) \(bench.endpoint.value)"])
        #expect(try await bench.claim().map(\.id) == [ids[1]])
        let there = try await bench.database.claim(other, limit: 5, node: bench.one, cursor: ClaimCursor()).claimed
        #expect(there.map(\.id) == [ids[0]] && there.map(\.attempt) == [1])
        #expect(try await bench.finish(there[0], .entered) == .counted(.delivered, nextAt: nil))
        await bench.close()
    }

    @Test func theSameAgencyGetsItAnewAtTheEndpointThatItHasNow() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        let claimed = try #require(try await bench.claim().first)
        try await bench.finish(claimed, .refused(AttemptFailure(.pushRefused, httpStatus: 404)))
        let fresh = try await setEndpoint(of: .finance, "moi", bench)
        // What was refused is nowhere on its way.
        #expect(try await queue(bench) == [])
        let done = try await redirect(id, to: .finance, bench)
        #expect(done.ground == .sameAgency && done.before == .refused && done.after == .waiting)
        #expect(done.endpoint == "https://moi.example/nhan")
        #expect(try await queue(bench) == ["\(id) \(fresh.value)"])
        #expect(try await bench.events(id) == ["delivery.refused", "delivery.redirected"])
        await bench.close()
    }

    @Test func aSuccessorNeedsNoConsentFromTheDayOnWhichItIsOne() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim(1)
        try await bench.finish(claimed[0], .refused(AttemptFailure(.pushRefused, httpStatus: 422)))
        _ = try await bench.accepting.fetch(ids[1].uuid, by: .finance)
        #expect(await refusal { try await redirect(ids[0], to: .stranger, bench) } == .redirectForbidden)
        try await close(.finance, to: .treasury, bench)
        try await close(.treasury, to: .stranger, bench)
        // What was refused is not moved by the merger itself; to the successor's successor, too.
        let done = try await redirect(ids[0], to: .stranger, bench)
        #expect(done.ground == .successor && done.before == .refused)
        #expect(try await listed(.stranger, bench) == [ids[0]])
        // What the closed agency has fetched is its successor's as well.
        #expect(try await redirect(ids[1], to: .stranger, bench).ground == .successor)
        #expect(await refusal { try await redirect(ids[1], to: .finance, bench) } == .redirectForbidden)
        #expect(
            await refusal { try await redirect(ids[1], to: .finance, consent: consent(), bench) } == .redirectSeen)
        await bench.close()
    }

    @Test func whatStandsInTheWayIsNamed() async throws {
        let bench = try await QueueBench()
        let accepting = bench.accepting
        let version = try await bench.database.registryVersion()
        let ids = try await bench.accept(5)
        let agreed = try consent()
        func code(_ id: DeliveryID, to agency: TestAgency = .stranger) async -> Refusal.Code? {
            await refusal { try await redirect(id, to: agency, consent: agreed, bench) }
        }
        let claimed = try await bench.claim(2)
        #expect(await code(ids[0]) == .deliveryInFlight)
        try await bench.finish(claimed[0], .entered)
        #expect(await code(ids[0]) == .confirmationConflict)
        try await bench.finish(claimed[1], .failed(AttemptFailure(.pushUnreachable)))
        _ = try await accepting.fetch(ids[2].uuid, by: .finance)
        #expect(await code(ids[2]) == .redirectSeen)
        _ = try await bench.database.confirm(
            ids[3], .processing, description: nil, agencies: [accepting.key(.finance)],
            system: TestAgency.finance.systemID, request: RequestID(), at: .now())
        #expect(await code(ids[3]) == .redirectSeen)
        #expect(await code(ids[4], to: .withoutSystem) == .recipientNoSystem)
        _ = try await bench.database.seal("VB-4", reason: "mật", actor: "operator:test", at: .now())
        #expect(await code(ids[4]) == .packageSealed)
        #expect(await code(DeliveryID()) == .packageNotFound)

        let both = try accepting.acceptance("CHUNG", to: [.finance, .stranger], version: version)
        _ = try await accepting.store.accept(both)
        #expect(await code(both.package.deliveries[0].id) == .redirectKnown)
        // A word to the sender of a document is nobody else's.
        let word = try await bench.accept(accepting.status(.accepted, of: "VB-0"))
        #expect(await code(word.package.deliveries[0].id) == .redirectForbidden)
        // One that could still go is all that has moved.
        #expect(await code(ids[1]) == nil)
        try await close(.treasury, to: .stranger, bench)
        #expect(await code(ids[2], to: .treasury) == .redirectSeen)
        let last = try accepting.acceptance(
            "CUOI", to: [.finance], version: try await bench.database.registryVersion())
        _ = try await accepting.store.accept(last)
        #expect(await code(last.package.deliveries[0].id, to: .treasury) == .recipientClosed)
        await bench.close()
    }

    @Test func whatWasRecalledGoesNowhere() async throws {
        let bench = try await QueueBench()
        let id = try await bench.accept(1)[0]
        _ = try await bench.accepting.fetch(id.uuid, by: .finance)
        try await bench.accept(
            bench.accepting.status(.recallRequested, of: "VB-0", from: .construction, to: .finance))
        #expect(await refusal { try await redirect(id, to: .finance, bench) } == .documentFrozen)
        await bench.close()
    }

    @Test func whatWasRecalledFromAnybodyGetsNoFurtherAgency() async throws {
        let bench = try await QueueBench()
        let accepting = bench.accepting
        let sent = try await bench.accept(accepting.acceptance("CHUNG", to: [.finance, .treasury]))
        let (mine, other) = (sent.package.deliveries[0].id, sent.package.deliveries[1].id)
        _ = try await accepting.fetch(other.uuid, by: .treasury)
        try await bench.accept(accepting.status(.recallRequested, of: "CHUNG", from: .construction, to: .treasury))
        #expect(await refusal { try await redirect(mine, to: .stranger, consent: consent(), bench) } == .documentFrozen)
        // From the one that it was sent to it was not recalled.
        #expect(try await redirect(mine, to: .finance, bench).after == .waiting)
        await bench.close()
    }

    @Test func whatWasGivenUpUnscannedDoesNotGoUnscanned() async throws {
        let bench = try await QueueBench()
        let plain = try bench.accepting.acceptance("QUET")
        var envelope = plain.package.envelope
        envelope.awaitsScan = true
        let delivery = NewDelivery(
            id: DeliveryID(), written: TestAgency.finance.code,
            outcome: .held(try bench.accepting.key(.finance), Refusal(.malwareScanPending)))
        let sent = try await bench.accept(
            Acceptance(
                registryVersion: plain.registryVersion,
                package: NewPackage(envelope: envelope, content: plain.package.content, deliveries: [delivery])))
        try await bench.order(.expire, delivery.id)
        func code(_ agency: TestAgency) async -> Refusal.Code? {
            await refusal { try await redirect(delivery.id, to: agency, consent: consent(), bench) }
        }
        #expect(await code(.finance) == .malwareScanPending)
        #expect(await code(.stranger) == .malwareScanPending)
        let now = Instant.now().advanced(by: .seconds(1))
        let scan = try #require(try await bench.database.claimScans(limit: 1, until: now, at: now).first)
        _ = try await bench.database.end(scan, ScanEnd(.impossible, detail: "quá dài"), at: now)
        #expect(await code(.stranger) == .malwareScanImpossible)
        try await bench.database.order(.pass, scanOf: sent.id, reason: "tay", actor: "operator:test", at: now)
        #expect(try await bench.state(delivery.id) == .expired)
        #expect(await code(.stranger) == nil)
        #expect(try await listed(.stranger, bench) == [delivery.id])
        await bench.close()
    }

    @Test func whatIsHeldStaysHeldWhereverItGoes() async throws {
        let bench = try await QueueBench()
        let accepting = bench.accepting
        let id = try await bench.accept(1)[0]
        try await bench.order(.hold, id)
        #expect(try await redirect(id, to: .stranger, consent: consent(), bench).after == .held)
        #expect(try await bench.state(id) == .held)
        #expect(try await queue(bench) == [])
        try await bench.order(.release, id)
        #expect(try await listed(.stranger, bench) == [id])

        // What awaits its sender's word still awaits it, and that word finds it.
        let finance = try accepting.key(.finance)
        let plain = try accepting.acceptance("MAT", version: try await bench.database.registryVersion())
        let awaited = NewDelivery(
            id: DeliveryID(), written: TestAgency.finance.code,
            outcome: .held(finance, Refusal(.confirmationNeeded, "mật")))
        let held = Acceptance(
            registryVersion: plain.registryVersion,
            package: NewPackage(
                envelope: plain.package.envelope, content: plain.package.content, deliveries: [awaited]))
        _ = try await accepting.store.accept(held)
        try await redirect(awaited.id, to: .stranger, consent: consent(), bench)
        #expect(try await bench.database.report(on: awaited.id).refusal == .confirmationNeeded)
        #expect(try await listed(.stranger, bench) == [id])
        let moved = try await bench.database.take(
            .confirm, on: held.id, description: nil, agencies: [accepting.key(.construction)],
            system: TestAgency.construction.systemID, request: RequestID(), at: .now())
        #expect(moved == 1)
        #expect(try await listed(.stranger, bench) == [id, awaited.id])
        #expect(try await listed(.finance, bench) == [])
        await bench.close()
    }

    /// A node that was thought dead has brought it to the agency that it was for: the other one still gets it.
    @Test func whatArrivesAtTheFirstOneAfterwardsFinishesNothing() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        try await bench.silence(bench.one)
        _ = try await bench.database.freeSilent()
        try await redirect(ids[0], to: .treasury, consent: consent(), bench)
        _ = try await setEndpoint(of: .stranger, "soct", bench)
        try await redirect(ids[1], to: .stranger, consent: consent(), bench)
        for claim in claimed { #expect(try await bench.finish(claim, .entered) == .late) }
        #expect(try await listed(.treasury, bench) == [ids[0]])
        #expect(try await listed(.stranger, bench) == [ids[1]])
        let attempts = try await bench.database.report(on: ids[0]).attempts
        #expect(attempts.map(\.outcome) == ["entered"] && attempts.map(\.isLate) == [true])
        await bench.close()
    }

    /// Two nodes claim while everything is redirected: each delivery is carried to the one or goes to the other.
    @Test func aClaimAndARedirectNeverBothGetIt() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(40)
        let agreed = try consent()
        let outcomes = try await withThrowingTaskGroup(of: [RaceOutcome].self) { group in
            for node in [bench.one, bench.two] {
                group.addTask {
                    var claims: [RaceOutcome] = []
                    for _ in 0..<20 {
                        let request = ClaimRequest(
                            endpoint: bench.endpoint, limit: 1, node: node, cursor: ClaimCursor())
                        let claimed = try await bench.database.claim([request], by: node)[bench.endpoint] ?? []
                        claims += claimed.map { .claimed($0.id) }
                    }
                    return claims
                }
            }
            for id in ids.reversed() {
                group.addTask {
                    switch await refusal({ try await redirect(id, to: .stranger, consent: agreed, bench) }) {
                    case nil: [.redirected(id)]
                    case .deliveryInFlight: []
                    case let code?: [.other(code)]
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var claims: [DeliveryID] = []
        var redirected: Set<DeliveryID> = []
        for outcome in outcomes {
            switch outcome {
            case .claimed(let id): claims.append(id)
            case .redirected(let id): redirected.insert(id)
            case .other(let code): Issue.record("\(code)")
            }
        }
        #expect(redirected.isDisjoint(with: claims))
        #expect(redirected.union(claims).count == ids.count && Set(claims).count == claims.count)
        #expect(try await Set(listed(.stranger, bench)) == redirected)
        let carried: [Int64] = try await bench.accepting.column("SELECT count(*) AS value FROM queue")
        #expect(carried == [Int64(claims.count)])
        await bench.close()
    }

    /// The other agency's endpoint is set anew all the while: each delivery is in one queue, and in the right one.
    @Test func aChangingEndpointMissesNothingAndGetsNothingTwice() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(30)
        let agreed = try consent()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in ids {
                group.addTask { try await redirect(id, to: .stranger, consent: agreed, bench) }
            }
            group.addTask {
                for number in 0..<6 { _ = try await setEndpoint(of: .stranger, "soct-\(number)", bench) }
            }
            try await group.waitForAll()
        }
        let queued: [String] = try await bench.accepting.column(
            """
            SELECT endpoint.url || ' ' || endpoint.state AS value FROM queue
            JOIN endpoint ON endpoint.id = queue.endpoint_id
            """)
        #expect(queued == Array(repeating: "https://soct-5.example/nhan open", count: ids.count))
        #expect(try await listed(.stranger, bench).count == ids.count)
        await bench.close()
    }
}
