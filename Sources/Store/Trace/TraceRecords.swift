// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Trust

/// Everything that the hub knows about some packages, as values.
public struct TraceRecords: Sendable {
    /// Events whose detail says what stands nowhere else.
    public static let told: Set<String> = [
        HistoryRow.Event.contentDestroyed.rawValue, HistoryRow.Event.deliveryRedirected.rawValue,
    ]

    public let packages: [Package]
    public let deliveries: [Delivery]
    public let statuses: [Status]
    public let recalls: [Recall]
    public let history: [Event]
    /// Whether there is more than the bounds let through.
    public let isCut: Bool

    /// The first instant of which the packages speak: the day of a promulgation, or an acceptance.
    public var earliest: Instant {
        packages.map { package in
            min(package.acceptedAt, package.promulgationDate.map { Instant(vietnam: $0) } ?? package.acceptedAt)
        }.min() ?? .latest
    }

    /// A package with the size of its content.
    public struct Package: Sendable {
        public let id: PackageID
        public let first: PackageID?
        public let kind: PackageKind
        public let sender: AgencyKey
        public let senderWritten: String
        public let system: SystemID?
        public let documentID: String
        public let codeNumber: String?
        public let codeNotation: String?
        public let promulgationDate: CalendarDate?
        public let dueDate: CalendarDate?
        public let subject: String?
        public let urgency: Urgency
        public let status: DocumentStatus?
        public let statusDescription: String?
        public let statusEffect: StatusEffect?
        public let signature: String
        /// The profile that judged it, and the digest of its document.
        public var policyName: String?
        public var policyDigest: String?
        public let warnings: String
        public let sha256: SHA256Digest
        public let length: Int64
        /// Its content was destroyed by decision.
        public let isDestroyed: Bool
        public let acceptedAt: Instant
        public let request: RequestID
        /// Nil: its files were not to be scanned.
        public var scan: Scan?
    }

    /// How the scan of a package's files stands.
    public struct Scan: Sendable {
        /// Nil: it is not over.
        public let outcome: ScanOutcome?
        public let detail: String?
    }

    /// One package at one recipient.
    public struct Delivery: Sendable {
        public let id: DeliveryID
        public let package: PackageID
        public let document: PackageID
        public let recipient: AgencyKey?
        public let recipientWritten: String
        public let state: DeliveryState
        public let refusal: Refusal.Code?
        public let detail: String?
        public let failures: Int
        public let fetchedAt: Instant?
        public let enteredAt: Instant?
    }

    /// A recipient's word on a document.
    public struct Status: Sendable {
        public let document: PackageID
        public let recipient: AgencyKey
        /// The recipient's word; nil before its first.
        public let record: StatusRecord?
        public let at: Instant?
    }

    /// How far the recall of a document has come at one recipient.
    public struct Recall: Sendable {
        public let document: PackageID
        public let recipient: AgencyKey
        public let package: PackageID
        public let outcome: RecallOutcome
        public let askedAt: Instant
        public let answeredAt: Instant?
    }

    /// A row of the history.
    public struct Event: Sendable {
        public let at: Instant
        public let event: String
        public let package: PackageID?
        public let delivery: DeliveryID?
        public let actor: String
        public let request: RequestID?
        /// JSON.
        public let detail: String
    }
}
