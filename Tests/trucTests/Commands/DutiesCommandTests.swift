// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store
import Testing

@testable import truc

@Suite struct DutiesCommandTests {
    private func duty(_ outcome: RecallOutcome, answer: String?) throws -> DutyText.Duty {
        let uuid = try #require(UUID(uuidString: "01900000-0000-7000-8000-000000000001"))
        let at = try Instant(iso8601: "2026-03-06T17:00:00.000+07:00")
        return DutyText.Duty(
            RecallDuty(
                recipient: "000.00.07.H52", recipientName: "Sở Mẫu", sender: "H52.13", documentID: "VB-1",
                document: PackageID(uuid: uuid), recall: PackageID(uuid: uuid), outcome: outcome, since: at,
                answeredAt: answer == nil ? nil : at, answer: answer))
    }

    private func returned() throws -> DutyText.Duty {
        let uuid = try #require(UUID(uuidString: "01900000-0000-7000-8000-000000000002"))
        return DutyText.Duty(
            ReturnDuty(
                recipient: "000.00.09.H52", recipientName: "Sở Khác", sender: "H52.13", documentID: "VB-2",
                document: PackageID(uuid: uuid), returned: PackageID(uuid: uuid),
                since: try Instant(iso8601: "2026-03-07T08:00:00.000+07:00")))
    }

    @Test func `one line for each duty, with what the recipient answered`() throws {
        let table = DutyText.table([
            (try duty(.owed, answer: nil), ["000.00.07.H52"]),
            (try duty(.declined, answer: "đã xử lý"), ["000.00.08.H52", "000.00.09.H52"]),
            (try returned(), ["000.00.09.H52"]),
        ])
        #expect(
            table == [
                ["SINCE", "OUTCOME", "OWES", "TO SENDER", "DOCUMENT"],
                ["2026-03-06T17:00:00.000+07:00", "owed", "000.00.07.H52 (Sở Mẫu)", "H52.13", "VB-1"],
                [
                    "2026-03-06T17:00:00.000+07:00", "declined",
                    "000.00.07.H52 (Sở Mẫu) → 000.00.08.H52, 000.00.09.H52", "H52.13", "VB-1 — đã xử lý",
                ],
                ["2026-03-07T08:00:00.000+07:00", "no-reason", "000.00.09.H52 (Sở Khác)", "H52.13", "VB-2"],
            ])
    }

    @Test func `the same in JSON`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let shown = try encoder.encode(DutyText.Shown(try duty(.owed, answer: nil), answering: ["H52.07"]))
        #expect(
            String(decoding: shown, as: UTF8.self)
                == #"{"answering":["H52.07"],"docId":"01900000-0000-7000-8000-000000000001","documentId":"VB-1","duty":"cancellation","from":"H52.13","#
                + #""outcome":"owed","recallDocId":"01900000-0000-7000-8000-000000000001","#
                + #""since":"2026-03-06T17:00:00.000+07:00","to":"000.00.07.H52","toName":"Sở Mẫu"}"#)
        let other = try encoder.encode(DutyText.Shown(try returned(), answering: ["000.00.09.H52"]))
        let text = String(decoding: other, as: UTF8.self)
        #expect(text.contains(#""duty":"reason""#) && text.contains(#""outcome":"no-reason""#))
        #expect(text.contains(#""returnDocId":"01900000-0000-7000-8000-000000000002""#))
        #expect(!text.contains("recallDocId"))
    }
}
