// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing
import Trust

@testable import Store
@testable import truc

@Suite struct SealRecordTests {
    private func report() throws -> SealReport {
        let uuid = try #require(UUID(uuidString: "01900000-0000-7000-8000-000000000001"))
        let at = try Instant(iso8601: "2026-03-06T17:00:00.000+07:00")
        func recipient(_ name: String?, _ possession: Possession, _ reads: [SealReport.Read]) -> SealReport.Recipient {
            SealReport.Recipient(
                delivery: DeliveryID(uuid: uuid), package: PackageID(uuid: uuid), written: "H52.07", name: name,
                state: .held, possession: possession, enteredAt: nil,
                endpoint: possession == .mayHave ? "https://qlvb.example/a_b" : nil,
                status: possession == .has ? .accepted : nil, statusAt: possession == .has ? at : nil, reads: reads)
        }
        return SealReport(
            hubName: "Trục tỉnh Mẫu",
            document: SealReport.Document(
                package: PackageID(uuid: uuid), kind: .document, documentID: "x\n# BIÊN BẢN GIẢ", codeNumber: "15",
                codeNotation: "SXD-VP", promulgationDate: try CalendarDate(iso8601: "2026-03-04"), sender: "H52.13",
                senderName: "Sở *Mẫu*", system: nil, acceptedAt: at, sha256: SHA256Digest(of: [])),
            seal: SealReport.Seal(at: at, actor: "operator:an", reason: "Gửi nhầm", isOld: false),
            recipients: [
                recipient("Sở Tư pháp", .has, [SealReport.Read(system: "qlvb.07", first: at, last: at, count: 2)]),
                recipient("Sở Y tế", .hasNot, []), recipient(nil, .mayHave, []),
            ], senderReads: [])
    }

    @Test func `the record says who has it, and what senders wrote writes no record`() throws {
        let at = try Instant(iso8601: "2026-03-06T17:05:00.000+07:00")
        let text = SealRecord.text(try report(), writtenAt: at, by: "operator:an")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.first == "**Trục tỉnh Mẫu**")
        #expect(lines.filter { $0.hasPrefix("# ") } == ["# BIÊN BẢN"])
        #expect(text.contains("- Mã định danh văn bản: x \\# BIÊN BẢN GIẢ\n"))
        #expect(text.contains("- Bên gửi: Sở \\*Mẫu\\* (H52.13)\n"))
        #expect(text.contains("- Lý do: Gửi nhầm\n"))
        let sections = try ["## 3. Nơi đã có văn bản", "## 4. Nơi có thể", "## 5. Nơi chưa có", "## 6. Bên gửi"].map {
            try #require(text.range(of: $0)).lowerBound
        }
        #expect(text[sections[0]..<sections[1]].contains("Sở Tư pháp"))
        #expect(
            text[sections[0]..<sections[1]].contains(
                "Hệ thống qlvb.07 lấy nội dung lúc 2026-03-06T17:00:00.000+07:00, 2 lần"))
        #expect(text[sections[1]..<sections[2]].contains("- Đã đẩy tới: https://qlvb.example/a\\_b"))
        #expect(text[sections[2]..<sections[3]].contains("Sở Y tế"))
    }

    @Test func `those who have it stand first`() throws {
        let table = SealText.table(try report())
        #expect(table.map { $0[0] } == ["HAS IT", "has", "may-have", "has-not"])
    }
}
