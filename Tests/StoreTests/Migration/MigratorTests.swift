// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct MigratorTests {
    private func migration(_ number: Int, _ sql: String) -> Migration {
        Migration(number: number, name: "step-\(number)", sql: Array(sql.utf8))
    }

    private var steps: [Migration] {
        [
            migration(1, "CREATE TABLE first (id integer); INSERT INTO first VALUES (1);"),
            migration(2, "-- Bước hai\nCREATE TABLE second (id integer);"),
            migration(3, "CREATE TABLE third (id integer);"),
        ]
    }

    @Test func appliesWhatIsMissingOnce() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        #expect(
            try await Migrator.migrate(connectionString: database, Array(steps.prefix(2)), logger: quietLogger) == [
                1, 2,
            ])
        #expect(try await Migrator.migrate(connectionString: database, steps, logger: quietLogger) == [3])
        #expect(try await Migrator.migrate(connectionString: database, steps, logger: quietLogger) == [])
        let steps = steps
        try await onConnection(to: database) { connection in
            let rows = try connection.query(
                "SELECT number, name, sha256, applied_at FROM schema_migration ORDER BY number")
            #expect(try rows.map { try $0.decode("number", as: Int.self) } == [1, 2, 3])
            #expect(try rows.map { try $0.decode("name", as: String.self) } == steps.map(\.name))
            #expect(try rows.map { try $0.decode("sha256", as: [UInt8].self) } == steps.map(\.checksum.bytes))
            let locks = try connection.query(
                """
                SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
                WHERE datname = current_database() AND locktype = 'advisory'
                """
            )
            for row in rows {
                #expect(try abs(row.decode("applied_at", as: Instant.self).duration(since: .now()) / .seconds(1)) < 600)
            }
            #expect(locks.isEmpty)
        }
    }

    @Test func nodesThatStartTogetherDoNotRace() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let steps = steps
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<6 {
                group.addTask { try await Migrator.migrate(connectionString: database, steps, logger: quietLogger) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == [1, 2, 3])
    }

    @Test func anAppliedFileThatChangedIsRefused() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await Migrator.migrate(connectionString: database, steps, logger: quietLogger)
        var changed = steps
        changed[1] = migration(2, "CREATE TABLE second (id bigint);")
        let refusal = await #expect(throws: Refusal.self) {
            try await Migrator.migrate(connectionString: database, changed, logger: quietLogger)
        }
        #expect(refusal?.code == .schemaChanged)
        #expect(refusal?.detail?.contains("migration 2") == true)
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        try await Migrator.migrate(connectionString: database, steps, logger: quietLogger)
        let refusal = await #expect(throws: Refusal.self) {
            try await Migrator.migrate(connectionString: database, Array(steps.prefix(2)), logger: quietLogger)
        }
        #expect(refusal?.code == .schemaNewer)
    }

    @Test func aFailedStepLeavesNothingOfItselfAndKeepsThoseBefore() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let broken = [steps[0], migration(2, "CREATE TABLE half (id integer); SELECT 1/0;")]
        let refusal = await #expect(throws: Refusal.self) {
            try await Migrator.migrate(connectionString: database, broken, logger: quietLogger)
        }
        #expect(refusal?.code == .internalError)
        try await onConnection(to: database) { connection in
            let tables = try connection.query(
                "SELECT to_regclass('half') IS NULL AS none, to_regclass('first') IS NULL AS lost"
            ).only()
            #expect(try tables.decode("none", as: Bool.self))
            #expect(try !tables.decode("lost", as: Bool.self))
        }
        #expect(try await Migrator.migrate(connectionString: database, steps, logger: quietLogger) == [2, 3])
    }

    @Test func aStepMayNotEndItsTransactionNorLeaveGaps() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        for wrong in [[migration(1, "CREATE TABLE first (id integer); COMMIT;")], [steps[1]], [steps[0], steps[2]]] {
            let refusal = await #expect(throws: Refusal.self) {
                try await Migrator.migrate(connectionString: database, wrong, logger: quietLogger)
            }
            #expect(refusal?.code == .internalError)
        }
    }

    @Test func aServerThatIsAwayIsSaidSo() async throws {
        let refusal = await #expect(throws: Refusal.self) {
            try await Migrator.migrate(connectionString: "host=/nonexistent", steps, logger: quietLogger)
        }
        #expect(refusal?.code == .databaseUnavailable)
    }
}
