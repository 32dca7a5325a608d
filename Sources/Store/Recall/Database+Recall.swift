// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// A recipient that has seen a document, was asked to cancel it, and has not said that it did.
public struct RecallDuty: Sendable, Equatable {
    /// Code and name of who owes it.
    public let recipient: String
    public let recipientName: String
    public let sender: String
    public let documentID: String
    /// The first package of the document, and the recall.
    public let document: PackageID
    public let recall: PackageID
    /// `owed`, or `declined` after an answer 16.
    public let outcome: RecallOutcome
    public let since: Instant
    public let answeredAt: Instant?
    /// What the recipient said with its 16.
    public let answer: String?

    public init(
        recipient: String, recipientName: String, sender: String, documentID: String, document: PackageID,
        recall: PackageID, outcome: RecallOutcome, since: Instant, answeredAt: Instant?, answer: String?
    ) {
        self.recipient = recipient
        self.recipientName = recipientName
        self.sender = sender
        self.documentID = documentID
        self.document = document
        self.recall = recall
        self.outcome = outcome
        self.since = since
        self.answeredAt = answeredAt
        self.answer = answer
    }
}

extension Database {
    /// Most duties of one list.
    public static let maxDuties = 10_000

    /// Recalls that are not answered with 15, the oldest first.
    public func recallDuties(limit: Int) async throws -> [RecallDuty] {
        try await run { connection in
            try connection.query(RecallStatements.openDuties, [.int8(Int64(min(limit, Self.maxDuties)))]).map { row in
                guard let outcome = RecallOutcome(rawValue: try row.decode("outcome", as: String.self)) else {
                    throw Refusal(.internalError, "unknown recall outcome")
                }
                return RecallDuty(
                    recipient: try row.decode("code"), recipientName: try row.decode("name"),
                    sender: try row.decode("sender_written"), documentID: try row.decode("document_id"),
                    document: PackageID(uuid: try row.decode("document_package_id", as: UUID.self)),
                    recall: PackageID(uuid: try row.decode("recall_package_id", as: UUID.self)), outcome: outcome,
                    since: try row.decode("asked_at"), answeredAt: try row.decodeIfPresent("answered_at"),
                    answer: try row.decodeIfPresent("answer"))
            }
        }
    }
}

/// Keeps what was recalled from going out once more at an operator's word.
enum RecallGuard {
    /// - Throws: `Refusal(.documentFrozen)`.
    static func check(_ id: DeliveryID, _ connection: PostgresConnection) throws {
        guard try connection.query(RecallStatements.isRecalled, [.uuid(id.uuid)]).isEmpty else {
            throw Refusal(.documentFrozen, id.description)
        }
    }
}
