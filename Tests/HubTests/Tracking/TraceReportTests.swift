// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing
import Trust

@testable import Hub
@testable import Store

@Suite struct TraceReportTests {
    private func id(_ number: Int) throws -> UUID {
        try #require(UUID(uuidString: "01900000-0000-7000-8000-00000000000\(number)"))
    }

    private func records() throws -> TraceRecords {
        let at = Instant(vietnam: try CalendarDate(iso8601: "2026-03-05"), hour: 10)
        let evening = Instant(vietnam: try CalendarDate(iso8601: "2026-03-05"), hour: 18)
        let document = PackageID(uuid: try id(1))
        let request = RequestID(uuid: try id(2))
        let digest = SHA256Digest(of: [])
        return TraceRecords(
            packages: [
                TraceRecords.Package(
                    id: document, first: nil, kind: .document, sender: Province.construction, senderWritten: "H52.13",
                    system: try SystemID(parsing: "one"), documentID: "000.00.13.H52,2026/03/05,12/SXD-VP",
                    codeNumber: "12", codeNotation: "SXD-VP",
                    promulgationDate: try CalendarDate(iso8601: "2026-03-04"), dueDate: nil, subject: "V/v \"thử\"",
                    urgency: .normal,
                    status: nil,
                    statusDescription: nil, statusEffect: nil, signature: "absent", policyName: "quoc-gia",
                    policyDigest: "00ff", warnings: #"["signature.missing"]"#, sha256: digest,
                    length: 5, isDestroyed: false, acceptedAt: at, request: request)
            ],
            deliveries: [
                TraceRecords.Delivery(
                    id: DeliveryID(uuid: try id(3)), package: document, document: document,
                    recipient: Province.finance, recipientWritten: "H52.14", state: .delivered, refusal: nil,
                    detail: nil, failures: 1, fetchedAt: at, enteredAt: evening),
                TraceRecords.Delivery(
                    id: DeliveryID(uuid: try id(4)), package: document, document: document, recipient: nil,
                    recipientWritten: "lạ", state: .undeliverable, refusal: .recipientUnknown, detail: "lạ",
                    failures: 0, fetchedAt: nil, enteredAt: nil),
            ],
            statuses: [
                TraceRecords.Status(
                    document: document, recipient: Province.finance,
                    record: StatusRecord(latest: .returned, furthest: .accepted), at: at)
            ],
            recalls: [
                TraceRecords.Recall(
                    document: document, recipient: Province.finance, package: document, outcome: .declined, askedAt: at,
                    answeredAt: evening)
            ],
            history: [
                TraceRecords.Event(
                    at: at, event: "package.accepted", package: document, delivery: nil, actor: "one", request: request,
                    detail: "{}")
            ], isCut: false)
    }

