// SPDX-License-Identifier: Apache-2.0

/// The SQL of seals.
enum SealStatements {
    /// Whether what a row of `package` brings is sealed: its document, or as an update the one that it is about.
    ///
    /// - Parameter first: the first package of what it brings, as a column.
    static func isSealed(first: String) -> String {
        """
        EXISTS (
            SELECT FROM seal WHERE seal.unsealed_at IS NULL AND seal.document_package_id IN (
                \(first), CASE package.kind WHEN 'update' THEN package.about_package_id END))
        """
    }

    static let isDeliverySealed = """
        SELECT FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.id = $1 AND \(isSealed(first: "delivery.document_package_id"))
        """

    /// The first package of what an id of a package or a delivery names.
    static let byID = """
        SELECT coalesce(first_package_id, id) AS id FROM package WHERE id = $1
        UNION SELECT document_package_id FROM delivery WHERE id = $1
        """

    /// Documents of this id, of whichever sender; one more than is wanted shows that it names more than one.
    static let byDocument = """
        SELECT id FROM package WHERE document_key = $1 AND first_package_id IS NULL
            AND kind IN ('document', 'replacement')
        ORDER BY id LIMIT 2
        """

    /// What is about the document and would be handed out: its deliveries, and those of its updates. An update may be sealed
    /// by itself, and beside the document of which it is one.
    static let lockDeliveries = """
        SELECT delivery.id, package_id, document_package_id, state, failures, refusal,
            recipient_agency_id IS NOT NULL AND EXISTS (
                SELECT FROM recall WHERE recall.recipient_agency_id = delivery.recipient_agency_id
                    AND recall.document_package_id = $1) AS is_recalled,
            EXISTS (
                SELECT FROM seal WHERE seal.unsealed_at IS NULL AND seal.document_package_id <> $1
                    AND seal.document_package_id IN (
                        delivery.document_package_id, CASE package.kind WHEN 'update' THEN package.about_package_id END)
            ) AS is_sealed_otherwise
        FROM delivery JOIN package ON package.id = package_id WHERE document_package_id IN (
            SELECT $1::uuid UNION ALL SELECT id FROM package WHERE about_package_id = $1 AND kind = 'update')
        ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """

    static let lockQueue = "SELECT delivery_id FROM queue WHERE delivery_id = ANY ($1) ORDER BY delivery_id FOR UPDATE"

    static let current = """
        SELECT sealed_at, sealed_by, reason FROM seal WHERE document_package_id = $1 AND unsealed_at IS NULL
        """
    static let add = "INSERT INTO seal (document_package_id, sealed_at, sealed_by, reason) VALUES ($1, $2, $3, $4)"
    static let end = "UPDATE seal SET unsealed_at = $2 WHERE document_package_id = $1 AND unsealed_at IS NULL"

    /// What a scan has found in these packages, unless an operator has taken off the seal that it was worth.
    static let malware = """
        SELECT coalesce(detail, '') AS detail FROM malware_scan WHERE package_id = ANY ($1) AND outcome = 'found'
            AND NOT EXISTS (
                SELECT FROM seal WHERE seal.document_package_id = $2 AND sealed_by = '\(HistoryRow.hubActor)'
                    AND unsealed_at IS NOT NULL)
        ORDER BY package_id LIMIT 1
        """

    static let isDestroyed = "SELECT FROM content WHERE package_id = $1 AND wrapped_key IS NULL"

    static let document = """
        SELECT package.id, package.kind, package.document_id, package.code_number, package.code_notation,
            package.promulgation_date, package.sender_written, sender.name AS sender_name, package.system_id,
            package.accepted_at, package.sha256, coalesce(hub.name, '') AS hub_name
        FROM package JOIN agency AS sender ON sender.id = package.sender_agency_id
        LEFT JOIN agency AS hub ON hub.is_hub
        WHERE package.id = $1
        """

    static let recipients = """
        SELECT delivery.id, delivery.package_id, delivery.recipient_written, agency.name, delivery.state,
            delivery.fetched_at IS NOT NULL AS was_fetched, delivery.entered_at, said.latest, said.latest_at,
            coalesce(carried.url, queued.url, lost.url) AS url
        FROM delivery LEFT JOIN agency ON agency.id = delivery.recipient_agency_id
        LEFT JOIN document_status AS said ON said.document_package_id = delivery.document_package_id
            AND said.recipient_agency_id = delivery.recipient_agency_id
        LEFT JOIN LATERAL (
            SELECT endpoint.url FROM delivery_attempt JOIN endpoint ON endpoint.id = delivery_attempt.endpoint_id
            WHERE delivery_attempt.delivery_id = delivery.id ORDER BY token DESC LIMIT 1
        ) AS carried ON true
        -- Claimed once, it may have been sent, whoever has heard of it.
        LEFT JOIN LATERAL (
            SELECT endpoint.url FROM queue JOIN endpoint ON endpoint.id = queue.endpoint_id
            WHERE queue.delivery_id = delivery.id AND queue.token > 0
        ) AS queued ON true
        LEFT JOIN LATERAL (
            SELECT endpoint.url FROM lost_claim JOIN endpoint ON endpoint.id = lost_claim.endpoint_id
            WHERE lost_claim.delivery_id = delivery.id ORDER BY endpoint.id DESC LIMIT 1
        ) AS lost ON true
        WHERE delivery.id = ANY ($1) ORDER BY delivery.id
        """

    static let reads = """
        SELECT delivery_id, actor, min(at) AS first, max(at) AS last, count(*) AS reads FROM history
        WHERE package_id = ANY ($1) AND event = 'package.fetched' GROUP BY delivery_id, actor ORDER BY first, actor
        """

    static let list = """
        SELECT seal.document_package_id, package.document_id, package.sender_written, seal.sealed_at, seal.sealed_by,
            seal.reason
        FROM seal JOIN package ON package.id = seal.document_package_id
        WHERE seal.unsealed_at IS NULL ORDER BY seal.sealed_at, seal.id LIMIT $1
        """
}
