// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Trust

/// One step of the schema: a released file that is never edited afterwards.
public struct Migration: Equatable, Sendable {
    /// 1 for the first, then without gaps.
    public let number: Int
    public let name: String
    /// UTF-8, any number of statements, none of which begins or ends a transaction.
    public let sql: [UInt8]

    public init(number: Int, name: String, sql: [UInt8]) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    var checksum: SHA256Digest { SHA256Digest(of: sql) }
    var title: String { "\(number) \(name)" }
}

/// Brings a database to the schema of this program.
///
/// Nodes that start together wait for each other on an advisory lock. Each migration is one transaction together with
/// its row in `schema_migration`.
public enum Migrator {
    /// Key of the advisory lock: "trucmigr" in ASCII.
    static let lockKey: Int64 = 0x7472_7563_6D69_6772
    /// Longest wait for another node's migration.
    static let lockTimeoutSeconds = 300

    /// Applies what is missing.
    ///
    /// - Parameters:
    ///   - connectionString: of a role that may create tables; as `PostgresConnection` takes it.
    ///   - migrations: all that the program has, in the order of their numbers.
    /// - Returns: the numbers that were applied now.
    /// - Throws: `Refusal`: `.schemaNewer` when the database has numbers that the program does not know,
    ///   `.schemaChanged` when an applied file was another one, `.databaseUnavailable`, `.internalError` when a
    ///   migration failed (why is in the log).
    @discardableResult
    public static func migrate(
        connectionString: String, _ migrations: [Migration], logger: Logger
    ) async throws -> [Int] {
        let thread = DedicatedThread(name: "migrate", capacity: 1)
        return try await thread.run {
            do {
                let connection = try PostgresConnection(
                    connectionString: connectionString, applicationName: "truc-migrate")
                return try migrate(connection, migrations, logger: logger)
            } catch let error as PostgresError {
                logger.error("migration failed", metadata: ["error": "\(error)"])
                throw error.refusal
            }
        }
    }

    /// Whether the database has every migration of this program; it is compared, not changed.
    ///
    /// - Throws: as `migrate`.
    static func isUpToDate(_ connection: PostgresConnection, _ migrations: [Migration]) throws -> Bool {
        let known = try connection.query("SELECT to_regclass('schema_migration') IS NOT NULL AS known").only()
        guard try known.decode("known", as: Bool.self) else { return false }
        return try check(connection, migrations) == migrations.count
    }

    /// As above, on a connection of the caller's and its thread; throws `PostgresError` too.
    static func migrate(
        _ connection: PostgresConnection, _ migrations: [Migration], logger: Logger
    ) throws -> [Int] {
        guard migrations.map(\.number) == Array(1..<migrations.count + 1) else {
            throw Refusal(.internalError, "the numbers of the migrations are not 1, 2, 3, …")
        }
        try connection.execute("SET lock_timeout = '\(lockTimeoutSeconds)s'")
        try connection.query("SELECT pg_advisory_lock($1)", [.int8(lockKey)])
        defer {
            // The lock goes with the session too, should this fail.
            _ = try? connection.query("SELECT pg_advisory_unlock($1)", [.int8(lockKey)])
            try? connection.execute("RESET lock_timeout")
        }
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                number integer PRIMARY KEY CHECK (number > 0),
                name text NOT NULL,
                sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """)
        let applied = try check(connection, migrations)
        let missing = migrations.dropFirst(applied)
        for migration in missing {
            try apply(migration, on: connection)
            logger.notice("migration applied", metadata: ["migration": "\(migration.title)"])
        }
        return missing.map(\.number)
    }

    /// Compares what was applied with what the program has.
    ///
    /// - Returns: how many migrations the database has.
    private static func check(_ connection: PostgresConnection, _ migrations: [Migration]) throws -> Int {
        let rows = try connection.query("SELECT number, name, sha256 FROM schema_migration ORDER BY number")
        for (position, row) in rows.enumerated() {
            let number = try row.decode("number", as: Int.self)
            let name = try row.decode("name", as: String.self)
            guard position < migrations.count else {
                throw Refusal(
                    .schemaNewer,
                    "the database has migration \(number) \(name), this program ends at \(migrations.count)")
            }
            let migration = migrations[position]
            guard number == migration.number else {
                throw Refusal(.schemaChanged, "the database has migration \(number) but not \(migration.title)")
            }
            guard try row.decode("sha256", as: [UInt8].self) == migration.checksum.bytes else {
                throw Refusal(.schemaChanged, "migration \(number) was applied as \(name) with another content")
            }
        }
        return rows.count
    }

    private static func apply(_ migration: Migration, on connection: PostgresConnection) throws {
        guard let script = String(validating: migration.sql, as: UTF8.self) else {
            throw Refusal(.internalError, "migration \(migration.title) is not UTF-8")
        }
        try connection.transaction {
            try connection.execute(script)
            guard connection.isInTransaction else {
                throw Refusal(.internalError, "migration \(migration.title) ends the transaction that it runs in")
            }
            try connection.query(
                "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)",
                [.int4(Int32(migration.number)), .text(migration.name), .bytea(migration.checksum.bytes)])
        }
    }
}
