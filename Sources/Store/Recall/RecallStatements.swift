// SPDX-License-Identifier: Apache-2.0

/// The SQL of recalls: what was sent of a document is found and locked, and what was decided is written.
enum RecallStatements {
    static let document = "SELECT package_id FROM package_key WHERE agency_id = $1 AND identity = $2"

    static let known = """
        SELECT recipient_agency_id, outcome FROM recall
        WHERE document_package_id = $1 AND recipient_agency_id = ANY ($2)
        """

    /// Who has now what was sent to these agencies, by whatever name: it may have moved on to a successor, or was redirected.
    /// An update counts where it alone brought the document.
    static let holders = """
        SELECT found.named, found.holder, holder.valid_until IS NULL OR holder.valid_until > $3 AS is_open FROM (
            SELECT alias.agency_id AS named, delivery.recipient_agency_id AS holder
            FROM delivery JOIN agency_alias AS alias ON alias.written = delivery.recipient_written
            WHERE delivery.document_package_id = $1 AND delivery.recipient_agency_id IS NOT NULL
                AND alias.agency_id = ANY ($2)
            UNION
            SELECT alias.agency_id, delivery.recipient_agency_id
            FROM package JOIN delivery ON delivery.document_package_id = package.id
            JOIN agency_alias AS alias ON alias.written = delivery.recipient_written
            WHERE package.about_package_id = $1 AND package.kind = 'update' AND delivery.recipient_agency_id IS NOT NULL
                AND alias.agency_id = ANY ($2) AND NOT EXISTS (
                    SELECT FROM delivery AS own WHERE own.document_package_id = $1
                        AND own.recipient_agency_id = delivery.recipient_agency_id)
        ) AS found JOIN agency AS holder ON holder.id = found.holder
        """

    /// Recipients who have said anything of the document.
    static let spoken = """
        SELECT recipient_agency_id FROM document_status
        WHERE document_package_id = $1 AND recipient_agency_id = ANY ($2)
        """

    /// The document's deliveries to these recipients, and those of its updates.
    static let lockDeliveries = """
        SELECT id, package_id, recipient_agency_id, state, failures, fetched_at IS NOT NULL AS was_fetched,
            entered_at IS NOT NULL AS has_entered, \(HoldStatements.isKept()) AS is_kept
        FROM delivery WHERE recipient_agency_id = ANY ($2) AND document_package_id IN (
            SELECT $1::uuid
            UNION ALL SELECT id FROM package WHERE about_package_id = $1 AND kind = 'update')
        ORDER BY id FOR NO KEY UPDATE
        """

    /// The update that brought a document to a recipient whom it added.
    static let firstUpdate = """
        SELECT delivery.id FROM package JOIN delivery ON delivery.document_package_id = package.id
        WHERE package.about_package_id = $1 AND package.kind = 'update' AND delivery.recipient_agency_id = $2
            AND delivery.state <> 'undeliverable' ORDER BY delivery.id LIMIT 1
        """

    /// All deliveries of these documents and of their updates.
    static let lockAhead = """
        SELECT id FROM delivery WHERE document_package_id IN (
            SELECT key.package_id FROM unnest($1::bigint[], $2::text[]) AS named (agency_id, identity)
            JOIN package_key AS key ON key.agency_id = named.agency_id AND key.identity = named.identity
            UNION ALL
            SELECT package.id FROM unnest($1::bigint[], $2::text[]) AS named (agency_id, identity)
            JOIN package_key AS key ON key.agency_id = named.agency_id AND key.identity = named.identity
            JOIN package ON package.about_package_id = key.package_id AND package.kind = 'update')
        ORDER BY id FOR NO KEY UPDATE
        """

    static let lockQueue = """
        SELECT delivery_id, node FROM queue WHERE delivery_id = ANY ($1) ORDER BY delivery_id FOR UPDATE
        """

    /// Asked after the locks are held: an attempt that has just ended is seen then.
    /// Sent, or claimed once: then it may have been sent, whoever has heard of it.
    static let carried = """
        SELECT delivery_id FROM delivery_attempt WHERE delivery_id = ANY ($1)
        UNION SELECT delivery_id FROM queue WHERE delivery_id = ANY ($1) AND token > 0
        UNION SELECT delivery_id FROM lost_claim WHERE delivery_id = ANY ($1)
        """

    static let add = """
        INSERT INTO recall (document_package_id, recipient_agency_id, recall_package_id, outcome, asked_at)
        VALUES ($1, $2, $3, $4, $5)
        """

    static let answer = """
        UPDATE recall SET outcome = $3, answer_package_id = $4, answered_at = $5
        WHERE document_package_id = $1 AND recipient_agency_id = $2
        """

    /// Updates of documents that were recalled or are sealed, but for those that were accepted before and come again.
    static let frozen = """
        SELECT new.package_id, key.package_id AS document, seal.id IS NOT NULL AS is_sealed
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::bigint[])
            AS new (agency_id, subject, identity, package_id, sender_id)
        JOIN package_key AS key ON key.agency_id = new.agency_id AND key.identity = new.subject
        LEFT JOIN seal ON seal.document_package_id = key.package_id AND seal.unsealed_at IS NULL
        WHERE (seal.id IS NOT NULL OR EXISTS (SELECT FROM recall WHERE recall.document_package_id = key.package_id))
            AND NOT EXISTS (
            SELECT FROM package_key AS own WHERE own.agency_id = new.sender_id AND own.identity = new.identity)
        """

    /// Whether what a delivery carries was recalled from its recipient.
    static let isRecalled = """
        SELECT FROM delivery JOIN package ON package.id = delivery.package_id
        JOIN recall ON recall.recipient_agency_id = delivery.recipient_agency_id
            AND recall.document_package_id = \(carriedDocument)
        WHERE delivery.id = $1
        """

    /// The document that a delivery brings, whole or as an update of it.
    static let carriedDocument = """
        CASE package.kind WHEN 'update' THEN package.about_package_id ELSE delivery.document_package_id END
        """

    static let openDuties = """
        SELECT recall.document_package_id, recall.recall_package_id, recall.outcome, recall.asked_at,
            recall.answered_at, agency.code, agency.name, document.document_id, document.sender_written,
            answer.status_description AS answer
        FROM recall JOIN agency ON agency.id = recall.recipient_agency_id
        JOIN package AS document ON document.id = recall.document_package_id
        LEFT JOIN package AS answer ON answer.id = recall.answer_package_id
        WHERE recall.outcome IN ('owed', 'declined')
        ORDER BY recall.asked_at, recall.document_package_id, recall.recipient_agency_id LIMIT $1
        """
}
