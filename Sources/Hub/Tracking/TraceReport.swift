// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store
import Trust

/// The answer to "what became of this document?": stable JSON, and the source of the text that people read.
public struct TraceReport: Encodable, Sendable {
    public let query: String
    public let packages: [Package]
    public let history: [Event]
    /// True when there is more than one trace shows.
    public let isCut: Bool

    public struct Agency: Encodable, Sendable {
        /// As the package writes it.
        public let written: String
        /// The registry's code and name; absent for an agency that it does not know.
        public let code: String?
        public let name: String?
        /// Whether another agency is named than the one whose it is now, after a merger or a redirect.
        public let isElsewhere: Bool
    }

    public struct Package: Encodable, Sendable {
        public let docId: PackageID
        /// The first package of the document when this one added recipients.
        public let addsRecipientsTo: PackageID?
        public let kind: PackageKind
        public let documentId: String
        public let code: String?
        /// As the package says it, yyyy-MM-dd.
        public let promulgationDate: String?
        /// By when it must be dealt with, yyyy-MM-dd.
        public let dueDate: String?
        public let subject: String?
        public let urgency: String
        public let sender: Agency
        public let system: SystemID?
        public let acceptedAt: Instant
        public let sha256: String
        public let bytes: Int64
        public let signature: String
        /// The policy profile by which it was judged; absent for what no policy judges.
        public let policy: Policy?
        /// How the scan of its files stands; absent when they were not to be scanned.
        public let malwareScan: MalwareScan?
        /// Codes of what was odd about it.
        public let warnings: [String]
        public let status: DocumentStatus?
        public let statusName: String?
        public let statusDescription: String?
        public let statusEffect: StatusEffect?
        public let requestId: RequestID
        /// Whether it was sent in time; only of documents and of what replaces them.
        public let timeliness: [Timeliness]?
        public let deliveries: [Delivery]
    }

    /// The scan of a package's files.
    public struct MalwareScan: Encodable, Sendable {
        /// `waiting`, or a `ScanOutcome`: `passed` marks what nobody has scanned.
        public let outcome: String
        public let detail: String?
    }

    /// A policy profile, by its name and the SHA-256 of its document.
    public struct Policy: Encodable, Sendable {
        public let name: String
        public let sha256: String
    }

    public struct Delivery: Encodable, Sendable {
        public let docId: DeliveryID
        public let recipient: Agency
        public let state: DeliveryState
        public let refusal: Refusal.Code?
        public let detail: String?
        public let failures: Int
        /// When the hub took the package.
        public let acceptedAt: Instant
        public let fetchedAt: Instant?
        /// When it entered the recipient's system.
        public let enteredAt: Instant?
        /// When it counts as received there: the working-time rule applied to `enteredAt`.
        public let legalAt: Instant?
        /// Which of the two is to be shown first: of an urgent document the real one.
        public let shownFirst: ShownInstant?
        /// The recipient's latest word and its name; absent before the first.
        public let latestStatus: DocumentStatus?
        public let latestStatusName: String?
        public let latestStatusAt: Instant?
        public let furthestStatus: DocumentStatus?
        /// The state in which the document is shown at this recipient, recall and destruction included; and its name.
        public let documentState: DocumentState?
        public let documentStateName: String?
        /// Where it stands against the due date; absent without one.
        public let due: DueStanding?
        /// How far its recall has come there; absent when it was not recalled from this recipient.
        public let recall: Recall?
        /// Whether the recipient has told in time that it has the document.
        public let timeliness: Timeliness?
    }

    /// The recall of a document at one recipient.
    public struct Recall: Encodable, Sendable {
        /// The recall's own package.
        public let docId: PackageID
        public let outcome: RecallOutcome
        public let askedAt: Instant
        public let answeredAt: Instant?
    }

    public enum ShownInstant: String, Encodable, Sendable {
        case entered
        case legal
    }

    /// A verdict and the rule that it rests on.
    public struct Timeliness: Encodable, Sendable {
        public let rule: TimelinessRule
        public let verdict: TimelinessFinding.Verdict
        /// The first instant that is too late, the hub's downtime allowed for.
        public let deadline: Instant?
        /// Working time in which the hub was down, by which the deadline is moved.
        public let downtimeSeconds: Int64
        public let reason: TimelinessFinding.Reason?
    }

    public struct Event: Encodable, Sendable {
        public let at: Instant
        public let event: String
        public let docId: PackageID?
        public let deliveryId: DeliveryID?
        public let actor: String
        public let requestId: RequestID?
        public let detail: String

        /// Whether the detail says what stands nowhere else: the decision by which a content was destroyed, the ground on
        /// which a delivery was redirected.
        public var isTold: Bool { TraceRecords.told.contains(event) }
    }

