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

    /// Brings a database to this version (see `Migrator.migrate`) and makes the partitions of the coming months.
    ///
    /// - Parameter connectionString: of the role that owns the tables.
    public static func prepare(connectionString: String, logger: Logger) async throws {
        try await Migrator.migrate(connectionString: connectionString, migrations, logger: logger)
        let thread = DedicatedThread(name: "schema", capacity: 1)
        try await thread.run {
            do {
                let connection = try PostgresConnection(connectionString: connectionString, applicationName: "truc")
                try connection.query(
                    "SELECT make_history_partitions($1, $2)",
                    [.date(Instant.now().vietnamDate), .int4(partitionMonths)])
            } catch let error as PostgresError {
                logger.error("partitions", metadata: ["error": "\(error)"])
                throw error.refusal
            }
        }
    }
}
