// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

enum QueueStatements {
    private static let isReady = "node IS NULL AND due_at IS NULL AND NOT is_parked"
    /// As in the index `queue_ready`.
    private static let ready = IndexLine("queue.endpoint_id", "queue.rank", "queue.delivery_id")

    /// Puts what was accepted on its way, where its recipient has an endpoint.
    static let enqueue = """
        INSERT INTO queue (delivery_id, endpoint_id, rank, first_due)
        SELECT new.id, endpoint.id, new.rank, new.due
        FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::timestamptz[]) AS new (id, agency_id, rank, due)
        JOIN endpoint ON endpoint.agency_id = new.agency_id AND endpoint.state <> 'removed'
        RETURNING endpoint_id
        """

    /// While packages are accepted no endpoint appears or goes: else a package could miss it.
    static let holdEndpoints = "SELECT pg_advisory_xact_lock_shared(\(endpointLock))"
    static let changeEndpoints = "SELECT pg_advisory_xact_lock(\(endpointLock))"
    private static let endpointLock = "hashtextextended('truc endpoints', 0)"

    /// For each cursor – one of a destination's ranks – what is next; of each destination as many as are wanted.
    ///
    /// Every row is looked up by its key, `LATERAL` and one after the other: how many there will be the planner cannot
    /// know, and what it would make of a guess is a pass over whole tables.
    static let claim = """
        WITH candidate AS (
            SELECT delivery_id FROM (
                SELECT line.delivery_id, cursor.wanted, row_number() OVER (
                    PARTITION BY cursor.destination ORDER BY cursor.rank, line.delivery_id) AS place
                FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::uuid[])
                    AS cursor (destination, wanted, rank, after), LATERAL (
                    SELECT delivery_id FROM queue
                    WHERE \(ready.range("cursor.destination", "cursor.rank", after: "cursor.after")) AND \(isReady)
                    ORDER BY \(ready.order) LIMIT \(Dispatcher.maxClaim)
                ) AS line
            ) AS found WHERE place <= wanted
        ), taken AS (
            SELECT free.delivery_id FROM candidate, LATERAL (
                SELECT delivery_id FROM queue WHERE queue.delivery_id = candidate.delivery_id AND \(isReady)
                FOR UPDATE SKIP LOCKED
            ) AS free
        ), claimed AS (
            UPDATE queue SET node = $5, token = nextval('queue_token'), attempts = attempts + 1
            WHERE delivery_id = ANY (ARRAY(SELECT delivery_id FROM taken)) RETURNING queue.*
        )
        SELECT claimed.delivery_id, claimed.endpoint_id, claimed.rank, claimed.token, claimed.attempts, parcel.*
        FROM claimed, LATERAL (
            SELECT delivery.message_type, delivery.package_id, package.sha256 AS package_sha256, content.place,
                content.length, content.sha256, content.wrapped_key
            FROM delivery JOIN package ON package.id = delivery.package_id
            JOIN content ON content.package_id = delivery.package_id
            WHERE delivery.id = claimed.delivery_id OFFSET 0
        ) AS parcel
        ORDER BY claimed.rank, claimed.delivery_id
        """

    // The version of the registry first, where it changes; then deliveries, then their rows in the queue, each in the
    // order of their ids; endpoints last: so nobody waits in a circle.

    /// No key of it changes: who puts it into the queue of another endpoint meanwhile must not wait for this.
    static let lockDelivery = """
        SELECT delivery.id, delivery.state, delivery.failures, delivery.package_id, delivery.recipient_agency_id,
            delivery.fetched_at, delivery.entered_at IS NOT NULL AS has_entered, package.urgency,
            EXISTS (SELECT FROM delivery_attempt WHERE delivery_attempt.delivery_id = delivery.id) AS was_carried
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.id = ANY($1) ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """

    static let lockQueue = """
        SELECT delivery_id, first_due, is_parked, token, node, attempts FROM queue WHERE delivery_id = ANY($1)
        ORDER BY delivery_id FOR UPDATE
        """

    static let addAttempts = BulkInsert(
        into: "delivery_attempt",
        [
            ("delivery_id", .uuid), ("token", .int8), ("endpoint_id", .int8), ("node", .uuid), ("attempt", .int4),
            ("began_at", .timestamptz), ("ended_at", .timestamptz), ("outcome", .text), ("is_late", .bool),
            ("code", .text), ("http_status", .int4), ("detail", .text),
        ], suffix: "ON CONFLICT DO NOTHING")

    /// Free again, at once or for later; `$3` attempts are counted.
    static let free = "UPDATE queue SET node = NULL, due_at = $2, attempts = $3 WHERE delivery_id = $1"
    static let leave = "DELETE FROM queue WHERE delivery_id = ANY($1)"

