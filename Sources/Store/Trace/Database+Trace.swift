// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

extension Database {
    /// Most packages in one trace.
    public static let maxTracedPackages = 500
    /// Most deliveries in one trace, and most recipients' words.
    public static let maxTracedDeliveries = 10_000
    /// Most rows of history in one trace.
    public static let maxTracedEvents = 5_000

    /// What is known under an id of any kind: a receipt's `DocId`, a list's `docId`, a request id, a document id, or
    /// number/notation. Statuses, recalls and updates of a document belong to its trace.
    ///
    /// - Returns: nil when nothing is known under it.
    public func trace(_ anyID: String) async throws -> TraceRecords? {
        let query = TraceQuery(anyID)
        return try await run { connection in
            try connection.transaction(isolation: .repeatableRead) {
                let keys = try connection.query(query.sql, query.parameters).map {
                    try $0.decode("document_key", as: String.self)
                }
                guard !keys.isEmpty else { return nil }
                let packages = try connection.query(
                    TraceStatements.packages, [.texts(keys), .int8(Int64(Self.maxTracedPackages + 1))])
                let kept = try packages.prefix(Self.maxTracedPackages).map(TraceRecords.Package.init(row:))
                let ids = PostgresValue.uuids(kept.map(\.id.uuid))
                let results = try connection.pipeline([
                    (TraceStatements.deliveries, [ids, .int8(Int64(Self.maxTracedDeliveries + 1))]),
                    (TraceStatements.statuses, [ids, .int8(Int64(Self.maxTracedDeliveries + 1))]),
                    (TraceStatements.recalls, [ids, .int8(Int64(Self.maxTracedDeliveries + 1))]),
                    (TraceStatements.history, [ids, .int8(Int64(Self.maxTracedEvents + 1))]),
                ])
                return TraceRecords(
                    packages: kept,
                    deliveries: try results[0].prefix(Self.maxTracedDeliveries).map(TraceRecords.Delivery.init(row:)),
                    statuses: try results[1].prefix(Self.maxTracedDeliveries).map(TraceRecords.Status.init(row:)),
                    recalls: try results[2].prefix(Self.maxTracedDeliveries).map(TraceRecords.Recall.init(row:)),
                    history: try results[3].prefix(Self.maxTracedEvents).map(TraceRecords.Event.init(row:)),
                    isCut: packages.count > Self.maxTracedPackages || results[0].count > Self.maxTracedDeliveries
                        || results[1].count > Self.maxTracedDeliveries || results[2].count > Self.maxTracedDeliveries
                        || results[3].count > Self.maxTracedEvents)
            }
        }
    }
}

/// Which documents an id of any kind leads to.
private struct TraceQuery {
    let sql: String
    let parameters: [PostgresValue]

    init(_ anyID: String) {
        let id = anyID.trimmingCharacters(in: .whitespaces)
        if id.utf8.count == 36, let uuid = UUID(uuidString: id) {
            sql = """
                SELECT document_key FROM package WHERE id = $1
                UNION SELECT package.document_key FROM delivery JOIN package ON package.id = delivery.package_id
                    WHERE delivery.id = $1
                UNION SELECT package.document_key FROM history JOIN package ON package.id = history.package_id
                    WHERE history.request_id = $1
                UNION SELECT document_key FROM package WHERE document_key = $2
                """
            parameters = [.uuid(uuid), .text(id)]
            return
        }
        let code = id.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        sql = """
            SELECT document_key FROM package WHERE document_key = $1
            UNION SELECT document_key FROM package
                WHERE normalize(left(code_number, 50)) = normalize(left($2, 50))
                    AND normalize(left(code_notation, 100)) = normalize(left($3, 100))
            """
        parameters = [
            .text(id.precomposedStringWithCanonicalMapping), .text(code[0]), .text(code.count > 1 ? code[1] : ""),
        ]
    }
}

private enum TraceStatements {
    static let packages = """
        SELECT package.id, first_package_id, kind, sender_agency_id, sender_written, system_id, document_id,
            code_number, code_notation, promulgation_date, due_date, subject, urgency, status, status_description, status_effect,
            signature,
            policy_name, policy_sha256, warnings::text AS warnings, package.sha256, content.length,
            content.wrapped_key IS NULL AS is_destroyed, accepted_at, request_id,
            scan.package_id IS NOT NULL AS awaits_scan, scan.outcome AS scan_outcome, scan.detail AS scan_detail
        FROM (
            SELECT id FROM package WHERE document_key = ANY ($1)
            UNION SELECT package_id FROM package_link WHERE document_key = ANY ($1) AND relation <> 'responds-to'
        ) AS traced JOIN package ON package.id = traced.id JOIN content ON content.package_id = package.id
        LEFT JOIN malware_scan AS scan ON scan.package_id = package.id
        ORDER BY package.id LIMIT $2
        """
    static let deliveries = """
        SELECT id, package_id, document_package_id, recipient_agency_id, recipient_written, state, refusal, detail,
            failures, fetched_at, entered_at
        FROM delivery WHERE package_id = ANY ($1) ORDER BY id LIMIT $2
        """
    static let statuses = """
        SELECT document_package_id, recipient_agency_id, latest, furthest, latest_at
        FROM document_status WHERE document_package_id = ANY ($1) LIMIT $2
        """
    static let recalls = """
        SELECT document_package_id, recipient_agency_id, recall_package_id, outcome, asked_at, answered_at
        FROM recall WHERE document_package_id = ANY ($1) LIMIT $2
        """
    static let history = """
        SELECT at, event, package_id, delivery_id, actor, request_id, detail::text AS detail
        FROM history WHERE package_id = ANY ($1) ORDER BY at, id LIMIT $2
        """
}

