// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Successors that are named for agencies which were closed without any.
@Suite(.timeLimit(.minutes(3))) struct LateSuccessionTests {
    private func closing(_ agency: TestAgency, _ heirs: Succession.Successor...) throws -> Succession.Closing {
        Succession.Closing(try agency.id, successors: heirs)
    }

    private func heir(
        _ agency: TestAgency, takesPending: Bool = false, isDefault: Bool = false
    ) throws -> Succession.Successor {
        Succession.Successor(try agency.id, takesPending: takesPending, isDefault: isDefault)
    }

    @discardableResult
    private func name(
        _ bench: AcceptBench, _ closings: Succession.Closing..., isTrial: Bool = false
    ) async throws -> SuccessionOutcome {
        try await bench.database.nameSuccessors(
            closings, decision: Decision(number: "7/QĐ-UBND", date: try CalendarDate(iso8601: "2026-11-20")),
            actor: "operator:test", at: .now(), isTrial: isTrial)
    }

    /// The stranger has ended, with two documents in its list of which it has fetched one.
    private func ended() async throws -> (bench: AcceptBench, waiting: [DeliveryID]) {
        let bench = try await AcceptBench()
        for number in 1...2 { _ = try await bench.store.accept(bench.acceptance("VB-\(number)", to: [.stranger])) }
        let waiting = try await bench.pending(.stranger).map(\.id)
        _ = try await bench.fetch(waiting[0].uuid, by: .stranger)
        _ = try await bench.database.close(
            Succession([closing(.stranger)], effective: nil), actor: "operator:test", at: .now())
        #expect(try await bench.database.moveToSuccessors(at: .now()).count == 0)
        return (bench, waiting)
    }

    private func record(_ agency: TestAgency, _ bench: AcceptBench) async throws -> AgencyRecord {
        try #require(try await bench.database.registry().agencies.first { $0.code.text == agency.code })
    }

    @Test func whatStillWaitsGoesThereUnderItsIdAndTheRegistryTellsOfIt() async throws {
        let (bench, waiting) = try await ended()
        let before = try await bench.database.registryVersion()
        let end = try await record(.stranger, bench).validUntil
        let trial = try await name(bench, closing(.stranger, heir(.treasury)), isTrial: true)
        #expect(trial.agencies.map(\.waiting) == [2])
        #expect(try await bench.database.registryVersion() == before)
        #expect(try await bench.database.moveToSuccessors(at: .now()).count == 0)

        let done = try await name(bench, closing(.stranger, heir(.treasury)))
        #expect(done.agencies == trial.agencies)
        #expect(try await bench.database.moveToSuccessors(at: .now()).count == 2)
        #expect(try await bench.pending(.treasury).map(\.id) == waiting)
        #expect(try await bench.pending(.stranger).isEmpty)
        let stranger = try await record(.stranger, bench)
        #expect(
            stranger.successors == [AgencySuccessor(try bench.key(.treasury), takesPending: true, isDefault: true)])
        // Clients that ask for what changed since then learn of it; its end stays as it was.
        #expect(stranger.version == before + 1 && stranger.validUntil == end)
        let told: [String] = try await bench.column(
            """
            SELECT concat_ws('|', detail->>'agency', detail->>'successors', detail->>'decision', actor) AS value
            FROM history WHERE event = 'registry.successor-named'
            """)
        #expect(told == ["000.00.15.H52|[\"001.00.14.H52\"]|7/QĐ-UBND|operator:test"])
        await bench.close()
    }

    @Test func ofSeveralTheOneThatIsNamedTakesWhatWaits() async throws {
        let (bench, waiting) = try await ended()
        try await name(bench, closing(.stranger, heir(.treasury, isDefault: true), heir(.finance, takesPending: true)))
        _ = try await bench.database.moveToSuccessors(at: .now())
        #expect(try await bench.pending(.finance).map(\.id) == waiting)
        #expect(try await bench.pending(.treasury).isEmpty)
        await bench.close()
    }

    @Test func whoIsOpenHasASuccessorOrCannotTakeItIsRefused() async throws {
        let (bench, _) = try await ended()
        let version = try await bench.database.registryVersion()
        func refused(_ closings: Succession.Closing...) async -> Refusal.Code? {
            await refusal {
                try await bench.database.nameSuccessors(
                    closings, decision: Decision(number: "7", date: try CalendarDate(iso8601: "2026-11-20")),
                    actor: "operator:test", at: .now())
            }
        }
        let stranger = try closing(.stranger, heir(.finance))
        #expect(await refused(try closing(.treasury, heir(.finance))) == .registryInvalid)
        #expect(await refused(try closing(.stranger)) == .successionUndecided)
        #expect(await refused(stranger, stranger) == .successionUndecided)
        #expect(await refused(try closing(.stranger, heir(.finance), heir(.treasury))) == .successionUndecided)
        #expect(await refused(try closing(.stranger, heir(.withoutSystem))) == .successorUnfit)
        #expect(await refused(try closing(.stranger, heir(.stranger))) == .successorUnfit)
        let unknown = Succession.Closing(
            try AgencyID(parsing: TestAgency.unknownCode), successors: [try heir(.finance)])
        #expect(await refused(unknown) == .agencyNotFound)
        #expect(await refused() == .registryInvalid)
        #expect(try await bench.database.registryVersion() == version)
        #expect(await refused(stranger) == nil)
        // Whoever has taken a place keeps it.
        #expect(await refused(try closing(.stranger, heir(.treasury))) == .registryInvalid)
        #expect(try await record(.stranger, bench).successors.map(\.agency) == [bench.key(.finance)])
        await bench.close()
    }
}