    /// What leaves the queue without the end of an attempt. One that was claimed may have been sent: who decides later whether
    /// anybody has seen it must find that.
    static func leaveUnended(where condition: String) -> String {
        """
        WITH gone AS (DELETE FROM queue \(condition) RETURNING queue.delivery_id, queue.endpoint_id, queue.token)
        INSERT INTO lost_claim (delivery_id, endpoint_id) SELECT delivery_id, endpoint_id FROM gone WHERE token > 0
        ON CONFLICT DO NOTHING
        """
    }
    static let leaveUnended = leaveUnended(where: "WHERE delivery_id = ANY ($1)")
    static let lostClaim = "SELECT FROM lost_claim WHERE delivery_id = $1 LIMIT 1"

    static let park = "UPDATE queue SET is_parked = true WHERE delivery_id = $1"

    /// Back at the beginning of its way, where the recipient has an endpoint. Who carries it at this moment goes on.
    static let enter = """
        INSERT INTO queue (delivery_id, endpoint_id, rank, first_due)
        SELECT delivery.id, endpoint.id, $2, $3
        FROM delivery JOIN endpoint ON endpoint.agency_id = delivery.recipient_agency_id
            AND endpoint.state <> 'removed'
        WHERE delivery.id = $1
        ON CONFLICT (delivery_id) DO UPDATE SET
            endpoint_id = excluded.endpoint_id, is_parked = false, due_at = NULL, attempts = 0,
            first_due = excluded.first_due
        """

    private static let moveAll = """
        UPDATE delivery SET state = new.state, failures = new.failures, updated_at = new.at, refusal = new.refusal,
            detail = new.detail,
            failed_at = CASE WHEN new.state = 'waiting' THEN NULL ELSE failed_at END,
            entered_at = CASE WHEN new.state = 'delivered' THEN coalesce(entered_at, new.at) ELSE entered_at END,
            -- What its recipient had already is not told of as never delivered.
            is_notice_due = new.state IN ('refused', 'expired') AND entered_at IS NULL AND EXISTS (
                -- Nobody is told of the hub's own messages.
                SELECT FROM package WHERE package.id = delivery.package_id AND system_id IS NOT NULL)
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[])
            AS new (id, state, failures, at, refusal, detail)
        WHERE delivery.id = new.id
        """

    static func move(_ moves: [DeliveryMove]) -> PostgresStatement {
        (
            moveAll,
            [
                .uuids(moves.map(\.id.uuid)), .texts(moves.map(\.after.state.rawValue)),
                .int4s(moves.map { Int32($0.after.failures) }), .timestamptzs(moves.map(\.at)),
                .texts(moves.map { $0.code?.rawValue }), .texts(moves.map(\.detail)),
            ]
        )
    }

    static let endpointOwners = "SELECT id, agency_id FROM endpoint WHERE id = ANY($1)"

    static let overdue = """
        SELECT delivery_id FROM queue WHERE first_due < $1 AND node IS NULL AND NOT is_parked ORDER BY first_due LIMIT $2
        """

    /// Those whose time has come.
    static let sweep = """
        UPDATE queue SET due_at = NULL WHERE delivery_id IN (
            SELECT delivery_id FROM queue WHERE due_at <= $1 AND node IS NULL AND NOT is_parked
            ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING endpoint_id
        """

    static let endpointsWithWork = """
        SELECT endpoint.id AS endpoint_id FROM endpoint, LATERAL (
            SELECT FROM queue WHERE (endpoint_id, rank) >= (endpoint.id, 0) AND (endpoint_id, rank) < (endpoint.id + 1, 0)
                AND \(isReady)
            ORDER BY endpoint_id, rank LIMIT 1
        ) AS first WHERE endpoint.state = 'open'
        """

    static let suspend = """
        UPDATE endpoint SET state = 'suspended', reason = $2, changed_at = $3 WHERE id = $1 AND state = 'open'
        RETURNING agency_id
        """
    /// From the first failed probe on it stays the instant at which it began.
    static let setWell = """
        UPDATE endpoint SET failing_at = NULL, entered_at = greatest(entered_at, $2) WHERE id IN (
            SELECT id FROM endpoint WHERE id = ANY($1) AND (
                failing_at IS NOT NULL OR entered_at IS NULL OR entered_at < $2::timestamptz - interval '1 minute')
            -- Who changes it at this moment holds rows that this may wait for, and the next that enters says it again.
            FOR NO KEY UPDATE SKIP LOCKED)
        """
    static let setFailing = """
        UPDATE endpoint SET failing_at = CASE WHEN $2 THEN coalesce(failing_at, $3) END WHERE id = $1
        """

    // MARK: Nodes

