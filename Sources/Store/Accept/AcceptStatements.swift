// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

/// The SQL of taking packages, and how packages become its rows.
enum AcceptStatements {
    /// Claims identities. Rows decided by another registry than the one in force are left out, and so are identities
    /// that exist. Sorted, so that two nodes that claim the same ones wait for each other instead of deadlocking.
    static let claimKeys = """
        INSERT INTO package_key (agency_id, identity, package_id, meaning)
        SELECT new.agency_id, new.identity, new.package_id, new.meaning
        FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bytea[], $5::bigint[])
            AS new (agency_id, identity, package_id, meaning, registry_version), hub
        WHERE new.registry_version = hub.registry_version
        ORDER BY new.agency_id, new.identity
        ON CONFLICT DO NOTHING
        RETURNING package_id
        """

    static let registryVersion = "SELECT registry_version FROM hub"

    /// From a content to the key that wrapped its own.
    static let contentKeyReference = "content_key_id_fkey"

    /// The document a status speaks of, and what its recipient has said so far.
    static let statusTarget = """
        SELECT key.package_id AS document, delivery.id AS delivery, said.latest, said.latest_description, said.furthest,
            recall.outcome AS recalled
        FROM package_key AS key
        LEFT JOIN delivery ON delivery.document_package_id = key.package_id AND delivery.recipient_agency_id = $3
            AND delivery.state <> 'undeliverable' AND NOT \(HoldStatements.isKept())
        LEFT JOIN recall ON recall.document_package_id = key.package_id AND recall.recipient_agency_id = $3
        LEFT JOIN document_status AS said ON said.document_package_id = key.package_id AND said.recipient_agency_id = $3
        WHERE key.agency_id = $1 AND key.identity = $2
        """

    /// One change of a document at a time, over all nodes (`DocumentWord`).
    static let lockWord = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, $2::bigint))"

    static let applyStatus = """
        INSERT INTO document_status
            (document_package_id, recipient_agency_id, latest, latest_description, latest_at, latest_package_id, furthest)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (document_package_id, recipient_agency_id) DO UPDATE SET
            latest = excluded.latest, latest_description = excluded.latest_description, latest_at = excluded.latest_at,
            latest_package_id = excluded.latest_package_id, furthest = excluded.furthest
        """

    static let existingKey = """
        SELECT key.package_id, key.meaning, package.accepted_at, (SELECT registry_version FROM hub) AS registry_version,
            content.package_id IS NOT NULL AND content.wrapped_key IS NULL AS is_destroyed,
            package.kind <> 'recall' AND EXISTS (
                SELECT FROM recall WHERE document_package_id = coalesce(package.about_package_id, package.id)
            ) AS is_recalled,
            \(SealStatements.isSealed(first: "package.id")) AS is_sealed,
            \(ConfirmationStatements.isAnyAwaited(document: "key.package_id")) AS is_awaited
        FROM package_key AS key JOIN package ON package.id = key.package_id
        LEFT JOIN content ON content.package_id = key.package_id
        WHERE key.agency_id = $1 AND key.identity = $2
        """

    static let addressed = """
        SELECT recipient_agency_id, recipient_written FROM delivery WHERE document_package_id = $1
        """

    static let keys = BulkInsert(
        into: "package_key",
        [("agency_id", .int8), ("identity", .text), ("package_id", .uuid), ("meaning", .bytea)])

    static let packages = BulkInsert(
        into: "package",
        [
            ("id", .uuid), ("first_package_id", .uuid), ("about_package_id", .uuid), ("kind", .text),
            ("sender_agency_id", .int8),
            ("sender_written", .text), ("system_id", .text), ("document_id", .text), ("document_key", .text),
            ("code_number", .text), ("code_notation", .text), ("promulgation_date", .date), ("document_type", .int4),
            ("type_name", .text), ("subject", .text), ("signer_position", .text), ("signer_name", .text),
            ("due_date", .date), ("urgency", .int2), ("status", .text), ("status_description", .text),
            ("status_effect", .text), ("signature", .text), ("warnings", .jsonb),
            ("policy_name", .text), ("policy_sha256", .text), ("sha256", .bytea),
            ("meaning", .bytea), ("accepted_at", .timestamptz), ("request_id", .uuid),
        ])

    static let contents = BulkInsert(
        into: "content",
        [
            ("package_id", .uuid), ("backend", .text), ("place", .text), ("length", .int8), ("sha256", .bytea),
            ("wrapped_key", .bytea), ("key_id", .text),
        ])

    static let attachments = BulkInsert(
        into: "attachment",
        [
            ("package_id", .uuid), ("position", .int4), ("name", .text), ("declared_type", .text),
            ("detected_type", .text), ("length", .int8), ("sha256", .bytea),
        ])

    static let links = BulkInsert(
        into: "package_link",
        [
            ("package_id", .uuid), ("position", .int4), ("relation", .text), ("document_id", .text),
            ("document_key", .text), ("agencies", .jsonb),
        ])

    static let scans = BulkInsert(
        into: "malware_scan", [("package_id", .uuid), ("rank", .int2), ("due_at", .timestamptz)])

    static let deliveries = BulkInsert(
        into: "delivery",
        [
            ("id", .uuid), ("package_id", .uuid), ("document_package_id", .uuid), ("recipient_agency_id", .int8),
            ("recipient_written", .text), ("message_type", .text), ("state", .text), ("refusal", .text),
            ("detail", .text), ("created_at", .timestamptz), ("updated_at", .timestamptz),
        ])
}