    /// - Parameters:
    ///   - timeliness: knows the working days.
    ///   - now: the instant for which what has not come yet is judged.
    public init(
        query: String, records: TraceRecords, registry: RegistrySnapshot, timeliness: Exchange.Timeliness, now: Instant
    ) {
        self.query = query
        isCut = records.isCut
        let deliveries = Dictionary(grouping: records.deliveries, by: \.package)
        var said: [PackageID: [AgencyKey: TraceRecords.Status]] = [:]
        for status in records.statuses { said[status.document, default: [:]][status.recipient] = status }
        var recalled: [PackageID: [AgencyKey: TraceRecords.Recall]] = [:]
        for recall in records.recalls { recalled[recall.document, default: [:]][recall.recipient] = recall }
        let judge = TraceTimeliness(timeliness, words: FirstWords(records), now: now)
        packages = records.packages.map { package in
            Package(
                package, deliveries: deliveries[package.id] ?? [], said: said, recalled: recalled, registry: registry,
                judge: judge)
        }
        history = records.history.map { event in
            Event(
                at: event.at, event: event.event, docId: event.package, deliveryId: event.delivery,
                actor: event.actor, requestId: event.request, detail: event.detail)
        }
    }
}

extension TraceReport.Agency {
    init(_ written: String, _ key: AgencyKey?, _ registry: RegistrySnapshot) {
        let agency = key.flatMap(registry.agency)
        let isElsewhere = agency != nil && registry.agency(named: written)?.key != key
        self.init(written: written, code: agency?.code.text, name: agency?.name, isElsewhere: isElsewhere)
    }
}

extension TraceReport.Package {
    init(
        _ package: TraceRecords.Package, deliveries: [TraceRecords.Delivery],
        said: [PackageID: [AgencyKey: TraceRecords.Status]],
        recalled: [PackageID: [AgencyKey: TraceRecords.Recall]],
        registry: RegistrySnapshot, judge: TraceTimeliness
    ) {
        let code = [package.codeNumber, package.codeNotation].compactMap(\.self).joined(separator: "/")
        self.init(
            docId: package.id, addsRecipientsTo: package.first, kind: package.kind, documentId: package.documentID,
            code: code.isEmpty ? nil : code, promulgationDate: package.promulgationDate?.iso8601,
            dueDate: package.dueDate?.iso8601,
            subject: package.subject, urgency: package.urgency.vietnamese,
            sender: TraceReport.Agency(package.senderWritten, package.sender, registry), system: package.system,
            acceptedAt: package.acceptedAt, sha256: package.sha256.hex, bytes: package.length,
            signature: package.signature, policy: Self.policy(package),
            malwareScan: package.scan.map {
                TraceReport.MalwareScan(outcome: $0.outcome?.rawValue ?? "waiting", detail: $0.detail)
            }, warnings: Self.warnings(package),
            status: package.status, statusName: package.status?.state.vietnamese,
            statusDescription: package.statusDescription, statusEffect: package.statusEffect,
            requestId: package.request, timeliness: judge.sending(package),
            deliveries: deliveries.map { delivery in
                let said = delivery.recipient.flatMap { said[delivery.document]?[$0] }
                let recall = delivery.recipient.flatMap { recalled[delivery.document]?[$0] }
                return TraceReport.Delivery(
                    delivery, of: package, said: package.kind == .status ? nil : said, recall: recall,
                    registry: registry, judge: judge)
            })
    }

    private static func policy(_ package: TraceRecords.Package) -> TraceReport.Policy? {
        guard let name = package.policyName, let digest = package.policyDigest else { return nil }
        return TraceReport.Policy(name: name, sha256: digest)
    }

    private static func warnings(_ package: TraceRecords.Package) -> [String] {
        guard case .array(let items)? = try? JSONDocument("warnings", package.warnings) else { return [] }
        return items.compactMap { if case .string(let code) = $0 { code } else { nil } }
    }
}

extension TraceReport.Delivery {
    init(
        _ delivery: TraceRecords.Delivery, of package: TraceRecords.Package, said: TraceRecords.Status?,
        recall: TraceRecords.Recall?, registry: RegistrySnapshot, judge: TraceTimeliness
    ) {
        let legal = judge.legal(delivery, of: package)
        let shown =
            package.kind.isKnownByDocumentID
            ? DocumentState.shown(
                said: said?.record?.latest, recall: recall?.outcome, isDestroyed: package.isDestroyed) : nil
        self.init(
            docId: delivery.id,
            recipient: TraceReport.Agency(delivery.recipientWritten, delivery.recipient, registry),
            state: delivery.state, refusal: delivery.refusal, detail: delivery.detail, failures: delivery.failures,
            acceptedAt: package.acceptedAt, fetchedAt: delivery.fetchedAt, enteredAt: delivery.enteredAt,
            legalAt: legal,
            shownFirst: legal.map { _ in package.urgency > .normal ? .entered : .legal },
            latestStatus: said?.record?.latest,
            latestStatusName: said?.record?.latest.state.vietnamese, latestStatusAt: said?.at,
            furthestStatus: said?.record?.furthest, documentState: shown, documentStateName: shown?.vietnamese,
            due: judge.due(delivery, of: package, said: said?.record, recall: recall?.outcome),
            recall: recall.map {
                TraceReport.Recall(
                    docId: $0.package, outcome: $0.outcome, askedAt: $0.askedAt, answeredAt: $0.answeredAt)
            },
            timeliness: judge.confirming(delivery, of: package))
    }
}
