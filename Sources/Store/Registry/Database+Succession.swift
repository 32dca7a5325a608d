// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Most deliveries that are moved in one transaction.
    static let maxMoved = 500

    /// Closes agencies, and writes down who takes their places. From the effective instant on nothing new goes to a
    /// closed identifier but to its successor; it still reads what it has. What waits then is moved by `moveToSuccessors`.
    ///
    /// No acceptance that does not see it is under way when it returns: each was finished before, or is decided anew.
    ///
    /// - Parameters:
    ///   - version: of the registry by which it was decided; nil for any.
    ///   - isTrial: decides everything and changes nothing.
    /// - Returns: nil when the registry is of another version.
    /// - Throws: `Refusal`: `.agencyNotFound`; `.agencyClosed` for one that has ended; `.successorUnfit`;
    ///   `.successionUndecided`; `.agencyHasUnits`; `.agencyClosedTooEarly` when documents of an agency or for it were
    ///   accepted after the end; `.registryInvalid`. Nothing is changed then.
    public func close(
        _ succession: Succession, basedOn version: Int64? = nil, actor: String, at now: Instant, isTrial: Bool = false
    ) async throws -> SuccessionOutcome? {
        do {
            return try await run { connection in
                try connection.transaction {
                    try connection.query(QueueStatements.changeEndpoints)
                    let outcome = try connection.close(succession, basedOn: version, actor: actor, at: now)
                    if isTrial { throw Undone.trial(outcome) }
                    return outcome
                }
            }
        } catch Undone.trial(let outcome) {
            return outcome
        } catch Undone.otherVersion {
            return nil
        }
    }

    /// Moves what still waits for agencies that have ended to those that take it: into their lists, and on its way to
    /// their endpoints. What is being carried at this moment, or held, stays until it waits again; a document that the
    /// successor has already is withdrawn.
    ///
    /// Called again and again it moves whatever came to wait since, and what it has moved before to one that has ended as
    /// well: a call moves each delivery once at most, wherever successors lead.
    /// - Returns: how many were moved or withdrawn, and the endpoints for which there is something now.
    public func moveToSuccessors(at now: Instant) async throws -> (count: Int, endpoints: Set<EndpointKey>) {
        var total = 0
        var endpoints: Set<EndpointKey> = []
        var next: UUID? = Self.beforeAll.uuid
        while let after = next {
            let batch = try await run { connection in
                try connection.transaction { try SuccessionMove(connection: connection, now: now).batch(after: after) }
            }
            total += batch.count
            endpoints.formUnion(batch.endpoints)
            next = batch.next
        }
        return (total, endpoints)
    }
}

/// Ends a transaction without its changes.
private enum Undone: Error {
    case trial(SuccessionOutcome)
    case otherVersion
}

extension PostgresConnection {
    /// Inside the transaction of whoever has more to write with it, which holds `changeEndpoints` already: a transaction
    /// that takes it after a row of the registry could wait for an acceptance that waits for that row.
    @discardableResult
    func close(
        _ succession: Succession, basedOn version: Int64? = nil, actor: String, at now: Instant
    ) throws -> SuccessionOutcome {
        let bumped = try query(RegistryStatements.bumpVersion).only().decode("registry_version", as: Int64.self)
        if let version, bumped != version + 1 { throw Undone.otherVersion }
        // After the locks: whatever was accepted is before this instant.
        let present = max(now, .now())
        let resolved = try ResolvedSuccession(
            succession, agencies: try RegistryStatements.readAgencies(self), at: present)
        let keys = resolved.closings.map { $0.agency.key.value }
        let later = try query(
            SuccessionStatements.acceptedSince,
            [
                .int8s(keys.map { $0 }), .timestamptz(resolved.effective),
                .uuid(DeliveryID.earliest(at: resolved.effective).uuid),
            ])
        if resolved.effective < present, let row = later.first {
            throw Refusal(.agencyClosedTooEarly, try row.decode("code", as: String.self))
        }
        let waiting = try countWaiting(.int8s(keys.map { $0 }))
        try pipeline(statements(resolved, succession.decision, actor: actor, at: present))
        return SuccessionOutcome(
            effective: resolved.effective,
            agencies: resolved.closings.map { closing in
                SuccessionOutcome.Agency(
                    key: closing.agency.key, code: closing.agency.code, successors: closing.successors,
                    waiting: waiting[closing.agency.key.value] ?? 0)
            })
    }

