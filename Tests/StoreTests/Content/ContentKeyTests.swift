// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

/// What is encrypted, with which keys, and what becomes of it when a key is rotated or destroyed.
@Suite(.timeLimit(.minutes(5))) struct ContentKeyTests {
    private static let backends = ContentBackend.allCases
    private let actor = "operator:test"

    private func decision() throws -> Decision {
        Decision(number: "45/QĐ-VP", date: try CalendarDate(iso8601: "2026-11-20"))
    }

    private func receive(_ bench: AcceptBench, _ agency: TestAgency) async throws {
        for line in try await bench.pending(agency) {
            _ = try await bench.database.confirm(
                line.id, .done, description: nil, agencies: [bench.key(agency)], system: agency.systemID,
                request: RequestID(), at: .now())
        }
    }

    private func destroy(_ bench: AcceptBench, _ package: PackageID) async throws -> [PackageID] {
        try await bench.database.destroyContent(of: package, on: try decision(), actor: actor, at: .now())
    }

    @Test(arguments: backends)
    func nothingThatWasSentStandsInFilesOrRows(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 61)
        let marker = random.bytes(24)
        let filling = random.bytes(100_000)
        let short = try await bench.put(filling + marker + filling)
        let large = try await bench.putLarge(marker + filling + marker)
        #expect(try await bench.stream(short).suffix(100_024).starts(with: marker))
        #expect(try await bench.stream(large).starts(with: marker))
        let files = bench.accepting.directory.files(in: "content")
        #expect(files.count == (backend == .segments ? 3 : 1))
        for file in files {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(bytes.range(of: Data(marker)) == nil, "\(file)")
        }
        let hits: [Int64] = try await bench.accepting.column(
            "SELECT count(*) AS value FROM content_chunk WHERE position(decode('\(marker.hex)', 'hex') IN bytes) > 0")
        #expect(hits == [0])
        await bench.close()
    }

    @Test func everyContentHasAKeyOfItsOwnWrappedForItsRow() async throws {
        let bench = try await BackendBench(.segments)
        let first = try await bench.put([1, 2, 3])
        let second = try await bench.put([1, 2, 3])
        #expect(first.content.key != second.content.key)
        try await bench.asOwner(
            """
            UPDATE content SET wrapped_key = (
                SELECT wrapped_key FROM content WHERE package_id = '\(second.packageID)')
            WHERE package_id = '\(first.packageID)'
            """)
        #expect(
            await refusal { _ = try await bench.accepting.fetch(first.packageID.uuid, by: .construction) }
                == .secretUnreadable)
        await bench.close()
    }

    @Test func aRotationWrapsContentKeysAnewToo() async throws {
        let bench = try await BackendBench(.segments)
        let (database, accepting) = (bench.accepting.database, bench.accepting)
        var contents = [try await bench.putLarge([UInt8](repeating: 4, count: 200_000))]
        for number in 0..<UInt8(2) { contents.append(try await bench.put([number])) }
        let first = try #require(try await database.wrappingKeys().first)
        let systems = accepting.registry.systems.count
        #expect(first.wrapped == systems + 3)
        let second = try await database.rotateKey(actor: actor, at: .now())
        // Content alone keeps the old key.
        try await bench.asOwner("DELETE FROM system_secret")
        #expect(await refusal { try await database.retireKey(first.id, actor: actor, at: .now()) } == .keyInUse)
        #expect(try await database.rewrap(actor: actor, at: .now()).rewrapped == 3)
        #expect(try await accepting.column("SELECT DISTINCT key_id AS value FROM content") == [second.text])
        try await database.retireKey(first.id, actor: actor, at: .now())
        for content in contents {
            let again = try await accepting.fetch(content.packageID.uuid, by: .construction)
            #expect(try await bench.stream(again).count == content.content.length)
            #expect(again.content.key == content.content.key)
        }
        await bench.close()
    }

    /// One damaged key among many stops neither the rotation nor what can be wrapped anew.
    @Test func whatNoKeyOpensIsNamedAndLeftAsItIs() async throws {
        let bench = try await BackendBench(.segments)
        let (database, accepting) = (bench.accepting.database, bench.accepting)
        var contents: [ReadableContent] = []
        for number in 0..<UInt8(4) { contents.append(try await bench.put([number])) }
        let damaged = contents.removeFirst()
        try await bench.asOwner(
            """
            UPDATE content SET wrapped_key = set_byte(wrapped_key, 40, 255 - get_byte(wrapped_key, 40))
            WHERE package_id = '\(damaged.packageID)'
            """)
        let first = try #require(try await database.wrappingKeys().first)
        _ = try await database.rotateKey(actor: actor, at: .now())
        let outcome = try await database.rewrap(actor: actor, at: .now())
        #expect(outcome.rewrapped == 3 + accepting.registry.systems.count && outcome.unreadable == 1)
        #expect(outcome.named.count == 1 && outcome.named.allSatisfy { $0.contains("\(damaged.packageID)") })
        for content in contents { #expect(try await bench.stream(content).count == 1) }
        #expect(await refusal { try await database.retireKey(first.id, actor: actor, at: .now()) } == .keyInUse)
        let check = try await database.checkContentAsItIs(in: "\(accepting.directory.path)/content")
        #expect(check.faults == [.unreadable: 1] && check.bytes == 3)
        await bench.close()
    }

    /// Whatever is done to the keys meanwhile: what was accepted can be read.
    @Test(arguments: backends)
    func keysChangeUnderRunningAcceptances(_ backend: ContentBackend) async throws {
        let bench = try await AcceptBench(backend)
        let accepted = try await withThrowingTaskGroup(of: [PackageID].self) { group in
            for sender in 0..<4 {
                group.addTask {
                    var accepted: [PackageID] = []
                    for number in 0..<25 {
                        // Decided again until no rotation comes between, as an intake does.
                        while true {
                            let version = try await bench.database.registry().version
                            let acceptance = try bench.acceptance("VB-\(sender)-\(number)", version: version)
                            guard try await bench.store.accept(acceptance).isAccepted else { continue }
                            accepted.append(acceptance.id)
                            break
                        }
                    }
                    return accepted
                }
            }
            group.addTask {
                for _ in 0..<6 {
                    let old = try #require(try await bench.database.wrappingKeys().last).id
                    _ = try await bench.database.rotateKey(actor: actor, at: .now())
                    // What was wrapped before and committed after is left for the next round.
                    while await refusal({ try await bench.database.retireKey(old, actor: actor, at: .now()) })
                        == .keyInUse
                    {
                        _ = try await bench.database.rewrap(actor: actor, at: .now())
                    }
                }
                return []
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(accepted.count == 100)
        for package in accepted {
            let content = try await bench.fetch(package.uuid, by: .construction)
            #expect(try await bench.store.content.readWhole(content.content).starts(with: Array("<edXML>VB-".utf8)))
        }
        #expect(try await bench.database.wrappingKeys().count == 1)
        await bench.close()
    }

    /// The daemon on another node learns of retired keys with the registry; until then its packages are decided again.
    @Test(arguments: backends)
    func whatWasWrappedWithARetiredKeyIsDecidedAgain(_ backend: ContentBackend) async throws {
        let bench = try await AcceptBench(backend)
        let first = try bench.acceptance("VB-1", to: [.finance])
        #expect(try await bench.store.accept(first).isAccepted)
        let other = try await TestHub.runtimeDatabase(bench.owner, logger: quietLogger)
        let old = try #require(try await other.wrappingKeys().last).id
        _ = try await other.rotateKey(actor: actor, at: .now())
        _ = try await other.rewrap(actor: actor, at: .now())
        try await other.retireKey(old, actor: actor, at: .now())
        let version = try await other.registryVersion()
        // A batch, and a resend to one more recipient, each decided by the registry of now.
        let batch = try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
            for number in 2..<6 {
                let acceptance = try bench.acceptance("VB-\(number)", version: version)
                group.addTask { try await bench.store.accept(acceptance) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(batch == Array(repeating: .registryChanged, count: 4))
        let resend = try bench.acceptance("VB-1", to: [.finance, .treasury], version: version)
        #expect(try await bench.store.accept(resend) == .registryChanged)
        _ = try await bench.database.registry()
        let known = AcceptanceResult.known(first.id, at: first.package.envelope.acceptedAt, added: 1)
        #expect(try await bench.store.accept(resend) == known)
        #expect(try await bench.store.accept(bench.acceptance("VB-2", version: version)).isAccepted)
        await other.close()
        await bench.close()
    }

    @Test func manyContentKeysAreWrappedAnewInBatches() async throws {
        let bench = try await AcceptBench()
        let count = Database.maxRewrapBatch + 3
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                let acceptance = try bench.acceptance("VB-\(number)")
                group.addTask { _ = try await bench.store.accept(acceptance) }
            }
            try await group.waitForAll()
        }
        let key = try await bench.database.rotateKey(actor: actor, at: .now())
        #expect(
            try await bench.database.rewrap(actor: actor, at: .now()).rewrapped == count + bench.registry.systems.count)
        #expect(try await bench.column("SELECT DISTINCT key_id AS value FROM content") == [key.text])
        await bench.close()
    }

    @Test(arguments: backends)
    func whatWasDestroyedNobodyReads(_ backend: ContentBackend) async throws {
        let bench = try await AcceptBench(backend)
        let first = try bench.acceptance("VB-1", to: [.finance], content: "một", meaning: "m")
        _ = try await bench.store.accept(first)
        let other = try bench.acceptance("VB-2", to: [.finance], content: "khác")
        _ = try await bench.store.accept(other)
        // The same document again, with other bytes, for one more recipient.
        let wider = try bench.acceptance("VB-1", to: [.finance, .treasury], content: "hai", meaning: "m")
        _ = try await bench.store.accept(wider)
        let wrapped: [[UInt8]] = try await bench.column(
            "SELECT wrapped_key AS value FROM content WHERE package_id = $1", [.uuid(first.id.uuid)])

        // Whatever is neither received nor undeliverable may still be asked for.
        for state in ["waiting", "processing", "held"] {
            try await onConnection(to: bench.owner) { connection in
                try connection.query(
                    "UPDATE delivery SET state = $1 WHERE package_id = $2", [.text(state), .uuid(first.id.uuid)])
            }
            #expect(await refusal { _ = try await destroy(bench, first.id) } == .contentAwaited, "\(state)")
        }
        try await onConnection(to: bench.owner) { try $0.execute("UPDATE delivery SET state = 'waiting'") }
        try await receive(bench, .finance)
        #expect(await refusal { _ = try await destroy(bench, wider.id) } == .contentAwaited)
        try await receive(bench, .treasury)
        let fetches = try await bench.count("history WHERE event = 'package.fetched'")
        #expect(Set(try await destroy(bench, wider.id)) == [first.id, wider.id])

        for package in [first, wider] {
            #expect(
                await refusal { _ = try await bench.fetch(package.id.uuid, by: .construction) } == .contentDestroyed)
        }
        #expect(try await bench.count("history WHERE event = 'package.fetched'") == fetches)
        #expect(try await destroy(bench, first.id) == [])
        #expect(await refusal { _ = try await destroy(bench, PackageID(at: .now())) } == .packageNotFound)
        let recorded: [String] = try await bench.column(
            """
            SELECT actor || ' ' || (detail->>'decision') || ' ' || (detail->>'decisionDate') AS value FROM history
            WHERE event = 'content.destroyed'
            """)
        #expect(recorded == Array(repeating: "\(actor) 45/QĐ-VP 2026-11-20", count: 2))
        // Sent again it is known, but comes to nobody else.
        let again = try bench.acceptance("VB-1", to: [.finance], content: "một", meaning: "m")
        #expect(try await bench.store.accept(again).isKnown(first.id))
        let further = try bench.acceptance("VB-1", to: [.finance, .stranger], content: "ba", meaning: "m")
        #expect(try await bench.store.accept(further) == .destroyed(first.id))
        #expect(try await bench.count("history WHERE event = 'package.conflict'") == 1)
        let kept = try await bench.fetch(other.id.uuid, by: .construction)
        #expect(try await bench.store.content.readWhole(kept.content) == Array("khác".utf8))
        let check = try await bench.database.checkContentAsItIs(in: "\(bench.directory.path)/content")
        #expect(check.isWhole && check.destroyed == 2 && check.packages == 3 && check.bytes == 5)

        // An old copy of the row opens until the key that wrapped it is retired.
        let (keys, old) = (bench.database.keys, try #require(wrapped.first))
        let context = ContentKeys.context(first.id)
        #expect(try keys.unwrap(old, context).count == AESKey.byteCount)
        let key = try #require(try await bench.database.wrappingKeys().first).id
        _ = try await bench.database.rotateKey(actor: actor, at: .now())
        _ = try await bench.database.rewrap(actor: actor, at: .now())
        try await bench.database.retireKey(key, actor: actor, at: .now())
        #expect(throws: Refusal.self) { try keys.unwrap(old, context) }
        await bench.close()
    }

    /// A row that is lost is damage, and nobody's decision.
    @Test func aLostRowIsNotCalledDestroyed() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1", to: [.finance])
        _ = try await bench.store.accept(first)
        try await onConnection(to: bench.owner) { try $0.execute("DELETE FROM content") }
        let wider = try bench.acceptance("VB-1", to: [.finance, .treasury])
        let known = AcceptanceResult.known(first.id, at: first.package.envelope.acceptedAt, added: 1)
        #expect(try await bench.store.accept(wider) == known)
        await bench.close()
    }

    @Test func aRefusedDeliveryKeepsNothingAlive() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", to: [.finance], unknown: ["X99"])
        _ = try await bench.store.accept(acceptance)
        try await receive(bench, .finance)
        #expect(try await destroy(bench, acceptance.id) == [acceptance.id])
        await bench.close()
    }
}

extension Database {
    /// The check without the comparison of directory and database, which benches do not bind to each other.
    fileprivate func checkContentAsItIs(in directory: String) async throws -> ContentCheckSummary {
        try await run { [keys] connection in
            var check = ContentCheck(
                connection: connection, keys: keys, layout: ContentLayout(root: directory, operations: .system)
            ) { _ in }
            return try check.run()
        }
    }
}