/// The deliveries that are put on their way when they are accepted.
enum QueueRows {
    static func statement(_ rows: [PackageRows]) -> PostgresStatement {
        var ids: [UUID?] = []
        var agencies: [Int64?] = []
        var ranks: [Int16?] = []
        var instants: [Instant?] = []
        for row in rows {
            for delivery in row.deliveries {
                guard let recipient = row.destination(delivery) else { continue }
                ids.append(delivery.id.uuid)
                agencies.append(recipient.value)
                ranks.append(ClaimCursor.rank(row.package.envelope.urgency))
                instants.append(row.package.envelope.acceptedAt)
            }
        }
        return (
            QueueStatements.enqueue, [.uuids(ids), .int8s(agencies), .int2s(ranks), .timestamptzs(instants)]
        )
    }
}

/// A package that has won its identity, on its way into the tables.
struct PackageRows {
    let package: NewPackage
    let place: ContentPlace
    /// The key of the content.
    let key: WrappedSecret
    /// The first package of the same document, when this one only adds recipients.
    let first: PackageID?
    let effect: DocumentEffects.Effect
    /// Of the hub's own notice, which claims no identity beforehand: no other message has its bytes.
    let isNotice: Bool
    /// The deliveries to write: all of them, or those that are added.
    let deliveries: [NewDelivery]

    var row: [PostgresValue] {
        let envelope = package.envelope
        return [
            .uuid(envelope.id.uuid), .optional(first) { .uuid($0.uuid) }, .optional(effect.about) { .uuid($0.uuid) },
            .text(envelope.kind.rawValue),
            .int8(envelope.sender.value), .text(envelope.senderWritten), .optional(envelope.system) { .text($0.text) },
            .text(envelope.documentID.text), .text(envelope.documentID.normalized),
            .optional(envelope.codeNumber) { .text($0) }, .optional(envelope.codeNotation) { .text($0) },
            .optional(envelope.promulgationDate) { .date($0) },
            .optional(envelope.documentType) { .int4(Int32(clamping: $0)) },
            .optional(envelope.typeName) { .text($0) }, .optional(envelope.subject) { .text($0) },
            .optional(envelope.signerPosition) { .text($0) }, .optional(envelope.signerName) { .text($0) },
            .optional(envelope.dueDate) { .date($0) }, .int2(Int16(envelope.urgency.rawValue)),
            .optional(envelope.status) { .text($0.status.rawValue) },
            .optional(envelope.status?.description) { .text($0) },
            .optional(effect.status) { .text($0.rawValue) }, .text(envelope.signature),
            .jsonb(JSONText.array(envelope.warnings)), .optional(envelope.policy) { .text($0.profile.name) },
            .optional(envelope.policy) { .text($0.digest) }, .bytea(envelope.sha256.bytes),
            .bytea(envelope.meaning.bytes),
            .timestamptz(envelope.acceptedAt), .uuid(envelope.requestID.uuid),
        ]
    }

    var keyRow: [PostgresValue] {
        let envelope = package.envelope
        return [
            .int8(envelope.sender.value), .text(envelope.identity), .uuid(envelope.id.uuid),
            .bytea(envelope.meaning.bytes),
        ]
    }

    var contentRow: [PostgresValue] {
        [
            .uuid(package.envelope.id.uuid), .text(place.backend.rawValue), .text(place.description),
            .int8(Int64(package.content.length)), .bytea(package.envelope.sha256.bytes), .bytea(key.bytes),
            .text(key.keyID.text),
        ]
    }

    /// The bytes themselves, where the database keeps them and does not have them already.
    var chunkRows: [[PostgresValue]] {
        guard case .chunks(let id, _) = place, case .memory(let bytes) = package.content else { return [] }
        return ChunkRows.rows(bytes.sealedPieces, of: id, from: 0)
    }

    var attachmentRows: [[PostgresValue]] {
        package.envelope.attachments.enumerated().map { position, attachment in
            [
                .uuid(package.envelope.id.uuid), .int4(Int32(position)), .text(attachment.name),
                .optional(attachment.declaredType) { .text($0) }, .optional(attachment.detectedType) { .text($0) },
                .int8(Int64(attachment.length)), .bytea(attachment.sha256.bytes),
            ]
        }
    }

    var linkRows: [[PostgresValue]] {
        package.envelope.links.enumerated().map { position, link in
            [
                .uuid(package.envelope.id.uuid), .int4(Int32(position)), .text(link.relation.rawValue),
                .text(link.documentID.text), .text(link.documentID.normalized), .jsonb(JSONText.array(link.agencies)),
            ]
        }
    }

