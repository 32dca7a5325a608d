// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Store
import TestKit
import Testing
import VXPProtocol

/// Fetched is not received, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPAlertTests {
    private struct Alert: Decodable {
        struct Contact: Decodable { let phone: String }
        let to: String
        let step: String
        let stage: String
        let contacts: [String: Contact]
    }

    private func alerts(_ hub: HubProcess) async throws -> [Alert] {
        let outcome = try await hub.command("delivery", "alerts", "--json")
        #expect(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode([Alert].self, from: Data(outcome.output.utf8))
    }

    @Test func `a recipient that fetches and says nothing is called for, until it speaks`() async throws {
        let url = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(
            databaseURL: url, arguments: ["--set", "metrics-interval-seconds=1"])
        let hub = province.hub
        let set = try await hub.command(
            "agency", "contact", "set", "H52.07", "--name", "Văn thư trực", "--phone", "0225 000 000")
        #expect(set.status == 0, "\(set)")
        #expect(try await hub.command("agency", "contact", "list").output.contains("0225 000 000"))
        let wrong = try await hub.command("agency", "contact", "set", "H52.07", "--name", "x", "--phone", "không")
        #expect(wrong.errors.contains("[registry.invalid-value]"))
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let sent = try await sender.send(try Sample.document("15"), from: try Sample.agency(Province.construction))
        #expect(sent.status == 200)
        let line = try #require(try await receiver.received().first)
        _ = try await receiver.fetch(line.docId)
        #expect(try await alerts(hub).isEmpty)
        // As if the time of silence were over now.
        try await DedicatedThread(name: "test").run {
            let owner = try PostgresConnection(connectionString: url, applicationName: "truc-test")
            try owner.query(
                """
                INSERT INTO collection_alert (delivery_id, duty, step, urgency, since, next_at)
                SELECT id, 'word', 'watched', 3, now() - interval '30 days', now() FROM delivery
                """)
        }
        var raised: [Alert] = []
        while raised.isEmpty { raised = try await alerts(hub) }
        #expect(raised.map(\.to) == [Province.justice] && raised.map(\.stage) == ["fetched"])
        #expect(raised[0].step == "agency" && raised[0].contacts["agency"]?.phone == "0225 000 000")
        var told: [VXPReceivedItem] = []
        while told.isEmpty { told = try await sender.received(.status) }
        let text = String(decoding: try await sender.fetch(told[0].docId), as: UTF8.self)
        #expect(text.contains("[Trục] Cảnh báo") && text.contains("0225 000 000"))
        while try await receiver.received(.status).isEmpty {}
        while true {
            let page = try await hub.get("/metrics").text
            if page.contains("truc_urgent_collection_alerts 1") {
                #expect(page.contains(#"truc_collection_alerts{step="agency"} 1"#))
                break
            }
        }
        let word = try Sample.status(.accepted, about: try Sample.documentID("15"))
        #expect(
            try await receiver.send(word, from: try Sample.agency(Province.justice), type: .status).status == 200)
        #expect(try await alerts(hub).isEmpty)
        let trace = try await hub.command("trace", "15/SXD-VP").output
        #expect(trace.contains("alert.raised") && trace.contains("alert.closed"))
        #expect(try await hub.command("agency", "contact", "remove", "H52.07").status == 0)
        try await hub.stop()
    }
}
