// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing
import Trust

@testable import Hub
@testable import Store
@testable import truc

/// A trace as people read it: an office in Vietnam, on a Friday evening.
@Suite struct TraceTextTests {
    private func at(_ text: String) throws -> Instant { try Instant(iso8601: "2026-03-\(text)+07:00") }

    private func lines(
        _ urgency: Urgency, entered: String? = "06T18:00:00", promulgated: String? = "2026-03-05",
        downtimes: [HubDowntime] = [], subject: String = "Thử"
    ) throws -> [String] {
        // The lines about size and digest, and the history, are no matter here.
        try all(urgency, entered: entered, promulgated: promulgated, downtimes: downtimes, subject: subject)
            .filter { $0.contains("Điều") || $0.contains("vào hệ thống") }
    }

    private func all(
        _ urgency: Urgency, entered: String?, promulgated: String?, downtimes: [HubDowntime], subject: String
    ) throws -> [String] {
        let accepted = try at("06T17:00:00")
        let id = PackageID(at: accepted)
        let records = TraceRecords(
            packages: [
                TraceRecords.Package(
                    id: id, first: nil, kind: .document, sender: AgencyKey(1), senderWritten: "H52.13", system: nil,
                    documentID: "VB-1", codeNumber: nil, codeNotation: nil,
                    promulgationDate: try promulgated.map { try CalendarDate(iso8601: $0) }, dueDate: nil,
                    subject: subject,
                    urgency: urgency, status: nil, statusDescription: nil, statusEffect: nil, signature: "absent",
                    warnings: "[]", sha256: SHA256Digest(of: []), length: 5, isDestroyed: false, acceptedAt: accepted,
                    request: RequestID(at: accepted))
            ],
            deliveries: [
                TraceRecords.Delivery(
                    id: DeliveryID(at: accepted), package: id, document: id, recipient: AgencyKey(2),
                    recipientWritten: "H52.14", state: entered == nil ? .waiting : .delivered, refusal: nil,
                    detail: nil,
                    failures: 0, fetchedAt: nil, enteredAt: try entered.map(at))
            ], statuses: [], recalls: [], history: [], isCut: false)
        let registry = RegistrySnapshot(RegistryRecords(version: 1, systems: [], agencies: []))
        let report = TraceReport(
            query: "VB-1", records: records, registry: registry,
            timeliness: Timeliness(calendar: WorkingCalendar(), downtimes: downtimes), now: try at("09T08:00:00"))
        return TraceText.lines(report)
    }

    @Test func `what a sender writes makes no line of its own`() throws {
        let forged = "Thử\n  → H52.14: đã giao\r\u{1B}[2J\u{9B}2J"
        let lines = try all(.normal, entered: nil, promulgated: nil, downtimes: [], subject: forged)
        #expect(lines.first == "văn bản: VB-1 — Thử   → H52.14: đã giao  [2J 2J")
    }

    @Test func `a document in time, received on Monday`() throws {
        #expect(
            try lines(.normal) == [
                "  gửi: trễ hạn, hạn trước 2026-03-06T11:30:00.000+07:00 (QĐ 28/2018/QĐ-TTg Điều 6.2)",
                "  phát hành: đúng hạn, hạn trước 2026-03-07T00:00:00.000+07:00 (NĐ 30/2020/NĐ-CP Điều 18.1)",
                "    tính là nhận lúc 2026-03-09T07:30:00.000+07:00; "
                    + "vào hệ thống nơi nhận lúc 2026-03-06T18:00:00.000+07:00",
                "    báo đã nhận: chưa có, còn hạn, hạn trước 2026-03-10T00:00:00.000+07:00 "
                    + "(NĐ 30/2020/NĐ-CP Điều 21.2.c)",
            ])
    }

    @Test func `an urgent one shows what was before what counts`() throws {
        let lines = try lines(.immediate)
        #expect(
            lines.contains(
                "    vào hệ thống nơi nhận lúc 2026-03-06T18:00:00.000+07:00; "
                    + "tính là nhận lúc 2026-03-09T07:30:00.000+07:00"
            ))
        #expect(lines.first == "  gửi: trễ hạn, hạn trước 2026-03-06T00:00:00.000+07:00 (QĐ 28/2018/QĐ-TTg Điều 6.2)")
    }

    @Test func `within working hours one instant is enough`() throws {
        let lines = try lines(.normal, entered: "09T07:45:00")
        #expect(lines.contains("    vào hệ thống nơi nhận lúc 2026-03-09T07:45:00.000+07:00, trong giờ hành chính"))
    }

    @Test func `the hub's downtime is shown, and so is what cannot be told`() throws {
        let down = try HubDowntime(from: at("06T08:00:00"), to: at("06T11:30:00"))
        #expect(
            try lines(.normal, downtimes: [down]).first
                == "  gửi: trễ hạn, hạn trước 2026-03-06T17:00:00.000+07:00, đã cộng 12600 giây làm việc mà trục ngừng "
                + "(QĐ 28/2018/QĐ-TTg Điều 6.2)")
        #expect(
            try lines(.normal, entered: nil, promulgated: nil).first
                == "  gửi: không xác định, gói tin không có ngày ban hành (QĐ 28/2018/QĐ-TTg Điều 6.2)")
        #expect(
            try lines(.normal, entered: nil, promulgated: "2026-03-07").last
                == "  phát hành: không xác định, ngày ban hành sau ngày gửi (NĐ 30/2020/NĐ-CP Điều 18.1)")
    }
}
