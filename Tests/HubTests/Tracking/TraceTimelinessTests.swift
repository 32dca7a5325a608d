// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Testing
import Trust

@testable import Hub
@testable import Store

/// One document of the building department for that of finance, and what was said about it.
@Suite struct TraceTimelinessTests {
    private func at(_ text: String) throws -> Instant { try Instant(iso8601: text + "+07:00") }

    private func package(
        _ kind: PackageKind, _ accepted: String, from sender: AgencyKey = Province.construction,
        document: String = "VB-1", urgency: Urgency = .normal, status: DocumentStatus? = nil,
        effect: StatusEffect? = nil
    ) throws -> TraceRecords.Package {
        TraceRecords.Package(
            id: PackageID(at: try at(accepted)), first: nil, kind: kind, sender: sender, senderWritten: "x",
            system: nil,
            documentID: document, codeNumber: nil, codeNotation: nil,
            promulgationDate: try CalendarDate(iso8601: "2026-03-05"), dueDate: nil, subject: nil, urgency: urgency,
            status: status,
            statusDescription: nil, statusEffect: effect, signature: "absent", warnings: "[]",
            sha256: SHA256Digest(of: []), length: 1, isDestroyed: false, acceptedAt: try at(accepted),
            request: RequestID(at: try at(accepted)))
    }

    private func delivery(
        of package: TraceRecords.Package, to recipient: AgencyKey = Province.finance, entered: String? = nil
    ) throws -> TraceRecords.Delivery {
        TraceRecords.Delivery(
            id: DeliveryID(at: package.acceptedAt), package: package.id, document: package.id, recipient: recipient,
            recipientWritten: "y", state: entered == nil ? .waiting : .delivered, refusal: nil, detail: nil,
            failures: 0,
            fetchedAt: nil, enteredAt: try entered.map(at))
    }

    private func word(
        _ status: DocumentStatus, _ accepted: String, from recipient: AgencyKey = Province.finance,
        to sender: AgencyKey = Province.construction, of document: String = "VB-1", effect: StatusEffect = .applied
    ) throws -> (TraceRecords.Package, TraceRecords.Delivery) {
        let word = try package(
            .status, accepted, from: recipient, document: document, status: status, effect: effect)
        return (word, try delivery(of: word, to: sender))
    }

    private func report(
        _ document: TraceRecords.Package, _ delivery: TraceRecords.Delivery,
        _ words: [(TraceRecords.Package, TraceRecords.Delivery)] = [], now: String = "2026-04-01T00:00:00"
    ) throws -> TraceReport.Package {
        let records = TraceRecords(
            packages: [document] + words.map(\.0), deliveries: [delivery] + words.map(\.1), statuses: [], recalls: [],
            history: [], isCut: false)
        let report = TraceReport(
            query: "x", records: records, registry: try Province.snapshot(),
            timeliness: Timeliness(calendar: WorkingCalendar()), now: try at(now))
        return try #require(report.packages.first)
    }

    @Test(arguments: Urgency.allCases)
    func anUrgentDocumentShowsItsRealInstantFirst(urgency: Urgency) throws {
        let document = try package(.document, "2026-03-06T18:00:00", urgency: urgency)
        let shown = try report(document, delivery(of: document, entered: "2026-03-06T18:00:01"))
        let delivery = try #require(shown.deliveries.first)
        #expect(delivery.shownFirst == (urgency == .normal ? .legal : .entered))
        #expect(delivery.acceptedAt == document.acceptedAt)
        #expect(try delivery.legalAt == at("2026-03-09T07:30:00"))
        // Signed on Thursday, sent on Friday evening.
        #expect(shown.timeliness?.map(\.verdict) == (urgency == .normal ? [.late, .inTime] : [.late, .late]))
        let waiting = try report(document, self.delivery(of: document)).deliveries.first
        #expect(waiting?.legalAt == nil && waiting?.shownFirst == nil && waiting?.timeliness == nil)
    }

    @Test func theFirstWordOfTheRecipientToTheSenderConfirms() throws {
        let document = try package(.document, "2026-03-05T09:00:00")
        let entered = try delivery(of: document, entered: "2026-03-05T10:00:00")
        func verdict(_ words: [(TraceRecords.Package, TraceRecords.Delivery)]) throws -> TimelinessFinding.Verdict? {
            try report(document, entered, words).deliveries.first?.timeliness?.verdict
        }
        let late = try word(.accepted, "2026-03-06T08:00:00")
        #expect(try verdict([]) == .late)
        #expect(try verdict([late]) == .late)
        #expect(try verdict([late, word(.arrived, "2026-03-05T11:00:00")]) == .sameDay)
        #expect(try verdict([word(.returned, "2026-03-05T23:59:59"), late]) == .sameDay)
        #expect(try verdict([word(.arrived, "2026-03-05T11:00:00", effect: .repeated)]) == .sameDay)
        // Words of others, to others, of another document, without effect, or about a change: none of them tells.
        let early = "2026-03-05T11:00:00"
        for other in try [
            word(.arrived, early, from: Province.successor), word(.arrived, early, to: Province.successor),
            word(.arrived, early, of: "VB-2"), word(.arrived, early, effect: .notARecipient),
            word(.changeAgreed, early),
        ] {
            #expect(try verdict([other]) == .late)
        }
    }

    @Test func aRecallHasItsInstantsAndNoTermOfItsOwn() throws {
        let recall = try package(.recall, "2026-03-06T18:00:00")
        let shown = try report(recall, delivery(of: recall, entered: "2026-03-06T18:00:01"))
        #expect(shown.timeliness == nil)
        #expect(try shown.deliveries.first?.legalAt == at("2026-03-09T07:30:00"))
        #expect(shown.deliveries.first?.timeliness == nil)
    }

    @Test func anInstantBeyondTheCalendarHasNoLegalOne() throws {
        let document = try package(.document, "2020-03-06T18:00:00")
        let shown = try report(document, delivery(of: document, entered: "2020-03-06T18:00:01"))
        #expect(shown.deliveries.first?.legalAt == nil)
        #expect(shown.deliveries.first?.timeliness?.reason == .calendarEnds)
    }
}
