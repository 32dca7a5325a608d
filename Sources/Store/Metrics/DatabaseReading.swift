// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// What the database knows about the work of the hub, for its operator's monitoring.
public struct DatabaseReading: Sendable {
    /// Agencies of which `oldest` tells, at most.
    public static let maxAgencies = Metric.maxAgencies
    /// Longest time that one statement of the reading may take: monitoring must not be what the hub suffers from.
    static let statementTimeoutSeconds = 5

    /// Deliveries that wait for their recipients' confirmation, by age: up to each of the ages that were asked for, and
    /// older than all of them, so one more than was asked for.
    public let backlog: [Int]
    /// When the oldest unconfirmed delivery was made, for the agencies that wait longest.
    public let oldest: [(agency: String, since: Instant)]
    /// Deliveries that wait for the operator or their sender; what a seal or a scan stops waits for neither.
    public let held: Int
    /// Packages that wait for their scan, and since when the first of them does.
    public let scansWaiting: Int
    public let scanWaitSince: Instant?
    /// Packages that cannot be scanned.
    public let scansImpossible: Int
    /// Bytes of write-ahead log since the cluster was made.
    public let walPosition: Int64
    /// Bytes of it that the slowest replication slot keeps from being removed; 0 without slots.
    public let walRetained: Int64
}

extension Database {
    /// Reads what `/metrics` shows of the database.
    ///
    /// Linear in the number of unconfirmed deliveries, read from the index of what waits: to be asked now and then, not
    /// for every scrape.
    /// - Parameter ages: in seconds, growing.
    public func reading(ages: [Int], now: Instant) async throws -> DatabaseReading {
        let bounds = ages.reversed().map { DeliveryID.earliest(at: now.advanced(by: .seconds(-$0))).uuid }
        return try await run { connection in
            try connection.transaction {
                try connection.query(ReadingStatements.timeout)
                // From the oldest on, as `width_bucket` counts.
                var backlog = Array(repeating: 0, count: bounds.count + 1)
                for row in try connection.query(ReadingStatements.backlog, [.uuids(bounds)]) {
                    let bucket = Int(try row.decode("bucket", as: Int32.self))
                    if backlog.indices.contains(bucket) {
                        backlog[bucket] = Int(try row.decode("deliveries", as: Int64.self))
                    }
                }
                let oldest = try connection.query(
                    ReadingStatements.oldest, [.int8(Int64(DatabaseReading.maxAgencies))]
                ).map {
                    (agency: try $0.decode("code", as: String.self), since: try $0.decode("since", as: Instant.self))
                }
                let scans = try connection.query(ScanStatements.reading).only()
                let server = try connection.query(ReadingStatements.server).only()
                return DatabaseReading(
                    backlog: backlog.reversed(), oldest: oldest,
                    held: Int(try server.decode("held", as: Int64.self)),
                    scansWaiting: Int(try scans.decode("waiting", as: Int64.self)),
                    scanWaitSince: try scans.decodeIfPresent("oldest"),
                    scansImpossible: Int(try scans.decode("impossible", as: Int64.self)),
                    walPosition: try server.decode("wal_position", as: Int64.self),
                    walRetained: try server.decode("wal_retained", as: Int64.self))
            }
        }
    }
}

enum ReadingStatements {
    static let timeout = "SET LOCAL statement_timeout = '\(DatabaseReading.statementTimeoutSeconds)s'"

    /// By the ids, which are in order of time and stand in the index of what waits: the table is not looked at.
    static let backlog = """
        SELECT width_bucket(id, $1::uuid[]) AS bucket, count(*) AS deliveries FROM delivery
        WHERE state IN ('waiting', 'processing') GROUP BY 1
        """

    /// Two short index scans for each agency.
    static let oldest = """
        SELECT agency.code, min(first.created_at) AS since
        FROM agency CROSS JOIN unnest(ARRAY['edoc', 'status']) AS kind (message_type), LATERAL (
            SELECT delivery.created_at FROM delivery
            WHERE \(PendingLine.range("agency.id", "kind.message_type")) ORDER BY \(PendingLine.order) LIMIT 1
        ) AS first
        GROUP BY agency.code ORDER BY since LIMIT $1
        """

    static let server = """
        SELECT (SELECT count(*) FROM delivery
                WHERE state = 'held' AND NOT coalesce(refusal IN (
                    'package.sealed', 'malware.scan-pending', 'malware.found', 'malware.scan-impossible'), false)) AS held,
            pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal_position,
            (SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)::bigint
                FROM pg_replication_slots) AS wal_retained
        """
}
