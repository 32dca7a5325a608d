// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// An alert that is open, for whoever has to call.
public struct OpenAlert: Sendable, Equatable {
    public let delivery: DeliveryID
    public let package: PackageID
    public let duty: CollectionAlert.Duty
    public let step: CollectionAlert.Step
    public let stage: CollectionAlert.Stage
    public let urgency: Urgency
    /// Since when it is owed.
    public let since: Instant
    public let raisedAt: Instant
    public let recipient: AgencyKey
    public let recipientWritten: String
    public let senderWritten: String
    public let documentID: String
}

/// A message of the hub's own that is due.
public struct AlertNotice: Sendable {
    public enum Addressee: String, CaseIterable, Sendable {
        case sender
        case recipient
        /// The agency above the recipient.
        case superior
    }

    public let id: Int64
    public let addressee: Addressee
    /// The document, and when the alert was raised.
    public let subject: NoticeSubject
    /// Whether the document is sealed: only that it is to be cancelled may be told of it.
    public let isSealed: Bool
    public let matter: Matter

    /// What is told.
    public enum Matter: Sendable, Equatable {
        case silence(Silence)
        /// Another document of the sender has its number and notation.
        case repeatedCode(documentID: String, acceptedAt: Instant)
    }

    /// A recipient that owes something of a document.
    public struct Silence: Sendable, Equatable {
        public let delivery: DeliveryID
        public let stage: CollectionAlert.Stage
        public let urgency: Urgency
        public let recipient: AgencyKey
        public let recipientWritten: String
        /// Since when.
        public let since: Instant
    }
}

/// What one look at silent recipients came to.
public struct CollectionRound: Sendable, Equatable {
    /// Alerts that were raised, or went a step further, by the step that they are at now.
    public var raised: [CollectionAlert.Step: Int] = [:]
    /// Whether there is more to be looked at.
    public var isMore = false
}

/// How many alerts are open.
public struct AlertCount: Sendable, Equatable {
    public var open: [CollectionAlert.Duty: [CollectionAlert.Step: Int]] = [:]
    /// Of documents from hỏa tốc on, those whose recipients say nothing.
    public var urgentSilences = 0

    public subscript(_ duty: CollectionAlert.Duty, _ step: CollectionAlert.Step) -> Int { open[duty]?[step] ?? 0 }
}
