// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// What a recipient asks for once more, and what is shown of documents that are gone, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPAgainTests {
    @Test func `a recipient that lost what it had confirmed gets it again under the same id`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let other = try province.client(Province.health)
        let from = try Sample.agency(Province.construction)
        let document = try Sample.document("15")
        #expect(try await sender.send(document, from: from).status == 200)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.confirm(line.docId, .initial).status == 200)
        #expect(try await receiver.fetch(line.docId) == document)
        #expect(try await receiver.confirm(line.docId, .done).status == 200)
        #expect(try await receiver.received().isEmpty)

        #expect(try await other.confirm(line.docId, .initial).status == 404)
        #expect(try await sender.confirm(line.docId, .initial).status == 404)
        for _ in 0..<2 {
            let again = try await receiver.confirm(line.docId, .initial, description: "Mat du lieu")
            #expect(again.status == 200)
        }
        #expect(try await receiver.received().map(\.docId) == [line.docId])
        #expect(try await receiver.fetch(line.docId) == document)
        #expect(try await receiver.confirm(line.docId, .done).status == 200)
        let trace = try await province.hub.command("trace", line.docId, "--json").output
        #expect(trace.ranges(of: "delivery.replayed").count == 1 && trace.contains("Mat du lieu"))

        // What was recalled does not come back; cancelled, it is shown as deleted.
        let ask = try Sample.status(
            .recallRequested, about: try Sample.documentID("15"), from: Province.construction, to: Province.justice)
        #expect(try await sender.send(ask, from: from, type: .status).status == 200)
        let refused = try await receiver.confirm(line.docId, .initial)
        #expect(try refused.status == 409 && refused.reply.code == "document.frozen")
        let states = {
            try VXPReceivedReply.items(
                VXPSentItem.self,
                parsing: try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)]).body
            ).map(\.receiveStatusDesc)
        }
        #expect(try await states() == ["yêu cầu thu hồi"])
        let agreed = try Sample.status(.changeAgreed, about: try Sample.documentID("15"))
        #expect(
            try await receiver.send(agreed, from: try Sample.agency(Province.justice), type: .status).status == 200)
        #expect(try await states() == ["xóa"])
        let text = try await province.hub.command("trace", "15/SXD-VP").output
        #expect(text.contains("văn bản: xóa"))
        let json = try await province.hub.command("trace", "15/SXD-VP", "--json").output
        #expect(json.contains(#""documentState" : "deleted""#))
        try await province.hub.stop()
    }

    @Test func `a due day that is over is listed and shown, until the recipient is done`() async throws {
        let province = try await Province.open(arguments: ["--set", "metrics-interval-seconds=1"])
        let hub = province.hub
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let yesterday = Instant.now().vietnamDate.adding(days: -1)
        let from = try Sample.agency(Province.construction)
        #expect(try await sender.send(try Sample.document("15", due: yesterday), from: from).status == 200)
        #expect(try await hub.command("delivery", "overdue").output.contains(yesterday.iso8601))
        let text = try await hub.command("trace", "15/SXD-VP").output
        #expect(text.contains("hạn trả lời (DueDate): \(yesterday.iso8601)") && text.contains("quá hạn trả lời"))
        while try await !hub.get("/metrics").text.contains("truc_overdue_documents 1") {}
        for (status, count) in [(DocumentStatus.inProgress, 1), (.completed, 0)] {
            let word = try Sample.status(status, about: try Sample.documentID("15"))
            #expect(
                try await receiver.send(word, from: try Sample.agency(Province.justice), type: .status).status == 200)
            let listed = try await hub.command("delivery", "overdue", "--json").output
            #expect(listed.ranges(of: "dueDate").count == count)
        }
        #expect(try await hub.command("package", "repeated").status == 0)
        try await hub.stop()
    }
}
