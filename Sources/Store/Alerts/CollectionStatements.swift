// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// The SQL of alerts about what recipients owe of documents.
enum CollectionStatements {
    /// One node at a time moves a cursor; another leaves it to that one.
    static let lockCursor = "SELECT after FROM sweep_cursor WHERE name = $1 FOR UPDATE SKIP LOCKED"
    static let moveCursor = "UPDATE sweep_cursor SET after = $2 WHERE name = $1"

    /// Ids between two, in their order. What is known of them is asked for by them: one index look-up each, whatever the
    /// planner thinks of a range.
    static let urgent = """
        SELECT id FROM package WHERE urgency >= 2 AND kind IN ('document', 'replacement') AND id > $1 AND id < $2
        ORDER BY id LIMIT $3
        """
    static let ordinary = "SELECT id FROM delivery WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3"

    private static let isSealed = SealStatements.isSealed(first: "delivery.document_package_id")
    private static let facts = """
        SELECT delivery.id, delivery.package_id, delivery.state, delivery.created_at, package.urgency, package.kind,
            delivery.fetched_at IS NOT NULL AS is_fetched, said.latest, said.latest_description,
            recall.outcome AS recalled, \(isSealed) AS is_sealed
        FROM delivery JOIN package ON package.id = delivery.package_id
        LEFT JOIN document_status AS said ON said.document_package_id = \(RecallStatements.carriedDocument)
            AND said.recipient_agency_id = delivery.recipient_agency_id
        LEFT JOIN recall ON recall.document_package_id = \(RecallStatements.carriedDocument)
            AND recall.recipient_agency_id = delivery.recipient_agency_id
        """
    static let factsByPackage = facts + " WHERE delivery.package_id = ANY ($1)"
    static let factsByDelivery = facts + " WHERE delivery.id = ANY ($1)"

    static let watch = """
        INSERT INTO collection_alert (delivery_id, duty, step, urgency, since, next_at)
        SELECT new.id, 'word', 'watched', new.urgency, new.since, new.next_at
        FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::timestamptz[])
            AS new (id, urgency, since, next_at)
        -- As all who write several: in one order nobody waits for whom waits for him.
        ORDER BY new.id ON CONFLICT DO NOTHING
        """

    /// From now on a duty is owed of these deliveries, a word of those that bring documents; one that was told of before
    /// begins anew.
    static func begin(
        _ duty: CollectionAlert.Duty, of deliveries: [DeliveryID], at now: Instant
    ) -> PostgresStatement {
        (
            """
            INSERT INTO collection_alert (delivery_id, duty, step, urgency, since, next_at)
            SELECT delivery.id, $2, 'watched', package.urgency, $3, $3
            FROM delivery JOIN package ON package.id = delivery.package_id
            WHERE delivery.id = ANY ($1) AND ($2 <> 'word' OR package.kind IN ('document', 'replacement'))
            ORDER BY delivery.id
            ON CONFLICT (delivery_id, duty) DO UPDATE SET step = 'watched', since = excluded.since,
                next_at = excluded.next_at, raised_at = NULL, closed_at = NULL, ending = NULL
            """, [.uuids(deliveries.map { $0.uuid }), .text(duty.rawValue), .timestamptz(now)]
        )
    }

    /// Those whose time has come; another node takes what this one does not.
    private static func due(_ condition: String) -> String {
        """
        SELECT delivery_id, duty, step, since, next_at FROM collection_alert
        WHERE next_at <= $1 AND next_at IS NOT NULL AND \(condition) ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
        """
    }
    static let urgentDue = due("urgency >= 2")
    static let ordinaryDue = due("urgency < 2")

    static let wait = "UPDATE collection_alert SET next_at = $3 WHERE delivery_id = $1 AND duty = $2"
    static let raise = """
        UPDATE collection_alert SET step = $3, next_at = $4, raised_at = coalesce(raised_at, $5)
        WHERE delivery_id = $1 AND duty = $2
        """
    static let forget = "DELETE FROM collection_alert WHERE delivery_id = $1 AND duty = $2 AND step = 'watched'"
    static let close = """
        UPDATE collection_alert SET next_at = NULL, closed_at = $3, ending = $4 WHERE delivery_id = $1 AND duty = $2
        """

