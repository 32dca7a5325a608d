// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct RecallTests {
    /// A recall by either of its two names: a package of type 1 to some recipients, or 13 to one.
    enum Way: CaseIterable {
        case package
        case status
    }

    private func recall(
        _ document: String, from recipient: TestAgency = .finance, by sender: TestAgency = .construction,
        way: Way = .package, _ bench: AcceptBench, note: String = UUID().uuidString
    ) throws -> Acceptance {
        switch way {
        case .package:
            try bench.acceptance(
                "TH \(note)", from: sender, to: [recipient], kind: .recall, content: "thu hồi \(document) \(note)",
                meaning: note
            ) { envelope in
                guard let id = try? DocumentID(parsing: document) else { return }
                envelope.links = [Envelope.Link(relation: .recalls, documentID: id)]
            }
        case .status: try bench.status(.recallRequested, of: document, from: sender, to: recipient, note: note)
        }
    }

    private func update(
        _ document: String, to recipients: [TestAgency] = [.finance], _ bench: AcceptBench,
        note: String = UUID().uuidString, removing removed: [TestAgency] = []
    ) throws -> Acceptance {
        try bench.acceptance(
            "CN \(note)", to: recipients, kind: .update, content: "cập nhật \(document) \(note)", meaning: note
        ) { envelope in
            guard let id = try? DocumentID(parsing: document), let keys = try? removed.map(bench.key) else { return }
            envelope.links = [Envelope.Link(relation: .updates, documentID: id)]
            envelope.receivers.removed = keys.map { Envelope.Addressee($0) }
        }
    }

    /// How far each recall has come, as `code: outcome`.
    private func outcomes(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ': ' || outcome AS value FROM recall JOIN agency ON agency.id = recipient_agency_id
            ORDER BY agency.code
            """)
    }

    private func effects(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT status_effect AS value FROM package WHERE kind <> 'document' AND status IS DISTINCT FROM '15'
                AND status IS DISTINCT FROM '16' ORDER BY accepted_at, id
            """)
    }

    private func events(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT event AS value FROM history WHERE event LIKE 'recall.%' OR event = 'delivery.withdrawn'
            ORDER BY at, id
            """)
    }

    private func type(_ way: Way) -> MessageType { way == .package ? .edoc : .status }

    @Test(arguments: Way.allCases)
    func `what nobody has fetched is withdrawn, and its recipient learns nothing`(way: Way) async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.finance, .treasury]))
        let line = try #require(try await bench.pending(.finance).first)
        #expect(try await bench.store.accept(recall("VB-1", way: way, bench)).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.14.H52: withdrawn"])
        #expect(try await effects(bench) == ["applied"])
        #expect(try await bench.pending(.finance, .edoc).isEmpty)
        #expect(try await bench.pending(.finance, .status).isEmpty)
        #expect(await refusal { try await bench.fetch(line.id.uuid, by: .finance) } == .deliveryWithdrawn)
        // The recall of one recipient of many leaves the others alone.
        let other = try #require(try await bench.pending(.treasury).first)
        #expect(try await bench.text(of: other.id, for: .treasury) == "<edXML>VB-1</edXML>")
        #expect(try await events(bench) == ["delivery.withdrawn"])
        #expect(try await bench.database.recallDuties(limit: 10).isEmpty)
        await bench.close()
    }

    @Test(arguments: Way.allCases)
    func `who has fetched it owes its cancellation until 15`(way: Way) async throws {
        let bench = try await AcceptBench()
        let document = try bench.acceptance("VB-1", to: [.finance, .treasury])
        _ = try await bench.store.accept(document)
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(line.id.uuid, by: .finance)
        let asked = try recall("VB-1", way: way, bench)
        #expect(try await bench.store.accept(asked).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.14.H52: owed"])
        let got = try await bench.pending(.finance, type(way))
        #expect(got.count == (way == .package ? 2 : 1))
        let duties = try await bench.database.recallDuties(limit: 10)
        #expect(duties.map(\.recipient) == ["000.00.14.H52"])
        #expect(duties.map(\.document) == [document.id] && duties.map(\.recall) == [asked.id])
        // Silence and other words end nothing, and the content may be read meanwhile.
        #expect(try await bench.store.accept(bench.status(.returned, of: "VB-1")).isAccepted)
        #expect(try await bench.text(of: line.id) == "<edXML>VB-1</edXML>")
        #expect(try await bench.store.accept(bench.status(.changeDeclined, of: "VB-1", note: "đã xử lý")).isAccepted)
        let declined = try #require(try await bench.database.recallDuties(limit: 10).first)
        #expect(declined.outcome == .declined && declined.answer == "đã xử lý" && declined.since == duties[0].since)

        #expect(try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1")).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.14.H52: cancelled"])
        #expect(try await bench.database.recallDuties(limit: 10).isEmpty)
        #expect(await refusal { try await bench.fetch(line.id.uuid, by: .finance) } == .contentCancelled)
        // It had never confirmed the document: that stands in its list no more, but the recall does.
        #expect(try await bench.pending(.finance, .edoc).count == (way == .package ? 1 : 0))
        let recalled = try #require(got.last)
        _ = try await bench.fetch(recalled.id.uuid, by: .finance)
        // The sender and the others read it as before.
        _ = try await bench.fetch(document.id.uuid, by: .construction)
        let other = try #require(try await bench.pending(.treasury).first)
        _ = try await bench.fetch(other.id.uuid, by: .treasury)
        #expect(try await bench.store.accept(bench.status(.changeDeclined, of: "VB-1")).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.14.H52: cancelled"])
        #expect(try await events(bench) == ["recall.asked", "recall.declined", "recall.agreed"])
        await bench.close()
    }

    @Test func `15 that was said before counts for nothing, said again it does`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        _ = try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1"))
        _ = try await bench.store.accept(recall("VB-1", bench))
        // Who has spoken of the document has it.
        #expect(try await outcomes(bench) == ["000.00.14.H52: owed"])
        _ = try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1"))
        #expect(try await outcomes(bench) == ["000.00.14.H52: cancelled"])
        await bench.close()
    }

    @Test func `a recall again, of nothing known, of another's document, and from who has it not`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        _ = try await bench.fetch(try #require(try await bench.pending(.finance).first).id.uuid, by: .finance)
        _ = try await bench.store.accept(recall("VB-1", bench))
        _ = try await bench.store.accept(recall("VB-1", way: .status, bench))
        _ = try await bench.store.accept(recall("VB-khác", bench))
        _ = try await bench.store.accept(recall("VB-1", by: .stranger, bench))
        _ = try await bench.store.accept(recall("VB-1", from: .treasury, bench))
        #expect(
            try await effects(bench)
                == ["applied", "repeated", "unknown-document", "unknown-document", "not-a-recipient"])
        #expect(try await outcomes(bench) == ["000.00.14.H52: owed"])
        // Delivered and marked, as every word that the hub cannot place.
        #expect(try await bench.pending(.finance, .edoc).count == 4)
        #expect(try await bench.pending(.finance, .status).count == 1)
        #expect(try await bench.pending(.treasury, .edoc).count == 1)
        await bench.close()
    }

    @Test func `a recalled document is frozen`() async throws {
        let bench = try await AcceptBench()
        let document = try bench.acceptance("VB-1", meaning: "m")
        _ = try await bench.store.accept(document)
        let before = try update("VB-1", bench, note: "một")
        #expect(try await bench.store.accept(before).isAccepted)
        _ = try await bench.store.accept(recall("VB-1", bench))
        // The update that nobody has seen goes with the document.
        #expect(try await bench.pending(.finance).isEmpty)
        #expect(try await bench.store.accept(update("VB-1", bench)) == .frozen(document.id))
        #expect(try await bench.store.accept(update("VB-1", bench, note: "một")).isKnown(before.id))
        let wider = try bench.acceptance("VB-1", to: [.finance, .treasury], content: "rộng", meaning: "m")
        #expect(try await bench.store.accept(wider) == .frozen(document.id))
        #expect(try await bench.store.accept(bench.acceptance("VB-1", meaning: "m")).isKnown(document.id))
        let replacement = try bench.acceptance("VB-2", kind: .replacement) { envelope in
            guard let id = try? DocumentID(parsing: "VB-1") else { return }
            envelope.links = [Envelope.Link(relation: .replaces, documentID: id)]
        }
        #expect(try await bench.store.accept(replacement).isAccepted)
        #expect(try await effects(bench) == ["applied", "applied", "applied"])
        #expect(try await bench.count("history WHERE event = 'package.frozen'") == 2)
        #expect(try await bench.pending(.finance).count == 1)
        await bench.close()
    }

    @Test func `no operator sends out again what was recalled`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(line.id.uuid, by: .finance)
        let finance = try bench.key(.finance)
        _ = try await bench.database.confirm(
            line.id, .done, description: nil, agencies: [finance], system: TestAgency.finance.systemID,
            request: RequestID(), at: .now())
        _ = try await bench.store.accept(recall("VB-1", bench))
        let replayed = await refusal {
            try await bench.database.order(.replay, line.id, reason: "thử", actor: "operator:thử", at: .now())
        }
        #expect(replayed == .documentFrozen)
        await bench.close()
    }

    @Test func `what has expired unseen is withdrawn too`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.database.order(.expire, line.id, reason: "thử", actor: "operator:thử", at: .now())
        _ = try await bench.store.accept(recall("VB-1", bench))
        #expect(try await outcomes(bench) == ["000.00.14.H52: withdrawn"])
        let states: [String] = try await bench.column(
            "SELECT state AS value FROM delivery WHERE id = $1", [.uuid(line.id.uuid)])
        #expect(states == ["withdrawn"])
        await bench.close()
    }

    @Test func `an update takes the document from whom it removes, if nobody there has seen it`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.finance, .treasury]))
        let seen = try #require(try await bench.pending(.treasury).first)
        _ = try await bench.fetch(seen.id.uuid, by: .treasury)
        let removing = try update("VB-1", to: [.finance, .treasury], bench, removing: [.finance, .treasury])
        #expect(try await bench.store.accept(removing).isAccepted)
        #expect(try await bench.pending(.finance).isEmpty)
        #expect(try await bench.pending(.treasury).count == 2)
        // That is no recall: nothing is owed, nothing is frozen.
        #expect(try await outcomes(bench) == [])
        #expect(try await bench.store.accept(update("VB-1", to: [.treasury], bench)).isAccepted)
        #expect(try await bench.store.accept(update("VB-khác", bench)).isAccepted)
        #expect(try await bench.store.accept(update("VB-1", to: [.stranger], bench)).isAccepted)
        #expect(try await effects(bench) == ["applied", "applied", "unknown-document", "not-a-recipient"])
        await bench.close()
    }

    /// Whoever comes first: a fetch that got the content owes an answer, and one that came too late got nothing.
    /// Who was added by an update has the document by it, speaks of it, and answers its recall.
    @Test func `a recipient that an update has added answers as every other`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        _ = try await bench.store.accept(update("VB-1", to: [.treasury], bench))
        let line = try #require(try await bench.pending(.treasury).first)
        _ = try await bench.fetch(line.id.uuid, by: .treasury)
        _ = try await bench.store.accept(bench.status(.accepted, of: "VB-1", from: .treasury))
        _ = try await bench.store.accept(
            bench.status(.recallRequested, of: "VB-1", from: .construction, to: .treasury))
        #expect(try await outcomes(bench) == ["\(TestAgency.treasury.code): owed"])
        #expect(try await bench.count("collection_alert WHERE duty = 'cancellation'") == 1)
        let month = Instant.now().advanced(by: .seconds(40 * 86_400))
        let round = try await bench.database.keepCollectionAlerts(by: .standard, WorkingCalendar(), at: month)
        #expect(round.raised[.agency] == 2)
        #expect(try await bench.database.openAlerts(limit: 10).filter { $0.duty == .cancellation }.count == 1)
        _ = try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1", from: .treasury))
        #expect(try await outcomes(bench) == ["\(TestAgency.treasury.code): cancelled"])
        #expect(try await bench.database.openAlerts(limit: 10).filter { $0.duty == .cancellation }.isEmpty)
        let effects: [String] = try await bench.column(
            "SELECT status_effect AS value FROM package WHERE kind = 'status' ORDER BY id")
        #expect(effects == ["applied", "applied", "applied"])
        #expect(await refusal { try await bench.fetch(line.id.uuid, by: .treasury) } == .contentCancelled)
        await bench.close()
    }

    @Test func `a fetch that races with the recall either owes or gets nothing`() async throws {
        let bench = try await AcceptBench()
        let other = try bench.secondStore()
        let documents = (0..<60).map { "VB-\($0)" }
        for document in documents {
            _ = try await bench.store.accept(bench.acceptance(document, content: document))
        }
        let lines = try await bench.pending(.finance)
        #expect(lines.count == documents.count)
        let got = try await withThrowingTaskGroup(of: DeliveryID?.self) { group in
            for number in documents.indices {
                let line = lines[number].id
                let asked = try recall("VB-\(number)", way: number % 3 == 0 ? .status : .package, bench)
                let store = number % 2 == 0 ? bench.store : other
                group.addTask {
                    let result = try await store.accept(asked)
                    #expect(result.isAccepted)
                    return nil
                }
                for _ in 0..<2 {
                    group.addTask {
                        let refused = await refusal { try await bench.fetch(line.uuid, by: .finance) }
                        #expect(refused == nil || refused == .deliveryWithdrawn)
                        return refused == nil ? line : nil
                    }
                }
            }
            return try await group.reduce(into: Set<DeliveryID>()) { if let line = $1 { $0.insert(line) } }
        }
        let owed: [UUID] = try await bench.column(
            """
            SELECT delivery.id AS value FROM recall JOIN delivery USING (document_package_id, recipient_agency_id)
            WHERE outcome = 'owed'
            """)
        #expect(Set(owed) == Set(got.map(\.uuid)))
        #expect(try await bench.count("recall WHERE outcome = 'withdrawn'") == Int64(documents.count - owed.count))
        #expect(
            try await bench.count("delivery WHERE state = 'withdrawn' AND fetched_at IS NOT NULL") == 0)
        await other.stop()
        await bench.close()
    }
}
