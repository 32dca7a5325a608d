// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// An alert that is open, for whoever has to call.
public struct OpenAlert: Sendable, Equatable {
    public let delivery: DeliveryID
    public let package: PackageID
    public let step: CollectionAlert.Step
    public let stage: CollectionAlert.Stage
    public let urgency: Urgency
    public let acceptedAt: Instant
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
    public let package: PackageID
    public let sender: AgencyKey
    public let senderWritten: String
    public let documentID: DocumentID
    public let codeNumber: String?
    public let codeNotation: String?
    public let promulgationDate: CalendarDate?
    /// When the alert was raised.
    public let at: Instant
    public let matter: Matter

    /// What is told.
    public enum Matter: Sendable, Equatable {
        case silence(Silence)
        /// Another document of the sender has its number and notation.
        case repeatedCode(documentID: String, acceptedAt: Instant)
    }

    /// A recipient that says nothing of a document.
    public struct Silence: Sendable, Equatable {
        public let delivery: DeliveryID
        public let stage: CollectionAlert.Stage
        public let urgency: Urgency
        public let recipient: AgencyKey
        public let recipientWritten: String
        public let acceptedAt: Instant
    }
}

/// What one look at silent recipients came to.
public struct CollectionRound: Sendable, Equatable {
    /// Alerts that were raised, or went a step further, by the step that they are at now.
    public var raised: [CollectionAlert.Step: Int] = [:]
    /// Whether there is more to be looked at.
    public var isMore = false
}