    /// How many deliveries wait for each of these agencies, by its key.
    func countWaiting(_ agencies: PostgresValue) throws -> [Int64: Int] {
        var waiting: [Int64: Int] = [:]
        for row in try query(SuccessionStatements.waiting, [agencies]) {
            waiting[try row.decode("recipient_agency_id")] = Int(try row.decode("count", as: Int64.self))
        }
        return waiting
    }

    private func statements(
        _ resolved: ResolvedSuccession, _ decision: Decision?, actor: String, at now: Instant
    ) throws -> [PostgresStatement] {
        var codes: [AgencyKey: String] = [:]
        for row in try query(SuccessionStatements.codes) {
            codes[AgencyKey(try row.decode("id"))] = try row.decode("code", as: String.self)
        }
        let rows = resolved.closings.map { closing in
            var detail = closing.detail(codes)
            detail["effective"] = .string(resolved.effective.iso8601)
            if let until = resolved.toleratedUntil { detail["toleratedUntil"] = .string(until.iso8601) }
            if let decision { detail.merge(decision.detail) { first, _ in first } }
            return HistoryRow(at: now, event: .agencyClosed, actor: actor, detail: detail)
        }
        let keys = PostgresValue.int8s(resolved.closings.map { $0.agency.key.value })
        return [
            (
                SuccessionStatements.end,
                [keys, .timestamptz(resolved.effective), .optional(resolved.toleratedUntil) { .timestamptz($0) }]
            ),
            (SuccessionStatements.removeSuccessors, [keys]),
            SuccessionStatements.add(resolved.closings), HistoryRow.statement(rows),
        ]
    }
}

/// One batch of what waits for agencies that have ended.
private struct SuccessionMove {
    let connection: PostgresConnection
    let now: Instant

    private struct Delivery {
        let id: UUID
        let package: PackageID
        let document: UUID
        let from: Int64
        let to: Int64
        let toCode: String
        let rank: Int16
        /// The successor has the document already.
        let isKnown: Bool
    }

    struct Batch {
        var count = 0
        var endpoints: Set<EndpointKey> = []
        /// Behind which there may be more; nil at the end.
        var next: UUID?
    }

    /// - Parameter after: only deliveries with a greater id.
    func batch(after: UUID) throws -> Batch {
        let ended = PostgresValue.int8s(
            try connection.query(SuccessionStatements.ended, [.timestamptz(now)]).map { try $0.decode("id") })
        guard try !connection.query(SuccessionStatements.isMovable, [ended, .uuid(after)]).isEmpty else {
            return Batch()
        }
        // No endpoint of a successor may appear that does not see what is moved, and no word be taken or recall begun that
        // speaks of the recipient before.
        try connection.query(QueueStatements.changeEndpoints)
        let found = try connection.query(
            SuccessionStatements.lockWaiting, [ended, .uuid(after), .int8(Int64(Database.maxMoved))]
        ).map(read)
        guard !found.isEmpty else { return Batch() }
        // Claimed since it was looked at: whoever carries it says what becomes of it.
        let carried = try Set(
            connection.query(QueueStatements.lockQueue, [.uuids(found.map { $0.id })]).compactMap { row -> UUID? in
                guard try row.decodeIfPresent("node", as: UUID.self) != nil else { return nil }
                return try row.decode("delivery_id", as: UUID.self)
            })
        var moved: [Delivery] = []
        var withdrawn: [Delivery] = []
        var taken: Set<String> = []
        for delivery in found where !carried.contains(delivery.id) {
            // Of two that come to the same agency in one batch, one is the document's.
            let isFirst = taken.insert("\(delivery.document) \(delivery.to)").inserted
            if delivery.isKnown || !isFirst { withdrawn.append(delivery) } else { moved.append(delivery) }
        }
        return Batch(
            count: moved.count + withdrawn.count, endpoints: try write(moved, withdrawn),
            next: found.count == Database.maxMoved ? found.last?.id : nil)
    }