extension TraceRecords.Package {
    init(row: PostgresRow) throws {
        guard let kind = PackageKind(rawValue: try row.decode("kind")),
            let sha256 = SHA256Digest(bytes: try row.decode("sha256", as: [UInt8].self))
        else { throw Refusal(.internalError, "a package row is not of this version") }
        self.init(
            id: PackageID(uuid: try row.decode("id")),
            first: try row.decodeIfPresent("first_package_id").map(PackageID.init(uuid:)), kind: kind,
            sender: AgencyKey(try row.decode("sender_agency_id")), senderWritten: try row.decode("sender_written"),
            system: try row.decodeIfPresent("system_id", as: String.self).map { try SystemID(parsing: $0) },
            documentID: try row.decode("document_id"), codeNumber: try row.decodeIfPresent("code_number"),
            codeNotation: try row.decodeIfPresent("code_notation"),
            promulgationDate: try row.decodeIfPresent("promulgation_date"),
            dueDate: try row.decodeIfPresent("due_date"), subject: try row.decodeIfPresent("subject"),
            urgency: Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal,
            status: try row.decodeIfPresent("status").flatMap(DocumentStatus.init(rawValue:)),
            statusDescription: try row.decodeIfPresent("status_description"),
            statusEffect: try row.decodeIfPresent("status_effect").flatMap(StatusEffect.init(rawValue:)),
            signature: try row.decode("signature"), policyName: try row.decodeIfPresent("policy_name"),
            policyDigest: try row.decodeIfPresent("policy_sha256"), warnings: try row.decode("warnings"),
            sha256: sha256,
            length: try row.decode("length"), isDestroyed: try row.decode("is_destroyed", as: Bool.self),
            acceptedAt: try row.decode("accepted_at"),
            request: RequestID(uuid: try row.decode("request_id")),
            scan: try row.decode("awaits_scan", as: Bool.self)
                ? TraceRecords.Scan(
                    outcome: try row.decodeIfPresent("scan_outcome").flatMap(ScanOutcome.init(rawValue:)),
                    detail: try row.decodeIfPresent("scan_detail"))
                : nil)
    }
}

extension TraceRecords.Delivery {
    init(row: PostgresRow) throws {
        guard let state = DeliveryState(rawValue: try row.decode("state")) else {
            throw Refusal(.internalError, "unknown delivery state")
        }
        self.init(
            id: DeliveryID(uuid: try row.decode("id")), package: PackageID(uuid: try row.decode("package_id")),
            document: PackageID(uuid: try row.decode("document_package_id")),
            recipient: try row.decodeIfPresent("recipient_agency_id").map(AgencyKey.init),
            recipientWritten: try row.decode("recipient_written"), state: state,
            refusal: try row.decodeIfPresent("refusal").flatMap(Refusal.Code.init(rawValue:)),
            detail: try row.decodeIfPresent("detail"), failures: Int(try row.decode("failures", as: Int32.self)),
            fetchedAt: try row.decodeIfPresent("fetched_at"), enteredAt: try row.decodeIfPresent("entered_at"))
    }
}

extension TraceRecords.Status {
    init(row: PostgresRow) throws {
        let latest = try row.decodeIfPresent("latest", as: String.self).flatMap(DocumentStatus.init(rawValue:))
        let furthest = try row.decodeIfPresent("furthest", as: String.self).flatMap(DocumentStatus.init(rawValue:))
        self.init(
            document: PackageID(uuid: try row.decode("document_package_id")),
            recipient: AgencyKey(try row.decode("recipient_agency_id")),
            record: latest.map { StatusRecord(latest: $0, furthest: furthest) },
            at: try row.decodeIfPresent("latest_at"))
    }
}

extension TraceRecords.Recall {
    init(row: PostgresRow) throws {
        guard let outcome = RecallOutcome(rawValue: try row.decode("outcome")) else {
            throw Refusal(.internalError, "unknown recall outcome")
        }
        self.init(
            document: PackageID(uuid: try row.decode("document_package_id")),
            recipient: AgencyKey(try row.decode("recipient_agency_id")),
            package: PackageID(uuid: try row.decode("recall_package_id")), outcome: outcome,
            askedAt: try row.decode("asked_at"), answeredAt: try row.decodeIfPresent("answered_at"))
    }
}

extension TraceRecords.Event {
    init(row: PostgresRow) throws {
        self.init(
            at: try row.decode("at"), event: try row.decode("event"),
            package: try row.decodeIfPresent("package_id").map(PackageID.init(uuid:)),
            delivery: try row.decodeIfPresent("delivery_id").map(DeliveryID.init(uuid:)),
            actor: try row.decode("actor"),
            request: try row.decodeIfPresent("request_id").map(RequestID.init(uuid:)), detail: try row.decode("detail"))
    }
}
