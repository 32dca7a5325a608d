// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Changes of endpoints, and in which order what they touch is locked.
@Suite(.timeLimit(.minutes(3))) struct EndpointChangeTests {
    private func queued(_ bench: QueueBench, at endpoint: EndpointKey) async throws -> Int {
        let counts: [Int64] = try await bench.accepting.column(
            "SELECT count(*) AS value FROM queue WHERE endpoint_id = $1", [.int8(endpoint.value)])
        return Int(counts.first ?? 0)
    }

    @Test func whatWaitsIsPutOnItsWayInBatchesAndNoAcceptanceWaitsForThem() async throws {
        let bench = try await QueueBench()
        try await bench.accept(5)
        let parked = try await bench.accept(1, prefix: "GIU")[0]
        try await bench.order(.hold, parked)
        // Nobody has put anything of it on its way yet: as when the command is killed at this moment.
        let fresh = try await bench.database.addEndpoint(
            of: TestAgency.finance.id, url: "https://qlvb.example/moi", actor: "operator:test", at: .now())
        #expect(try await queued(bench, at: fresh) == 0)
        var batches: [Int] = []
        var accepted = 5
        while let due = try await bench.database.settleEndpoints(at: .now(), batch: 2) {
            #expect(due.isSubset(of: [fresh]))
            batches.append(try await queued(bench, at: fresh))
            if batches.count == 1 {
                // Comes between two batches, and finds the new endpoint by itself.
                try await bench.accept(1, prefix: "SAU")
                accepted += 1
            }
        }
        #expect(batches.first == 2 && batches.last == accepted && batches.count > 3)
        #expect(try await queued(bench, at: bench.endpoint) == 0)
        #expect(try await bench.database.settleEndpoints(at: .now()) == nil)
        let claimed = try await bench.database.claim(fresh, limit: 16, node: bench.one, cursor: ClaimCursor()).claimed
        #expect(claimed.count == accepted)
        await bench.close()
    }

    @Test func whatIsUnderWayToTheOldEndpointMayStillArrive() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        let (fresh, waiting) = try await bench.database.setEndpoint(
            of: TestAgency.finance.id, url: "https://qlvb.example/moi", actor: "operator:test", at: .now())
        #expect(waiting == 2)
        #expect(try await bench.finish(claimed[0], .entered) == .counted(.delivered, nextAt: nil))
        // Carried to the new one meanwhile: the old attempt is late.
        let again = try await bench.database.claim(fresh, limit: 16, node: bench.two, cursor: ClaimCursor()).claimed
        #expect(again.map(\.id) == [ids[1]] && again.map(\.attempt) == [1])
        #expect(try await bench.finish(claimed[1], .entered) == .late)
        #expect(try await bench.finish(again[0], .entered, by: bench.two) == .counted(.delivered, nextAt: nil))
        await bench.close()
    }

    /// Holds `row` as somebody who changes the registry does, runs `body`, which waits for it, and tries to lock `other`,
    /// which nobody may hold yet.
    private func whileHeld(
        _ row: String, try other: String, _ bench: QueueBench, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (held, isHeld) = AsyncStream<Void>.makeStream()
        let holder = Task {
            try await onConnection(to: bench.accepting.owner) { connection in
                try connection.transaction {
                    try connection.query(row)
                    isHeld.yield()
                    let waiting = """
                        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                        """
                    let deadline = ContinuousClock.now + .seconds(60)
                    while try connection.query(waiting).isEmpty {
                        guard ContinuousClock.now < deadline else { throw Refusal(.overloaded, "nobody waits") }
                        // A transaction keeps what it saw first.
                        try connection.query("SELECT pg_stat_clear_snapshot()::text")
                    }
                    try connection.query(other + " NOWAIT")
                }
            }
        }
        for await _ in held { break }
        let waiter = Task(operation: body)
        let outcome = await holder.result
        try await waiter.value
        try outcome.get()
    }

    @Test func whoeverSuspendsLocksTheRegistryFirst() async throws {
        let bench = try await QueueBench()
        let claimed = try await bench.accept(1)
        let claim = try #require(try await bench.claim().first)
        #expect(claim.id == claimed[0])
        try await whileHeld(
            "SELECT FROM hub FOR NO KEY UPDATE", try: "SELECT FROM endpoint FOR NO KEY UPDATE", bench
        ) {
            try await bench.database.suspendEndpoint(bench.endpoint, reason: "thử", at: .now())
        }
        _ = try await bench.database.setSuspended(
            false, endpointOf: TestAgency.finance.id, reason: "thử", actor: "operator:test", at: .now())
        // So does an attempt that found the endpoint gone, before the delivery that it ends.
        try await whileHeld(
            "SELECT FROM hub FOR NO KEY UPDATE", try: "SELECT FROM delivery FOR NO KEY UPDATE", bench
        ) {
            try await bench.finish(claim, .gone(AttemptFailure(.pushGone, httpStatus: 410)))
        }
        #expect(try await bench.database.endpoints().map(\.isSuspended) == [true])
        await bench.close()
    }

    /// Two recalls in one transaction: whoever waits for the older document's delivery holds nothing of the newer one's.
    @Test func recallsOfOneBatchLockInTheOrderOfIds() async throws {
        let bench = try await QueueBench()
        let accepting = bench.accepting
        let ids = try await bench.accept(2)
        let version = try await bench.database.registryVersion()
        // The newer document's first.
        let recalls = try ["VB-1", "VB-0"].map { document in
            let recall = try accepting.status(.recallRequested, of: document, from: .construction, to: .finance)
            return Acceptance(registryVersion: version, package: recall.package)
        }
        let placed = try recalls.map {
            PlacedAcceptance(
                keyed: try KeyedAcceptance($0, bench.database.keys),
                place: try ContentPlace(parsing: "seg:2026-11:\(UUID().uuidString.lowercased()):0:4096"),
                noticePlace: nil)
        }
        try await whileHeld(
            "SELECT FROM delivery WHERE id = '\(ids[0])' FOR NO KEY UPDATE",
            try: "SELECT FROM delivery WHERE id = '\(ids[1])' FOR NO KEY UPDATE", bench
        ) {
            try await onConnection(to: accepting.owner) { connection in
                _ = try AcceptTransaction(connection: connection, due: DueSignal(), scansDue: ScanSignal()).commit(
                    placed
                ) {}
            }
        }
        for id in ids { #expect(try await bench.state(id) == .withdrawn) }
        await bench.close()
    }

    @Test func aSlowFreeingKeepsNoHeartbeatWaiting() async throws {
        let bench = try await QueueBench()
        try await bench.accept(1)
        _ = try await bench.claim()
        try await bench.silence(bench.one)
        // Somebody holds the dead node's row: freeing waits, and who lives says so all the same.
        try await whileHeld(
            "SELECT FROM node WHERE id = '\(bench.one.uuid)' FOR UPDATE",
            try: "SELECT FROM node WHERE id = '\(bench.two.uuid)' FOR UPDATE", bench
        ) {
            _ = try await bench.database.freeSilent()
        }
        #expect(try await bench.database.beat(bench.two))
        #expect(try await bench.claim(by: bench.two).count == 1)
        await bench.close()
    }
}