    private func read(_ row: PostgresRow) throws -> Delivery {
        Delivery(
            id: try row.decode("id"), package: PackageID(uuid: try row.decode("package_id")),
            document: try row.decode("document_package_id"), from: try row.decode("recipient_agency_id"),
            to: try row.decode("successor_id"), toCode: try row.decode("code"),
            rank: ClaimCursor.rank(Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal),
            isKnown: try row.decode("is_known"))
    }

    private func write(_ moved: [Delivery], _ withdrawn: [Delivery]) throws -> Set<EndpointKey> {
        let ids = PostgresValue.uuids((moved + withdrawn).map { $0.id })
        let agencies = PostgresValue.int8s(moved.map { $0.to })
        let pairs: [PostgresValue] = [
            .uuids(moved.map { $0.document }), .int8s(moved.map { $0.from }), agencies,
        ]
        let results = try connection.pipeline([
            (QueueStatements.leaveUnended, [ids]),
            (SuccessionStatements.move, [.uuids(moved.map { $0.id }), agencies, .timestamptz(now)]),
            (SuccessionStatements.moveWords, pairs), (SuccessionStatements.moveRecalls, pairs),
            (
                SuccessionStatements.withdraw,
                [.uuids(withdrawn.map { $0.id }), .texts(withdrawn.map { $0.toCode }), .timestamptz(now)]
            ),
            HistoryRow.statement(moved.map { row($0, .deliveryMoved) } + withdrawn.map { row($0, .deliveryWithdrawn) }),
            (
                QueueStatements.enqueue,
                [
                    .uuids(moved.map { $0.id }), agencies, .int2s(moved.map { $0.rank }),
                    .timestamptzs(moved.map { _ in now }),
                ]
            ),
        ])
        return try results.last.map(EndpointKey.set) ?? []
    }

    private func row(_ delivery: Delivery, _ event: HistoryRow.Event) -> HistoryRow {
        HistoryRow(
            at: now, event: event, package: delivery.package, delivery: DeliveryID(uuid: delivery.id),
            actor: HistoryRow.hubActor, detail: ["successor": .string(delivery.toCode)])
    }
}

enum SuccessionStatements {
    /// Documents, not statuses, which a closed agency still sends and gets. Ids are older the smaller they are.
    static let acceptedSince = """
        SELECT agency.code FROM agency WHERE id = ANY ($1) AND (
            EXISTS (
                SELECT FROM package WHERE sender_agency_id = agency.id AND accepted_at >= $2 AND kind <> 'status')
            OR EXISTS (
                SELECT FROM delivery WHERE delivery.id >= $3 AND recipient_agency_id = agency.id
                    AND message_type = 'edoc' AND created_at >= $2))
        ORDER BY agency.code LIMIT 1
        """

    static let waiting = """
        SELECT recipient_agency_id, count(*) AS count FROM delivery
        WHERE recipient_agency_id = ANY ($1) AND state IN ('waiting', 'processing') GROUP BY recipient_agency_id
        """

    static let codes = "SELECT id, code FROM agency"

    static let end = """
        UPDATE agency SET valid_until = $2, tolerated_until = $3, version = registry_version,
            changed_at = clock_timestamp()
        FROM hub WHERE id = ANY ($1)
        """

