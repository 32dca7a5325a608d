// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// The SQL of what the hub keeps back before anybody has seen it: until its sender has confirmed it, until its files were
/// scanned, until what it updates may go. Of such a delivery its recipient learns nothing.
///
/// Of several reasons the one that stands in `delivery.refusal` is the first to be settled; `next` finds what is left then.
enum HoldStatements {
    private static let codes: [Refusal.Code] = [
        .confirmationNeeded, .documentAwaited, .malwareScanPending, .malwareFound, .malwareScanImpossible,
    ]
    private static let list = codes.map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// Whether a row of `delivery`, under the name that the statement gives it, is kept back.
    static func isKept(_ row: String = "delivery") -> String {
        "(\(row).state = 'held' AND coalesce(\(row).refusal IN (\(list)), false))"
    }

    static func isHeld(for code: Refusal.Code) -> String {
        "(delivery.state = 'held' AND delivery.refusal IS NOT DISTINCT FROM '\(code.rawValue)')"
    }

    /// What a delivery is kept back for.
    static let keptFor = "SELECT refusal FROM delivery WHERE id = $1 AND \(isKept())"

    /// Why a delivery cannot go although the sender has confirmed it; NULL when it can.
    private static let next = """
        CASE
            WHEN \(SealStatements.isSealed(first: "delivery.document_package_id"))
                THEN '\(Refusal.Code.packageSealed.rawValue)'
            WHEN package.kind = 'update' AND EXISTS (
                SELECT FROM delivery AS whole WHERE whole.document_package_id = package.about_package_id
                    AND whole.recipient_agency_id = delivery.recipient_agency_id AND \(isKept("whole")))
                THEN '\(Refusal.Code.documentAwaited.rawValue)'
            WHEN scan.package_id IS NOT NULL AND scan.outcome IS NULL
                THEN '\(Refusal.Code.malwareScanPending.rawValue)'
            WHEN scan.outcome = 'impossible' THEN '\(Refusal.Code.malwareScanImpossible.rawValue)'
        END
        """

    /// Puts deliveries that are locked, and kept back for a reason that is settled, on their way, or keeps them for the next.
    static let release = """
        UPDATE delivery SET state = CASE WHEN next.refusal IS NULL THEN 'waiting' ELSE 'held' END,
            refusal = next.refusal, detail = NULL, failures = 0, failed_at = NULL, updated_at = $2
        FROM (
            SELECT delivery.id, \(next) AS refusal
            FROM delivery JOIN package ON package.id = delivery.package_id
            LEFT JOIN malware_scan AS scan ON scan.package_id = delivery.package_id
            WHERE delivery.id = ANY ($1)
        ) AS next WHERE delivery.id = next.id
        RETURNING delivery.id, delivery.package_id, delivery.state
        """

    /// As `QueueStatements.enter`, for many, each with the rank of its package.
    static let enterQueue = """
        INSERT INTO queue (delivery_id, endpoint_id, rank, first_due)
        SELECT delivery.id, endpoint.id, \(ClaimCursor.ranks) - 1 - package.urgency, $2
        FROM delivery JOIN package ON package.id = delivery.package_id
        JOIN endpoint ON endpoint.agency_id = delivery.recipient_agency_id AND endpoint.state <> 'removed'
        WHERE delivery.id = ANY ($1) AND delivery.state = 'waiting'
        ON CONFLICT (delivery_id) DO UPDATE SET
            endpoint_id = excluded.endpoint_id, is_parked = false, due_at = NULL, attempts = 0,
            first_due = excluded.first_due
        RETURNING endpoint_id
        """

    /// Updates of a document that wait for it, in the order of their ids; at these recipients, or at all.
    static let lockUpdates = """
        SELECT delivery.id, delivery.package_id, delivery.failures FROM delivery
        WHERE delivery.document_package_id IN (
                SELECT id FROM package WHERE kind = 'update' AND about_package_id = $1)
            AND ($2::bigint[] IS NULL OR delivery.recipient_agency_id = ANY ($2))
            AND \(isHeld(for: .documentAwaited))
        ORDER BY delivery.id FOR NO KEY UPDATE
        """

    /// Gives them to another agency, where that does not have them already.
    static let giveUpdates = """
        UPDATE delivery SET recipient_agency_id = $2, updated_at = $3 WHERE id = ANY ($1) AND NOT EXISTS (
            SELECT FROM delivery AS own WHERE own.document_package_id = delivery.document_package_id
                AND own.recipient_agency_id = $2)
        RETURNING id, package_id
        """

    static let document = """
        SELECT document_package_id AS id, recipient_agency_id FROM delivery WHERE id = $1
        """

    /// Before what is kept back is released, so that a scan that ends meanwhile is seen, or sees it.
    static let lockScans = """
        SELECT FROM malware_scan WHERE package_id IN (
            SELECT package_id FROM delivery WHERE document_package_id = $1
            UNION SELECT id FROM package WHERE kind = 'update' AND about_package_id = $1)
        ORDER BY package_id FOR SHARE
        """
}

/// Deliveries that are kept back, inside the transaction that lets them go.
struct KeptDeliveries {
    let connection: PostgresConnection