    /// Some of those that have been over for long.
    static let removeClosed = """
        DELETE FROM collection_alert WHERE (delivery_id, duty) IN (
            SELECT delivery_id, duty FROM collection_alert WHERE closed_at <= $1 ORDER BY closed_at LIMIT $2
            FOR UPDATE SKIP LOCKED)
        RETURNING delivery_id
        """

    /// Ends alerts about a delivery, where there are any, in the transaction that takes its recipient's word; gives a row
    /// where somebody had been told of one (`closed`).
    static func heard(
        _ delivery: DeliveryID, _ duties: [CollectionAlert.Duty], at now: Instant
    ) -> PostgresStatement {
        (
            """
            WITH forgotten AS (
                DELETE FROM collection_alert WHERE delivery_id = $1 AND duty = ANY ($3) AND step = 'watched'
            ), closed AS (
                UPDATE collection_alert SET next_at = NULL, closed_at = $2, ending = 'heard'
                WHERE delivery_id = $1 AND duty = ANY ($3) AND step <> 'watched' AND closed_at IS NULL
                RETURNING delivery_id
            )
            SELECT DISTINCT delivery.package_id AS closed_package, delivery.id AS closed_delivery
            FROM closed JOIN delivery ON delivery.id = closed.delivery_id
            """, [.uuid(delivery.uuid), .timestamptz(now), .texts(duties.map { $0.rawValue })]
        )
    }

    /// What the history says of alerts that `heard` has ended.
    ///
    /// - Parameter results: of statements of which some are `heard`.
    static func closed(_ results: [PostgresRows], by envelope: Envelope) throws -> [HistoryRow] {
        var rows: [HistoryRow] = []
        for result in results where result.columns.contains("closed_delivery") {
            for row in result {
                rows.append(
                    HistoryRow(
                        at: envelope.acceptedAt, event: .alertClosed,
                        package: PackageID(uuid: try row.decode("closed_package", as: UUID.self)),
                        delivery: DeliveryID(uuid: try row.decode("closed_delivery", as: UUID.self)),
                        actor: envelope.system?.text ?? HistoryRow.hubActor, request: envelope.requestID,
                        detail: [
                            "ending": .string(CollectionAlert.Ending.heard.rawValue), "by": .string("\(envelope.id)"),
                        ]))
            }
        }
        return rows
    }

    /// The alerts that somebody has to see to now: without those of what is sealed, stopped or given up meanwhile.
    private static let openAlerts = """
        FROM collection_alert AS alert JOIN delivery ON delivery.id = alert.delivery_id
        JOIN package ON package.id = delivery.package_id
        LEFT JOIN recall ON recall.document_package_id = \(RecallStatements.carriedDocument)
            AND recall.recipient_agency_id = delivery.recipient_agency_id
        WHERE alert.closed_at IS NULL AND alert.step <> 'watched'
            AND (alert.duty <> 'word' OR delivery.state IN ('waiting', 'processing', 'delivered'))
            AND (alert.duty = 'cancellation' OR NOT \(isSealed))
        ORDER BY alert.urgency DESC, alert.raised_at, alert.delivery_id
        """

    static let open = """
        SELECT alert.delivery_id, alert.duty, alert.step, alert.urgency, alert.since, alert.raised_at,
            delivery.package_id, delivery.state, delivery.fetched_at IS NOT NULL AS is_fetched,
            delivery.recipient_agency_id, delivery.recipient_written, package.sender_written, package.document_id,
            recall.outcome AS recalled
        \(openAlerts) LIMIT $1
        """

    static let count = """
        SELECT duty, step, count(*) AS alerts, count(*) FILTER (WHERE urgency >= \(Urgency.immediate.rawValue)) AS urgent
        FROM (SELECT alert.duty, alert.step, alert.urgency \(openAlerts) LIMIT $1) AS counted GROUP BY duty, step
        """
}