    static let removeSuccessors = "DELETE FROM agency_successor WHERE agency_id = ANY ($1)"

    private static let addSuccessors = BulkInsert(
        into: "agency_successor",
        [("agency_id", .int8), ("successor_id", .int8), ("takes_pending", .bool), ("is_default", .bool)])

    static func add(_ closings: [ResolvedSuccession.Closing]) -> PostgresStatement {
        var rows: [[PostgresValue]] = []
        for closing in closings {
            for heir in closing.successors {
                rows.append([
                    .int8(closing.agency.key.value), .int8(heir.agency.value), .bool(heir.takesPending),
                    .bool(heir.isDefault),
                ])
            }
        }
        return addSuccessors.statement(rows)
    }

    /// Changed by the version that is being written.
    static let touch = """
        UPDATE agency SET version = registry_version, changed_at = clock_timestamp() FROM hub WHERE id = ANY ($1)
        """

    static let ended = """
        SELECT id FROM agency JOIN agency_successor ON agency_id = id AND takes_pending WHERE valid_until <= $1
        """

    /// The agencies are given: joined to what has ended, all that waits for anybody would be read first.
    private static let movable = """
        FROM agency_successor AS heir
        JOIN agency AS successor ON successor.id = heir.successor_id
        JOIN delivery ON delivery.recipient_agency_id = heir.agency_id AND delivery.state IN ('waiting', 'processing')
        JOIN package ON package.id = delivery.package_id
        WHERE heir.takes_pending AND delivery.recipient_agency_id = ANY ($1) AND delivery.id > $2
            AND NOT EXISTS (SELECT FROM queue WHERE queue.delivery_id = delivery.id AND queue.node IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM delivery AS lost WHERE lost.document_package_id = delivery.document_package_id
                    AND lost.recipient_agency_id = heir.successor_id
                    AND lost.state IN ('refused', 'expired', 'withdrawn', 'undeliverable'))
        """

    static let isMovable = "SELECT 1 AS found \(movable) LIMIT 1"

    /// Not what a node carries at this moment; not what the successor was given up or withdrawn from, which stays where
    /// the successor's system finds it, in the list of the closed agency.
    static let lockWaiting = """
        SELECT delivery.id, delivery.package_id, delivery.document_package_id, delivery.recipient_agency_id,
            heir.successor_id, successor.code, package.urgency, EXISTS (
                SELECT FROM delivery AS known WHERE known.document_package_id = delivery.document_package_id
                    AND known.recipient_agency_id = heir.successor_id) AS is_known
        \(movable)
        ORDER BY delivery.id LIMIT $3 FOR UPDATE OF delivery
        """

    static let move = """
        UPDATE delivery SET recipient_agency_id = new.agency_id, updated_at = $3
        FROM unnest($1::uuid[], $2::bigint[]) AS new (id, agency_id) WHERE delivery.id = new.id
        """

    /// What was said of the document, and its recall, stay with its delivery.
    static let moveWords = """
        UPDATE document_status AS said SET recipient_agency_id = new.after
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new (document, before, after)
        WHERE said.document_package_id = new.document AND said.recipient_agency_id = new.before
            AND NOT EXISTS (
                SELECT FROM document_status AS own
                WHERE own.document_package_id = new.document AND own.recipient_agency_id = new.after)
        """
    static let moveRecalls = """
        UPDATE recall SET recipient_agency_id = new.after
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS new (document, before, after)
        WHERE recall.document_package_id = new.document AND recall.recipient_agency_id = new.before
            AND NOT EXISTS (
                SELECT FROM recall AS own
                WHERE own.document_package_id = new.document AND own.recipient_agency_id = new.after)
        """

    static let withdraw = """
        UPDATE delivery SET state = 'withdrawn', updated_at = $3, detail = new.code
        FROM unnest($1::uuid[], $2::text[]) AS new (id, code) WHERE delivery.id = new.id
        """
}
