// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// A delivery that was given up, of which its sender is yet to be told.
public struct DueNotice: Sendable {
    public let delivery: DeliveryID
    /// Its package, and when it was given up.
    public let subject: NoticeSubject
    public let recipientWritten: String
    public let refusal: Refusal.Code
}

extension Database {
    /// Deliveries whose senders are yet to be told that they were given up, in the order of their ids.
    ///
    /// - Parameter last: only those after it.
    public func dueNotices(limit: Int, after last: DeliveryID? = nil) async throws -> [DueNotice] {
        try await run { connection in
            try connection.query(
                NoticeStatements.due, [.int8(Int64(limit)), .optional(last) { .uuid($0.uuid) }]
            ).map { row in
                let code = try row.decode("refusal", as: String.self)
                return DueNotice(
                    delivery: DeliveryID(uuid: try row.decode("id")),
                    subject: try NoticeSubject(row: row, at: try row.decode("updated_at", as: Instant.self)),
                    recipientWritten: try row.decode("recipient_written"),
                    refusal: Refusal.Code(rawValue: code) ?? .deliveryExpired)
            }
        }
    }

    /// The sender was told of this; what happened to the delivery since is told apart.
    public func noticeSent(_ notice: DueNotice) async throws {
        _ = try await run { connection in
            try connection.query(
                NoticeStatements.sent, [.uuid(notice.delivery.uuid), .timestamptz(notice.subject.at)])
        }
    }
}

private enum NoticeStatements {
    static let due = """
        SELECT delivery.id, \(NoticeSubject.columns), delivery.recipient_written,
            coalesce(delivery.refusal, '') AS refusal, delivery.updated_at
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.is_notice_due AND delivery.state IN ('refused', 'expired')
            AND delivery.id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
        ORDER BY delivery.id LIMIT $1
        """
    static let sent = "UPDATE delivery SET is_notice_due = false WHERE id = $1 AND updated_at = $2"
}
