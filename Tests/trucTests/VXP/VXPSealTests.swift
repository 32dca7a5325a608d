// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// A secret that was sent by mistake, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPSealTests {
    private struct Shown: Decodable {
        struct Recipient: Decodable {
            struct Read: Decodable { let system: String }
            let to: String
            let possession: String
            let state: String
            let reads: [Read]
        }
        let sealedAt: String?
        let wasSealed: Bool
        let recipients: [Recipient]
    }

    private func shown(_ outcome: CommandOutcome) throws -> Shown {
        #expect(outcome.status == 0, "\(outcome)")
        return try JSONDecoder().decode(Shown.self, from: Data(outcome.output.utf8))
    }

    @Test func `sealed, nobody gets it from the next request on, and the record says who has it`() async throws {
        let province = try await Province.open()
        let hub = province.hub
        let sender = try province.client(Province.construction)
        let justice = try province.client(Province.justice)
        let health = try province.client(Province.health)
        let from = try Sample.agency(Province.construction)
        let subject = "Kế hoạch bố trí lực lượng"
        let document = try Sample.document("15", to: [Province.justice, Province.health], subject: subject)
        let receipt = try #require(try await sender.send(document, from: from).reply.docID)
        let read = try #require(try await justice.received().first)
        #expect(try await justice.fetch(read.docId) == document)
        let unread = try #require(try await health.received().first)

        let id = try Sample.documentID("15").text
        let trial = try shown(try await hub.command("package", "seal", id, "--reason", "thử", "--dry-run", "--json"))
        #expect(trial.sealedAt == nil && Set(trial.recipients.map(\.possession)) == ["has", "has-not"])
        #expect(try await health.received().count == 1)

        let record = hub.dataDirectory + "-bien-ban.md"
        let sealed = try shown(
            try await hub.command(
                "package", "seal", id, "--reason", "Gửi nhầm văn bản mật", "--record", record, "--json"))
        #expect(sealed.sealedAt != nil && !sealed.wasSealed)
        let read07 = sealed.recipients.filter { $0.reads.map(\.system) == ["qlvb.07"] }
        #expect(sealed.recipients.count == 2 && read07.map(\.to) == [Province.justice])
        for (client, docID) in [(justice, read.docId), (health, unread.docId), (sender, receipt)] {
            for operation in [VXPOperation.getEdoc, .downloadEdoc] {
                let refused = try await client.call(operation, [.docID(docID)])
                #expect(try refused.status == 423 && refused.reply.code == "package.sealed")
            }
        }
        for client in [justice, health] {
            #expect(try await client.received().isEmpty)
            #expect(try await client.count(.countReceiveEdoc) == 0)
        }
        let sent = try VXPReceivedReply.items(
            VXPSentItem.self,
            parsing: try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)]).body)
        #expect(sent.map(\.sendStatus) == ["held", "held"])
        #expect(sent.allSatisfy { $0.sendStatusDesc.contains("niêm phong") })
        let wider = try await sender.send(try Sample.document("15", to: [Province.construction]), from: from)
        #expect(try wider.reply.code != nil)

        let text = try String(contentsOfFile: record, encoding: .utf8)
        #expect(text.contains("Lý do: Gửi nhầm văn bản mật") && text.contains("qlvb.07") && !text.contains(subject))
        let mode = try FileManager.default.attributesOfItem(atPath: record)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try await hub.command("package", "seal", id, "--reason", "x", "--record", record)
        #expect(again.status == 1 && again.errors.contains("[file.unwritable]"))
        #expect(try shown(try await hub.command("package", "seal", receipt, "--reason", "x", "--json")).wasSealed)
        #expect(try await hub.command("package", "sealed").output.contains(id))
        #expect(try await hub.command("trace", "15/SXD-VP").output.contains("package.sealed"))

        let opened = try shown(
            try await hub.command("package", "unseal", unread.docId, "--reason", "Không phải mật", "--json"))
        #expect(opened.sealedAt == nil)
        #expect(try await health.fetch(try #require(try await health.received().first).docId) == document)
        #expect(
            try await hub.command("package", "unseal", receipt, "--reason", "x").errors.contains("package.not-sealed"))
        try await hub.stop()
    }
}