    /// The server's clock decides who is alive: the nodes' own may differ.
    private static let aliveUntil = "clock_timestamp() + make_interval(secs => $2::bigint)"
    static let addNode = """
        INSERT INTO node (id, name, started_at, alive_until) VALUES ($1, $3, clock_timestamp(), \(aliveUntil))
        """
    static let beat = "UPDATE node SET alive_until = \(aliveUntil) WHERE id = $1 RETURNING id"
    static let removeDead = "DELETE FROM node WHERE alive_until < clock_timestamp()"
    static let removeNode = "DELETE FROM node WHERE id = $1"
    /// In the order of ids, as everybody locks them; what somebody holds at this moment is free the next time.
    static let freeCarriedByNobody = """
        UPDATE queue SET node = NULL WHERE delivery_id IN (
            SELECT delivery_id FROM queue WHERE node IS NOT NULL AND node NOT IN (SELECT id FROM node)
            ORDER BY delivery_id FOR UPDATE SKIP LOCKED)
        RETURNING endpoint_id
        """
}

enum EndpointStatements {
    static let current = "SELECT id, agency_id, url, state FROM endpoint WHERE state <> 'removed' ORDER BY id"
    static let speaker = "SELECT system_id FROM agency WHERE id = $1 AND system_id IS NOT NULL"
    static let remove = """
        UPDATE endpoint SET state = 'removed', changed_at = $2, settling_after = '\(ContentCheck.leastID)'
        WHERE agency_id = $1 AND state <> 'removed' RETURNING id, url
        """
    static let add = """
        INSERT INTO endpoint (agency_id, url, created_at, changed_at) VALUES ($1, $2, $3, $3) RETURNING id
        """

    // MARK: What waited before

    /// One batch at a time, whoever does it.
    static let settleAlone = "SELECT pg_advisory_xact_lock(hashtextextended('truc endpoints settle', 0))"
    /// The newest first: what an agency's new endpoint takes over need not be taken off the old one.
    static let unsettled = """
        SELECT id, agency_id, state = 'removed' AS is_removed, settling_after FROM endpoint
        WHERE settling_after IS NOT NULL ORDER BY id DESC LIMIT 1
        """
    /// The next of what waits for an agency, in the order of ids.
    static let lockBacklog = """
        SELECT delivery.id FROM \(PendingLine.both("$1", after: "$2", limit: "$3")) AS next
        JOIN delivery ON delivery.id = next.id AND delivery.state IN ('waiting', 'processing')
        ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """
    /// Carried to the new endpoint from the beginning. Who carries it to the old one at this moment may still say that it
    /// has arrived.
    static let takeOver = """
        INSERT INTO queue (delivery_id, endpoint_id, rank, first_due)
        SELECT delivery.id, $2, \(ClaimCursor.ranks) - 1 - package.urgency, $3
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.id = ANY ($1) ORDER BY delivery.id
        ON CONFLICT (delivery_id) DO UPDATE SET
            endpoint_id = excluded.endpoint_id, is_parked = false, due_at = NULL, node = NULL, attempts = 0,
            first_due = excluded.first_due
        WHERE queue.endpoint_id <> excluded.endpoint_id
        """
    /// What is on its way to an endpoint that is no more stays in its recipient's list.
    static let lockLeft = """
        SELECT delivery_id FROM queue WHERE endpoint_id = $1 ORDER BY delivery_id LIMIT $2 FOR UPDATE
        """
    static let settled = "UPDATE endpoint SET settling_after = $2 WHERE id = $1"
    static let countPending = """
        SELECT count(*) AS waiting FROM delivery
        WHERE recipient_agency_id = $1 AND state IN ('waiting', 'processing')
        """

    static let setState = """
        UPDATE endpoint SET state = $2, reason = $3, changed_at = $4, failing_at = NULL
        WHERE agency_id = $1 AND state <> 'removed' AND state <> $2 RETURNING id
        """
    static let exists = "SELECT id FROM endpoint WHERE agency_id = $1 AND state <> 'removed'"
    static let list = """
        SELECT endpoint.id, agency.code, endpoint.url, endpoint.state, endpoint.reason, endpoint.failing_at,
            count(queue.delivery_id) AS waiting, min(queue.first_due) AS oldest
        FROM endpoint JOIN agency ON agency.id = endpoint.agency_id
        LEFT JOIN queue ON queue.endpoint_id = endpoint.id
        WHERE endpoint.state <> 'removed' GROUP BY endpoint.id, agency.code ORDER BY agency.code
        """
}

extension EndpointRecord {
    init(row: PostgresRow) throws {
        self.init(
            key: EndpointKey(try row.decode("id", as: Int64.self)),
            agency: AgencyKey(try row.decode("agency_id", as: Int64.self)), url: try row.decode("url", as: String.self),
            isSuspended: try row.decode("state", as: String.self) == "suspended")
    }
}

/// A delivery on its way to another state.
struct DeliveryMove {
    let id: DeliveryID
    let after: DeliveryLife
    let at: Instant
    /// Why it is not on its way any more.
    var code: Refusal.Code?
    var detail: String?
}
