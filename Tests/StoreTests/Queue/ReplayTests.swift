// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import TestKit
import Testing

@testable import Store

/// What was delivered once is carried again because somebody asked for it.
@Suite(.timeLimit(.minutes(3))) struct ReplayTests {
    private func replayed(_ bench: QueueBench) async throws -> (id: DeliveryID, claim: ClaimedDelivery) {
        let id = try await bench.accept(1)[0]
        let first = try #require(try await bench.claim().first)
        try await bench.finish(first, .entered)
        try await bench.order(.replay, id)
        return (id, try #require(try await bench.claim().first))
    }

    private func entered(_ bench: QueueBench) async throws -> [Instant] {
        try await bench.accepting.column("SELECT entered_at AS value FROM delivery")
    }

    @Test func oneThatIsRefusedStaysDeliveredAndTellsWhatFailed() async throws {
        let bench = try await QueueBench()
        let (id, claim) = try await replayed(bench)
        let before = try await entered(bench)
        let refused = AttemptOutcome.refused(AttemptFailure(.pushRefused, httpStatus: 422, detail: "sai mã"))
        #expect(try await bench.finish(claim, refused) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.events(id) == ["delivery.delivered", "delivery.replayed", "delivery.replay-failed"])
        let report = try await bench.database.report(on: id)
        #expect(report.state == .delivered && report.refusal == .pushRefused && report.queued == nil)
        #expect(report.attempts.map(\.outcome) == ["refused", "entered"])
        // It entered when it entered, and nobody is told that it was given up.
        #expect(try await entered(bench) == before)
        #expect(try await bench.database.dueNotices(limit: 5).isEmpty)
        #expect(try await bench.accepting.pending(.finance).isEmpty)
        // Asked for once more, it may go well; then nothing is left of the failure.
        try await bench.order(.replay, id)
        try await bench.finish(try #require(try await bench.claim().first), .entered)
        #expect(try await bench.database.report(on: id).refusal == nil)
        await bench.close()
    }

    @Test func oneForWhichNoTimeIsLeftStaysDelivered() async throws {
        let bench = try await QueueBench()
        let (id, claim) = try await replayed(bench)
        let late = Instant.now().advanced(by: .seconds(3 * 86_400 + 60))
        let failed = AttemptOutcome.failed(AttemptFailure(.pushUnreachable, detail: "kết nối bị từ chối"))
        #expect(try await bench.finish(claim, failed, at: late) == .counted(.delivered, nextAt: nil))
        let report = try await bench.database.report(on: id)
        #expect(report.refusal == .deliveryExpired && report.detail?.contains("push.unreachable") == true)
        // Given up by the operator, or by the hub because its endpoint was away all the while.
        try await bench.order(.replay, id)
        try await bench.order(.expire, id)
        #expect(try await bench.state(id) == .delivered)
        #expect(try await bench.events(id).filter { $0 == "delivery.replay-failed" }.count == 2)
        #expect(try await bench.events(id).contains("delivery.expired") == false)
        #expect(try await bench.claim().isEmpty)
        await bench.close()
    }

    /// Its recipient confirmed without having fetched it, and has it: a recall must be answered.
    @Test func whatWasDeliveredIsNotWithdrawnWhileItIsReplayed() async throws {
        let bench = try await QueueBench()
        let version = try await bench.database.registryVersion()
        let document = try bench.accepting.acceptance("VB-1", to: [.stranger], version: version)
        _ = try await bench.accepting.store.accept(document)
        let id = document.package.deliveries[0].id
        _ = try await bench.database.confirm(
            id, .done, description: nil, agencies: [bench.accepting.key(.stranger)],
            system: TestAgency.stranger.systemID, request: RequestID(), at: .now())
        try await bench.order(.replay, id)
        try await bench.accept(
            bench.accepting.status(.recallRequested, of: "VB-1", from: .construction, to: .stranger))
        let outcomes: [String] = try await bench.accepting.column("SELECT outcome AS value FROM recall")
        #expect(outcomes == ["owed"])
        await bench.close()
    }
}
