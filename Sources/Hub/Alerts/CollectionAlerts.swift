// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Delivery
import Exchange
import Foundation
import Logging
import Store

/// Fetched is not received: where a recipient says nothing of a document for too long, alerts it, the sender, the agency
/// above and the operator, in this order and each once. And senders that use a number twice. A shell around `CollectionAlert`, one on each node.
struct CollectionAlerts: Sendable {
    /// Between two looks.
    static let interval = Duration.seconds(10)
    /// After a look it rests at least this many times as long as the look took.
    static let restFactor = 9
    /// Messages of one look.
    static let maxRound = 50

    let store: Store
    let registry: Registry
    let logger: Logger
    private let repeatedCodes = Counter(label: Metric.repeatedCodes.rawValue)

    init(store: Store, registry: Registry, logger: Logger) {
        self.store = store
        self.registry = registry
        self.logger = logger
    }

    /// Looks until its task is cancelled.
    func run() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let began = clock.now
            // Each by itself: what one of them meets must not silence the others.
            await attempt { while try await self.keep(at: .now()), !Task.isCancelled {} }
            await attempt { while try await self.findRepeatedCodes(at: .now()), !Task.isCancelled {} }
            await attempt { try await self.tell() }
            try? await clock.sleep(for: max(Self.interval, began.duration(to: .now) * Self.restFactor))
        }
    }

    private func attempt(_ step: () async throws -> Void) async {
        do { try await step() } catch is CancellationError {} catch {
            logger.warning("alerts: the database could not be read", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: whether there is more to be looked at now.
    func keep(at now: Instant) async throws -> Bool {
        let calendar = WorkingCalendar(imported: try await store.database.calendarYears())
        let named = try await registry.current().policy(at: now).profile.collectionAlerts?.value
        let schedule = named.map(CollectionAlertSchedule.init(terms:)) ?? .standard
        let round = try await store.database.keepCollectionAlerts(by: schedule, calendar, at: now)
        if let count = round.raised[.hub] {
            logger.warning(
                "alerts: documents are not acknowledged, and their agencies and those above were told",
                metadata: ["documents": "\(count)"])
        }
        return round.isMore
    }

    /// - Returns: whether there is more to be looked at now.
    func findRepeatedCodes(at now: Instant) async throws -> Bool {
        let round = try await store.database.findRepeatedCodes(at: now)
        if round.found > 0 {
            repeatedCodes.increment(by: round.found)
            logger.warning(
                "alerts: senders used a number and notation twice", metadata: ["documents": "\(round.found)"])
        }
        return round.isMore
    }

    /// Tells what is due. One that cannot be told keeps no other from it.
    func tell() async throws {
        let due = try await store.database.dueAlertNotices(limit: Self.maxRound)
        guard !due.isEmpty else { return }
        let snapshot = try await registry.current()
        let contacts = DutyContacts(try await store.database.dutyContacts(), in: snapshot)
        for notice in due {
            do {
                try await tell(notice, snapshot, contacts)
            } catch {
                logger.warning(
                    "alerts: somebody could not be told yet",
                    metadata: ["package": "\(notice.package)", "error": "\(error)"])
            }
        }
    }

    private func tell(_ due: AlertNotice, _ registry: RegistrySnapshot, _ contacts: DutyContacts) async throws {
        guard let addressee = addressee(of: due, registry, contacts) else {
            return try await store.database.alertNoticeTold(due)
        }
        let text =
            switch due.matter {
            case .silence(let silence):
                Self.text(silence, at: due.at, contacts: contacts.text(of: silence.recipient))
            case .repeatedCode(let document, let acceptedAt):
                Self.text(repeating: document, acceptedAt, in: due.package)
            }
        // Not 02: nobody has returned anything.
        let notice = try HubNotice(
            saying: text, status: .arrived, to: addressee,
            of: HubNotice.Subject(
                package: due.package, sender: due.sender, senderWritten: due.senderWritten, documentID: due.documentID,
                codeNumber: due.codeNumber, codeNotation: due.codeNotation, promulgationDate: due.promulgationDate,
                at: due.at, request: RequestID(at: due.at)),
            registry: registry)
        switch try await store.accept(Acceptance(registryVersion: registry.version, package: notice.package)) {
        case .accepted, .known: try await store.database.alertNoticeTold(due)
        // The next round decides again.
        case .registryChanged: break
        case .conflict, .destroyed, .frozen, .sealed:
            logger.error("alerts: somebody could not be told", metadata: ["package": "\(due.package)"])
            try await store.database.alertNoticeTold(due)
        }
    }

    /// Nil where there is nobody who could be told: the operator's list shows it all the same.
    private func addressee(
        of due: AlertNotice, _ registry: RegistrySnapshot, _ contacts: DutyContacts
    ) -> (key: AgencyKey, written: String)? {
        switch (due.addressee, due.matter) {
        case (.sender, _): registry.agency(due.sender).map { ($0.key, due.senderWritten) }
        case (.recipient, .silence(let silence)):
            registry.agency(silence.recipient).map { ($0.key, silence.recipientWritten) }
        case (.superior, .silence(let silence)):
            contacts.superior(of: silence.recipient).map { ($0.key, $0.code.text) }
        case (.recipient, .repeatedCode), (.superior, .repeatedCode): nil
        }
    }

    /// The delivery's id makes messages about different recipients different ones. Recipients' names are cut as in every
    /// message of the hub.
    static func text(_ silence: AlertNotice.Silence, at: Instant, contacts: String) -> String {
        let stage =
            switch silence.stage {
            case .notFetched: "chưa lấy văn bản"
            case .fetched: "đã lấy văn bản nhưng chưa xác nhận"
            case .entered: "đã nhận gói tin nhưng văn thư chưa báo"
            }
        let minutes = max(0, at.duration(since: silence.acceptedAt).components.seconds / 60)
        let call = contacts.isEmpty ? "" : " Đầu mối trực – \(contacts)."
        return """
            [Trục] Cảnh báo: sau \(minutes) phút, \(cut(silence.recipientWritten)) \(stage), chưa có trạng thái 01 hoặc 03 \
            (độ khẩn: \(silence.urgency.vietnamese)). Đề nghị đơn vị nhận kiểm tra và báo nhận ngay.\(call) \
            (\(silence.delivery))
            """
    }

    static func text(repeating document: String, _ acceptedAt: Instant, in package: PackageID) -> String {
        """
        [Trục] Cảnh báo: số và ký hiệu của văn bản này đã dùng trong năm cho văn bản \(cut(document)), trục nhận lúc \
        \(acceptedAt.iso8601). Cả hai đều được giao; đề nghị Văn thư kiểm tra, nếu cấp trùng số thì thu hồi một văn bản. \
        (\(package))
        """
    }

    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(HubNotice.maxNameLength)))
    }
}
