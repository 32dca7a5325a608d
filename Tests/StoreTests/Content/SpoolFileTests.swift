// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct SpoolFileTests {
    @Test func aSealedContentIsItsOwnFileByteForByte() async throws {
        let bench = try StoreBench()
        var random = SeededGenerator(seed: 10)
        let bytes = random.bytes(5 << 20)
        let spool = try await bench.store.makeSpool()
        #expect(bench.directory.files(in: "content/spool").count == 1)
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...200_000, using: &random))
            try await spool.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        let sealed = try await spool.seal()
        #expect(sealed.length == bytes.count)
        let path = sealed.place.path
        let stored = try Data(contentsOf: URL(fileURLWithPath: "\(bench.layout.root)/\(path)"))
        // What FrameEncryptor makes of the whole at once, and so nothing that can be read.
        var expected: [UInt8] = []
        var encryptor = FrameEncryptor(sealed.key)
        bytes.withUnsafeBytes { encryptor.update($0) { expected += $0 } }
        encryptor.finish { expected += $0 }
        #expect(Array(stored) == expected)
        #expect(stored.range(of: Data(bytes[1_000..<1_016])) == nil)
        #expect(bench.directory.files(in: "content/spool").isEmpty)
        let synced = bench.synced()
        let part = try #require(synced.lastIndex { $0.hasSuffix(".part") })
        let folder = (path as NSString).deletingLastPathComponent
        #expect(synced[(part + 1)...] == ["large", folder, "spool"])
        #expect(await contentError { try await spool.append([1]) } == .spoolClosed)
        #expect(await contentError { _ = try await spool.seal() } == .spoolClosed)
    }

    @Test func aSealedContentOutlivesItsSpool() async throws {
        let bench = try StoreBench()
        let content = try await bench.large([1, 2, 3])
        try await passAllSpoolThreads(bench)
        #expect(try await bench.store.readWhole(content) == [1, 2, 3])
    }

    @Test func aDiscardedSpoolLeavesNothing() async throws {
        let bench = try StoreBench()
        let open = try await bench.store.makeSpool()
        try await open.append([1, 2, 3])
        await open.discard()
        #expect(bench.directory.files(in: "content/spool").isEmpty)
        #expect(await contentError { try await open.append([4]) } == .spoolClosed)
        await open.discard()
    }

    /// A row may point at it by then, even if the sender's connection broke before the answer.
    @Test func aSealedContentIsNotDiscarded() async throws {
        let bench = try StoreBench()
        let spool = try await bench.store.makeSpool()
        try await spool.append([1, 2, 3])
        let content = try await spool.seal().stored(as: ContentBytes([1, 2, 3]).digest)
        await spool.discard()
        #expect(try await bench.store.readWhole(content) == [1, 2, 3])
    }

    @Test func aForgottenSpoolRemovesItself() async throws {
        let bench = try StoreBench()
        do {
            let spool = try await bench.store.makeSpool()
            try await spool.append([1, 2, 3])
            #expect(bench.directory.files(in: "content/spool").count == 1)
        }
        try await passAllSpoolThreads(bench)
        #expect(bench.directory.files(in: "content/spool").isEmpty)
    }

    @Test func leftoversGoAtTheStartAndLivingSpoolsStay() async throws {
        let bench = try StoreBench()
        let living = try await bench.store.makeSpool()
        try await living.append([1, 2, 3])
        let leftover = "\(bench.layout.root)/spool/\(ContentFileID()).part"
        try Data([9]).write(to: URL(fileURLWithPath: leftover))
        _ = try ContentStore.open(directory: bench.layout.root)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        let content = try await living.seal().stored(as: ContentBytes([1, 2, 3]).digest)
        #expect(try await bench.store.readWhole(content) == [1, 2, 3])
    }

    @Test(arguments: [(ENOSPC, Refusal.Code.storageFull), (EIO, .storageUnavailable)])
    func aFailedWriteEndsTheSpool(_ code: Int32, _ refusal: Refusal.Code) async throws {
        let bench = try StoreBench()
        let spool = try await bench.store.makeSpool()
        try await spool.append([1])
        bench.faults.failNext(.write, with: code)
        // What does not fill a frame waits in memory.
        let frame = [UInt8](repeating: 2, count: FrameLayout.plaintextByteCount)
        #expect(await contentError { try await spool.append(frame) }?.refusal.code == refusal)
        #expect(bench.directory.files(in: "content/spool").isEmpty)
        #expect(await contentError { _ = try await spool.seal() } == .spoolClosed)
    }

    @Test(arguments: [
        (FaultyFiles.Call.syncData, 0), (.syncDirectory, 0), (.syncDirectory, 1), (.syncDirectory, 2),
    ])
    func aFailedSyncNeverSeals(_ call: FaultyFiles.Call, _ passes: Int) async throws {
        let bench = try StoreBench()
        let spool = try await bench.store.makeSpool()
        try await spool.append([1])
        bench.faults.failNext(call, with: EIO, after: passes)
        #expect(await contentError { _ = try await spool.seal() }?.isUnavailable == true)
        #expect(bench.directory.files(in: "content").map { ($0 as NSString).lastPathComponent } == ["store-id"])
    }

    @Test func memoryStaysBoundedOverAHundredMegabytes() async throws {
        let bench = try StoreBench()
        let spool = try await bench.store.makeSpool()
        let piece = [UInt8](repeating: 5, count: 256 << 10)
        let before = try residentBytes()
        var most = 0
        for _ in 0..<400 {
            // A new array each time, like the buffers of a connection.
            try await spool.append(piece.map { $0 &+ 1 })
            most = max(most, try residentBytes())
        }
        #expect(try await spool.seal().length == 400 * piece.count)
        // Other tests run in this process at the same time; holding the content would take 100 MB more.
        #expect(most - before < 64 << 20)
    }

    /// Returns when all work given to the store's spool threads before has been done.
    private func passAllSpoolThreads(_ bench: StoreBench) async throws {
        for _ in 0..<ContentStore.spoolThreadCount { try await bench.store.probe() }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
