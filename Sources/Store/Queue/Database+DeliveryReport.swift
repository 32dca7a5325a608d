// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// All that the hub knows of one delivery's way.
public struct DeliveryReport: Sendable, Equatable {
    /// Most attempts that are told, the latest first.
    public static let maxAttempts = 100

    public let id: DeliveryID
    public let packageID: PackageID
    public let state: DeliveryState
    public let sender: String
    public let recipient: String
    /// Code of the agency that gets it: another than the one addressed after a merger or a redirect. Nil for nobody.
    public let agency: String?
    public let documentID: String
    public let urgency: Urgency
    public let refusal: Refusal.Code?
    public let detail: String?
    public let createdAt: Instant
    public let fetchedAt: Instant?
    public let enteredAt: Instant?
    /// Where it stands in the queue; nil when it is not on its way to an endpoint.
    public let queued: Queued?
    public let attempts: [Attempt]

    /// Its row in the queue.
    public struct Queued: Sendable, Equatable {
        public let url: String
        /// When it is tried next; nil: as soon as its turn comes.
        public let dueAt: Instant?
        /// The operator has stopped it.
        public let isParked: Bool
        /// A node carries it now.
        public let isCarried: Bool
        public let attempts: Int
    }

    /// One attempt.
    public struct Attempt: Sendable, Equatable {
        public let number: Int
        public let beganAt: Instant
        public let endedAt: Instant
        public let outcome: String
        /// It ended after another had taken over, and counted for nothing.
        public let isLate: Bool
        public let code: String?
        public let httpStatus: Int?
        public let detail: String?
    }
}

/// What waits for one recipient, by age.
public struct DeliveryShape: Sendable, Equatable {
    public let recipient: String
    public let hasEndpoint: Bool
    /// How many are at most as old as each of the ages that were asked for, and older than the age before; at the end those
    /// that are older than all.
    public let counts: [Int]

    public var total: Int { counts.reduce(0, +) }
}

extension Database {
    /// Most recipients of a shape: those for which most waits.
    public static let maxShapes = 200

    /// - Throws: `Refusal(.packageNotFound)`.
    public func report(on id: DeliveryID) async throws -> DeliveryReport {
        try await run { connection in
            try connection.transaction(isolation: .repeatableRead) {
                let results = try connection.pipeline([
                    (ReportStatements.delivery, [.uuid(id.uuid)]),
                    (ReportStatements.attempts, [.uuid(id.uuid), .int8(Int64(DeliveryReport.maxAttempts))]),
                ])
                guard let row = results[0].first else { throw Refusal(.packageNotFound, id.description) }
                return try DeliveryReport(row: row, attempts: try results[1].map(DeliveryReport.Attempt.init(row:)))
            }
        }
    }

    /// What waits, by recipient and age; those with most first.
    ///
    /// - Parameter ages: bounds in rising order.
    public func shape(ages: [Duration], at now: Instant) async throws -> [DeliveryShape] {
        try await run { connection in
            let bounds = ages.map { now.advanced(by: .zero - $0) }
            return try connection.query(
                ReportStatements.shape, [.timestamptzs(bounds.map { $0 }), .int8(Int64(Self.maxShapes))]
            ).map { row in
                DeliveryShape(
                    recipient: try row.decode("code"), hasEndpoint: try row.decode("has_endpoint", as: Bool.self),
                    counts: try row.decode("counts", as: String.self).split(separator: " ").compactMap { Int($0) })
            }
        }
    }
}

private enum ReportStatements {
    static let delivery = """
        SELECT delivery.id, delivery.package_id, delivery.state, package.sender_written, delivery.recipient_written,
            package.document_id, package.urgency, delivery.refusal, delivery.detail, delivery.created_at,
            delivery.fetched_at, delivery.entered_at, endpoint.url, queue.due_at, queue.is_parked,
            queue.node IS NOT NULL AS is_carried, queue.attempts, agency.code AS agency
        FROM delivery JOIN package ON package.id = delivery.package_id
        LEFT JOIN agency ON agency.id = delivery.recipient_agency_id
        LEFT JOIN queue ON queue.delivery_id = delivery.id LEFT JOIN endpoint ON endpoint.id = queue.endpoint_id
        WHERE delivery.id = $1
        """

