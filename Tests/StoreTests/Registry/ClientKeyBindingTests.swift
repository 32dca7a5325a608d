// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct ClientKeyBindingTests {
    private let actor = "operator:test"

    private func key(_ digit: Int) throws -> ClientKey {
        try ClientKey(parsing: String(repeating: "\(digit)", count: 64))
    }

    @Test func `a system is bound to keys, and to none when the last is taken`() async throws {
        let bench = try await AcceptBench()
        let system = try SystemID(parsing: "qlvb.soxd")
        let before = try await bench.database.registry()
        #expect(before.clientKeys.isEmpty)
        try await bench.database.bindSystem(system, to: key(1), actor: actor)
        try await bench.database.bindSystem(system, to: key(1), actor: actor)
        try await bench.database.bindSystem(system, to: key(2), actor: actor)
        let bound = try await bench.database.registry()
        #expect(bound.clientKeys == [system: [try key(1), try key(2)]])
        #expect(bound.version > before.version)
        #expect(try await bench.database.unbindSystem(system, from: key(1), actor: actor) == 1)
        #expect(try await bench.database.registry().clientKeys == [system: [try key(2)]])
        #expect(try await bench.database.unbindSystem(system, from: key(2), actor: actor) == 0)
        let after = try await bench.database.registry()
        #expect(after.clientKeys.isEmpty && after.version == bound.version + 2)
        let events: [String] = try await bench.column(
            "SELECT event AS value FROM history WHERE detail->>'system' = 'qlvb.soxd' AND event LIKE '%bound' ORDER BY id"
        )
        #expect(
            events == [
                "registry.system-bound", "registry.system-bound", "registry.system-unbound", "registry.system-unbound",
            ])
        await bench.close()
    }

    @Test func `what does not fit is refused and writes nothing`() async throws {
        let bench = try await AcceptBench()
        let system = try SystemID(parsing: "qlvb.soxd")
        for digit in 1...ClientKey.maxPerSystem {
            try await bench.database.bindSystem(system, to: key(digit), actor: actor)
        }
        let before = try await bench.database.registry()
        let (nobody, other) = (try SystemID(parsing: "nobody"), try key(9))
        #expect(
            await refusal { try await bench.database.bindSystem(system, to: other, actor: actor) } == .registryInvalid)
        #expect(
            await refusal { try await bench.database.bindSystem(nobody, to: other, actor: actor) } == .systemNotFound)
        #expect(
            await refusal { _ = try await bench.database.unbindSystem(system, from: other, actor: actor) }
                == .registryInvalid)
        #expect(
            await refusal { _ = try await bench.database.unbindSystem(nobody, from: other, actor: actor) }
                == .systemNotFound)
        #expect(try await bench.database.registry() == before)
        await bench.close()
    }
}
