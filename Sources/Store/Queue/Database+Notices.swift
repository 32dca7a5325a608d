// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A delivery that was given up, of which its sender is yet to be told.
public struct DueNotice: Sendable {
    public let delivery: DeliveryID
    public let package: PackageID
    public let sender: AgencyKey
    public let senderWritten: String
    public let recipientWritten: String
    public let documentID: DocumentID
    public let codeNumber: String?
    public let codeNotation: String?
    public let promulgationDate: CalendarDate?
    public let refusal: Refusal.Code
    /// When it was given up.
    public let at: Instant
}

extension Database {
    /// Deliveries whose senders are yet to be told that they were given up: any of them, so that one that
    /// cannot be told does not stand before the others for ever.
    public func dueNotices(limit: Int) async throws -> [DueNotice] {
        try await run { connection in
            try connection.query(NoticeStatements.due, [.int8(Int64(limit))]).map { row in
                let code = try row.decode("refusal", as: String.self)
                return DueNotice(
                    delivery: DeliveryID(uuid: try row.decode("id")),
                    package: PackageID(uuid: try row.decode("package_id")),
                    sender: AgencyKey(try row.decode("sender_agency_id", as: Int64.self)),
                    senderWritten: try row.decode("sender_written"),
                    recipientWritten: try row.decode("recipient_written"),
                    documentID: try DocumentID(parsing: try row.decode("document_id", as: String.self)),
                    codeNumber: try row.decodeIfPresent("code_number"),
                    codeNotation: try row.decodeIfPresent("code_notation"),
                    promulgationDate: try row.decodeIfPresent("promulgation_date"),
                    refusal: Refusal.Code(rawValue: code) ?? .deliveryExpired, at: try row.decode("updated_at"))
            }
        }
    }

    /// The sender was told of this; what happened to the delivery since is told apart.
    public func noticeSent(_ notice: DueNotice) async throws {
        _ = try await run { connection in
            try connection.query(
                NoticeStatements.sent, [.uuid(notice.delivery.uuid), .timestamptz(notice.at)])
        }
    }
}

private enum NoticeStatements {
    static let due = """
        SELECT delivery.id, delivery.package_id, package.sender_agency_id, package.sender_written,
            delivery.recipient_written, package.document_id, package.code_number, package.code_notation,
            package.promulgation_date, coalesce(delivery.refusal, '') AS refusal, delivery.updated_at
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.is_notice_due AND delivery.state IN ('refused', 'expired')
        ORDER BY random() LIMIT $1
        """
    static let sent = "UPDATE delivery SET is_notice_due = false WHERE id = $1 AND updated_at = $2"
}
