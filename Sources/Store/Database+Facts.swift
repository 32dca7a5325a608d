// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Exchange

/// What the database server says of itself: the conditions of a measurement.
public struct DatabaseFacts: Sendable {
    /// As `server_version`, for example `15.14 (Debian 15.14-0+deb12u1)`.
    public let version: String
    /// Settings on which durability and speed depend, by name, with their units.
    public let settings: [String: String]
    /// Bytes of write-ahead log written since the cluster was made.
    public let walBytes: Int64
}

extension Database {
    public func facts() async throws -> DatabaseFacts {
        try await run { connection in
            var settings: [String: String] = [:]
            for row in try connection.query(FactStatements.settings) {
                settings[try row.decode("name", as: String.self)] = try row.decode("value", as: String.self)
            }
            let server = try connection.query(FactStatements.server).only()
            return DatabaseFacts(
                version: try server.decode("version", as: String.self), settings: settings,
                walBytes: try server.decode("wal_bytes", as: Int64.self))
        }
    }

    /// How many packages each committed transaction took, one number for each transaction, in no order.
    ///
    /// Reads the whole table: for a measurement, not for a hub at work.
    public func packagesPerCommit() async throws -> [Int64] {
        try await run { connection in
            try connection.query(FactStatements.packagesPerCommit).map { try $0.decode("packages", as: Int64.self) }
        }
    }
}

/// When a delivery was accepted, and when it had entered its recipient's system.
public struct DeliveryTimes: Sendable {
    public let accepted: Instant
    public let entered: Instant
}

extension Database {
    /// Of all deliveries that have entered a system of these agencies and were accepted from `since` on, by when they were
    /// accepted. For a measurement: as many rows as there are.
    public func timesOfEntry(at agencies: [AgencyKey], since: Instant) async throws -> [DeliveryTimes] {
        try await run { connection in
            try connection.query(
                FactStatements.timesOfEntry, [.int8s(agencies.map(\.value)), .timestamptz(since)]
            ).map { DeliveryTimes(accepted: try $0.decode("created_at"), entered: try $0.decode("entered_at")) }
        }
    }

    /// Keeps a snapshot of the whole database, as a backup or a forgotten session does, until `done` is signalled. Blocking
    /// a thread of its own, on a connection outside the pool.
    public func holdSnapshot(until done: DispatchSemaphore) async throws {
        let thread = DedicatedThread(name: "snapshot", capacity: 1)
        defer { thread.stop() }
        try await thread.run { [connectionSettings] in
            let connection = try connectionSettings.connect()
            try connection.transaction(isolation: .repeatableRead) {
                try connection.query(FactStatements.settings)
                done.wait()
            }
        }
    }
}

private enum FactStatements {
    static let settings = """
        SELECT name, setting || coalesce(' ' || unit, '') AS value FROM pg_settings
        WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'wal_sync_method',
            'wal_compression', 'shared_buffers', 'max_wal_size')
        """

    static let server = """
        SELECT current_setting('server_version') AS version,
            pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal_bytes
        """

    static let timesOfEntry = """
        SELECT created_at, entered_at FROM delivery
        WHERE recipient_agency_id = ANY($1) AND entered_at IS NOT NULL AND created_at >= $2 ORDER BY created_at
        """

    /// All rows of one transaction carry its number.
    static let packagesPerCommit = "SELECT count(*) AS packages FROM package GROUP BY xmin::text"
}
