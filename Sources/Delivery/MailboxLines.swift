// SPDX-License-Identifier: Apache-2.0
import Exchange

/// One line of a recipient's pending list.
public struct PendingDelivery: Sendable, Equatable {
    public let id: DeliveryID
    public let messageType: MessageType
    public let senderWritten: String
    public let recipientWritten: String
    public let state: DeliveryState
    public let failures: Int
    public let createdAt: Instant
    public let updatedAt: Instant
    /// Its files were to be scanned for malware, and it went on although nobody has.
    public let isUnscanned: Bool

    public init(
        id: DeliveryID, messageType: MessageType, senderWritten: String, recipientWritten: String,
        state: DeliveryState, failures: Int, createdAt: Instant, updatedAt: Instant, isUnscanned: Bool = false
    ) {
        self.isUnscanned = isUnscanned
        self.id = id
        self.messageType = messageType
        self.senderWritten = senderWritten
        self.recipientWritten = recipientWritten
        self.state = state
        self.failures = failures
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// One line of a sender's list: a package at one recipient.
public struct SentDelivery: Sendable, Equatable {
    /// Longest subject, number, notation and identifier of a recipient in a list, in Unicode scalars: the longest that
    /// the format allows. Over-long ones are taken with a warning, and lists of hundreds of lines are read at once.
    public static let maxTextLength = 500

    public let id: DeliveryID
    public let packageID: PackageID
    public let messageType: MessageType
    public let subject: String?
    public let codeNumber: String?
    public let codeNotation: String?
    public let senderWritten: String
    public let recipientWritten: String
    public let sentAt: Instant
    public let enteredAt: Instant?
    public let state: DeliveryState
    /// Why it is held or undeliverable; nil for what is held since its recipient failed too often, or by the operator.
    public let refusal: Refusal.Code?
    /// How often its recipient has reported a failure.
    public let failures: Int
    /// The state in which the document is shown at the recipient; nil before anything is said of it.
    public let documentState: DocumentState?

    public init(
        id: DeliveryID, packageID: PackageID, messageType: MessageType, subject: String?, codeNumber: String?,
        codeNotation: String?, senderWritten: String, recipientWritten: String, sentAt: Instant, enteredAt: Instant?,
        state: DeliveryState, refusal: Refusal.Code?, failures: Int, documentState: DocumentState?
    ) {
        self.id = id
        self.packageID = packageID
        self.messageType = messageType
        self.subject = subject
        self.codeNumber = codeNumber
        self.codeNotation = codeNotation
        self.senderWritten = senderWritten
        self.recipientWritten = recipientWritten
        self.sentAt = sentAt
        self.enteredAt = enteredAt
        self.state = state
        self.refusal = refusal
        self.failures = failures
        self.documentState = documentState
    }
}

/// One line of the operator's list.
public struct ListedDelivery: Sendable, Equatable {
    public let id: DeliveryID
    public let state: DeliveryState
    public let senderWritten: String
    public let recipientWritten: String
    public let documentID: String
    public let failures: Int
    public let detail: String?
    public let updatedAt: Instant

    public init(
        id: DeliveryID, state: DeliveryState, senderWritten: String, recipientWritten: String, documentID: String,
        failures: Int, detail: String?, updatedAt: Instant
    ) {
        self.id = id
        self.state = state
        self.senderWritten = senderWritten
        self.recipientWritten = recipientWritten
        self.documentID = documentID
        self.failures = failures
        self.detail = detail
        self.updatedAt = updatedAt
    }
}
