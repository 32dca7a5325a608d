// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Logging
import Store
import TestKit
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(3))) struct CollectionAlertsTests {
    private func alerts(_ hub: TestHub) -> CollectionAlerts {
        CollectionAlerts(
            store: hub.store, registry: hub.hub.registry,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func texts(_ hub: TestHub, _ agency: TestAgency) async throws -> [String] {
        var texts: [String] = []
        for line in try await hub.pending(agency, .status) {
            #expect(line.senderWritten == TestAgency.hubCode)
            texts.append(String(decoding: try await hub.fetch(line.id.uuid, by: agency), as: UTF8.self))
        }
        return texts
    }

    @Test func `sender and recipient are told once, with whom to call, and nothing counts as a word`() async throws {
        let hub = try await TestHub.open()
        for (agency, name, phone) in [
            (TestAgency.finance.code, "Văn thư Sở Tài chính", "0225 1"),
            (TestAgency.hubCode, "Trực vận hành", "0225 3"),
        ] {
            try await hub.database.setDutyContact(
                of: AgencyID(parsing: agency), name: name, phone: PhoneNumber(parsing: phone + "00 000"), mail: nil,
                actor: "operator:test", at: .now())
        }
        let start = Instant.now()
        var builder = PackageBuilder(number: 1)
        builder.to = [TestAgency.finance.code]
        _ = try await hub.send(try builder.document(), at: start)
        let keeper = alerts(hub)
        // As if it had been hỏa tốc, and sixteen minutes ago.
        try await hub.asOwner { connection in
            try connection.query(
                """
                INSERT INTO collection_alert (delivery_id, duty, step, urgency, since, next_at)
                SELECT id, 'word', 'watched', 3, created_at - interval '30 days', now() FROM delivery
                """)
        }
        _ = try await keeper.keep(at: start.advanced(by: .seconds(985)))
        for _ in 0..<2 { #expect(try await !keeper.tell(at: .latest)) }
        let sender = try await texts(hub, .construction)
        let recipient = try await texts(hub, .finance)
        #expect(sender.count == 1 && recipient.count == 1)
        for text in sender + recipient {
            #expect(text.contains("sau 43216 phút, \(TestAgency.finance.code) chưa lấy văn bản"))
            #expect(text.contains("đơn vị nhận: Văn thư Sở Tài chính, 0225 100 000"))
            #expect(text.contains("vận hành trục: Trực vận hành, 0225 300 000"))
            #expect(text.contains("<edXML:StatusCode>01</edXML:StatusCode>"))
        }
        #expect(try await hub.asOwner { try $0.query("SELECT FROM document_status").count } == 0)
        #expect(try await hub.asOwner { try $0.query("SELECT FROM alert_notice").count } == 0)
        await hub.close()
    }

    @Test func `a number that was used before is told to who used it, and nothing is refused`() async throws {
        let hub = try await TestHub.open()
        for document in ["VB-1", "VB-2"] {
            var builder = PackageBuilder(number: 7)
            builder.to = [TestAgency.finance.code]
            builder.documentIDText = "\(TestAgency.construction.code),\(document)"
            _ = try await hub.send(try builder.document())
        }
        let keeper = alerts(hub)
        #expect(try await !keeper.findRepeatedCodes(at: .now().advanced(by: .seconds(120))))
        #expect(try await !keeper.tell(at: .latest))
        let told = try await texts(hub, .construction)
        #expect(told.count == 1)
        #expect(told.first?.contains("đã dùng trong năm cho văn bản \(TestAgency.construction.code),VB-1") == true)
        #expect(try await hub.pending(.finance).count == 2)
        await hub.close()
    }

    @Test func `what is sealed is told to nobody, but that it is to be cancelled`() async throws {
        let hub = try await TestHub.open()
        var builder = PackageBuilder(number: 1)
        builder.to = [TestAgency.finance.code]
        _ = try await hub.send(try builder.document())
        try await hub.asOwner { connection in
            try connection.query(
                """
                INSERT INTO alert_notice (kind, addressee, urgency, package_id, delivery_id, stage, since, at, due_at)
                SELECT 'collection', 'recipient', 0, package_id, id, stage, now(), now(), now()
                FROM delivery, unnest(ARRAY['fetched', 'recall-declined']) AS stages (stage)
                """)
            try connection.query(
                "INSERT INTO seal (document_package_id, sealed_at, sealed_by, reason) SELECT id, now(), 'x', 'x' FROM package"
            )
        }
        #expect(try await !alerts(hub).tell(at: .latest))
        let told = try await texts(hub, .finance)
        #expect(told.count == 1 && told.first?.contains("đã trả lời 16") == true)
        #expect(try await hub.asOwner { try $0.query("SELECT FROM alert_notice").count } == 0)
        await hub.close()
    }

    @Test func `more than one round is told, and the urgent first`() async throws {
        let hub = try await TestHub.open()
        var builder = PackageBuilder(number: 1)
        builder.to = [TestAgency.finance.code]
        _ = try await hub.send(try builder.document())
        try await hub.asOwner { connection in
            try connection.query(
                """
                INSERT INTO alert_notice (kind, addressee, urgency, package_id, delivery_id, stage, since, at, due_at)
                SELECT 'collection', 'recipient', CASE WHEN n = $1 THEN 3 ELSE 0 END, package_id, id, 'fetched',
                    now() - make_interval(mins => n::integer), now(), now()
                FROM delivery, generate_series(0, $1) AS n
                """, [.int8(Int64(CollectionAlerts.maxRound))])
        }
        let keeper = alerts(hub)
        #expect(try await keeper.tell(at: .latest))
        let left = try await hub.asOwner { try $0.query("SELECT FROM alert_notice WHERE urgency = 0").count }
        #expect(left == 1)
        #expect(try await hub.asOwner { try $0.query("SELECT FROM alert_notice").count } == 1)
        #expect(try await !keeper.tell(at: .latest))
        #expect(try await hub.pending(.finance, .status).count == CollectionAlerts.maxRound + 1)
        await hub.close()
    }

    @Test func `the nearest above that has a post, or a system`() throws {
        func agency(_ key: Int64, parent: Int64?, system: String?) throws -> AgencyRecord {
            AgencyRecord(
                key: AgencyKey(key), code: try AgencyID(parsing: "H52.\(key)"), name: "Đơn vị \(key)", mail: nil,
                parent: parent.map(AgencyKey.init), system: try system.map { try SystemID(parsing: $0) }, isHub: false,
                version: 1, changedAt: Instant(microseconds: 0))
        }
        let registry = RegistrySnapshot(
            RegistryRecords(
                version: 1, systems: [],
                agencies: [
                    // A loop must end.
                    try agency(1, parent: 3, system: "a"), try agency(2, parent: 1, system: nil),
                    try agency(3, parent: 2, system: nil),
                ]))
        let contact = DutyContact(
            agency: AgencyKey(1), name: "Trực", phone: try PhoneNumber(parsing: "113"), mail: nil)
        let contacts = DutyContacts([contact], in: registry)
        #expect(contacts.contact(.superior, of: AgencyKey(3)) == contact)
        #expect(contacts.contact(.agency, of: AgencyKey(3)) == nil)
        #expect(contacts.contact(.hub, of: AgencyKey(3)) == nil)
        #expect(contacts.superior(of: AgencyKey(3))?.key == AgencyKey(1))
        #expect(contacts.text(of: AgencyKey(3)) == "cấp trên: Trực, 113")
        #expect(DutyContacts([], in: registry).contact(.superior, of: AgencyKey(2)) == nil)
    }
}
