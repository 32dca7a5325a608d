// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct SchemaTests {
    /// SQLSTATE of what `sql` meets, as the owner or as the runtime role; nil when it is allowed.
    private func sqlState(_ sql: String, as role: String?, _ bench: AcceptBench) async throws -> String? {
        try await onConnection(to: bench.owner) { connection -> String? in
            if let role { try connection.query("SET ROLE \(role)") }
            do {
                try connection.query(sql)
                return nil
            } catch let error as PostgresError {
                return error.sqlState
            }
        }
    }

    @Test func theRecordCannotBeChanged() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1")
        _ = try await bench.store.accept(acceptance)
        let partition: [String] = try await bench.column(
            "SELECT tableoid::regclass::text AS value FROM history WHERE package_id = $1", [.uuid(acceptance.id.uuid)])
        let month = try #require(partition.first)
        for role in [nil, PrivateCluster.runtime] {
            for table in ["history", month, "history_default", "package"] {
                for statement in [
                    "UPDATE \(table) SET request_id = gen_random_uuid()", "DELETE FROM \(table)",
                    "TRUNCATE \(table) CASCADE",
                ] where !(table == "history_default" && !statement.hasPrefix("TRUNCATE")) {
                    #expect(
                        try await sqlState(statement, as: role, bench) == "42501", "\(role ?? "owner"): \(statement)")
                }
            }
        }
        #expect(try await bench.count("history WHERE event = 'package.accepted'") == 1)
        #expect(try await bench.count("package") == 1)
        await bench.close()
    }

    @Test func theRuntimeRoleHasWhatItNeedsAndNoMore() async throws {
        let bench = try await AcceptBench()
        for statement in [
            "CREATE TABLE mine (id integer)", "ALTER TABLE package DISABLE TRIGGER ALL", "DROP TABLE history",
            "DELETE FROM package_key", "UPDATE package_key SET identity = 'document:x'", "DELETE FROM delivery",
            "UPDATE content SET place = ''", "DELETE FROM agency_alias", "DELETE FROM system", "DELETE FROM agency",
            "UPDATE attachment SET name = ''", "INSERT INTO hub DEFAULT VALUES", "TRUNCATE delivery",
            "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        ] {
            #expect(try await sqlState(statement, as: PrivateCluster.runtime, bench) == "42501", "\(statement)")
        }
        #expect(try await sqlState("SELECT * FROM history", as: PrivateCluster.runtime, bench) == nil)
        await bench.close()
    }

    @Test func historyLiesInThePartitionOfItsMonth() async throws {
        let bench = try await AcceptBench()
        let today = Instant.now().vietnamDate
        for step in 0..<Int(Schema.partitionMonths) {
            let month = today.month - 1 + step
            let date = try #require(CalendarDate(year: today.year + month / 12, month: month % 12 + 1, day: 1))
            // The month begins at midnight in Vietnam.
            let at = Instant(vietnam: date)
            let acceptance = try bench.acceptance("VB-\(step)") { $0.acceptedAt = at }
            _ = try await bench.store.accept(acceptance)
            let partitions: [String] = try await bench.column(
                "SELECT tableoid::regclass::text AS value FROM history WHERE package_id = $1",
                [.uuid(acceptance.id.uuid)])
            #expect(partitions == ["history_" + date.iso8601.prefix(7).replacing("-", with: "_")])
        }
        let before = try bench.acceptance("VB-trước") { $0.acceptedAt = Instant(microseconds: 0) }
        #expect(try await bench.store.accept(before).isAccepted)
        #expect(try await bench.count("history_default") == 1)
        await bench.close()
    }

    @Test func preparingAgainChangesNothing() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let before = try await bench.written()
        try await Schema.prepare(connectionString: bench.owner, logger: quietLogger)
        #expect(try await bench.written() == before)
        await bench.close()
    }

    /// Roles belong to the server and not to the database: this is where two first starts meet.
    @Test func hubsThatStartTogetherInTwoDatabasesOfAServerDoNotTrip() async throws {
        let slot = await TestSlot.take()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let owner = try await TestCluster.shared().freshDatabase()
                    try await Schema.prepare(connectionString: owner, logger: quietLogger)
                }
            }
            try await group.waitForAll()
        }
        withExtendedLifetime(slot) {}
    }

    @Test func anotherContentDirectoryIsRefused() async throws {
        let bench = try await AcceptBench()
        let first = try ScratchDirectory()
        let other = try ScratchDirectory()
        let store = try await Store.open(
            database: bench.database, contentDirectory: "\(first.path)/content", logger: quietLogger)
        try await store.probe()
        await store.stop()
        let again = try await Store.open(
            database: bench.database, contentDirectory: "\(first.path)/content", logger: quietLogger)
        await again.stop()
        for backend in ContentBackend.allCases {
            let open = {
                _ = try await Store.open(
                    database: bench.database, contentDirectory: "\(other.path)/content", contentBackend: backend,
                    logger: quietLogger)
            }
            // A volume that is not mounted must not become a second, empty store.
            #expect(await refusal(open) == .storeMissing)
            #expect(!FileManager.default.fileExists(atPath: "\(other.path)/content"))
            _ = try ContentStore.open(directory: "\(other.path)/content")
            #expect(await refusal(open) == .storeMismatch)
            try FileManager.default.removeItem(atPath: "\(other.path)/content")
        }
        await bench.close()
    }

    /// A database that was made anew, or the wrong one: what lies there is not its own.
    @Test func aDirectoryWithPackagesOfAnotherDatabaseIsRefused() async throws {
        let bench = try await AcceptBench()
        let directory = try ScratchDirectory()
        for folder in ["segments", "large"] {
            let month = "\(directory.path)/content/\(folder)/2026-11"
            try FileManager.default.createDirectory(atPath: month, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(fileURLWithPath: "\(month)/x"))
            for backend in ContentBackend.allCases {
                let open = {
                    _ = try await Store.open(
                        database: bench.database, contentDirectory: "\(directory.path)/content",
                        contentBackend: backend, logger: quietLogger)
                }
                #expect(await refusal(open) == .storeMismatch)
            }
            #expect(directory.files(in: "content").count == 1, "nothing was made")
            try FileManager.default.removeItem(atPath: "\(month)/x")
        }
        #expect(try await bench.count("hub WHERE content_store IS NULL") == 1)
        let store = try await Store.open(
            database: bench.database, contentDirectory: "\(directory.path)/content", logger: quietLogger)
        await store.stop()
        await bench.close()
    }

    /// They share no disk: each has its spool and nothing else in its directory.
    @Test func nodesThatKeepChunksAreBoundToNoDirectory() async throws {
        let bench = try await AcceptBench()
        let directories = [try ScratchDirectory(), try ScratchDirectory()]
        for directory in directories {
            let store = try await Store.open(
                database: bench.database, contentDirectory: "\(directory.path)/content", contentBackend: .chunks,
                logger: quietLogger)
            try await store.probe()
            await store.stop()
        }
        await bench.close()
    }
}
