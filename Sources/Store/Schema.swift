// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging

/// The schema that this version of the hub works with.
public enum Schema {
    /// Every migration, in order. Released ones are never edited: their checksum is kept in the database.
    static var migrations: [Migration] {
        [Migration(number: 1, name: "first_light", sql: PackageResources.m0001_first_light_sql)]
    }

    /// Months, beginning with the present one, for which the history has a partition of its own after `prepare`.
    static let partitionMonths: Int32 = 12

    /// Brings a database to this version (see `Migrator.migrate`), if it is behind; for a daemon it also makes the
    /// partitions of the coming months.
    ///
    /// A command beside a running daemon only compares versions: DDL would wait for, and hold up, what the daemon
    /// writes.
    /// - Parameter connectionString: of the role that owns the tables.
    public static func prepare(connectionString: String, isServing: Bool = true, logger: Logger) async throws {
        let thread = DedicatedThread(name: "schema", capacity: 1)
        try await thread.run {
            do {
                let connection = try PostgresConnection(connectionString: connectionString, applicationName: "truc")
                if isServing { try requireDurability(of: connection, logger: logger) }
                if !isServing, try Migrator.isUpToDate(connection, migrations) { return }
                _ = try Migrator.migrate(connection, migrations, logger: logger)
                if isServing { try makePartitions(connection) }
            } catch let error as PostgresError where error.sqlState == "42501" {
                throw Refusal(.settingInvalid, "the database role lacks a right, CREATEROLE perhaps: \(error.message)")
            } catch let error as PostgresError {
                logger.error("schema", metadata: ["error": "\(error)"])
                throw error.refusal
            }
        }
    }

    private static func makePartitions(_ connection: PostgresConnection) throws {
        // Under the migrations' lock: two nodes that start together make them one after the other.
        try connection.transaction {
            try connection.query("SELECT pg_advisory_xact_lock($1)", [.int8(Migrator.lockKey)])
            try connection.query(
                "SELECT make_history_partitions($1, $2)", [.date(Instant.now().vietnamDate), .int4(partitionMonths)])
        }
    }

    /// A receipt promises durability (house §4.1), so a server that does not give it is no server for a hub.
    private static func requireDurability(of connection: PostgresConnection, logger: Logger) throws {
        let facts = try connection.query(
            """
            SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
                current_setting('data_checksums') AS data_checksums, current_setting('server_encoding') AS encoding,
                current_setting('server_version_num')::int4 AS version
            """
        ).only()
        for setting in ["fsync", "full_page_writes"] where try facts.decode(setting, as: String.self) != "on" {
            throw Refusal(.settingInvalid, "the database runs with \(setting) off and could lose accepted packages")
        }
        guard try facts.decode("encoding", as: String.self) == "UTF8" else {
            throw Refusal(.settingInvalid, "the database's encoding is not UTF8")
        }
        guard try facts.decode("version", as: Int32.self) >= leastServerVersion else {
            throw Refusal(.settingInvalid, "PostgreSQL is older than version \(leastServerVersion / 10_000)")
        }
        if try facts.decode("data_checksums", as: String.self) != "on" {
            logger.warning("the database has no data checksums: damage on its disk would go unnoticed")
        }
    }

    /// `server_version_num` of the oldest PostgreSQL that the hub is tested with.
    static let leastServerVersion: Int32 = 150_000
}
