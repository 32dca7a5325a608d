// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseMailboxTests {
    private func confirm(
        _ bench: AcceptBench, _ id: DeliveryID, _ confirmation: DeliveryLife.Confirmation,
        by agency: TestAgency = .finance, description: String? = nil, at now: Instant = .now()
    ) async throws -> DeliveryLife {
        try await bench.database.confirm(
            id, confirmation, description: description, agencies: [bench.key(agency)], system: agency.systemID,
            request: RequestID(), at: now)
    }

    private func fetch(_ bench: AcceptBench, _ id: DeliveryID) async throws -> ReadableContent {
        try await bench.database.fetch(
            id: id.uuid, agencies: [bench.key(.finance)], system: TestAgency.finance.systemID, request: RequestID(),
            at: .now())
    }

    @Test func pagesOfSeveralAgenciesAreInOrderAndWhole() async throws {
        let bench = try await AcceptBench()
        let count = ListFilter.pageSize + 130
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let acceptance = try bench.acceptance("VB-\(number)", to: [number % 3 == 0 ? .treasury : .finance])
                group.addTask { _ = try await bench.store.accept(acceptance) }
            }
            try await group.waitForAll()
        }
        let filter = ListFilter(
            agencies: [try bench.key(.finance), try bench.key(.treasury)], messageType: .edoc)
        let first = try await bench.database.pending(filter, after: nil)
        #expect(first.count == ListFilter.pageSize)
        let second = try await bench.database.pending(filter, after: first.last?.id)
        #expect(second.count == 130)
        #expect(try await bench.database.pending(filter, after: second.last?.id).isEmpty)
        let ids = (first + second).map(\.id)
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == count)
        #expect(Set(first.map(\.recipientWritten)) == [TestAgency.finance.code, TestAgency.treasury.code])

        let mine = ListFilter(agencies: [try bench.key(.construction)], messageType: .edoc)
        let sent = try await bench.database.sent(mine, package: nil, after: nil)
        #expect(sent.count == ListFilter.pageSize)
        let rest = try await bench.database.sent(mine, package: nil, after: sent.last?.id)
        #expect(Set((sent + rest).map(\.id)) == Set(ids))
        #expect(try await bench.database.pending(mine, after: nil).isEmpty)
        await bench.close()
    }

    @Test func listsKnowTheirTypeAndTime() async throws {
        let bench = try await AcceptBench()
        let noon = Instant(vietnam: try CalendarDate(iso8601: "2026-03-05"), hour: 12)
        for hour in 0..<5 {
            let at = noon.advanced(by: .seconds(3_600 * hour))
            let acceptance = try bench.acceptance("VB-\(hour)") { $0.acceptedAt = at }
            _ = try await bench.store.accept(acceptance)
        }
        _ = try await bench.store.accept(
            bench.status(.recallRequested, of: "VB-khác", from: .construction, to: .finance))
        func list(_ type: MessageType, _ from: Int?, _ to: Int?) async throws -> Int {
            let bound = { (hour: Int) in noon.advanced(by: .seconds(3_600 * hour)) }
            return try await bench.database.pending(
                ListFilter(
                    agencies: [bench.key(.finance)], messageType: type, from: from.map(bound), to: to.map(bound)),
                after: nil
            ).count
        }
        #expect(try await list(.edoc, nil, nil) == 5)
        #expect(try await list(.status, nil, nil) == 1)
        #expect(try await list(.edoc, 1, 3) == 3)
        #expect(try await list(.edoc, 4, nil) == 1)
        #expect(try await list(.edoc, nil, 0) == 1)
        #expect(try await list(.edoc, 5, nil) == 0)
        let nobody = ListFilter(agencies: [], messageType: .edoc)
        #expect(try await bench.database.pending(nobody, after: nil).isEmpty)
        #expect(try await bench.database.sent(nobody, package: nil, after: nil).isEmpty)
        await bench.close()
    }

    @Test func theSendersListTellsEachRecipientsState() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1", to: [.finance, .treasury], unknown: ["000.00.99.H52"]) {
            $0.codeNumber = "12"
            $0.codeNotation = "SXD"
        }
        _ = try await bench.store.accept(first)
        _ = try await bench.store.accept(bench.acceptance("VB-2"))
        _ = try await bench.store.accept(bench.acceptance("VB-3", from: .stranger))
        _ = try await bench.store.accept(bench.status(.accepted, of: "VB-1"))
        let line = try #require(try await bench.pending(.finance).first)
        let now = Instant.now()
        _ = try await confirm(bench, line.id, .done, at: now)
        let mine = ListFilter(agencies: [try bench.key(.construction)], messageType: .edoc)
        #expect(try await bench.database.sent(mine, package: nil, after: nil).count == 4)
        let lines = try await bench.database.sent(mine, package: first.id, after: nil)
        let byRecipient = Dictionary(uniqueKeysWithValues: lines.map { ($0.recipientWritten, $0) })
        let finance = try #require(byRecipient[TestAgency.finance.code])
        #expect(finance.state == .delivered)
        #expect(finance.enteredAt == now)
        #expect(finance.documentState == .accepted)
        #expect(finance.codeNumber == "12")
        let treasury = try #require(byRecipient[TestAgency.treasury.code])
        #expect(treasury.state == .waiting)
        #expect(treasury.documentState == nil)
        let unknown = try #require(byRecipient["000.00.99.H52"])
        #expect(unknown.state == .undeliverable)
        #expect(unknown.refusal == .recipientUnknown)
        // An id that is not the sender's own narrows nothing.
        #expect(try await bench.database.sent(mine, package: PackageID(uuid: line.id.uuid), after: nil).count == 4)
        #expect(try await bench.database.sent(mine, package: PackageID(), after: nil).count == 4)
        await bench.close()
    }

    @Test func whatIsNotOnesOwnDoesNotExist() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", unknown: ["000.00.99.H52"])
        _ = try await bench.store.accept(acceptance)
        let line = try #require(try await bench.pending(.finance).first)
        let undeliverable: [UUID] = try await bench.column(
            "SELECT id AS value FROM delivery WHERE state = 'undeliverable'")
        for id in [line.id.uuid, acceptance.id.uuid, UUID()] + undeliverable {
            for agency in [TestAgency.stranger, .treasury] {
                do {
                    _ = try await bench.fetch(id, by: agency)
                    Issue.record("fetched")
                } catch { #expect(error as? Refusal == Refusal(.packageNotFound)) }
                for confirmation in DeliveryLife.Confirmation.allCases {
                    do {
                        _ = try await confirm(bench, DeliveryID(uuid: id), confirmation, by: agency)
                        Issue.record("confirmed")
                    } catch { #expect(error as? Refusal == Refusal(.packageNotFound)) }
                }
            }
        }
        #expect(try await bench.count(AcceptBench.trafficHistory) == 3)
        // The sender reads what it sent under the package's id, and confirms nothing.
        #expect(try await bench.fetch(acceptance.id.uuid, by: .construction).deliveryID == nil)
        #expect(await refusal { try await bench.fetch(line.id.uuid, by: .construction) } == .packageNotFound)
        #expect(await refusal { try await confirm(bench, line.id, .done, by: .construction) } == .packageNotFound)
        await bench.close()
    }

    @Test func aFetchIsMarkedOnceAndRecordedAlways() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let line = try #require(try await bench.pending(.finance).first)
        let times = (0..<3).map { Instant.now().advanced(by: .seconds($0)) }
        for time in times {
            let content = try await bench.database.fetch(
                id: line.id.uuid, agencies: [bench.key(.finance)], system: TestAgency.finance.systemID,
                request: RequestID(), at: time)
            #expect(content.deliveryID == line.id)
        }
        let fetched: [Instant] = try await bench.column("SELECT fetched_at AS value FROM delivery")
        #expect(fetched == [times[0]])
        #expect(try await bench.count("history WHERE event = 'package.fetched' AND actor = 'qlvb.sotc'") == 3)
        #expect(try await bench.pending(.finance).count == 1)
        await bench.close()
    }

    @Test func confirmationsFollowTheTable() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let id = try #require(try await bench.pending(.finance).first).id
        #expect(try await confirm(bench, id, .processing) == DeliveryLife(state: .processing, failures: 0))
        #expect(try await bench.pending(.finance).map(\.state) == [.processing])
        let entered = Instant.now()
        #expect(try await confirm(bench, id, .done, at: entered) == DeliveryLife(state: .delivered, failures: 0))
        let history = try await bench.count("history")
        #expect(
            try await confirm(bench, id, .done, at: entered.advanced(by: .seconds(60)))
                == DeliveryLife(state: .delivered, failures: 0))
        #expect(try await bench.count("history") == history)
        #expect(await refusal { try await confirm(bench, id, .fail) } == .confirmationConflict)
        #expect(await refusal { try await confirm(bench, id, .processing) } == .confirmationConflict)
        #expect(try await bench.pending(.finance).isEmpty)
        let stored: [Instant] = try await bench.column("SELECT entered_at AS value FROM delivery")
        #expect(stored == [entered])
        await bench.close()
    }

    @Test func failuresAreCountedUntilTheDeliveryIsHeld() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let id = try #require(try await bench.pending(.finance).first).id
        for number in 1...DeliveryLife.maxFailures {
            #expect(try await bench.pending(.finance).map(\.failures) == [number - 1])
            _ = try await fetch(bench, id)
            let isLast = number == DeliveryLife.maxFailures
            let failed = try await confirm(bench, id, .fail, description: "lỗi \(number)")
            #expect(failed.state == (isLast ? .held : .waiting))
            #expect(failed.failures == number)
            // The same report again, after an answer that was lost, is no further failure.
            #expect(try await confirm(bench, id, .fail, description: "lặp lại").failures == number)
        }
        #expect(try await bench.pending(.finance).isEmpty)
        let held = try #require(try await bench.database.deliveries(in: .held, limit: 10).first)
        #expect(held.id == id)
        #expect(held.detail == "lỗi 5")
        #expect(held.failures == 5)
        #expect(try await bench.count("history WHERE event = 'delivery.failed'") == 4)
        #expect(try await bench.count("history WHERE event = 'delivery.held'") == 1)
        #expect(try await confirm(bench, id, .done).state == .delivered)
        #expect(try await bench.database.deliveries(in: .held, limit: 10).isEmpty)
        await bench.close()
    }

    @Test func racingConfirmationsCountOnce() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let id = try #require(try await bench.pending(.finance).first).id
        try await withThrowingTaskGroup(of: DeliveryLife.self) { group in
            for _ in 0..<24 { group.addTask { try await confirm(bench, id, .done) } }
            for try await delivery in group { #expect(delivery.state == .delivered) }
        }
        #expect(try await bench.count("history WHERE event = 'delivery.delivered'") == 1)
        await bench.close()
    }
}
