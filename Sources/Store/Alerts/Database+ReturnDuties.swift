// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// A recipient that has returned a document and not said why.
public struct ReturnDuty: Sendable, Equatable {
    /// Code and name of who owes the reason.
    public let recipient: String
    public let recipientName: String
    public let sender: String
    public let documentID: String
    /// The first package of the document, and the status that returned it.
    public let document: PackageID
    public let returned: PackageID
    public let since: Instant

    public init(
        recipient: String, recipientName: String, sender: String, documentID: String, document: PackageID,
        returned: PackageID, since: Instant
    ) {
        self.recipient = recipient
        self.recipientName = recipientName
        self.sender = sender
        self.documentID = documentID
        self.document = document
        self.returned = returned
        self.since = since
    }
}

extension Database {
    /// Returns whose reason is owed, the oldest first: for as long as an alert asks for it, and not of what is sealed.
    ///
    /// - Parameter limit: at most `maxDuties`.
    public func returnDuties(limit: Int) async throws -> [ReturnDuty] {
        try await run { connection in
            try connection.query(
                ReturnDutyStatements.open,
                [.int8(Int64(min(limit, Self.maxDuties))), .text(DocumentStatus.returned.rawValue)]
            ).map { row in
                ReturnDuty(
                    recipient: try row.decode("code"), recipientName: try row.decode("name"),
                    sender: try row.decode("sender_written"), documentID: try row.decode("document_id"),
                    document: PackageID(uuid: try row.decode("document_package_id")),
                    returned: PackageID(uuid: try row.decode("latest_package_id")), since: try row.decode("since"))
            }
        }
    }
}

private enum ReturnDutyStatements {
    /// What the recipient has said since counts at once; the alert itself ends at its next step.
    static let open = """
        SELECT alert.since, agency.code, agency.name, said.document_package_id, said.latest_package_id,
            document.document_id, document.sender_written
        FROM collection_alert AS alert JOIN delivery ON delivery.id = alert.delivery_id
        JOIN package ON package.id = delivery.package_id
        JOIN document_status AS said ON said.document_package_id = \(RecallStatements.carriedDocument)
            AND said.recipient_agency_id = delivery.recipient_agency_id
        JOIN package AS document ON document.id = said.document_package_id
        JOIN agency ON agency.id = delivery.recipient_agency_id
        WHERE alert.duty = 'reason' AND alert.closed_at IS NULL
            AND said.latest = $2 AND said.latest_description IS NULL
            AND NOT EXISTS (
                SELECT FROM recall WHERE recall.document_package_id = said.document_package_id
                    AND recall.recipient_agency_id = said.recipient_agency_id)
            AND NOT \(SealStatements.isSealed(first: "delivery.document_package_id"))
        ORDER BY alert.since, alert.delivery_id LIMIT $1
        """
}