    static let attempts = """
        SELECT attempt, began_at, ended_at, outcome, is_late, code, http_status, detail FROM delivery_attempt
        WHERE delivery_id = $1 ORDER BY token DESC LIMIT $2
        """

    static let shape = """
        SELECT agency.code, waiting.has_endpoint, waiting.counts FROM (
            SELECT aged.recipient_agency_id, string_agg(aged.count::text, ' ' ORDER BY aged.bucket) AS counts,
                sum(aged.count) AS total, EXISTS (
                    SELECT FROM endpoint WHERE agency_id = aged.recipient_agency_id AND state <> 'removed'
                ) AS has_endpoint
            FROM (
                SELECT recipients.recipient_agency_id, bucket, count(delivery.id) AS count
                FROM (
                    SELECT DISTINCT recipient_agency_id FROM delivery WHERE state IN ('waiting', 'processing')
                ) AS recipients
                CROSS JOIN generate_series(0, cardinality($1::timestamptz[])) AS bucket
                LEFT JOIN delivery ON delivery.recipient_agency_id = recipients.recipient_agency_id
                    AND delivery.state IN ('waiting', 'processing')
                    AND (bucket = 0 OR delivery.created_at < $1[bucket])
                    AND (bucket = cardinality($1) OR delivery.created_at >= $1[bucket + 1])
                GROUP BY recipients.recipient_agency_id, bucket
            ) AS aged
            GROUP BY aged.recipient_agency_id ORDER BY total DESC LIMIT $2
        ) AS waiting JOIN agency ON agency.id = waiting.recipient_agency_id
        ORDER BY waiting.total DESC, agency.code
        """
}

extension DeliveryReport {
    fileprivate init(row: PostgresRow, attempts: [Attempt]) throws {
        guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown delivery state") }
        var queued: Queued?
        if let url = try row.decodeIfPresent("url", as: String.self) {
            queued = Queued(
                url: url, dueAt: try row.decodeIfPresent("due_at"),
                isParked: try row.decode("is_parked", as: Bool.self),
                isCarried: try row.decode("is_carried", as: Bool.self),
                attempts: Int(try row.decode("attempts", as: Int32.self)))
        }
        self.init(
            id: DeliveryID(uuid: try row.decode("id")), packageID: PackageID(uuid: try row.decode("package_id")),
            state: state, sender: try row.decode("sender_written"), recipient: try row.decode("recipient_written"),
            agency: try row.decodeIfPresent("agency"), documentID: try row.decode("document_id"), urgency: urgency,
            refusal: try row.decodeIfPresent("refusal", as: String.self).flatMap(Refusal.Code.init(rawValue:)),
            detail: try row.decodeIfPresent("detail"), createdAt: try row.decode("created_at"),
            fetchedAt: try row.decodeIfPresent("fetched_at"), enteredAt: try row.decodeIfPresent("entered_at"),
            queued: queued, attempts: attempts)
    }
}

extension DeliveryReport.Attempt {
    fileprivate init(row: PostgresRow) throws {
        self.init(
            number: Int(try row.decode("attempt", as: Int32.self)), beganAt: try row.decode("began_at"),
            endedAt: try row.decode("ended_at"), outcome: try row.decode("outcome"),
            isLate: try row.decode("is_late", as: Bool.self), code: try row.decodeIfPresent("code"),
            httpStatus: try row.decodeIfPresent("http_status", as: Int32.self).map { Int($0) },
            detail: try row.decodeIfPresent("detail"))
    }
}