    var deliveryRows: [[PostgresValue]] {
        let envelope = package.envelope
        return deliveries.map { delivery in
            let refusal = refusal(of: delivery)
            return [
                .uuid(delivery.id.uuid), .uuid(envelope.id.uuid), .uuid((first ?? envelope.id).uuid),
                .optional(delivery.recipient) { .int8($0.value) }, .text(delivery.written),
                .text(envelope.kind.messageType.rawValue),
                .text(state(delivery).rawValue),
                .optional(refusal) { .text($0.code.rawValue) },
                .optional(refusal?.detail) { .text($0) }, .timestamptz(envelope.acceptedAt),
                .timestamptz(envelope.acceptedAt),
            ]
        }
    }

    /// Who is to get it now; nil for a delivery that is over already or held.
    func destination(_ delivery: NewDelivery) -> AgencyKey? { state(delivery) == .waiting ? delivery.recipient : nil }

    private func state(_ delivery: NewDelivery) -> DeliveryState {
        guard let recipient = delivery.recipient else { return .undeliverable }
        if effect.unneeded.contains(recipient) { return .withdrawn }
        if case .held = delivery.outcome { return .held }
        return effect.awaiting.contains(recipient) ? .held : .waiting
    }

    private func refusal(of delivery: NewDelivery) -> Refusal? {
        switch state(delivery) {
        case .withdrawn: nil
        // First its own word, then that of what it updates, then its scan.
        case .held where delivery.recipient.map(effect.awaiting.contains) == true && !delivery.isTold:
            Refusal(.documentAwaited, effect.about.map { "\($0)" })
        default: delivery.refusal
        }
    }

    /// Its files are looked at before anybody gets it.
    var scanRow: [PostgresValue]? {
        guard package.envelope.awaitsScan else { return nil }
        return [
            .uuid(package.envelope.id.uuid), .int2(ClaimCursor.rank(package.envelope.urgency)),
            .timestamptz(package.envelope.acceptedAt),
        ]
    }

    /// What the record says of it: one row for the package, with its rows as evidence, one for each recipient that gets
    /// nothing.
    func history(_ tables: PackageTables) -> [HistoryRow] {
        let envelope = package.envelope
        let actor = envelope.system?.text ?? HistoryRow.hubActor
        var detail: [String: JSONText] = [
            "sha256": .string(envelope.sha256.hex), "kind": .string(envelope.kind.rawValue),
            "recipients": .strings(deliveries.map(\.written)),
        ]
        if let first { detail["addsRecipientsTo"] = .string(first.description) }
        if let effect = effect.status { detail["statusEffect"] = .string(effect.rawValue) }
        let unneeded = deliveries.filter { state($0) == .withdrawn }.map(\.written)
        if !unneeded.isEmpty { detail["withdrawnUnseenAt"] = .strings(unneeded) }
        var rows = [
            HistoryRow(
                at: envelope.acceptedAt, event: first == nil ? .packageAccepted : .recipientsAdded,
                package: envelope.id, actor: actor, request: envelope.requestID, detail: detail,
                evidence: tables.evidence(AuditSalt(package.content.key)))
        ]
        for delivery in deliveries {
            // That it is scanned is said once, with the verdict.
            guard let refusal = refusal(of: delivery), refusal.code != .malwareScanPending else { continue }
            rows.append(
                HistoryRow(
                    at: envelope.acceptedAt,
                    event: state(delivery) == .undeliverable ? .deliveryUndeliverable : .deliveryHeld,
                    package: envelope.id, delivery: delivery.id,
                    actor: HistoryRow.hubActor, request: envelope.requestID,
                    detail: ["recipient": .string(delivery.written), "refusal": .string(refusal.code.rawValue)]))
        }
        return rows
    }
}

/// The rows of a package in the tables, made once for these and for its leaf.
struct PackageTables {
    let rows: PackageRows
    let key: [PostgresValue]
    let package: [PostgresValue]
    let content: [PostgresValue]
    let attachments: [[PostgresValue]]
    let links: [[PostgresValue]]
    let deliveries: [[PostgresValue]]

    init(_ rows: PackageRows) {
        self.rows = rows
        key = rows.keyRow
        package = rows.row
        content = rows.contentRow
        attachments = rows.attachmentRows
        links = rows.linkRows
        deliveries = rows.deliveryRows
    }

    func evidence(_ salt: AuditSalt) -> [[UInt8]] {
        var evidence: [[UInt8]] = []
        func add(_ table: EvidentialTable, _ row: [PostgresValue]) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(1_024)
            table.append(row, salt: salt, to: &bytes)
            evidence.append(bytes)
        }
        add(.packages, package)
        // Who only adds recipients has no identity of its own.
        if rows.first == nil { add(.keys, key) }
        add(.contents, content)
        for row in attachments { add(.attachments, row) }
        for row in links { add(.links, row) }
        for row in deliveries { add(.deliveries, row) }
        return evidence
    }
}
