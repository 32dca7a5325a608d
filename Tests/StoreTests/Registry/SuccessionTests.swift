// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Agencies that end, and what becomes of what waits for them.
@Suite(.timeLimit(.minutes(3))) struct SuccessionTests {
    private static let actor = "operator:test"

    private func closing(_ agency: TestAgency, to heirs: Succession.Successor...) throws -> Succession.Closing {
        Succession.Closing(try agency.id, successors: heirs)
    }

    private func heir(
        _ agency: TestAgency, takesPending: Bool = false, isDefault: Bool = false
    ) throws -> Succession.Successor {
        Succession.Successor(try agency.id, takesPending: takesPending, isDefault: isDefault)
    }

    @discardableResult
    private func close(
        _ bench: AcceptBench, _ closings: Succession.Closing..., effective: Instant? = nil, tolerated: Instant? = nil,
        basedOn version: Int64? = nil, isTrial: Bool = false
    ) async throws -> SuccessionOutcome? {
        try await bench.database.close(
            Succession(
                closings, effective: effective, toleratedUntil: tolerated,
                decision: Decision(number: "1/QĐ-UBND", date: try CalendarDate(iso8601: "2026-11-20"))),
            basedOn: version, actor: Self.actor, at: .now(), isTrial: isTrial)
    }

    private func moved(_ bench: AcceptBench, at now: Instant = .now()) async throws -> Int {
        try await bench.database.moveToSuccessors(at: now).count
    }

    private func accepted(_ bench: AcceptBench, _ acceptance: Acceptance) async throws {
        #expect(try await bench.store.accept(acceptance).isAccepted)
    }

    @Test func whatWaitsMovesAndKeepsItsIdAndItsWrittenName() async throws {
        let bench = try await AcceptBench()
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger]))
        try await accepted(bench, try bench.acceptance("VB-2", to: [.stranger, .finance]))
        let before = try await bench.pending(.stranger).map(\.id)
        let outcome = try #require(try await close(bench, closing(.stranger, to: heir(.treasury))))
        #expect(outcome.agencies.map(\.waiting) == [2])
        #expect(
            outcome.agencies.first?.successors == [
                AgencySuccessor(try bench.key(.treasury), takesPending: true, isDefault: true)
            ])
        #expect(try await moved(bench) == 2)
        let after = try await bench.pending(.treasury)
        #expect(after.map(\.id) == before)
        #expect(after.allSatisfy { $0.recipientWritten == TestAgency.stranger.code })
        #expect(try await bench.pending(.stranger).isEmpty)
        #expect(try await bench.pending(.finance).count == 1)
        #expect(try await moved(bench) == 0)
        let told: [String] = try await bench.column(
            "SELECT detail->>'successor' AS value FROM history WHERE event = 'delivery.moved'")
        #expect(told == [TestAgency.treasury.code, TestAgency.treasury.code])
        let closed: [String] = try await bench.column(
            "SELECT detail->>'decision' AS value FROM history WHERE event = 'registry.agency-closed'")
        #expect(closed == ["1/QĐ-UBND"])
        await bench.close()
    }

    @Test func whatTheSuccessorHasAlreadyIsWithdrawn() async throws {
        let bench = try await AcceptBench()
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger, .finance]))
        try await accepted(bench, try bench.acceptance("VB-2", to: [.stranger, .treasury]))
        // Both end, and both go to the same one.
        try await close(bench, closing(.stranger, to: heir(.finance)), closing(.treasury, to: heir(.finance)))
        #expect(try await moved(bench) == 3)
        #expect(try await bench.pending(.finance).count == 2)
        let states: [String] = try await bench.column("SELECT state AS value FROM delivery ORDER BY state")
        #expect(states == ["waiting", "waiting", "withdrawn", "withdrawn"])
        #expect(try await bench.pending(.stranger).isEmpty)
        #expect(try await bench.pending(.treasury).isEmpty)
        await bench.close()
    }

    @Test func nothingMovesBeforeItsTimeAndAllOfItAfterwards() async throws {
        let bench = try await AcceptBench()
        let end = Instant.now().advanced(by: .seconds(3_600))
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger]))
        try await close(bench, closing(.stranger, to: heir(.finance)), effective: end)
        #expect(try await moved(bench, at: end.advanced(by: .microseconds(-1))) == 0)
        #expect(try await moved(bench, at: end) == 1)
        #expect(try await bench.pending(.finance).count == 1)
        await bench.close()
    }

    @Test func ofSeveralSuccessorsTheOneThatIsNamedTakesWhatIsPending() async throws {
        let bench = try await AcceptBench()
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger]))
        try await close(
            bench, closing(.stranger, to: heir(.finance), heir(.construction, takesPending: true)))
        #expect(try await moved(bench) == 1)
        #expect(try await bench.pending(.construction).count == 1)
        #expect(try await bench.pending(.finance).isEmpty)
        await bench.close()
    }

    @Test func withoutSuccessorItStays() async throws {
        let bench = try await AcceptBench()
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger]))
        try await close(bench, closing(.stranger))
        #expect(try await moved(bench) == 0)
        #expect(try await bench.pending(.stranger).count == 1)
        await bench.close()
    }

    @Test func aMoveGoesToTheSuccessorsEndpoint() async throws {
        let bench = try await AcceptBench()
        try await accepted(bench, try bench.acceptance("VB-1", to: [.stranger]))
        _ = try await bench.database.setEndpoint(
            of: TestAgency.stranger.id, url: "https://old.example/x", actor: Self.actor, at: .now())
        let (endpoint, _) = try await bench.database.setEndpoint(
            of: TestAgency.finance.id, url: "https://new.example/x", actor: Self.actor, at: .now())
        let node = NodeID()
        try await bench.database.enter(node, name: "n")
        let old = try #require(try await bench.database.endpoints().first { $0.url.contains("old") })
        let (claims, _) = try await bench.database.claim(old.key, limit: 1, node: node, cursor: ClaimCursor())
        let claim = try #require(claims.first)
        try await close(bench, closing(.stranger, to: heir(.finance)))
        // What is being carried is left to whoever carries it.
        #expect(try await moved(bench) == 0)
        try await bench.database.abandon(claim)
        let (count, endpoints) = try await bench.database.moveToSuccessors(at: .now())
        #expect(count == 1 && endpoints == [endpoint])
        let queued: [Int64] = try await bench.column("SELECT endpoint_id AS value FROM queue")
        #expect(queued == [endpoint.value])
        await bench.close()
    }

    /// An acceptance that was decided by the registry before, and has written its rows, comes to its end first: the move
    /// that follows the closing finds its delivery.
    @Test func noAcceptanceIsUnderWayWhenAClosingReturns() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", to: [.stranger])
        let keyed = try KeyedAcceptance(acceptance, bench.database.keys)
        let place = try ContentPlace(parsing: "seg:2026-11:\(UUID().uuidString.lowercased()):0:4096")
        let (reached, hasWritten) = AsyncStream<Void>.makeStream()
        let go = DispatchSemaphore(value: 0)
        let accepting = Task {
            try await onConnection(to: bench.owner) { connection in
                _ = try AcceptTransaction(connection: connection, due: DueSignal(), scansDue: ScanSignal()).commit(
                    [PlacedAcceptance(keyed: keyed, place: place, noticePlace: nil)]
                ) {
                    hasWritten.yield()
                    go.wait()
                }
            }
        }
        for await _ in reached { break }
        let ending = Task {
            try await close(bench, closing(.stranger, to: heir(.finance)))
            return try await moved(bench)
        }
        // It waits for the lock, and so for the acceptance.
        try await waitUntilSomebodyWaits(bench)
        go.signal()
        try await accepting.value
        #expect(try await ending.value == 1)
        #expect(try await bench.pending(.finance).count == 1)
        #expect(try await bench.pending(.stranger).isEmpty)
        await bench.close()
    }

    private func waitUntilSomebodyWaits(_ bench: AcceptBench) async throws {
        try await onConnection(to: bench.owner) { connection in
            let waiting = """
                SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            let deadline = ContinuousClock.now + .seconds(8)
            while try connection.query(waiting).isEmpty {
                try #require(ContinuousClock.now < deadline, "nobody waits for the acceptance")
            }
        }
    }

    /// Packages are accepted all the while, each decided anew when the registry has changed.
    @Test func aMergerUnderLoadLeavesNothingBehind() async throws {
        let bench = try await AcceptBench()
        let count = 60
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for number in 0..<count {
                        let name = "VB-\(worker)-\(number)"
                        while true {
                            let records = try await bench.database.registry()
                            let old = try #require(records.agencies.first { $0.code.text == TestAgency.stranger.code })
                            let target: TestAgency = old.hasEnded(by: .now()) ? .finance : .stranger
                            let acceptance = try bench.acceptance(name, to: [target], version: records.version)
                            let result = try await bench.store.accept(acceptance)
                            if result == .registryChanged { continue }
                            #expect(result.isAccepted)
                            break
                        }
                    }
                }
            }
            group.addTask {
                while try await bench.pending(.stranger).count < count / 2 {}
                try await close(bench, closing(.stranger, to: heir(.finance)))
                _ = try await moved(bench)
                #expect(try await bench.pending(.stranger).isEmpty)
            }
            try await group.waitForAll()
        }
        #expect(try await bench.pending(.stranger).isEmpty)
        let waiting = try await bench.database.countPending([bench.key(.finance)], .edoc)
        #expect(waiting == 4 * count)
        await bench.close()
    }

    // MARK: What is refused

    @Test func aTrialAndAnotherVersionChangeNothing() async throws {
        let bench = try await AcceptBench()
        let outcome = try await close(bench, closing(.stranger, to: heir(.finance)), isTrial: true)
        #expect(outcome?.agencies.count == 1)
        let stale = try await close(
            bench, closing(.stranger, to: heir(.finance)), basedOn: bench.registry.version - 1)
        #expect(stale == nil)
        #expect(try await bench.database.registry() == bench.registry)
        let closed = try await close(bench, closing(.stranger, to: heir(.finance)), basedOn: bench.registry.version)
        #expect(closed != nil)
        await bench.close()
    }

    @Test func whatDoesNotFitIsRefusedAndChangesNothing() async throws {
        let bench = try await AcceptBench()
        let finance = try heir(.finance)
        func code(_ closings: Succession.Closing..., effective: Instant? = nil, tolerated: Instant? = nil) async
            -> Refusal.Code?
        {
            await refusal {
                try await bench.database.close(
                    Succession(closings, effective: effective, toleratedUntil: tolerated), actor: Self.actor, at: .now()
                )
            }
        }
        let unknown = Succession.Successor(try AgencyID(parsing: TestAgency.unknownCode))
        #expect(await code() == .registryInvalid)
        #expect(try await code(closing(.stranger, to: unknown)) == .agencyNotFound)
        #expect(try await code(closing(.stranger, to: heir(.withoutSystem))) == .successorUnfit)
        #expect(try await code(closing(.stranger, to: heir(.stranger))) == .successorUnfit)
        #expect(
            try await code(closing(.stranger, to: finance), closing(.finance, to: heir(.treasury))) == .successorUnfit)
        #expect(try await code(closing(.stranger, to: finance), closing(.stranger)) == .successionUndecided)
        #expect(try await code(closing(.stranger, to: finance, heir(.treasury))) == .successionUndecided)
        #expect(try await code(closing(.stranger, to: finance, finance)) == .successionUndecided)
        #expect(
            try await code(
                closing(.stranger, to: heir(.finance, takesPending: true), heir(.treasury, takesPending: true)))
                == .successionUndecided)
        #expect(
            try await code(
                closing(
                    .stranger, to: heir(.finance, takesPending: true, isDefault: true),
                    heir(.treasury, isDefault: true)))
                == .successionUndecided)
        #expect(
            try await code(closing(.stranger), effective: Instant(microseconds: 0)) == .registryInvalid)
        let now = Instant.now()
        #expect(try await code(closing(.stranger, to: finance), effective: now, tolerated: now) == .registryInvalid)
        let hub = Succession.Closing(try AgencyID(parsing: TestAgency.hubCode), successors: [])
        #expect(await code(hub) == .agencyNotFound)
        #expect(try await bench.database.registry() == bench.registry)

        #expect(try await code(closing(.stranger, to: finance)) == nil)
        #expect(try await code(closing(.stranger, to: finance)) == .agencyClosed)
        // A successor that is planned for may not end before.
        let later = Instant.now().advanced(by: .seconds(3_600))
        #expect(try await code(closing(.treasury, to: finance), effective: later) == nil)
        #expect(try await code(closing(.finance, to: heir(.construction))) == .successorUnfit)
        // Until it has come, a plan may be changed.
        #expect(try await code(closing(.treasury, to: heir(.construction)), effective: later) == nil)
        #expect(try await code(closing(.finance, to: heir(.construction))) == nil)
        await bench.close()
    }

    @Test func anEndIsNeverBeforeWhatWasAccepted() async throws {
        let bench = try await AcceptBench()
        let before = Instant.now().advanced(by: .seconds(-60))
        try await accepted(bench, try bench.acceptance("VB-1", from: .construction, to: [.stranger]))
        for agency in [TestAgency.construction, .stranger] {
            #expect(
                await refusal { try await close(bench, closing(agency, to: heir(.finance)), effective: before) }
                    == .agencyClosedTooEarly)
        }
        // A status keeps nobody open.
        try await accepted(bench, try bench.status(.arrived, of: "VB-1", from: .treasury, to: .construction))
        #expect(await refusal { try await close(bench, closing(.treasury), effective: before) } == nil)
        #expect(await refusal { try await close(bench, closing(.stranger)) } == nil)
        await bench.close()
    }

    @Test func unitsBelowAreNamedAndNoneIsRegisteredBelowAClosedOne() async throws {
        let bench = try await AcceptBench()
        let (unit, late) = (try AgencyID(parsing: "000.01.15.H52"), try AgencyID(parsing: "000.02.15.H52"))
        func add(_ code: AgencyID) async throws {
            try await bench.database.addAgency(
                NewAgency(code: code, name: "Chi cục", parent: TestAgency.stranger.id), actor: Self.actor)
        }
        try await add(unit)
        do {
            try await close(bench, closing(.stranger, to: heir(.finance)))
            Issue.record("closed")
        } catch let refusal as Refusal {
            #expect(refusal.code == .agencyHasUnits && refusal.detail == unit.text)
        }
        try await close(
            bench, closing(.stranger, to: heir(.finance)), Succession.Closing(unit, successors: []))
        #expect(await refusal { try await add(late) } == .agencyClosed)
        // Neither by a request that was made before.
        let number = try await bench.database.propose(
            .register(
                AgencyApplication(code: late, name: "Chi cục"), below: try bench.key(.stranger)),
            by: TestAgency.stranger.systemID, request: RequestID(), at: .now())
        let decision = Decision(number: "2/QĐ", date: try CalendarDate(iso8601: "2026-11-20"))
        #expect(
            await refusal {
                try await bench.database.approve(
                    number, .register(aliases: []), on: decision, actor: Self.actor, at: .now())
            } == .agencyClosed)
        await bench.close()
    }
}
