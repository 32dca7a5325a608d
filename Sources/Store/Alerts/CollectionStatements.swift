// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

/// The SQL of alerts about documents of which their recipients say nothing.
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

    private static let facts = """
        SELECT delivery.id, delivery.package_id, delivery.state, delivery.created_at, package.urgency, package.kind,
            delivery.fetched_at IS NOT NULL AS is_fetched, said.latest IS NOT NULL AS is_heard,
            recall.outcome IS NOT NULL AS is_recalled
        FROM delivery JOIN package ON package.id = delivery.package_id
        LEFT JOIN document_status AS said ON said.document_package_id = delivery.document_package_id
            AND said.recipient_agency_id = delivery.recipient_agency_id
        LEFT JOIN recall ON recall.document_package_id = delivery.document_package_id
            AND recall.recipient_agency_id = delivery.recipient_agency_id
        """
    static let factsByPackage = facts + " WHERE delivery.package_id = ANY ($1)"
    static let factsByDelivery = facts + " WHERE delivery.id = ANY ($1)"

    static let watch = """
        INSERT INTO collection_alert (delivery_id, step, urgency, next_at)
        SELECT new.id, 'watched', new.urgency, new.next_at
        FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) AS new (id, urgency, next_at)
        ON CONFLICT DO NOTHING
        """

    /// Those whose time has come; another node takes what this one does not.
    static let due = """
        SELECT delivery_id, step, next_at FROM collection_alert WHERE next_at <= $1
        ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
        """

    static let wait = "UPDATE collection_alert SET next_at = $2 WHERE delivery_id = $1"
    static let raise = """
        UPDATE collection_alert SET step = $2, next_at = $3, raised_at = coalesce(raised_at, $4) WHERE delivery_id = $1
        """
    static let forget = "DELETE FROM collection_alert WHERE delivery_id = $1 AND step = 'watched'"
    static let close = """
        UPDATE collection_alert SET next_at = NULL, closed_at = $2, ending = $3 WHERE delivery_id = $1
        """
    static let addNotice = """
        INSERT INTO alert_notice (kind, addressee, package_id, delivery_id, stage, at)
        VALUES ('collection', $1, $2, $3, $4, $5)
        """

    /// Ends the alert about a delivery, where there is one, in the transaction that takes its recipient's word.
    static func heard(_ delivery: DeliveryID, by envelope: Envelope) -> PostgresStatement {
        (
            """
            WITH forgotten AS (
                DELETE FROM collection_alert WHERE delivery_id = $1 AND step = 'watched'
            ), closed AS (
                UPDATE collection_alert SET next_at = NULL, closed_at = $2, ending = 'heard'
                WHERE delivery_id = $1 AND step <> 'watched' AND closed_at IS NULL RETURNING delivery_id
            )
            INSERT INTO history (id, at, event, package_id, delivery_id, actor, request_id, detail)
            SELECT $3, $2, $4, delivery.package_id, delivery.id, $5, $6, $7
            FROM closed JOIN delivery ON delivery.id = closed.delivery_id
            """,
            [
                .uuid(delivery.uuid), .timestamptz(envelope.acceptedAt),
                .uuid(RequestID(at: envelope.acceptedAt).uuid), .text(HistoryRow.Event.alertClosed.rawValue),
                .text(envelope.system?.text ?? HistoryRow.hubActor), .uuid(envelope.requestID.uuid),
                .jsonb(
                    JSONText.object([
                        "ending": .string(CollectionAlert.Ending.heard.rawValue), "by": .string("\(envelope.id)"),
                    ]).text),
            ]
        )
    }

    static let open = """
        SELECT alert.delivery_id, alert.step, alert.urgency, alert.raised_at, delivery.package_id, delivery.state,
            delivery.fetched_at IS NOT NULL AS is_fetched, delivery.created_at, delivery.recipient_agency_id,
            delivery.recipient_written, package.sender_written, package.document_id
        FROM collection_alert AS alert JOIN delivery ON delivery.id = alert.delivery_id
        JOIN package ON package.id = delivery.package_id
        WHERE alert.closed_at IS NULL AND alert.step <> 'watched'
        ORDER BY alert.urgency DESC, alert.raised_at, alert.delivery_id LIMIT $1
        """

    static let notices = """
        SELECT notice.id, notice.addressee, notice.stage, notice.at, notice.package_id, notice.delivery_id,
            package.sender_agency_id, package.sender_written, package.document_id, package.code_number,
            package.code_notation, package.promulgation_date, package.urgency, delivery.recipient_agency_id,
            delivery.recipient_written, delivery.created_at, other.document_id AS other_document_id,
            other.accepted_at AS other_accepted_at
        FROM alert_notice AS notice JOIN package ON package.id = notice.package_id
        LEFT JOIN delivery ON delivery.id = notice.delivery_id
        LEFT JOIN package AS other ON other.id = notice.other_package_id
        -- Of what is sealed nobody is told anything.
        WHERE NOT \(SealStatements.isSealed(first: "coalesce(package.first_package_id, package.id)"))
        -- Any of them, so that one that cannot be told does not stand before the others for ever.
        ORDER BY random() LIMIT $1
        """
    static let noticeTold = "DELETE FROM alert_notice WHERE id = $1"
}
