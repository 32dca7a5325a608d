// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// What a sender takes back, between systems that embed the national SDK, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPRecallTests {
    private func duties(_ hub: HubProcess) async throws -> [[String: Any]] {
        let output = try await hub.command("delivery", "duties", "--json").output
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]])
    }

    /// The recall of the document's delivery to an agency, as a trace tells it.
    private func recall(_ id: String, at agency: String, _ hub: HubProcess) async throws -> [String: Any]? {
        let output = try await hub.command("trace", id, "--json").output
        let report = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        let package = try #require((report?["packages"] as? [[String: Any]])?.first)
        let delivery = try #require(
            (package["deliveries"] as? [[String: Any]])?.first {
                ($0["recipient"] as? [String: Any])?["written"] as? String == agency
            })
        return delivery["recall"] as? [String: Any]
    }

    @Test func `a recall before the fetch: its recipient sees nothing, the others keep the document`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let other = try province.client(Province.health)
        let from = try Sample.agency(Province.construction)
        let document = try Sample.document("15", to: [Province.justice, Province.health])
        #expect(try await sender.send(document, from: from).status == 200)
        let line = try #require(try await receiver.received().first)

        // As the official sample has it: the package's own DocumentId is that of the recalled document.
        let recall = try Sample.document("15", subject: "V/v thu hồi", business: Business(kind: .recall))
        #expect(try await sender.send(recall, from: from).status == 200)
        #expect(try await receiver.received(.edoc).isEmpty)
        let late = try await receiver.call(.getEdoc, [.docID(line.docId)])
        #expect(try late.status == 410 && late.reply.code == "delivery.withdrawn")
        #expect(try await other.fetch(try #require(try await other.received().first).docId) == document)
        #expect(try await duties(province.hub).isEmpty)
        #expect(
            try await self.recall("15/SXD-VP", at: Province.justice, province.hub)?["outcome"] as? String == "withdrawn"
        )
        #expect(try await self.recall("15/SXD-VP", at: Province.health, province.hub) == nil)
        let text = try await province.hub.command("trace", "15/SXD-VP").output
        #expect(text.contains("đã rút, nơi nhận chưa lấy") && text.contains("không giao, nơi nhận chưa thấy văn bản"))
        let sent = try VXPReceivedReply.items(
            VXPSentItem.self,
            parsing: try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)]).body)
        #expect(sent.map(\.sendStatus) == ["withdrawn", "done", "withdrawn"])

        // The document is frozen: no update, no further recipients.
        var change = Business(kind: .update)
        change.documentIDText = try Sample.documentID("15").text
        let update = try await sender.send(
            try Sample.document("16", to: [Province.health], business: change), from: from)
        #expect(try update.status == 409 && update.reply.code == "document.frozen")
        try await province.hub.stop()
    }

    @Test func `a recall after the fetch: a duty that 16 leaves open and 15 ends`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)
        let mine = try Sample.agency(Province.justice)
        let document = try Sample.document("15")
        let receipt = try #require(try await sender.send(document, from: from).reply.docID)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == document)
        #expect(try await receiver.confirm(line.docId, .done).status == 200)

        let ask = try Sample.status(
            .recallRequested, about: try Sample.documentID("15"), from: Province.construction, to: Province.justice,
            description: "Gửi nhầm nơi nhận")
        #expect(try await sender.send(ask, from: from, type: .status).status == 200)
        let asked = try #require(try await receiver.received(.status).first)
        #expect(try await receiver.fetch(asked.docId) == ask)
        #expect(try await duties(province.hub).map { $0["to"] as? String } == [Province.justice])

        for (status, outcome, open) in [
            (DocumentStatus.changeDeclined, "declined", 1), (.changeAgreed, "cancelled", 0),
        ] {
            let answer = try Sample.status(status, about: try Sample.documentID("15"), description: "Trả lời \(status)")
            #expect(try await receiver.send(answer, from: mine, type: .status).status == 200)
            #expect(
                try await recall("15/SXD-VP", at: Province.justice, province.hub)?["outcome"] as? String == outcome)
            #expect(try await duties(province.hub).count == open)
        }
        let heard = try await sender.received(.status)
        #expect(heard.count == 2)
        let last = String(decoding: try await sender.fetch(try #require(heard.last).docId), as: UTF8.self)
        #expect(last.contains("<edXML:StatusCode>15</edXML:StatusCode>"))

        for operation in [VXPOperation.getEdoc, .downloadEdoc] {
            let refused = try await receiver.call(operation, [.docID(line.docId)])
            #expect(try refused.status == 410 && refused.reply.code == "content.cancelled")
        }
        #expect(try await sender.fetch(receipt) == document)
        // The recall's own record stays (NĐ 30/2020 Phụ lục VI, III.8.c).
        #expect(try await receiver.fetch(asked.docId) == ask)
        let trace = try await province.hub.command("trace", "15/SXD-VP").output
        #expect(trace.contains("nơi nhận đã hủy (15) lúc ") && trace.contains("recall.agreed"))
        try await province.hub.stop()
    }

    @Test func `a return after acceptance reaches the sender, with or without its reason`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        #expect(
            try await sender.send(try Sample.document("15"), from: try Sample.agency(Province.construction)).status
                == 200)
        for (status, reason) in [(DocumentStatus.accepted, "Đã vào sổ"), (.returned, "")] {
            let word = try Sample.status(status, about: try Sample.documentID("15"), description: reason)
            #expect(
                try await receiver.send(word, from: try Sample.agency(Province.justice), type: .status).status == 200)
        }
        #expect(try await sender.received(.status).count >= 2)
        let trace = try await province.hub.command("trace", "15/SXD-VP").output
        #expect(trace.contains("02 từ chối nhận (trả lại) (xa nhất: đã tiếp nhận)"))
        #expect(trace.contains("không nêu lý do trả lại"))
        // Whoever returned it is asked for the reason, the sender is told that there is none, until there is.
        var asked: [VXPReceivedItem] = []
        while asked.isEmpty { asked = try await receiver.received(.status) }
        let question = String(decoding: try await receiver.fetch(asked[0].docId), as: UTF8.self)
        #expect(question.contains("mà không nêu lý do") && question.contains("<edXML:StatusCode>01</edXML:StatusCode>"))
        while try await sender.received(.status).count < 3 {}
        #expect(try await province.hub.command("delivery", "alerts").output.contains("returned-without-reason"))
        let again = try Sample.status(
            .returned, about: try Sample.documentID("15"), description: "Gửi nhầm nơi nhận")
        #expect(try await receiver.send(again, from: try Sample.agency(Province.justice), type: .status).status == 200)
        #expect(try await !province.hub.command("delivery", "alerts").output.contains("returned-without-reason"))
        try await province.hub.stop()
    }
}
