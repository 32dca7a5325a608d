// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct SegmentWriterTests {
    private static let sizes = [
        0, 1, 79, 80, 3_999, 4_000, 4_001, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 262_144, 262_145, 1 << 20,
    ]

    @Test func whatWasAppendedIsReadBack() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        var random = SeededGenerator(seed: 3)
        let payloads = Self.sizes.map { ContentBytes(random.bytes($0)) }
        // Once as one batch, once each alone.
        var contents = try await bench.put(payloads, writer)
        for payload in payloads { contents += try await bench.put([payload], writer) }
        #expect(Set(contents.map(\.place)).count == 2 * payloads.count)
        for (content, payload) in zip(contents, payloads + payloads) {
            let bytes = payload.chunks.flatMap { $0 }
            #expect(content.length == bytes.count)
            #expect(try await bench.store.readWhole(content) == bytes)
            #expect(try await bench.stream(content) == bytes)
            let reparsed = try content.changed(place: ContentPlace(parsing: content.place.description))
            #expect(try await bench.store.readWhole(reparsed) == bytes)
        }
        #expect(bench.segments().count == 1)
    }

    @Test func aBatchInPiecesLongerThanTheBufferKeepsItsBytes() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        var random = SeededGenerator(seed: 4)
        let payloads = (0..<9).map { _ in
            let chunks = (0..<7).map { _ in random.bytes(Int.random(in: 0...150_000, using: &random)) }
            return ContentBytes(chunks: chunks, digest: SHA256Digest(of: chunks.flatMap { $0 }))
        }
        #expect(payloads.reduce(0) { $0 + $1.length } > SegmentWriter.bufferLength)
        bench.faults.limitWrites(to: 1_000_003)
        let contents = try await bench.put(payloads, writer)
        for (content, payload) in zip(contents, payloads) {
            #expect(try await bench.store.readWhole(content) == payload.chunks.flatMap { $0 })
        }
    }

    @Test func recordsStartOnTheGridAndOneSyncServesTheGroup() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        _ = try await bench.put([ContentBytes([9])], writer)
        let before = bench.synced().count
        let contents = try await bench.put(
            [1, 4_000, 4_001].map { ContentBytes(.init(repeating: 7, count: $0)) }, writer)
        let offsets = contents.map { content in
            if case .segment(_, let offset, _) = content.place { offset } else { Int64(-1) }
        }
        #expect(offsets == [4_096, 8_192, 12_288])
        #expect(bench.synced(from: before) == contents.first.map { [$0.path] })
        try await bench.sync(writer)
        #expect(bench.synced().count == before + 1, "nothing new, nothing to sync")
    }

    @Test func theNameOfANewSegmentIsDurableBeforeItsPlaces() async throws {
        let bench = try StoreBench()
        let before = bench.synced().count
        let content = try #require(try await bench.append([ContentBytes([1])], bench.store.makeSegmentWriter()).first)
        let folder = (content.path as NSString).deletingLastPathComponent
        #expect(bench.synced(from: before) == ["segments", folder])
    }

    @Test func tooLongAPayloadIsRefusedBeforeAnythingIsWritten() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        let long = ContentBytes(.init(repeating: 0, count: SegmentWriter.maxPayloadLength + 1))
        let error = await contentError { _ = try await bench.append([ContentBytes([1]), long], writer) }
        #expect(error == .tooLarge(length: long.length, max: SegmentWriter.maxPayloadLength))
        #expect(bench.segments().isEmpty)
    }

    @Test func everyWriterHasASegmentOfItsOwn() async throws {
        let bench = try StoreBench()
        for _ in 0..<3 { _ = try await bench.put([ContentBytes([1])], bench.store.makeSegmentWriter()) }
        #expect(bench.segments().count == 3)
        // The thread may hold the last writer for a moment after its call has returned.
        bench.thread.stop()
        await bench.thread.ended()
        // A writer that is gone gave back the space that it had reserved.
        for path in bench.segments() {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == 4_096)
        }
    }

    @Test func aFullSegmentIsLeftForANewOne() async throws {
        let bench = try StoreBench()
        let writer = SegmentWriter(layout: bench.layout, maxSegmentLength: 3 * 4_096)
        var stored: [(StoredContent, UInt8)] = []
        for byte in UInt8(0)..<7 {
            // Not synced by the caller: leaving the segment must do it.
            let content = try #require(try await bench.append([ContentBytes([byte])], writer).first)
            stored.append((content, byte))
        }
        try await bench.sync(writer)
        #expect(bench.segments().count == 3)
        let synced = bench.synced().filter { $0.hasSuffix(".seg") }
        #expect(synced.count == 3 && Set(synced).count == 3)
        for (content, byte) in stored {
            #expect(try await bench.store.readWhole(content) == [byte])
        }
    }

    @Test func aNewMonthInVietnamBeginsANewSegment() async throws {
        let bench = try StoreBench()
        let clock = Clock(try Instant(iso8601: "2026-11-30T23:59:59+07:00"))
        let writer = SegmentWriter(layout: bench.layout, now: { clock.now })
        let old = try await bench.put([ContentBytes([1])], writer)
        clock.now = try Instant(iso8601: "2026-12-01T00:00:00+07:00")
        let new = try await bench.put([ContentBytes([2])], writer)
        #expect(old.first?.path.hasPrefix("segments/2026-11/") == true)
        #expect(new.first?.path.hasPrefix("segments/2026-12/") == true)
    }

    @Test func aSegmentWhoseSyncFailedIsClosedForEver() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        let first = ContentBytes([1, 2, 3])
        let kept = try #require(try await bench.put([first], writer).first)
        bench.faults.failNext(.syncData, with: EIO)
        let error = await contentError { _ = try await bench.put([ContentBytes([4])], writer) }
        #expect(error?.isUnavailable == true)
        #expect(error?.refusal.code == .storageUnavailable)
        try await bench.sync(writer)
        let next = try #require(try await bench.put([ContentBytes([5])], writer).first)
        #expect(next.path != kept.path)
        let syncsOfTheFailed = bench.synced().filter { $0 == kept.path }
        #expect(syncsOfTheFailed.count == 2, "the good one and the failed one, and never again")
        #expect(try await bench.store.readWhole(kept) == [1, 2, 3])
    }

    @Test func aFailedWriteTakesTheUnsyncedPlacesWithIt() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        let synced = try #require(try await bench.put([ContentBytes([1])], writer).first)
        _ = try await bench.append([ContentBytes([2])], writer)
        bench.faults.failNext(.write, with: ENOSPC)
        let refused = await contentError { try await bench.sync(writer) }
        #expect(refused?.isFull == true)
        #expect(refused?.refusal.code == .storageFull)
        // Told once; then the writer goes on, elsewhere.
        let after = try #require(try await bench.put([ContentBytes([5])], writer).first)
        #expect(after.path != synced.path)
        #expect(try await bench.store.readWhole(after) == [5])
        #expect(try await bench.store.readWhole(synced) == [1])
    }

    @Test func placesThatNoRoomWasLeftForTakeTheUnsyncedOnesWithThem() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        let synced = try #require(try await bench.put([ContentBytes([1])], writer).first)
        _ = try await bench.append([ContentBytes([2])], writer)
        bench.faults.failNext(.allocate, with: ENOSPC)
        let long = ContentBytes(.init(repeating: 3, count: 1 << 20))
        #expect(await contentError { _ = try await bench.append([long], writer) }?.isFull == true)
        // The place of [2] was never synced and never will be: the next sync must not claim it.
        let later = try #require(try await bench.append([ContentBytes([4])], writer).first)
        #expect(later.path != synced.path)
        #expect(await contentError { try await bench.sync(writer) }?.isFull == true)
        let after = try #require(try await bench.put([ContentBytes([5])], writer).first)
        #expect(try await bench.store.readWhole(after) == [5])
        #expect(try await bench.store.readWhole(synced) == [1])
    }

    /// An open file takes everything after its name is gone, and nobody could read it after a restart.
    @Test func nothingIsDurableInASegmentThatWasRemoved() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        let first = try #require(try await bench.put([ContentBytes([1])], writer).first)
        try FileManager.default.removeItem(atPath: "\(bench.layout.root)/\(first.path)")
        #expect(await contentError { _ = try await bench.put([ContentBytes([2])], writer) }?.isUnavailable == true)
        let next = try #require(try await bench.put([ContentBytes([3])], writer).first)
        #expect(next.path != first.path)
        #expect(try await bench.store.readWhole(next) == [3])
    }

    @Test func aFileSystemWithoutDirectWritesGetsPlainOnes() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        bench.faults.failNext(.write, with: EINVAL)
        let bytes = Array("once more".utf8)
        let content = ContentBytes(bytes)
        let error = await contentError { _ = try await bench.put([content], writer) }
        // Where the file system of this test takes direct writes, the refused one is done again as a plain one.
        if Self.takesDirectWrites(bench) {
            #expect(error == nil)
            let next = try #require(try await bench.put([content], writer).first)
            #expect(try await bench.store.readWhole(next) == bytes)
        } else {
            #expect(error?.isUnavailable == true)
        }
    }

    private static func takesDirectWrites(_ bench: StoreBench) -> Bool {
        let path = "\(bench.directory.path)/direct"
        let descriptor = open(path, O_RDWR | O_CREAT | OpenFile.direct, 0o600)
        defer { close(descriptor) }
        return descriptor >= 0
    }

    @Test(arguments: [FaultyFiles.Call.write, .allocate, .syncData, .syncDirectory])
    func aFullDiskDoesNotFillUpWithEmptySegments(_ call: FaultyFiles.Call) async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        for _ in 0..<3 {
            bench.faults.failNext(call, with: ENOSPC)
            let error = await contentError { _ = try await bench.put([ContentBytes([1])], writer) }
            #expect(error?.isFull == true)
            #expect(bench.segments().isEmpty)
        }
        _ = try await bench.put([ContentBytes([1])], writer)
        #expect(bench.segments().count == 1)
    }

    @Test func aTornTailHarmsNothing() async throws {
        let bench = try StoreBench()
        let writer = bench.store.makeSegmentWriter()
        var random = SeededGenerator(seed: 5)
        let whole = ContentBytes(random.bytes(10_000))
        let torn = ContentBytes(random.bytes(10_000))
        let kept = try #require(try await bench.put([whole], writer).first)
        let lost = try #require(try await bench.append([torn], writer).first)
        guard case .segment(_, let offset, _) = lost.place else { throw ContentError.damaged("not a segment") }
        try bench.directory.edit("content/\(lost.path)") { try $0.truncate(atOffset: UInt64(offset) + 5_000) }

        let reopened = try ContentStore.open(directory: bench.layout.root)
        #expect(reopened.storeID == bench.store.storeID)
        #expect(try await reopened.readWhole(kept) == whole.chunks.flatMap { $0 })
        #expect(await contentError { _ = try await reopened.readWhole(lost) }?.isDamaged == true)
        let next = try #require(try await bench.put([torn], reopened.makeSegmentWriter()).first)
        #expect(next.path != kept.path)
        #expect(try await reopened.readWhole(next) == torn.chunks.flatMap { $0 })
    }
}

/// A clock that a test sets.
private final class Clock: Sendable {
    private let state: Mutex<Instant>
    init(_ now: Instant) { state = Mutex(now) }
    var now: Instant {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
