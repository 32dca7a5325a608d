// SPDX-License-Identifier: Apache-2.0
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

    /// All rows of one transaction carry its number.
    static let packagesPerCommit = "SELECT count(*) AS packages FROM package GROUP BY xmin::text"
}
