// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// What is said of a document that was sent to Finance and redirected to the stranger, by a sender that names Finance.
@Suite(.timeLimit(.minutes(3))) struct RedirectedDocumentTests {
    enum Way: CaseIterable {
        case package
        case status

        var type: MessageType { self == .package ? .edoc : .status }
    }

    private func redirect(
        _ id: DeliveryID, to agency: TestAgency = .stranger, consents: Bool = true, _ bench: AcceptBench
    ) async throws {
        let consent = SenderConsent(
            person: "Trần Thị B", date: try CalendarDate(iso8601: "2026-11-20"), document: "3/SXD-VP")
        _ = try await bench.database.redirect(
            id, to: agency.id, consent: consents ? consent : nil, reason: "gửi nhầm", actor: "operator:test",
            at: .now())
    }

    /// A bench with `VB-1` at the stranger.
    private func redirected(to agencies: [TestAgency] = [.finance]) async throws -> (AcceptBench, DeliveryID) {
        let bench = try await AcceptBench()
        let document = try bench.acceptance("VB-1", to: agencies)
        _ = try await bench.store.accept(document)
        let id = document.package.deliveries[0].id
        try await redirect(id, bench)
        return (bench, id)
    }

    @discardableResult
    private func change(
        _ kind: PackageKind, naming agencies: [TestAgency] = [.finance], _ bench: AcceptBench,
        adding added: [TestAgency] = [], removing removed: [TestAgency] = [], note: String = UUID().uuidString
    ) async throws -> Acceptance {
        let acceptance = try bench.acceptance(
            "TD \(note)", to: agencies, kind: kind, content: note, meaning: note,
            version: try await bench.database.registryVersion()
        ) { envelope in
            guard let id = try? DocumentID(parsing: "VB-1"), let addedKeys = try? added.map(bench.key),
                let removedKeys = try? removed.map(bench.key)
            else { return }
            envelope.links = [Envelope.Link(relation: kind == .recall ? .recalls : .updates, documentID: id)]
            envelope.receivers.added = addedKeys
            envelope.receivers.removed = removedKeys.map { Envelope.Addressee($0) }
        }
        #expect(try await bench.store.accept(acceptance).isAccepted)
        return acceptance
    }

    private func recall(_ way: Way, _ bench: AcceptBench) async throws -> Acceptance {
        if way == .package { return try await change(.recall, bench) }
        let status = try bench.status(.recallRequested, of: "VB-1", from: .construction, to: .finance)
        #expect(try await bench.store.accept(status).isAccepted)
        return status
    }

    private func outcomes(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ': ' || outcome AS value FROM recall JOIN agency ON agency.id = recipient_agency_id
            ORDER BY agency.code
            """)
    }

    /// Where a package went, as `code state`.
    private func deliveries(of package: PackageID, _ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ' ' || state AS value FROM delivery
            JOIN agency ON agency.id = recipient_agency_id WHERE package_id = $1 ORDER BY 1
            """, [.uuid(package.uuid)])
    }

    @Test(arguments: Way.allCases)
    func `a recall that names the first one reaches who has the document now`(_ way: Way) async throws {
        let (bench, id) = try await redirected()
        _ = try await bench.fetch(id.uuid, by: .stranger)
        let asked = try await recall(way, bench)
        #expect(try await outcomes(bench) == ["000.00.15.H52: owed"])
        #expect(try await deliveries(of: asked.id, bench) == ["000.00.15.H52 waiting"])
        // Who never had the document learns nothing of it.
        #expect(try await bench.pending(.finance, way.type).isEmpty)
        let got = try #require(try await bench.pending(.stranger, way.type).last)
        #expect(got.recipientWritten == TestAgency.finance.code)
        _ = try await bench.fetch(got.id.uuid, by: .stranger)
        #expect(try await bench.database.recallDuties(limit: 9).map(\.recipient) == [TestAgency.stranger.code])
        // Asked again, it is told again; its answer ends it.
        let again = try await recall(way, bench)
        #expect(try await deliveries(of: again.id, bench) == ["000.00.15.H52 waiting"])
        _ = try await bench.store.accept(bench.status(.changeAgreed, of: "VB-1", from: .stranger))
        #expect(try await outcomes(bench) == ["000.00.15.H52: cancelled"])
        #expect(await refusal { try await bench.fetch(id.uuid, by: .stranger) } == .contentCancelled)
        await bench.close()
    }

    @Test(arguments: Way.allCases)
    func `before anybody has seen it, it is withdrawn there, and the recall goes nowhere`(_ way: Way) async throws {
        let (bench, _) = try await redirected()
        let asked = try await recall(way, bench)
        #expect(try await outcomes(bench) == ["000.00.15.H52: withdrawn"])
        for agency in [TestAgency.finance, .stranger] { #expect(try await bench.pending(agency, way.type).isEmpty) }
        #expect(try await deliveries(of: asked.id, bench) == ["000.00.14.H52 withdrawn"])
        await bench.close()
    }

    @Test func `a recall that names both reaches the one that has it, once`() async throws {
        let (bench, id) = try await redirected(to: [.finance, .treasury])
        _ = try await bench.fetch(id.uuid, by: .stranger)
        let asked = try await change(.recall, naming: [.finance, .stranger, .treasury], bench)
        #expect(try await outcomes(bench) == ["000.00.15.H52: owed", "001.00.14.H52: withdrawn"])
        #expect(
            try await deliveries(of: asked.id, bench) == [
                "000.00.14.H52 withdrawn", "000.00.15.H52 waiting", "001.00.14.H52 withdrawn",
            ])
        await bench.close()
    }

    @Test func `an update follows it too, and takes it back where it is`() async throws {
        let (bench, id) = try await redirected()
        let update = try await change(.update, bench)
        #expect(try await deliveries(of: update.id, bench) == ["000.00.15.H52 waiting"])
        // The first one gets it only when it is added anew.
        let adding = try await change(.update, naming: [.finance], bench, adding: [.finance])
        #expect(try await deliveries(of: adding.id, bench) == ["000.00.14.H52 waiting"])
        let removing = try await change(.update, naming: [.stranger], bench, removing: [.finance])
        #expect(try await bench.database.report(on: id).state == .withdrawn)
        #expect(try await deliveries(of: removing.id, bench) == ["000.00.15.H52 withdrawn"])
        await bench.close()
    }

    @Test func `it is carried to the endpoint of who has the document`() async throws {
        let (bench, id) = try await redirected()
        _ = try await bench.fetch(id.uuid, by: .stranger)
        for (agency, name) in [(TestAgency.finance, "sotc"), (.stranger, "soct")] {
            _ = try await bench.database.setEndpoint(
                of: agency.id, url: "https://\(name).example/nhan", actor: "operator:test", at: .now())
        }
        let asked = try await change(.recall, bench)
        let urls: [String] = try await bench.column(
            """
            SELECT url AS value FROM queue JOIN endpoint ON endpoint.id = queue.endpoint_id
            JOIN delivery ON delivery.id = queue.delivery_id WHERE package_id = $1
            """, [.uuid(asked.id.uuid)])
        #expect(urls == ["https://soct.example/nhan"])
        await bench.close()
    }

    /// The operator gave it to a successor that takes nothing by itself.
    @Test func `a recall reaches the successor to whom an operator gave it`() async throws {
        let bench = try await AcceptBench()
        let document = try bench.acceptance("VB-1", to: [.finance])
        _ = try await bench.store.accept(document)
        let id = document.package.deliveries[0].id
        _ = try await bench.database.order(.expire, id, reason: "thử", actor: "operator:test", at: .now())
        let closing = Succession.Closing(
            try TestAgency.finance.id,
            successors: [
                .init(try TestAgency.treasury.id, takesPending: true, isDefault: true),
                .init(try TestAgency.stranger.id),
            ])
        _ = try await bench.database.close(
            Succession([closing], effective: nil), actor: "operator:test", at: .now())
        try await redirect(id, consents: false, bench)
        _ = try await bench.fetch(id.uuid, by: .stranger)
        // As the hub plans it: to the one that takes what is pending, in the place of the one named.
        let (finance, treasury) = (try bench.key(.finance), try bench.key(.treasury))
        let note = UUID().uuidString
        let asked = try bench.acceptance(
            "TD \(note)", to: [.treasury], kind: .recall, content: note,
            version: try await bench.database.registryVersion()
        ) { envelope in
            guard let id = try? DocumentID(parsing: "VB-1"), let stranger = try? bench.key(.stranger) else { return }
            envelope.links = [Envelope.Link(relation: .recalls, documentID: id)]
            envelope.kin = [treasury: [finance, stranger]]
            envelope.addressees = [treasury: Envelope.Addressee(named: [finance], holders: [finance])]
        }
        #expect(try await bench.store.accept(asked).isAccepted)
        #expect(try await outcomes(bench) == ["000.00.15.H52: owed"])
        #expect(try await deliveries(of: asked.id, bench) == ["000.00.15.H52 waiting"])
        await bench.close()
    }
}
