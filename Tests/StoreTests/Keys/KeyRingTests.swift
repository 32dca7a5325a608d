// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct KeyRingTests {
    private let context = WrapContext(.systemSecret, row: "x/1")

    /// Another process on the same database, with a key file where the test says.
    private func open(_ path: String, _ bench: AcceptBench, mayCreate: Bool = true) async throws -> Database {
        let database = Database(bench.database.connectionSettings, keys: KeyRing(path: path), logger: quietLogger)
        do {
            try await database.openKeys(mayCreate: mayCreate)
        } catch {
            await database.close()
            throw error
        }
        return database
    }

    @Test func theFileIsItsOwnersAlone() async throws {
        let bench = try await AcceptBench()
        let path = bench.database.keys.path
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        for mode in [0o640, 0o604, 0o660, 0o602, 0o610] {
            #expect(chmod(path, mode_t(mode)) == 0)
            #expect(await refusal { _ = try await open(path, bench) } == .keyRingUnusable, "\(mode)")
        }
        #expect(chmod(path, 0o600) == 0)
        await (try await open(path, bench)).close()
        await bench.close()
    }

    @Test func aFileThatIsGoneDamagedOrAnothersIsRefused() async throws {
        let bench = try await AcceptBench()
        let path = bench.database.keys.path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        func put(_ text: String) throws {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            #expect(chmod(path, 0o600) == 0)
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(await refusal { _ = try await open(path, bench) } == .keyRingMissing)
        #expect(!FileManager.default.fileExists(atPath: path))
        try put(String(text.dropLast(2)))
        #expect(await refusal { _ = try await open(path, bench) } == .keyRingUnusable)
        try put(WrappingKeys([WrappingKey(createdAt: .now())]).fileText)
        #expect(await refusal { _ = try await open(path, bench) } == .keyRingMismatch)
        // The same name, another key.
        let last = try #require(text.dropLast().last)
        try put(String(text.dropLast(2)) + (last == "0" ? "1" : "0") + "\n")
        #expect(await refusal { _ = try await open(path, bench) } == .keyRingMismatch)
        try put(text)
        await (try await open(path, bench)).close()
        await bench.close()
    }

    /// A registry that was read slowly does not bring back what was retired meanwhile.
    @Test func whatWasReadEarlierChangesNothing() async throws {
        let bench = try await AcceptBench()
        let keys = bench.database.keys
        let before = try await bench.database.run { try KeyStatements.recorded($0) }
        let second = try await bench.database.rotateKey(actor: "operator:test", at: .now())
        try keys.adopt(before)
        #expect(try keys.newest() == second)
        #expect(try keys.wrap([1], context).keyID == second)
        let after = try await bench.database.run { try KeyStatements.recorded($0) }
        #expect(after.version > before.version && after.ids.isSuperset(of: before.ids.union([second])))
        await bench.close()
    }

    @Test func aCommandMakesNoKeyFile() async throws {
        let slot = await TestSlot.take()
        let owner = try await TestCluster.shared().freshDatabase()
        try await Schema.prepare(connectionString: owner, logger: quietLogger)
        let path = try ScratchDirectory().path + "-keyring"
        let database = Database(
            ConnectionSettings(connectionString: owner, role: PrivateCluster.runtime), keys: KeyRing(path: path),
            logger: quietLogger)
        #expect(await refusal { try await database.openKeys(mayCreate: false) } == .keyRingMissing)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(await refusal { _ = try database.keys.wrap([1], context) } == .keyRingMissing)
        await database.close()
        withExtendedLifetime(slot) {}
    }

    @Test func noSecretStandsInTheDatabase() async throws {
        let bench = try await AcceptBench()
        let secret = Array(TestAgency.secret(of: "qlvb.soxd").utf8)
        let registry = try await bench.database.registry()
        let system = try #require(registry.systems.first { $0.id.text == "qlvb.soxd" })
        #expect(system.secrets == [SystemSecret(secret)])
        #expect(try await bench.count("system_secret") == registry.systems.count)
        let key = try #require(
            try String(contentsOfFile: bench.database.keys.path, encoding: .utf8).split(separator: " ").last)
        let tables: [String] = try await bench.column(
            "SELECT tablename AS value FROM pg_tables WHERE schemaname = 'public'")
        #expect(tables.contains("system_secret") && tables.contains("history"))
        for table in tables {
            // Every column of every row as text; bytea shows as hex there.
            let rows: [String] = try await bench.column("SELECT row_to_json(t)::text AS value FROM \(table) AS t")
            for form in [
                String(decoding: secret, as: UTF8.self), secret.hex, Data(secret).base64EncodedString(),
                key.trimmingCharacters(in: .newlines),
            ] {
                #expect(!rows.contains { $0.contains(form) }, "\(table)")
            }
        }
        await bench.close()
    }

    @Test func aRowInThePlaceOfAnotherOpensNothing() async throws {
        let bench = try await AcceptBench()
        try await onConnection(to: bench.owner) { connection in
            try connection.query(
                "UPDATE system_secret SET wrapped = (SELECT wrapped FROM system_secret WHERE system_id = 'qlvb.sotc') WHERE system_id = 'qlvb.soxd'"
            )
        }
        #expect(await refusal { _ = try await bench.database.registry() } == .secretUnreadable)
        await bench.close()
    }

    @Test func aKeyInUseCannotBeForgotten() async throws {
        let bench = try await AcceptBench()
        let state = try await onConnection(to: bench.owner) { connection -> String? in
            do {
                try connection.query("DELETE FROM wrapping_key")
                return nil
            } catch let error as PostgresError {
                return error.sqlState
            }
        }
        #expect(state == "23503")
        await bench.close()
    }
}
