// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// Policy profiles and what is held by them, between systems that embed the national SDK, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPPolicyTests {
    private func json(_ hub: HubProcess, _ arguments: String...) async throws -> [String: Any] {
        let outcome = try await CommandOutcome.run(
            arguments + ["--json", "--data-dir", hub.dataDirectory],
            environment: hub.databaseURL.map { ["TRUC_DATABASE_URL": $0] } ?? [:])
        return try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any], "\(outcome.errors)")
    }

    private func package(_ trace: [String: Any]) throws -> [String: Any] {
        try #require((trace["packages"] as? [[String: Any]])?.first)
    }

    @Test func `a running hub judges by what was activated, and the trace says by what`() async throws {
        let province = try await Province.open()
        let hub = province.hub
        let sender = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        #expect(try await sender.send(try Sample.document("1"), from: from).status == 200)
        let first = try package(try await json(hub, "trace", "1/SXD-VP"))
        #expect((first["policy"] as? [String: Any])?["name"] as? String == "quoc-gia")

        // Sơn La's own agencies are H52, as those of this province: signatures are wanted.
        let trial = try await json(
            hub, "policy", "activate", "son-la-2588-2018", "--reason", "Thử", "--dry-run")
        #expect(trial["replaces"] as? String == "quoc-gia" && trial["dryRun"] as? Bool == true)
        #expect(try await sender.send(try Sample.document("2"), from: from).status == 200)
        #expect(
            try await hub.command("policy", "activate", "son-la-2588-2018", "--reason", "QĐ 2588").status == 0)
        let refused = try await sender.send(try Sample.document("3"), from: from)
        #expect(refused.status == 422)
        let reply = try refused.reply
        #expect(reply.code == "policy.signature-missing" && reply.errorDescription.contains("Điều 10.1.a"))
        let signed = try Sample.document("4", content: Array("%PDF-1.7 << /Type /Sig /ByteRange [0 1 2 3] >>".utf8))
        #expect(try await sender.send(signed, from: from).status == 200)
        let second = try package(try await json(hub, "trace", "4/SXD-VP"))
        let policy = try #require(second["policy"] as? [String: Any])
        #expect(policy["name"] as? String == "son-la-2588-2018")
        let shown = try await json(hub, "policy", "show", try #require(policy["sha256"] as? String))
        #expect(shown["name"] as? String == "son-la-2588-2018")
        #expect(try await hub.command("trace", "4/SXD-VP").output.contains("theo quy định son-la-2588-2018"))

        // Ninh Bình's binds nobody here: it only warns.
        #expect(try await hub.command("policy", "activate", "ninh-binh-161-2025", "--reason", "Thử").status == 0)
        #expect(
            try await sender.send(try Sample.document("5", name: "Báo cáo.exe"), from: from).status == 200)
        let third = try package(try await json(hub, "trace", "5/SXD-VP"))
        let warnings = try #require(third["warnings"] as? [String])
        #expect(warnings.contains("policy.file-name") && warnings.contains("policy.file-format"))
        let overview = try await json(hub, "policy", "show")
        #expect((overview["inForce"] as? [String: Any])?["name"] as? String == "ninh-binh-161-2025")
        #expect((overview["activations"] as? [[String: Any]])?.count == 2)
        try await hub.stop()
    }

    @Test func `two nodes see an activation with their next request`() async throws {
        let url = try await TestCluster.shared().freshDatabase()
        let chunks = ["--set", "content-backend=chunks"]
        let province = try await Province.open(databaseURL: url, arguments: chunks)
        let other = try await province.beside(arguments: chunks)
        let from = try Sample.agency(Province.construction)
        #expect(
            try await province.hub.command("policy", "activate", "son-la-2588-2018", "--reason", "QĐ 2588").status == 0)
        for (number, node) in [("1", province), ("2", other)] {
            let answer = try await node.client(Province.construction).send(try Sample.document(number), from: from)
            #expect(try answer.reply.code == "policy.signature-missing")
        }
        try await other.hub.stop()
        try await province.hub.stop()
    }

    @Test func `what may not travel waits for its sender's word, and leaves no words behind`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)
        let secret = "Phương án bố trí lực lượng số bảy"
        let document = try Sample.document("15", subject: "TỐI MẬT - \(secret)")
        let answer = try await sender.send(document, from: from)
        let reply = try answer.reply
        #expect(answer.status == 200 && reply.errorCode == "0")
        #expect(reply.errorDescription.contains("chưa gửi đi") && reply.errorDescription.contains("status=done"))
        let receipt = try #require(reply.docID)
        #expect(try await receiver.received().isEmpty)
        #expect(try await receiver.count(.countReceiveEdoc) == 0)

        // Told in the list of statuses, in the hub's name.
        let notice = try #require(try await sender.received(.status).first)
        let told = String(decoding: try await sender.fetch(notice.docId), as: UTF8.self)
        #expect(told.contains("[policy.confirmation-needed]") && !told.contains(secret))
        let sent = try VXPReceivedReply.items(
            VXPSentItem.self,
            parsing: try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)]).body)
        #expect(sent.map(\.sendStatus) == ["held"])
        let held = try await province.hub.command("delivery", "list").output
        #expect(held.contains("TỐI MẬT") && !held.contains(secret))

        // An SDK client's own call; confirming the notice itself is no word on the document.
        #expect(try await sender.confirm(notice.docId, .done).status == 200)
        #expect(try await receiver.received().isEmpty)
        #expect(try await receiver.confirm(receipt, .done).status == 404)
        #expect(try await sender.confirm(receipt, .done, description: "Da kiem tra").status == 200)
        #expect(try await sender.confirm(receipt, .done).status == 200)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == document)

        // The bodyguard's plan, and the plan about guarding secrets.
        let plan = try Sample.document("16", subject: "Kế hoạch bảo vệ bí mật nhà nước")
        #expect(try await sender.send(plan, from: from).status == 200)
        #expect(try await receiver.received().count == 2)

        let trace = try await province.hub.command("trace", "15/SXD-VP", "--json").output
        #expect(trace.contains("delivery.confirmed-by-sender") && !trace.contains(secret))
        // A refusal of such a package, in the answer and in the log.
        let conflict = try await sender.send(
            try Sample.document("15", subject: "TỐI MẬT - \(secret)", content: Array("%PDF-1.7 khác".utf8)), from: from)
        #expect(conflict.status == 409)
        #expect(try conflict.reply.errorDescription.contains(secret) == false)
        #expect(!province.hub.logText.contains(secret) && province.hub.logText.contains("package.conflict"))
        try await province.hub.stop()
    }
}
