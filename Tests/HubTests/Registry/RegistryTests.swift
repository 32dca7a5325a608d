// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Store
import TestKit
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(2))) struct RegistryTests {
    private func addSystem(_ name: String, _ test: TestHub) async throws {
        try await test.database.addSystem(
            SystemRecord(id: SystemID(parsing: name), name: name, secrets: [SystemSecret([1])]), actor: "operator:test")
    }

    @Test func aChangeHoldsFromTheNextCall() async throws {
        let test = try await TestHub.open()
        let before = try await test.hub.registry.current()
        #expect(before.agency(named: TestAgency.finance.code) != nil)
        try await addSystem("moi", test)
        let after = try await test.hub.registry.current()
        #expect(after.version == before.version + 1)
        #expect(after.system(try SystemID(parsing: "moi")) != nil)
        #expect(before.system(try SystemID(parsing: "moi")) == nil)
        await test.close()
    }

    /// Requests share questions, but each gets an answer that was asked for after it came.
    @Test func nobodyIsGivenAnAnswerToAnEarlierQuestion() async throws {
        let test = try await TestHub.open()
        for round in 0..<20 {
            // Many are asking already when the change is made.
            let asking = (0..<30).map { _ in Task { try await test.hub.registry.current().version } }
            try await addSystem("moi.\(round)", test)
            let version = try await test.database.registryVersion()
            let versions = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<30 { group.addTask { try await test.hub.registry.current().version } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(versions.allSatisfy { $0 == version })
            for task in asking { #expect(try await task.value <= version) }
        }
        await test.close()
    }

    @Test func withoutADatabaseThereIsNoAnswer() async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let database = Database(
            ConnectionSettings(connectionString: "host=/nonexistent dbname=x user=x", role: nil),
            keys: KeyRing(path: "/nonexistent"), logger: logger)
        let registry = Registry(database)
        for _ in 0..<3 {
            do {
                _ = try await registry.current()
                Issue.record("an answer")
            } catch { #expect((error as? Refusal)?.code == .databaseUnavailable) }
        }
        await database.close()
    }

    @Test func aDatabaseThatComesBackIsAskedAgain() async throws {
        let test = try await TestHub.open()
        _ = try await test.hub.registry.current()
        try await test.asOwner { connection in
            try connection.query("ALTER TABLE hub RENAME TO away")
        }
        await #expect(throws: Refusal.self) { try await test.hub.registry.current() }
        try await test.asOwner { connection in
            try connection.query("ALTER TABLE away RENAME TO hub")
        }
        #expect(try await test.hub.registry.current().hub != nil)
        await test.close()
    }
}
