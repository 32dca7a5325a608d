// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// How long a message of the hub's own waits to be told at most: what is older is no news.
    public static let alertNoticeLifetime = Duration.seconds(7 * 86_400)
    /// Most messages that wait to be told: of more, the least urgent and latest are let go.
    public static let maxAlertNotices = 100_000
    /// Most messages let go at once.
    static let maxNoticesDropped: Int64 = 10_000

    /// What is to be told to somebody now, the most urgent first and the oldest first within.
    public func dueAlertNotices(limit: Int, at now: Instant) async throws -> [AlertNotice] {
        try await run { connection in
            try connection.query(AlertNoticeStatements.due, [.int8(Int64(limit)), .timestamptz(now)])
                .map(AlertNotice.init(row:))
        }
    }

    /// It was told, or is nobody's to be told.
    public func alertNoticeTold(_ notice: AlertNotice) async throws {
        _ = try await run { try $0.query(AlertNoticeStatements.told, [.int8(notice.id)]) }
    }

    /// It could not be told, and does not stand before the others until then.
    public func postponeAlertNotice(_ notice: AlertNotice, until: Instant) async throws {
        _ = try await run {
            try $0.query(AlertNoticeStatements.postpone, [.int8(notice.id), .timestamptz(until)])
        }
    }

    /// Lets go of messages that are too old or too many.
    ///
    /// - Parameter most: how many may wait.
    /// - Returns: how many were let go.
    public func dropAlertNotices(at now: Instant, most: Int = Database.maxAlertNotices) async throws -> Int {
        try await run { connection in
            let old = try connection.query(
                AlertNoticeStatements.dropOld,
                [.timestamptz(now.advanced(by: .zero - Self.alertNoticeLifetime)), .int8(Self.maxNoticesDropped)])
            let excess = try connection.query(
                AlertNoticeStatements.dropExcess, [.int8(Int64(most)), .int8(Self.maxNoticesDropped)])
            return old.count + excess.count
        }
    }
}

/// The SQL of messages that the hub has yet to tell.
enum AlertNoticeStatements {
    static let addSilence = """
        INSERT INTO alert_notice
            (kind, addressee, urgency, package_id, delivery_id, stage, since, at, due_at)
        VALUES ('collection', $1, $2, $3, $4, $5, $6, $7, $7)
        """

    /// One a day for each code, however often it is used: the first document of a code stands for it.
    static let addRepeatedCode = """
        INSERT INTO alert_notice (kind, addressee, urgency, package_id, other_package_id, at, due_at)
        SELECT 'repeated-code', 'sender', 0, $1, $2, $3, $3
        WHERE NOT EXISTS (
            SELECT FROM repeated_code WHERE other_package_id = $2 AND found_at >= $4 AND package_id <> $1)
        """

    static let due = """
        SELECT notice.id, notice.addressee, notice.stage, notice.at, notice.since, notice.delivery_id,
            \(NoticeSubject.columns), package.urgency, delivery.recipient_agency_id, delivery.recipient_written,
            other.document_id AS other_document_id, other.accepted_at AS other_accepted_at,
            \(SealStatements.isSealed(first: "coalesce(package.first_package_id, package.id)")) AS is_sealed
        FROM alert_notice AS notice JOIN package ON package.id = notice.package_id
        LEFT JOIN delivery ON delivery.id = notice.delivery_id
        LEFT JOIN package AS other ON other.id = notice.other_package_id
        WHERE notice.due_at <= $2 ORDER BY notice.urgency DESC, notice.id LIMIT $1
        """
    static let told = "DELETE FROM alert_notice WHERE id = $1"
    static let postpone = "UPDATE alert_notice SET due_at = $2 WHERE id = $1"
    static let dropOld = """
        DELETE FROM alert_notice WHERE id IN (SELECT id FROM alert_notice WHERE at < $1 ORDER BY at LIMIT $2)
        RETURNING id
        """
    static let dropExcess = """
        DELETE FROM alert_notice WHERE id IN (
            SELECT id FROM alert_notice ORDER BY urgency DESC, id OFFSET $1 LIMIT $2)
        RETURNING id
        """
}

extension AlertNotice {
    fileprivate init(row: PostgresRow) throws {
        guard let addressee = Addressee(rawValue: try row.decode("addressee", as: String.self)) else {
            throw Refusal(.internalError, "unknown addressee of an alert")
        }
        let matter: Matter =
            if let document = try row.decodeIfPresent("other_document_id", as: String.self) {
                .repeatedCode(documentID: document, acceptedAt: try row.decode("other_accepted_at", as: Instant.self))
            } else {
                .silence(try Silence(row: row))
            }
        self.init(
            id: try row.decode("id", as: Int64.self), addressee: addressee,
            subject: try NoticeSubject(row: row, at: try row.decode("at", as: Instant.self)),
            isSealed: try row.decode("is_sealed", as: Bool.self), matter: matter)
    }
}

extension AlertNotice.Silence {
    fileprivate init(row: PostgresRow) throws {
        guard let stage = CollectionAlert.Stage(rawValue: try row.decode("stage", as: String.self)),
            let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self)))
        else { throw Refusal(.internalError, "unknown stage of an alert") }
        self.init(
            delivery: DeliveryID(uuid: try row.decode("delivery_id", as: UUID.self)), stage: stage, urgency: urgency,
            recipient: AgencyKey(try row.decode("recipient_agency_id", as: Int64.self)),
            recipientWritten: try row.decode("recipient_written"), since: try row.decode("since"))
    }
}
