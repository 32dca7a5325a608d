// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct CollectionAlertStoreTests {
    private let schedule = CollectionAlertSchedule.standard
    private let calendar = WorkingCalendar()

    private func keep(_ bench: AcceptBench, at now: Instant) async throws -> CollectionRound {
        try await bench.database.keepCollectionAlerts(by: schedule, calendar, at: now)
    }

    private func steps(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            "SELECT step || coalesce(' ' || ending, '') AS value FROM collection_alert ORDER BY delivery_id")
    }

    private func events(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT event || ' ' || coalesce(detail ->> 'step', detail ->> 'ending') AS value FROM history
            WHERE event LIKE 'alert.%' ORDER BY at, id
            """)
    }

    private func notices(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column("SELECT addressee || ' ' || stage AS value FROM alert_notice ORDER BY id")
    }

    private func minutes(_ count: Int) -> Duration { .seconds(60 * count) }

    @Test func `each step once, and the recipient's word ends it at once`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(bench.acceptance("VB-1", at: start) { $0.urgency = .immediate })
        let line = try #require(try await bench.pending(.finance).first)
        #expect(try await keep(bench, at: start.advanced(by: minutes(14))) == CollectionRound())
        #expect(try await steps(bench) == [])
        let first = start.advanced(by: minutes(15) + .seconds(1))
        #expect(try await keep(bench, at: first).raised == [.agency: 1])
        #expect(try await keep(bench, at: first).raised == [:])
        #expect(try await notices(bench) == ["sender not-fetched", "recipient not-fetched"])
        _ = try await bench.fetch(line.id.uuid, by: .finance)
        #expect(try await keep(bench, at: first.advanced(by: minutes(15))).raised == [.superior: 1])
        #expect(try await notices(bench).suffix(1) == ["superior fetched"])
        let listed = try await bench.database.openAlerts(limit: 10)
        #expect(listed.map(\.step) == [.superior] && listed.map(\.stage) == [.fetched])
        #expect(listed.map(\.delivery) == [line.id] && listed.map(\.raisedAt) == [first])
        #expect(try await keep(bench, at: first.advanced(by: minutes(45))).raised == [.hub: 1])
        let reading = try await bench.database.reading(ages: [60], now: .now())
        #expect(reading.alerts == [.agency: 0, .superior: 0, .hub: 1] && reading.urgentAlerts == 1)

        #expect(try await bench.store.accept(bench.status(.arrived, of: "VB-1")).isAccepted)
        #expect(try await steps(bench) == ["operator heard"])
        #expect(try await bench.database.openAlerts(limit: 10).isEmpty)
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1")).isAccepted)
        #expect(
            try await events(bench) == [
                "alert.closed heard", "alert.raised agency", "alert.escalated superior", "alert.escalated operator",
            ])
        #expect(try await keep(bench, at: start.advanced(by: .seconds(90 * 86_400))).raised == [:])
        await bench.close()
    }

    @Test func `who has spoken is not watched, and who speaks in time is forgotten`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        for (number, urgency) in [Urgency.veryUrgent, .urgent, .normal].enumerated() {
            _ = try await bench.store.accept(
                bench.acceptance("VB-\(number)", to: [.finance, .stranger], at: start) { $0.urgency = urgency })
            #expect(try await bench.store.accept(bench.status(.arrived, of: "VB-\(number)")).isAccepted)
        }
        // Statuses, recalls and notices are no documents.
        let before = start.advanced(by: .seconds(4 * 3_600 + 10))
        _ = try await keep(bench, at: before)
        // Each of the stranger's; 01 and 03 of the others came in time.
        #expect(try await bench.count("collection_alert") == 3)
        #expect(try await bench.count("collection_alert WHERE step = 'watched'") >= 1)
        for number in 0..<3 {
            #expect(
                try await bench.store.accept(bench.status(.returned, of: "VB-\(number)", from: .stranger)).isAccepted)
        }
        #expect(try await bench.count("collection_alert WHERE closed_at IS NULL") == 0)
        #expect(try await bench.count("collection_alert WHERE step = 'watched'") == 0)
        _ = try await keep(bench, at: before.advanced(by: .seconds(10 * 86_400)))
        #expect(try await bench.count("history WHERE event = 'alert.escalated'") == 0)
        await bench.close()
    }

    @Test func `a recall ends it at its next step`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(bench.acceptance("VB-1", at: start) { $0.urgency = .immediate })
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(line.id.uuid, by: .finance)
        _ = try await keep(bench, at: start.advanced(by: minutes(16)))
        #expect(
            try await bench.store.accept(
                bench.status(.recallRequested, of: "VB-1", from: .construction, to: .finance)
            ).isAccepted)
        _ = try await keep(bench, at: start.advanced(by: minutes(60)))
        #expect(try await steps(bench) == ["agency recalled"])
        #expect(try await events(bench) == ["alert.raised agency", "alert.closed recalled"])
        await bench.close()
    }

    /// What is due is taken by one of them, whoever is faster.
    @Test func `two nodes raise each alert once`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        for number in 0..<40 {
            _ = try await bench.store.accept(
                bench.acceptance("VB-\(number)", at: start.advanced(by: .milliseconds(number))) {
                    $0.urgency = .immediate
                })
        }
        let now = start.advanced(by: minutes(16))
        let rounds = try await withThrowingTaskGroup(of: CollectionRound.self) { group in
            for _ in 0..<6 { group.addTask { try await keep(bench, at: now) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        _ = try await keep(bench, at: now)
        #expect(rounds.compactMap { $0.raised[.superior] } == [])
        #expect(try await bench.count("history WHERE event = 'alert.raised'") == 40)
        #expect(try await bench.count("alert_notice") == 80)
        await bench.close()
    }

    @Test func `a duty post is set, changed and removed, and the history keeps no number`() async throws {
        let bench = try await AcceptBench()
        let set = { (phone: String) in
            try await bench.database.setDutyContact(
                of: AgencyID(parsing: "H52.14"), name: "Văn thư trực", phone: PhoneNumber(parsing: phone), mail: nil,
                actor: "operator:test", at: .now())
        }
        try await set("0225 000 0001")
        try await set("0225 000 0002")
        let contacts = try await bench.database.dutyContacts()
        #expect(contacts.map(\.phone.text) == ["0225 000 0002"])
        #expect(contacts.map(\.agency) == [try bench.key(.finance)])
        let remove = {
            try await bench.database.removeDutyContact(
                of: TestAgency.finance.id, actor: "operator:test", at: .now())
        }
        #expect(try await remove())
        #expect(try await !remove())
        #expect(try await bench.count("history WHERE event = 'registry.contact-set'") == 2)
        #expect(try await bench.count("history WHERE detail::text LIKE '%0225%'") == 0)
        await bench.close()
    }
}
