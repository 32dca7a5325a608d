// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct SealTests {
    private func seal(_ id: String, _ bench: AcceptBench, isTrial: Bool = false) async throws -> SealReport {
        try await bench.database.seal(
            id, reason: "gửi nhầm", actor: "operator:test", at: .now(), isTrial: isTrial)
    }

    private func unseal(_ id: String, _ bench: AcceptBench) async throws -> SealReport {
        try await bench.database.unseal(id, reason: "không phải mật", actor: "operator:test", at: .now())
    }

    private func confirm(_ id: DeliveryID, by agency: TestAgency, _ bench: AcceptBench) async throws {
        _ = try await bench.database.confirm(
            id, .done, description: nil, agencies: [bench.key(agency)], system: agency.systemID, request: RequestID(),
            at: .now())
    }

    private func events(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT event AS value FROM history WHERE event LIKE 'package.%sealed' OR event LIKE 'delivery.%'
                OR event = 'package.conflict' ORDER BY at, id
            """)
    }

    private func states(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column("SELECT state AS value FROM delivery ORDER BY recipient_written")
    }

    @Test func `nothing of it is handed out or listed, whoever asks`() async throws {
        let bench = try await AcceptBench()
        let sent = try bench.acceptance("VB-1", to: [.finance, .treasury, .stranger])
        _ = try await bench.store.accept(sent)
        let read = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(read.id.uuid, by: .finance)
        let done = try #require(try await bench.pending(.stranger).first)
        try await confirm(done.id, by: .stranger, bench)
        let unread = try #require(try await bench.pending(.treasury).first)

        let report = try await seal("VB-1", bench)
        #expect(report.document.package == sent.id && report.seal?.isOld == false)
        #expect(
            Set(report.recipients.map { "\($0.written) \($0.possession.rawValue) \($0.state.rawValue)" }) == [
                "000.00.14.H52 has held", "001.00.14.H52 has-not held", "000.00.15.H52 has delivered",
            ])
        let readers = report.recipients.filter { !$0.reads.isEmpty }
        #expect(readers.map(\.delivery) == [read.id] && readers.flatMap(\.reads).map(\.system) == ["qlvb.sotc"])
        for agency in [TestAgency.finance, .treasury, .stranger] {
            #expect(try await bench.pending(agency).isEmpty)
            #expect(try await bench.database.countPending([bench.key(agency)], .edoc) == 0)
        }
        for (id, agency) in [
            (read.id.uuid, TestAgency.finance), (unread.id.uuid, .treasury), (done.id.uuid, .stranger),
            (sent.id.uuid, .construction),
        ] {
            #expect(await refusal { try await bench.fetch(id, by: agency) } == .packageSealed)
        }
        #expect(
            try await events(bench).sorted() == [
                "delivery.delivered", "delivery.held", "delivery.held", "package.sealed",
            ])
        // What a seal stops waits for nobody.
        #expect(try await bench.database.reading(ages: [60], now: .now()).held == 0)
        #expect(try await bench.database.seals(limit: 10).map(\.document) == [sent.id])
        await bench.close()
    }

    @Test func `by any id, once, and a trial changes nothing`() async throws {
        let bench = try await AcceptBench()
        let sent = try bench.acceptance("VB-1")
        _ = try await bench.store.accept(sent)
        let line = try #require(try await bench.pending(.finance).first)
        for id in ["VB-1", sent.id.description, line.id.description] {
            let trial = try await seal(id, bench, isTrial: true)
            #expect(trial.document.package == sent.id && trial.seal == nil)
        }
        #expect(try await states(bench) == ["waiting"])
        #expect(try await bench.count("seal") == 0)
        let first = try await seal(line.id.description, bench)
        let again = try await seal("VB-1", bench)
        #expect(again.seal?.isOld == true && again.seal?.at == first.seal?.at)
        #expect(try await bench.count("seal") == 1)
        #expect(await refusal { try await seal("VB-2", bench) } == .packageNotFound)
        #expect(await refusal { try await unseal("VB-2", bench) } == .packageNotFound)
        // One id of two senders names no document.
        _ = try await bench.store.accept(bench.acceptance("VB-3"))
        _ = try await bench.store.accept(bench.acceptance("VB-3", from: .stranger, content: "khác"))
        #expect(await refusal { try await seal("VB-3", bench) } == .registryInvalid)
        await bench.close()
    }

    @Test func `it takes no update and no further recipient, and no operator sends it on`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.finance, .stranger]))
        let update = { (note: String) throws -> Acceptance in
            try bench.acceptance("CN \(note)", kind: .update, content: note, meaning: note) { envelope in
                guard let id = try? DocumentID(parsing: "VB-1") else { return }
                envelope.links = [Envelope.Link(relation: .updates, documentID: id)]
            }
        }
        #expect(try await bench.store.accept(update("một")).isAccepted)
        let lines = try await bench.pending(.finance)
        let done = try #require(try await bench.pending(.stranger).first)
        try await confirm(done.id, by: .stranger, bench)
        let document = try await seal("VB-1", bench).document.package
        // The update that came before is sealed with it.
        #expect(lines.count == 2)
        for line in lines {
            #expect(await refusal { try await bench.fetch(line.id.uuid, by: .finance) } == .packageSealed)
        }
        #expect(try await bench.store.accept(update("hai")) == .sealed(document))
        #expect(try await bench.store.accept(bench.acceptance("VB-1", to: [.treasury])) == .sealed(document))
        #expect(try await bench.store.accept(bench.acceptance("VB-1")).isKnown(document))
        for (act, id) in [(DeliveryLife.Act.release, lines[0].id), (.retry, lines[1].id), (.replay, done.id)] {
            let refused = await refusal {
                try await bench.database.order(act, id, reason: "thử", actor: "operator:test", at: .now())
            }
            #expect(refused == .packageSealed)
        }
        #expect(try await states(bench).filter { $0 == "held" }.count == 2)
        await bench.close()
    }

    @Test func `unsealed it goes on, but for what was recalled meanwhile`() async throws {
        let bench = try await QueueBench()
        let version = try await bench.database.registryVersion()
        let sent = try bench.accepting.acceptance("VB-1", to: [.finance, .stranger], version: version)
        _ = try await bench.accepting.store.accept(sent)
        let stranger = try #require(try await bench.accepting.pending(.stranger).first)
        _ = try await bench.accepting.fetch(stranger.id.uuid, by: .stranger)
        _ = try await seal("VB-1", bench.accepting)
        #expect(try await bench.claim().isEmpty)
        // The stranger has seen it and owes its cancellation.
        let recall = try bench.accepting.acceptance(
            "TH-1", to: [.stranger], kind: .recall, content: "thu hồi", meaning: "thu hồi", version: version
        ) { envelope in
            guard let id = try? DocumentID(parsing: "VB-1") else { return }
            envelope.links = [Envelope.Link(relation: .recalls, documentID: id)]
        }
        #expect(try await bench.accepting.store.accept(recall).isAccepted)
        #expect(await refusal { try await unseal("TH-1", bench.accepting) } != nil)
        _ = try await unseal("VB-1", bench.accepting)
        #expect(await refusal { try await unseal("VB-1", bench.accepting) } == .sealNotFound)
        let carried = try #require(try await bench.claim().first)
        #expect(try await bench.finish(carried, .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.state(stranger.id) == .held)
        #expect(
            try await bench.accepting.text(of: carried.id, for: .finance) == "<edXML>VB-1</edXML>")
        #expect(
            try await bench.events(carried.id) == [
                "delivery.held", "delivery.released", "delivery.delivered", "package.fetched",
            ])
        // Sealed anew it is another seal.
        #expect(try await seal("VB-1", bench.accepting).seal?.isOld == false)
        await bench.close()
    }

    @Test func `what is being pushed counts once, and the seal tells of it`() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(2)
        let claimed = try await bench.claim()
        #expect(claimed.map(\.id) == ids)
        for (number, id) in ids.enumerated() {
            let report = try await seal("VB-\(number)", bench.accepting)
            #expect(report.recipients.map(\.possession) == [.mayHave])
            #expect(report.recipients.map(\.endpoint) == ["https://qlvb.example/nhan"])
            #expect(try await bench.state(id) == .held)
        }
        #expect(try await bench.finish(claimed[0], .entered) == .counted(.delivered, nextAt: nil))
        #expect(try await bench.finish(claimed[0], .entered) == .late)
        #expect(try await seal("VB-0", bench.accepting).recipients.map(\.possession) == [.has])
        // What failed is not tried again.
        let failed = AttemptOutcome.failed(AttemptFailure(.pushUnreachable))
        _ = try await bench.finish(claimed[1], failed)
        _ = try await bench.database.sweep(at: Instant.now().advanced(by: .seconds(86_400)))
        #expect(try await bench.claim().isEmpty)
        #expect(try await seal("VB-1", bench.accepting).recipients.map(\.possession) == [.mayHave])
        #expect(
            try await bench.events(ids[0]) == ["delivery.held", "delivery.delivered"])
        await bench.close()
    }

    /// Who got the content is in the report; who is not in the report got nothing.
    @Test func `a fetch and a seal at the same time`() async throws {
        let bench = try await AcceptBench()
        for round in 0..<12 {
            _ = try await bench.store.accept(bench.acceptance("VB-\(round)"))
            let line = try #require(try await bench.pending(.finance).last)
            async let fetched = refusal { try await bench.fetch(line.id.uuid, by: .finance) }
            async let sealed = seal("VB-\(round)", bench)
            let (refused, report) = (await fetched, try await sealed)
            #expect(refused == nil || refused == .packageSealed)
            #expect(report.recipients.map(\.possession) == [refused == nil ? .has : .hasNot])
        }
        await bench.close()
    }

    @Test func `its content may be destroyed by decision, and then it stays sealed`() async throws {
        let bench = try await AcceptBench()
        let sent = try bench.acceptance("VB-1")
        _ = try await bench.store.accept(sent)
        let decision = Decision(number: "1/QĐ", date: Instant.now().vietnamDate)
        let destroy = {
            try await bench.database.destroyContent(of: sent.id, on: decision, actor: "operator:test", at: .now())
        }
        #expect(await refusal(destroy) == .contentAwaited)
        _ = try await seal("VB-1", bench)
        #expect(try await destroy() == [sent.id])
        #expect(await refusal { try await unseal("VB-1", bench) } == .contentDestroyed)
        await bench.close()
    }
}
