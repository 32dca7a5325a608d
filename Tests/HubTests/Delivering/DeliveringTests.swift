// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Logging
import Store
import Synchronization
import TestKit
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(3))) struct DeliveringTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A hub in which Finance and the Treasury have endpoints.
    private func makeHub() async throws -> (hub: TestHub, finance: EndpointKey, treasury: EndpointKey) {
        let hub = try await TestHub.open()
        return (hub, try await endpoint(hub, .finance), try await endpoint(hub, .treasury))
    }

    private func endpoint(_ hub: TestHub, _ agency: TestAgency) async throws -> EndpointKey {
        try await hub.database.setEndpoint(
            of: agency.id, url: "https://\(agency.code.lowercased()).example/truc", actor: "operator:test", at: .now()
        ).endpoint
    }

    private func delivering(_ hub: TestHub, _ courier: RecordingCourier, maxInFlight: Int = 16) -> Delivering {
        hub.hub.delivering(by: courier, maxInFlight: maxInFlight, name: "test", logger: Self.quiet)
    }

    private func send(_ hub: TestHub, _ number: Int, to agency: TestAgency = .finance) async throws -> [UInt8] {
        var builder = PackageBuilder(number: number)
        builder.to = [agency.code]
        let package = try builder.document()
        _ = try await hub.send(package)
        return package
    }

    private func state(_ hub: TestHub, _ id: DeliveryID) async throws -> DeliveryState {
        try await hub.database.report(on: id).state
    }

    @Test func whatIsAcceptedIsCarriedAtOnceWithItsBytes() async throws {
        let (hub, finance, _) = try await makeHub()
        let courier = RecordingCourier()
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        for number in 1...3 {
            let package = try await send(hub, number)
            let carried = await courier.wait(for: 1)
            #expect(carried.map(\.bytes) == [package] && carried.map(\.endpoint) == [finance])
        }
        delivering.stop()
        await running
        #expect(try await hub.pending(.finance) == [])
        for carried in courier.all { #expect(try await state(hub, carried.delivery) == .delivered) }
        await hub.close()
    }

    @Test func whatWaitedBeforeTheStartIsCarriedToo() async throws {
        let (hub, _, _) = try await makeHub()
        for number in 1...40 { _ = try await send(hub, number) }
        let courier = RecordingCourier()
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        let carried = await courier.wait(for: 40)
        delivering.stop()
        await running
        #expect(Set(carried.map(\.delivery)).count == 40 && courier.all.count == 40)
        await hub.close()
    }

    @Test func anEndpointThatFailsHoldsNobodyUpAndIsCarriedToAgain() async throws {
        let (hub, _, treasury) = try await makeHub()
        let courier = RecordingCourier { _, endpoint in
            endpoint.id == treasury ? .failed(AttemptFailure(.pushUnreachable)) : .entered
        }
        for number in 1...30 { _ = try await send(hub, number, to: .treasury) }
        let delivering = delivering(hub, courier, maxInFlight: 4)
        async let running: Void = delivering.run()
        for number in 100...130 { _ = try await send(hub, number) }
        var entered = 0
        for await carried in courier.carried where carried.endpoint != treasury {
            entered += 1
            if entered == 31 { break }
        }
        delivering.stop()
        await running
        // Three windows failed, then only probes: most of what waits was never tried.
        let tried = Set(courier.all.filter { $0.endpoint == treasury }.map(\.delivery))
        #expect((1..<30).contains(tried.count))
        #expect(try await hub.pending(.treasury).count == 30)
        for id in tried {
            let report = try await hub.database.report(on: id)
            #expect(report.attempts.allSatisfy { $0.code == "push.unreachable" } && report.queued?.dueAt != nil)
        }
        await hub.close()
    }

    @Test func whatIsOnItsWayComesToItsEndBeforeTheHubStops() async throws {
        let (hub, _, _) = try await makeHub()
        let gate = Gate()
        let courier = RecordingCourier { _, _ in
            await gate.pass()
            return .entered
        }
        _ = try await send(hub, 1)
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        for await _ in gate.arrivals { break }
        delivering.stop()
        gate.open()
        await running
        let carried = try #require(courier.all.first)
        #expect(try await state(hub, carried.delivery) == .delivered)
        await hub.close()
    }

    @Test func whatIsBrokenOffCountsAsNoAttemptAndIsFreeAtOnce() async throws {
        let (hub, _, _) = try await makeHub()
        _ = try await send(hub, 1)
        let (started, tell) = AsyncStream<Void>.makeStream()
        let slow = RecordingCourier { _, _ in
            tell.yield()
            // Until it is cancelled.
            while !Task.isCancelled { await Task.yield() }
            return .failed(AttemptFailure(.pushInterrupted))
        }
        let first = delivering(hub, slow)
        let task = Task { await first.run() }
        for await _ in started { break }
        task.cancel()
        await task.value
        let courier = RecordingCourier()
        let second = delivering(hub, courier)
        async let running: Void = second.run()
        let carried = await courier.wait(for: 1)
        second.stop()
        await running
        let report = try await hub.database.report(on: carried[0].delivery)
        #expect(report.state == .delivered && report.attempts.map(\.number) == [1])
        await hub.close()
    }

    @Test func anEndpointThatWasGoneGoesOnWhenTheOperatorSaysSo() async throws {
        let (hub, _, _) = try await makeHub()
        let attempts = Counter()
        let courier = RecordingCourier { _, _ in
            attempts.next() == 1 ? .gone(AttemptFailure(.pushGone, httpStatus: 410)) : .entered
        }
        _ = try await send(hub, 1)
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        _ = await courier.wait(for: 1)
        // It may not have been written yet that it is gone.
        while try await hub.database.endpoints().allSatisfy({ !$0.isSuspended }) { await Task.yield() }
        #expect(
            try await hub.database.setSuspended(
                false, endpointOf: TestAgency.finance.id, reason: "đã sửa", actor: "operator:test", at: .now()))
        let carried = await courier.wait(for: 1)
        delivering.stop()
        await running
        #expect(try await state(hub, carried[0].delivery) == .delivered)
        await hub.close()
    }

    @Test func whoRefusesEverythingGetsNoBacklogUntilTheOperatorHasLooked() async throws {
        let (hub, _, _) = try await makeHub()
        let isMended = Atomic(false)
        let courier = RecordingCourier { _, _ in
            isMended.load(ordering: .relaxed)
                ? .entered : .refused(AttemptFailure(.pushRefused, httpStatus: 401, detail: "sai khóa"))
        }
        let sent = DestinationHealth.maxRefusals + DestinationHealth.initialWindow
        for number in 1...sent { _ = try await send(hub, number) }
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        while try await hub.database.endpoints().allSatisfy({ !$0.isSuspended }) { await Task.yield() }
        let refused = courier.all.count
        #expect(refused >= DestinationHealth.maxRefusals && refused < sent)
        isMended.store(true, ordering: .relaxed)
        #expect(
            try await hub.database.setSuspended(
                false, endpointOf: TestAgency.finance.id, reason: "đã sửa khóa", actor: "operator:test", at: .now()))
        _ = await courier.wait(for: sent)
        delivering.stop()
        await running
        for carried in courier.all.dropFirst(sent - 1) {
            #expect(try await state(hub, carried.delivery) == .delivered)
        }
        await hub.close()
    }

    @Test func anOrderFromElsewhereIsFoundWithoutASignal() async throws {
        let (hub, _, _) = try await makeHub()
        let attempts = Counter()
        let courier = RecordingCourier { _, _ in
            attempts.next() == 1 ? .refused(AttemptFailure(.pushRefused, httpStatus: 422)) : .entered
        }
        _ = try await send(hub, 1)
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        let id = await courier.wait(for: 1)[0].delivery
        while try await state(hub, id) == .waiting { await Task.yield() }
        #expect(try await state(hub, id) == .refused)
        _ = try await hub.database.order(.retry, id, reason: "đã sửa", actor: "operator:test", at: .now())
        _ = await courier.wait(for: 1)
        delivering.stop()
        await running
        #expect(try await state(hub, id) == .delivered)
        await hub.close()
    }

    /// In the hub's own name, once, and nothing of it is a word of the recipient's.
    @Test func theSenderIsToldOnceWhatWasGivenUp() async throws {
        let (hub, _, _) = try await makeHub()
        let courier = RecordingCourier { _, _ in .refused(AttemptFailure(.pushRefused, httpStatus: 422)) }
        _ = try await send(hub, 1)
        let delivering = delivering(hub, courier)
        async let running: Void = delivering.run()
        let id = await courier.wait(for: 1)[0].delivery
        var lines: [PendingDelivery] = []
        while lines.isEmpty { lines = try await hub.pending(.construction, .status) }
        // What is due is told from rows: told twice, it is one.
        try await hub.asOwner { try $0.query("UPDATE delivery SET is_notice_due = true WHERE state = 'refused'") }
        while try await !hub.database.dueNotices(limit: 1).isEmpty { await Task.yield() }
        delivering.stop()
        await running
        lines = try await hub.pending(.construction, .status)
        #expect(lines.count == 1 && lines[0].senderWritten == TestAgency.hubCode)
        let text = String(decoding: try await hub.fetch(lines[0].id.uuid, by: .construction), as: UTF8.self)
        let entry = Refusal.Code.pushRefused.entry
        #expect(text.contains("[push.refused] (\(entry.class.vietnamese))") && text.contains(TestAgency.finance.code))
        #expect(text.contains(entry.vietnamese) && text.contains(entry.remedyVietnamese))
        let report = try await hub.database.report(on: id)
        #expect(report.state == .refused && report.refusal == .pushRefused)
        let words = try await hub.asOwner { try $0.query("SELECT latest FROM document_status").count }
        #expect(words == 0)
        await hub.close()
    }

    @Test func aDisabledSystemsEndpointIsNotCarriedTo() async throws {
        let (hub, finance, _) = try await makeHub()
        let snapshot = try await hub.hub.registry.current()
        #expect(snapshot.pushEndpoint(finance, at: .now())?.agency == (try await hub.key(of: TestAgency.finance.code)))
        #expect(snapshot.pushEndpoint(EndpointKey(finance.value + 100), at: .now()) == nil)
        _ = try await hub.database.setDisabled(
            true, system: TestAgency.finance.systemID, reason: nil, actor: "operator:test", at: .now())
        #expect(try await hub.hub.registry.current().pushEndpoint(finance, at: .now()) == nil)
        await hub.close()
    }
}

/// Counts calls from any task.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