    /// Others read this: a changed name breaks them.
    @Test func theJSONIsStable() throws {
        let report = TraceReport(
            query: "12/SXD-VP", records: try records(), registry: try Province.snapshot(),
            timeliness: Timeliness(calendar: WorkingCalendar()),
            now: Instant(vietnam: try CalendarDate(iso8601: "2026-03-06"), hour: 9))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(report), as: UTF8.self) == Self.golden)
    }

    @Test func aStatusPackageShowsNobodysWordAsItsOwn() throws {
        let records = try records()
        let document = try #require(records.packages.first)
        let word = TraceRecords.Package(
            id: PackageID(uuid: try id(5)), first: nil, kind: .status, sender: Province.finance,
            senderWritten: "H52.14", system: document.system, documentID: document.documentID, codeNumber: nil,
            codeNotation: nil, promulgationDate: nil, dueDate: nil, subject: nil, urgency: .normal, status: .accepted,
            statusDescription: "Đã nhận",
            statusEffect: .applied, signature: "absent", warnings: "[]", sha256: document.sha256, length: 5,
            isDestroyed: false,
            acceptedAt: document.acceptedAt, request: document.request)
        let delivery = TraceRecords.Delivery(
            id: DeliveryID(uuid: try id(6)), package: word.id, document: word.id, recipient: Province.construction,
            recipientWritten: "H52.13", state: .waiting, refusal: nil, detail: nil, failures: 0, fetchedAt: nil,
            enteredAt: nil)
        let report = TraceReport(
            query: "x",
            records: TraceRecords(
                packages: [word], deliveries: [delivery], statuses: records.statuses, recalls: [], history: [],
                isCut: true),
            registry: try Province.snapshot(), timeliness: Timeliness(calendar: WorkingCalendar()), now: .now())
        #expect(report.isCut)
        let package = try #require(report.packages.first)
        #expect(package.statusName == DocumentState.accepted.vietnamese)
        #expect(package.code == nil)
        #expect(package.deliveries.map(\.latestStatus) == [nil])
        #expect(package.timeliness == nil && package.deliveries.allSatisfy { $0.timeliness == nil })
    }

    private static let golden = #"""
        {
          "history" : [
            {
              "actor" : "one",
              "at" : "2026-03-05T10:00:00.000+07:00",
              "detail" : "{}",
              "docId" : "01900000-0000-7000-8000-000000000001",
              "event" : "package.accepted",
              "requestId" : "01900000-0000-7000-8000-000000000002"
            }
          ],
          "isCut" : false,
          "packages" : [
            {
              "acceptedAt" : "2026-03-05T10:00:00.000+07:00",
              "bytes" : 5,
              "code" : "12/SXD-VP",
              "deliveries" : [
                {
                  "acceptedAt" : "2026-03-05T10:00:00.000+07:00",
                  "docId" : "01900000-0000-7000-8000-000000000003",
                  "documentState" : "recall-requested",
                  "documentStateName" : "yêu cầu thu hồi",
                  "enteredAt" : "2026-03-05T18:00:00.000+07:00",
                  "failures" : 1,
                  "fetchedAt" : "2026-03-05T10:00:00.000+07:00",
                  "furthestStatus" : "03",
                  "latestStatus" : "02",
                  "latestStatusAt" : "2026-03-05T10:00:00.000+07:00",
                  "latestStatusName" : "từ chối nhận (trả lại)",
                  "legalAt" : "2026-03-06T07:30:00.000+07:00",
                  "recall" : {
                    "answeredAt" : "2026-03-05T18:00:00.000+07:00",
                    "askedAt" : "2026-03-05T10:00:00.000+07:00",
                    "docId" : "01900000-0000-7000-8000-000000000001",
                    "outcome" : "declined"
                  },
                  "recipient" : {
                    "code" : "000.00.14.H52",
                    "isElsewhere" : false,
                    "name" : "Đơn vị 3",
                    "written" : "H52.14"
                  },
                  "shownFirst" : "legal",
                  "state" : "delivered",
                  "timeliness" : {
                    "deadline" : "2026-03-07T00:00:00.000+07:00",
                    "downtimeSeconds" : 0,
                    "rule" : "NĐ 30/2020/NĐ-CP Điều 21.2.c",
                    "verdict" : "awaited"
                  }
                },
                {
                  "acceptedAt" : "2026-03-05T10:00:00.000+07:00",
                  "detail" : "lạ",
                  "docId" : "01900000-0000-7000-8000-000000000004",
                  "failures" : 0,
                  "recipient" : {
                    "isElsewhere" : false,
                    "written" : "lạ"
                  },
                  "refusal" : "recipient.unknown",
                  "state" : "undeliverable"
                }
              ],
              "docId" : "01900000-0000-7000-8000-000000000001",
              "documentId" : "000.00.13.H52,2026/03/05,12/SXD-VP",
              "kind" : "document",
              "policy" : {
                "name" : "quoc-gia",
                "sha256" : "00ff"
              },
              "promulgationDate" : "2026-03-04",
              "requestId" : "01900000-0000-7000-8000-000000000002",
              "sender" : {
                "code" : "000.00.13.H52",
                "isElsewhere" : false,
                "name" : "Đơn vị 2",
                "written" : "H52.13"
              },
              "sha256" : "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
              "signature" : "absent",
              "subject" : "V/v \"thử\"",
              "system" : "one",
              "timeliness" : [
                {
                  "deadline" : "2026-03-05T11:30:00.000+07:00",
                  "downtimeSeconds" : 0,
                  "rule" : "QĐ 28/2018/QĐ-TTg Điều 6.2",
                  "verdict" : "in-time"
                },
                {
                  "deadline" : "2026-03-06T00:00:00.000+07:00",
                  "downtimeSeconds" : 0,
                  "rule" : "NĐ 30/2020/NĐ-CP Điều 18.1",
                  "verdict" : "in-time"
                }
              ],
              "urgency" : "thường",
              "warnings" : [
                "signature.missing"
              ]
            }
          ],
          "query" : "12/SXD-VP"
        }
        """#
}