    struct Released {
        let package: PackageID
        let delivery: DeliveryID
        /// False: it is kept back for another reason.
        let isOnItsWay: Bool
    }

    /// Settles what these were kept back for; then whatever waited for the document.
    ///
    /// - Parameters:
    ///   - ids: locked.
    ///   - document: the first package of the document.
    /// - Returns: those of `ids`, and the endpoints for which something is due.
    func release(
        _ ids: [UUID], document: PackageID, at now: Instant
    ) throws -> (released: [Released], endpoints: Set<EndpointKey>) {
        let released = try move(ids, at: now)
        return (released, try enter(released + moveUpdates(of: document, at: now), at: now))
    }

    /// After an operator has let a delivery go: the updates that waited for it.
    func releaseUpdates(of delivery: DeliveryID, at now: Instant) throws {
        let document = try connection.query(HoldStatements.document, [.uuid(delivery.uuid)]).only()
        try releaseUpdates(ofDocument: PackageID(uuid: try document.decode("id")), at: now)
    }

    /// After somebody else has let deliveries of a document go.
    func releaseUpdates(ofDocument document: PackageID, at now: Instant) throws {
        _ = try enter(moveUpdates(of: document, at: now), at: now)
    }

    /// After a delivery was given up: so are the updates that waited for it, of which nobody could make anything. Their
    /// senders are told as of every delivery that is given up.
    func expireUpdates(
        of delivery: DeliveryID, reason: String, actor: String, request: RequestID?, at now: Instant
    ) throws {
        let row = try connection.query(HoldStatements.document, [.uuid(delivery.uuid)]).only()
        var moves: [DeliveryMove] = []
        var history: [HistoryRow] = []
        let document = PackageID(uuid: try row.decode("id"))
        for update in try lockUpdates(of: document, at: [AgencyKey(try row.decode("recipient_agency_id"))]) {
            guard case .become(let after) = update.life.decide(.expire, isSeen: false) else { continue }
            moves.append(DeliveryMove(id: update.id, after: after, at: now, code: .deliveryExpired, detail: reason))
            history.append(
                HistoryRow(
                    at: now, event: .deliveryExpired, package: update.package, delivery: update.id, actor: actor,
                    request: request, detail: ["reason": .string(reason), "with": .string("\(delivery)")]))
        }
        guard !moves.isEmpty else { return }
        try connection.pipeline([QueueStatements.move(moves), HistoryRow.statement(history)])
    }

    /// After a document that is kept back was given to another agency: what waits for it goes where it goes.
    ///
    /// - Returns: those that went.
    func giveUpdates(
        of document: PackageID, from: AgencyKey, to: AgencyKey, at now: Instant
    ) throws -> [(package: PackageID, delivery: DeliveryID)] {
        let updates = try lockUpdates(of: document, at: [from])
        guard !updates.isEmpty else { return [] }
        return try connection.query(
            HoldStatements.giveUpdates, [.uuids(updates.map(\.id.uuid)), .int8(to.value), .timestamptz(now)]
        ).map { row in
            (PackageID(uuid: try row.decode("package_id")), DeliveryID(uuid: try row.decode("id")))
        }
    }

    /// An update that waits for its document, under its lock.
    struct WaitingUpdate {
        let id: DeliveryID
        let package: PackageID
        let life: DeliveryLife
    }

    /// - Parameter agencies: nil: at whichever.
    func lockUpdates(of document: PackageID, at agencies: [AgencyKey]? = nil) throws -> [WaitingUpdate] {
        let keys = agencies.map { agencies in agencies.map { Optional($0.value) } }
        return try connection.query(
            HoldStatements.lockUpdates, [.uuid(document.uuid), .optional(keys) { .int8s($0) }]
        ).map { row in
            WaitingUpdate(
                id: DeliveryID(uuid: try row.decode("id")), package: PackageID(uuid: try row.decode("package_id")),
                life: DeliveryLife(state: .held, failures: Int(try row.decode("failures", as: Int32.self))))
        }
    }

    private func moveUpdates(of document: PackageID, at now: Instant) throws -> [Released] {
        let updates = try lockUpdates(of: document)
        return updates.isEmpty ? [] : try move(updates.map(\.id.uuid), at: now)
    }

    private func enter(_ released: [Released], at now: Instant) throws -> Set<EndpointKey> {
        var free: [UUID] = []
        for each in released where each.isOnItsWay { free.append(each.delivery.uuid) }
        guard !free.isEmpty else { return [] }
        let results = try connection.pipeline([
            (HoldStatements.enterQueue, [.uuids(free), .timestamptz(now)]),
            // Their recipients can speak of them from now on.
            CollectionStatements.begin(.word, of: free.map(DeliveryID.init(uuid:)), at: now),
        ])
        return try EndpointKey.set(results[0])
    }

    private func move(_ ids: [UUID], at now: Instant) throws -> [Released] {
        try connection.query(HoldStatements.release, [.uuids(ids), .timestamptz(now)]).map { row in
            Released(
                package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                delivery: DeliveryID(uuid: try row.decode("id", as: UUID.self)),
                isOnItsWay: try row.decode("state", as: String.self) == DeliveryState.waiting.rawValue)
        }
    }
}
