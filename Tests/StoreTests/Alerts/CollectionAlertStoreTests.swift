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
            "SELECT step || coalesce(' ' || ending, '') AS value FROM collection_alert ORDER BY delivery_id, duty")
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
        let count = try await bench.database.countOpenAlerts()
        #expect(count.open == [.word: [.hub: 1]] && count.urgentSilences == 1)

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

    @Test func `what is over leaves the table after its time, and never the history`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        for number in 1...2 {
            _ = try await bench.store.accept(bench.acceptance("VB-\(number)", at: start) { $0.urgency = .immediate })
        }
        _ = try await keep(bench, at: start.advanced(by: minutes(16)))
        #expect(try await bench.store.accept(bench.status(.arrived, of: "VB-1")).isAccepted)
        #expect(try await bench.count("collection_alert WHERE closed_at IS NOT NULL") == 1)
        let closed: [Instant] = try await bench.column(
            "SELECT closed_at AS value FROM collection_alert WHERE closed_at IS NOT NULL")
        let end = try #require(closed.first).advanced(by: CollectionAlert.remembrance)
        #expect(try await !bench.database.removeClosedAlerts(at: end.advanced(by: .microseconds(-1))))
        #expect(try await bench.count("collection_alert") == 2)
        #expect(try await !bench.database.removeClosedAlerts(at: end))
        // The other one is still open.
        #expect(try await bench.count("collection_alert WHERE closed_at IS NULL") == 1)
        #expect(try await bench.count("collection_alert") == 1)
        #expect(try await events(bench).contains("alert.closed heard"))
        // Nothing is watched anew for it.
        _ = try await keep(bench, at: end)
        #expect(try await bench.count("collection_alert") == 1)
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
        #expect(try await steps(bench) == ["agency", "agency recalled"])
        #expect(
            try await events(bench).sorted() == ["alert.closed recalled", "alert.raised agency", "alert.raised agency"])
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

    @Test func `who was asked to cancel is called for after 16 too, until 15`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(bench.acceptance("VB-1", at: start) { $0.urgency = .immediate })
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(line.id.uuid, by: .finance)
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1")).isAccepted)
        _ = try await bench.store.accept(
            bench.status(.recallRequested, of: "VB-1", from: .construction, to: .finance))
        #expect(try await keep(bench, at: start.advanced(by: minutes(14))).raised == [:])
        #expect(try await bench.store.accept(bench.status(.changeDeclined, of: "VB-1")).isAccepted)
        var now = start
        for step in [CollectionAlert.Step.agency, .superior, .hub] {
            now = now.advanced(by: minutes(31))
            #expect(try await keep(bench, at: now).raised == [step: 1])
        }
        #expect(
            try await notices(bench) == [
                "sender recall-declined", "recipient recall-declined", "superior recall-declined",
            ])
        // A month later it is owed as ever, and a seal changes nothing of it.
        _ = try await keep(bench, at: now.advanced(by: .seconds(90 * 86_400)))
        _ = try await bench.database.seal("VB-1", reason: "mật", actor: "operator:test", at: .now())
        let open = try await bench.database.openAlerts(limit: 10)
        #expect(open.map(\.duty) == [.cancellation] && open.map(\.stage) == [.recallDeclined])
        #expect(try await bench.database.countOpenAlerts()[.cancellation, .hub] == 1)
        #expect(try await bench.database.countOpenAlerts().urgentSilences == 0)
        #expect(try await bench.database.dueAlertNotices(limit: 10, at: .latest).count == 3)

        #expect(try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1")).isAccepted)
        #expect(try await bench.database.openAlerts(limit: 10).isEmpty)
        #expect(try await steps(bench) == ["operator heard"])
        await bench.close()
    }

    @Test func `a return without a reason is asked about at once, and the same word with one ends it`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(bench.acceptance("VB-1", at: start))
        func returned(_ reason: String?) throws -> Acceptance {
            let status = try bench.status(.returned, of: "VB-1")
            var envelope = status.package.envelope
            let claim = try #require(envelope.status)
            envelope.status = Envelope.StatusClaim(
                status: .returned, description: reason, owner: claim.owner, recipient: claim.recipient)
            return Acceptance(
                registryVersion: status.registryVersion,
                package: NewPackage(
                    envelope: envelope, content: status.package.content, deliveries: status.package.deliveries))
        }
        let first = try returned(nil)
        #expect(try await bench.store.accept(first).isAccepted)
        // It stands among what is owed before anybody was asked.
        let owed = try await bench.database.returnDuties(limit: 10)
        #expect(owed.map(\.recipient) == [TestAgency.finance.code] && owed.map(\.documentID) == ["VB-1"])
        #expect(owed.map(\.returned) == [first.id] && owed.map(\.since) == [first.package.envelope.acceptedAt])
        #expect(try await keep(bench, at: .now().advanced(by: .seconds(1))).raised == [.agency: 1])
        #expect(try await bench.database.returnDuties(limit: 10) == owed)
        #expect(
            try await notices(bench) == ["sender returned-without-reason", "recipient returned-without-reason"])
        #expect(try await bench.database.openAlerts(limit: 10).map(\.duty) == [.reason])
        // Again without one: nothing is new.
        #expect(try await bench.store.accept(returned(nil)).isAccepted)
        #expect(try await bench.database.openAlerts(limit: 10).count == 1)
        _ = try await bench.database.seal("VB-1", reason: "mật", actor: "operator:test", at: .now())
        #expect(try await bench.database.returnDuties(limit: 10).isEmpty)
        _ = try await bench.database.unseal("VB-1", reason: "không mật", actor: "operator:test", at: .now())
        #expect(try await bench.database.returnDuties(limit: 10).count == 1)
        #expect(try await bench.store.accept(returned("Sai thẩm quyền")).isAccepted)
        #expect(try await bench.database.openAlerts(limit: 10).isEmpty)
        #expect(try await bench.database.returnDuties(limit: 10).isEmpty)
        let said: [String] = try await bench.column("SELECT latest_description AS value FROM document_status")
        #expect(said == ["Sai thẩm quyền"])
        let effects: [String] = try await bench.column(
            "SELECT status_effect AS value FROM package WHERE kind = 'status' ORDER BY id")
        #expect(effects == ["applied", "repeated", "applied"])
        // With its reason from the beginning nothing is owed.
        _ = try await bench.store.accept(bench.acceptance("VB-2", at: start))
        #expect(try await bench.store.accept(bench.status(.returned, of: "VB-2")).isAccepted)
        #expect(try await bench.count("collection_alert WHERE closed_at IS NULL") == 0)
        await bench.close()
    }

    @Test func `what was held has its whole time from its release on`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(bench.acceptance("VB-1", at: start) { $0.urgency = .immediate })
        let line = try #require(try await bench.pending(.finance).first)
        func order(_ act: DeliveryLife.Act, at now: Instant) async throws {
            _ = try await bench.database.order(act, line.id, reason: "thử", actor: "operator:test", at: now)
        }
        #expect(try await keep(bench, at: start.advanced(by: minutes(16))).raised == [.agency: 1])
        try await order(.hold, at: start.advanced(by: minutes(17)))
        // Held, it is nobody's alert, and the list says so at once.
        #expect(try await bench.database.openAlerts(limit: 10).isEmpty)
        #expect(try await bench.database.countOpenAlerts() == AlertCount())
        #expect(try await keep(bench, at: start.advanced(by: minutes(500))).raised == [:])
        let released = start.advanced(by: minutes(600))
        try await order(.release, at: released)
        #expect(try await keep(bench, at: released.advanced(by: minutes(14))).raised == [:])
        #expect(try await keep(bench, at: released.advanced(by: minutes(15))).raised == [.agency: 1])
        let open = try #require(try await bench.database.openAlerts(limit: 10).first)
        #expect(open.since == released)
        let told = try #require(try await bench.database.dueAlertNotices(limit: 10, at: .latest).last)
        guard case .silence(let silence) = told.matter else { return #expect(Bool(false), "\(told)") }
        #expect(silence.since == released)
        // What was given up is let go of in the end, and watched anew when it is tried again.
        try await order(.expire, at: released.advanced(by: minutes(20)))
        let late = released.advanced(by: CollectionAlert.lifetime + minutes(60))
        _ = try await keep(bench, at: late)
        #expect(try await steps(bench) == ["agency too-old"])
        try await order(.retry, at: late)
        #expect(try await keep(bench, at: late.advanced(by: minutes(15))).raised == [.agency: 1])
        await bench.close()
    }

    @Test func `what its sender had to confirm has its whole time from then on`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        let held = try bench.acceptance("VB-1", at: start) { $0.urgency = .immediate }
        _ = try await bench.store.accept(held)
        try await onConnection(to: bench.owner) { connection in
            try connection.query("UPDATE delivery SET state = 'held', refusal = 'policy.confirmation-needed'")
        }
        #expect(try await keep(bench, at: start.advanced(by: minutes(300))).raised == [:])
        let confirmed = start.advanced(by: minutes(301))
        #expect(
            try await bench.database.take(
                .confirm, on: held.id, description: nil, agencies: [bench.key(.construction)],
                system: TestAgency.construction.systemID, request: RequestID(), at: confirmed) == 1)
        #expect(try await keep(bench, at: confirmed.advanced(by: minutes(14))).raised == [:])
        #expect(try await keep(bench, at: confirmed.advanced(by: minutes(15))).raised == [.agency: 1])
        await bench.close()
    }

    @Test func `what is sealed raises and shows no alert, and has its whole time when the seal is off`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        _ = try await bench.store.accept(
            bench.acceptance("VB-1", to: [.finance, .treasury], at: start) { $0.urgency = .immediate })
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.database.confirm(
            line.id, .done, description: nil, agencies: [bench.key(.finance)], system: TestAgency.finance.systemID,
            request: RequestID(), at: start)
        #expect(try await keep(bench, at: start.advanced(by: minutes(15) + .seconds(1))).raised == [.agency: 2])
        _ = try await bench.database.seal("VB-1", reason: "mật", actor: "operator:test", at: .now())
        #expect(try await bench.database.openAlerts(limit: 10).isEmpty)
        #expect(try await bench.database.dueAlertNotices(limit: 10, at: .latest).allSatisfy(\.isSealed))
        #expect(try await keep(bench, at: start.advanced(by: minutes(100))).raised == [:])
        let unsealed = start.advanced(by: minutes(101))
        _ = try await bench.database.unseal("VB-1", reason: "không mật", actor: "operator:test", at: unsealed)
        #expect(try await keep(bench, at: unsealed.advanced(by: minutes(14))).raised == [:])
        #expect(try await keep(bench, at: unsealed.advanced(by: minutes(15))).raised == [.agency: 2])
        await bench.close()
    }

    /// However many ordinary ones are due, and however long they have been.
    @Test func `what is urgent is raised and told before what is not`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        let most = Int(Database.maxCollectionRound)
        for number in 0...most {
            let at = start.advanced(by: .milliseconds(number))
            _ = try await bench.store.accept(
                bench.acceptance("VB-\(number)", at: at) { $0.urgency = number == most ? .immediate : .urgent })
        }
        let now = start.advanced(by: .seconds(10 * 86_400))
        let round = try await keep(bench, at: now)
        #expect(round.isMore)
        let first = try #require(try await bench.database.dueAlertNotices(limit: 1, at: now).first)
        #expect(first.subject.documentID.text == "VB-\(most)")
        #expect(try await bench.database.countOpenAlerts(limit: 3).open[.word]?[.agency] == 3)
        #expect(try await bench.database.countOpenAlerts(limit: 3).urgentSilences == 1)
        // One that cannot be told lets the others go first.
        try await bench.database.postponeAlertNotice(first, until: now.advanced(by: .seconds(1)))
        let second = try await bench.database.dueAlertNotices(limit: 1, at: now)
        #expect(second.first.map { $0.id != first.id } == true)
        await bench.close()
    }

    @Test func `messages that wait are bounded, in number and in age`() async throws {
        let bench = try await AcceptBench()
        let start = Instant.now()
        for (number, urgency) in [Urgency.veryUrgent, .immediate, .veryUrgent].enumerated() {
            _ = try await bench.store.accept(
                bench.acceptance("VB-\(number)", at: start) { $0.urgency = urgency })
        }
        let now = start.advanced(by: minutes(61))
        _ = try await keep(bench, at: now)
        #expect(try await bench.count("alert_notice") == 6)
        #expect(try await bench.database.dropAlertNotices(at: now) == 0)
        #expect(try await bench.database.dropAlertNotices(at: now, most: 2) == 4)
        let left = try await bench.database.dueAlertNotices(limit: 10, at: now)
        #expect(left.map(\.subject.documentID.text) == ["VB-1", "VB-1"])
        let old = now.advanced(by: Database.alertNoticeLifetime)
        #expect(try await bench.database.dropAlertNotices(at: old) == 0)
        #expect(try await bench.database.dropAlertNotices(at: old.advanced(by: .seconds(1))) == 2)
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
