// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct ContentStoreTests {
    @Test func openMakesPrivateDirectoriesAndKeepsItsID() throws {
        let directory = try ScratchDirectory()
        let root = "\(directory.path)/content"
        let first = try ContentStore.open(directory: root)
        for name in ["", "/segments", "/large", "/spool"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + name)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
        let again = try ContentStore.open(directory: root)
        #expect(again.storeID == first.storeID)
        let other = try ContentStore.open(directory: "\(directory.path)/other")
        #expect(other.storeID != first.storeID)
        #expect(directory.files(in: "content").count == 1, "nothing but store-id stays")
    }

    @Test(arguments: [
        "", "\n", "not-a-uuid\n", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5bX", String(repeating: "a", count: 1_000),
    ])
    func anUnreadableStoreIDRefusesToOpen(_ text: String) throws {
        let directory = try ScratchDirectory()
        try text.write(toFile: "\(directory.path)/store-id", atomically: false, encoding: .utf8)
        let refusal = #expect(throws: Refusal.self) { _ = try ContentStore.open(directory: directory.path) }
        #expect(refusal?.code == .dataDirectoryUnusable)
        #expect(refusal?.detail?.contains("store-id") == true)
    }

    @Test func anUnusableDirectoryRefusesToOpen() throws {
        let directory = try ScratchDirectory()
        try "x".write(toFile: "\(directory.path)/file", atomically: false, encoding: .utf8)
        for path in ["file", "missing/content"] {
            let refusal = #expect(throws: Refusal.self) {
                _ = try ContentStore.open(directory: "\(directory.path)/\(path)")
            }
            #expect(refusal?.code == .dataDirectoryUnusable)
        }
        let faults = FaultyFiles()
        faults.failNext(.write, with: ENOSPC)
        let full = #expect(throws: Refusal.self) {
            _ = try ContentStore.open(directory: "\(directory.path)/content", operations: faults.operations)
        }
        #expect(full?.code == .storageFull)
    }

    @Test(arguments: [FaultyFiles.Call.write, .syncData])
    func theProbeDoesTheRealThing(_ call: FaultyFiles.Call) async throws {
        let bench = try StoreBench()
        try await bench.store.probe()
        bench.faults.failNext(call, with: EROFS)
        #expect(await contentError { try await bench.store.probe() }?.refusal.code == .storageUnavailable)
        try await bench.store.probe()
        #expect(bench.directory.files(in: "content/spool").isEmpty)
        #expect(try await bench.store.freeBytes() > 0)
    }

    @Test func removeFreesAFileOfItsOwnAndNothingElse() async throws {
        let bench = try StoreBench()
        let content = ContentBytes([1, 2, 3])
        let record = try #require(try await bench.put([content], bench.store.makeSegmentWriter()).first)
        let file = try await bench.large([1, 2, 3])
        for content in [record, file] { _ = try await bench.store.readWhole(content) }
        for content in [record, file, file] { await bench.store.remove(content.place) }
        #expect(try await bench.store.readWhole(record) == [1, 2, 3])
        #expect(bench.directory.files(in: "content/large").isEmpty)
        // Not even from a file that was open for reading: its blocks are free now.
        #expect(
            await contentError { _ = try await bench.store.readWhole(file) }?.isDamaged == true)
    }

    @Test func everyErrorHasItsRefusal() {
        let table: [(ContentError, Refusal.Code)] = [
            (.full("x"), .storageFull), (.unavailable("x"), .storageUnavailable), (.damaged("x"), .contentDamaged),
            (.tooLarge(length: 2, max: 1), .bodyTooLarge), (.spoolClosed, .internalError), (.overloaded, .overloaded),
            (.stopped, .stopping), (ContentError(errno: ENOSPC, "write", "f"), .storageFull),
            (ContentError(errno: EDQUOT, "write", "f"), .storageFull),
            (ContentError(errno: EROFS, "write", "f"), .storageUnavailable),
        ]
        for (error, code) in table { #expect(error.refusal.code == code) }
    }
}
