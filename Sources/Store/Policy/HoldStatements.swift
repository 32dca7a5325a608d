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

    /// Updates of a document that wait for it, in the order of their ids.
    static let lockUpdates = """
        SELECT delivery.id FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.document_package_id IN (
                SELECT id FROM package WHERE kind = 'update' AND about_package_id = $1)
            AND \(isHeld(for: .documentAwaited))
        ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """

    static let document = "SELECT document_package_id AS id FROM delivery WHERE id = $1"

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

    /// After an operator has released a delivery: the updates that waited for it.
    func releaseUpdates(of delivery: DeliveryID, at now: Instant) throws {
        let document = try connection.query(HoldStatements.document, [.uuid(delivery.uuid)]).only()
        _ = try enter(moveUpdates(of: PackageID(uuid: try document.decode("id")), at: now), at: now)
    }

    private func moveUpdates(of document: PackageID, at now: Instant) throws -> [Released] {
        let updates = try connection.query(HoldStatements.lockUpdates, [.uuid(document.uuid)]).map {
            try $0.decode("id", as: UUID.self)
        }
        return updates.isEmpty ? [] : try move(updates, at: now)
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
