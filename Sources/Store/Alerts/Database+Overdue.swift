// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// A document that a recipient has not dealt with by the day that its sender named.
public struct OverdueDocument: Sendable, Equatable {
    public let due: CalendarDate
    public let delivery: DeliveryID
    public let package: PackageID
    public let documentID: String
    public let senderWritten: String
    public let recipientWritten: String
    public let state: DeliveryState
    /// The recipient's latest word.
    public let status: DocumentStatus?
}

extension Database {
    /// Most documents of one list.
    public static let maxOverdueListed = 10_000
    /// How many days back the list and the metric look. Not every system ever says 06; what is older than this is for a
    /// report and not for a reminder.
    public static let overdueDays = 30

    /// How many documents are overdue now: at most `limit`, and so many are "at least".
    ///
    /// - Parameter today: in Vietnam.
    public func countOverdue(today: CalendarDate, limit: Int = Database.maxCounted) async throws -> Int {
        try await run { connection in
            try connection.transaction {
                try connection.query(ReadingStatements.timeout)
                let counted = try connection.query(
                    OverdueStatements.count,
                    [.date(today), .date(today.adding(days: -Int64(Self.overdueDays))), .int8(Int64(limit))]
                ).only()
                return Int(try counted.decode("overdue", as: Int64.self))
            }
        }
    }

    /// Documents whose day is over and that `DueStanding` calls overdue, the longest overdue first.
    ///
    /// - Parameter today: in Vietnam.
    public func overdueDocuments(today: CalendarDate, limit: Int) async throws -> [OverdueDocument] {
        try await run { connection in
            try connection.query(
                OverdueStatements.list,
                [
                    .date(today), .date(today.adding(days: -Int64(Self.overdueDays))),
                    .int8(Int64(min(limit, Self.maxOverdueListed))),
                ]
            ).map { row in
                guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
                    throw Refusal(.internalError, "unknown delivery state")
                }
                return OverdueDocument(
                    due: try row.decode("due_date"), delivery: DeliveryID(uuid: try row.decode("id", as: UUID.self)),
                    package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                    documentID: try row.decode("document_id"), senderWritten: try row.decode("sender_written"),
                    recipientWritten: try row.decode("recipient_written"), state: state,
                    status: try row.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:)))
            }
        }
    }
}

/// A test holds these to `DueStanding`.
enum OverdueStatements {
    private static let overdue = """
        FROM package JOIN delivery ON delivery.package_id = package.id
        LEFT JOIN document_status AS said ON said.document_package_id = delivery.document_package_id
            AND said.recipient_agency_id = delivery.recipient_agency_id
        LEFT JOIN recall ON recall.document_package_id = delivery.document_package_id
            AND recall.recipient_agency_id = delivery.recipient_agency_id
        WHERE package.due_date < $1 AND package.due_date >= $2 AND package.kind IN ('document', 'replacement')
            AND delivery.state NOT IN ('withdrawn', 'undeliverable')
            AND said.furthest IS DISTINCT FROM '06' AND said.latest IS DISTINCT FROM '02' AND recall.outcome IS NULL
        """

    static let list = """
        SELECT package.due_date, delivery.id, delivery.package_id, package.document_id, package.sender_written,
            delivery.recipient_written, delivery.state, said.latest
        \(overdue) ORDER BY package.due_date, delivery.id LIMIT $3
        """

    static let count = "SELECT count(*) AS overdue FROM (SELECT \(overdue) LIMIT $3) AS counted"
}
