// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

/// Rotations of secrets and of the wrapping key, on a real database.
@Suite(.timeLimit(.minutes(2))) struct KeyRotationTests {
    private let actor = "operator:test"

    private func history(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column("SELECT event AS value FROM history WHERE event LIKE 'key.%' ORDER BY id")
    }

    @Test func everythingIsWrappedAnewInBatches() async throws {
        let bench = try await AcceptBench()
        let count = 2 * Database.maxRewrapBatch + 7
        for number in 0..<count {
            try await bench.database.addSystem(
                SystemRecord(
                    id: try SystemID(parsing: "many.\(number)"), name: "QLVB", secrets: [SystemSecret([1, 2, 3])]),
                actor: actor)
        }
        let before = try await bench.database.registry()
        let key = try await bench.database.rotateKey(actor: actor, at: .now())
        #expect(try await bench.database.rewrap(actor: actor, at: .now()).rewrapped == before.systems.count)
        #expect(try await bench.database.rewrap(actor: actor, at: .now()).rewrapped == 0)
        let after = try await bench.database.registry()
        #expect(after.systems == before.systems && after.version > before.version)
        #expect(
            try await bench.column("SELECT DISTINCT key_id AS value FROM system_secret") == [key.text])
        #expect(try await history(bench) == ["key.added", "key.added"] + Array(repeating: "key.rewrapped", count: 3))
        await bench.close()
    }

    @Test func anotherNodeFollowsAndAnInterruptedRotationIsTakenUp() async throws {
        let bench = try await AcceptBench()
        let other = Database(
            bench.database.connectionSettings, keys: KeyRing(path: bench.database.keys.path), logger: quietLogger)
        try await other.openKeys(mayCreate: false)
        // Killed between the file and the database: the key stands ready, and nothing is wrapped with it.
        let ready = try await other.prepareKey(at: .now())
        let context = WrapContext(.systemSecret, row: "x/1")
        #expect(try other.keys.wrap([1], context).keyID != ready)
        try await other.openKeys(mayCreate: false)
        #expect(try other.keys.wrap([1], context).keyID != ready)
        #expect(try await other.rotateKey(actor: actor, at: .now()) == ready)
        let late = try other.keys.wrap([3], context)
        #expect(late.keyID == ready)
        // Opened before the first node has heard of the rotation; it wraps with the new key after it has.
        #expect(try bench.database.keys.unwrap(late.bytes, context) == [3])
        _ = try await bench.database.registry()
        #expect(try bench.database.keys.wrap([4], context).keyID == ready)
        await other.close()
        await bench.close()
    }

    @Test func aKeyIsRetiredOnlyWhenItOpensNothing() async throws {
        let bench = try await AcceptBench()
        let database = bench.database
        let first = try #require(try await database.wrappingKeys().first)
        #expect(first.use == .wrapping && first.wrapped == bench.registry.systems.count)
        #expect(await refusal { try await database.retireKey(first.id, actor: actor, at: .now()) } == .keyInUse)
        let second = try await database.rotateKey(actor: actor, at: .now())
        #expect(await refusal { try await database.retireKey(first.id, actor: actor, at: .now()) } == .keyInUse)
        #expect(try await database.wrappingKeys().map(\.use) == [.opening, .wrapping])
        _ = try await database.rewrap(actor: actor, at: .now())
        try await database.retireKey(first.id, actor: actor, at: .now())
        #expect(try await database.wrappingKeys().map(\.id) == [second])
        #expect(database.keys.keys.key(first.id) == nil)
        #expect(!(try String(contentsOfFile: database.keys.path, encoding: .utf8)).contains(first.id.text))
        #expect(try await database.registry().systems == bench.registry.systems)
        #expect(await refusal { try await database.retireKey(first.id, actor: actor, at: .now()) } == .keyNotFound)
        await bench.close()
    }

    @Test func aKeyIsPreparedBeforeItWraps() async throws {
        let bench = try await AcceptBench()
        let database = bench.database
        func rotate() async throws -> WrappingKeyID {
            try await database.rotateKey(actor: actor, at: .now(), onlyPrepared: true)
        }
        #expect(await refusal { try await rotate() } == .keyNotPrepared)
        let ready = try await database.prepareKey(at: .now())
        #expect(try await rotate() == ready)
        #expect(await refusal { try await rotate() } == .keyNotPrepared)
        await bench.close()
    }

    /// A link stays one: others read the file that it leads to.
    @Test func aKeyFileBehindALinkIsChangedWhereItIs() async throws {
        let bench = try await AcceptBench()
        let (path, shared) = (bench.database.keys.path, "\(bench.directory.path)/shared")
        try FileManager.default.moveItem(atPath: path, toPath: shared)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: shared)
        let ready = try await bench.database.prepareKey(at: .now())
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == shared)
        #expect(try String(contentsOfFile: shared, encoding: .utf8).contains(ready.text))
        await bench.close()
    }

    @Test func aFullFileTakesNoFurtherKey() async throws {
        let bench = try await AcceptBench()
        for _ in 1..<WrappingKeys.maxKeys { _ = try await bench.database.rotateKey(actor: actor, at: .now()) }
        #expect(await refusal { _ = try await bench.database.rotateKey(actor: actor, at: .now()) } == .keyTooMany)
        #expect(try await bench.database.registry().systems == bench.registry.systems)
        await bench.close()
    }

    @Test func theOldSecretEndsAtItsTime() async throws {
        let bench = try await AcceptBench()
        let system = try TestAgency.construction.systemID
        let old = Array(TestAgency.secret(of: system.text).utf8)
        let now = Instant.now()
        let until = now.advanced(by: .seconds(60))
        func secrets(at instant: Instant) async throws -> [[UInt8]] {
            try #require(try await bench.database.registry().systems.first { $0.id == system }).secrets(at: instant)
        }
        try await bench.database.rotateSecret(of: system, to: [7], oldUntil: until, actor: actor, at: now)
        #expect(try await secrets(at: until.advanced(by: .microseconds(-1))) == [[7], old])
        #expect(try await secrets(at: until) == [[7]])
        #expect(
            await refusal {
                try await bench.database.rotateSecret(
                    of: system, to: [8], oldUntil: until, actor: actor, at: until.advanced(by: .microseconds(-1)))
            } == .secretOverlap)
        // After it has ended it makes room.
        let later = until.advanced(by: .seconds(60))
        try await bench.database.rotateSecret(of: system, to: [8], oldUntil: later, actor: actor, at: until)
        #expect(try await secrets(at: until) == [[8], [7]])
        #expect(try await bench.database.endSecretOverlap(of: system, actor: actor, at: until))
        #expect(try await secrets(at: until) == [[8]])
        #expect(try await bench.database.endSecretOverlap(of: system, actor: actor, at: until) == false)
        try await bench.database.rotateSecret(of: system, to: [9], oldUntil: later, actor: actor, at: later)
        #expect(try await secrets(at: later) == [[9]])
        let events: [String] = try await bench.column(
            "SELECT event AS value FROM history WHERE event LIKE 'registry.secret%' ORDER BY id")
        #expect(
            events.sorted() == ["registry.secret-overlap-ended"] + Array(repeating: "registry.secret-rotated", count: 3)
        )
        await bench.close()
    }
}
