// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct ContentReadingTests {
    @Test func everyFlippedByteOfARecordIsDamage() async throws {
        let bench = try StoreBench()
        var random = SeededGenerator(seed: 6)
        let payload = ContentBytes(random.bytes(300))
        let contents = try await bench.put([payload, payload], bench.store.makeSegmentWriter())
        let content = try #require(contents.last)
        let name = "content/\(content.path)"
        for offset in Int64(0)..<Int64(RecordHeader.byteCount + payload.sealedLength) {
            try bench.directory.flip(name, at: 4_096 + offset)
            let error = await contentError { _ = try await bench.store.readWhole(content) }
            #expect(error?.isDamaged == true, "byte \(offset)")
            #expect(error?.refusal.code == .contentDamaged)
            try bench.directory.flip(name, at: 4_096 + offset)
        }
        #expect(try await bench.store.readWhole(content) == payload.chunks.flatMap { $0 })
    }

    @Test func placesThatMeanAnotherRecordAreDamage() async throws {
        let bench = try StoreBench()
        let payloads = [ContentBytes([1]), ContentBytes([1]), ContentBytes([2])]
        let contents = try await bench.put(payloads, bench.store.makeSegmentWriter())
        guard case .segment(let file, _, _) = contents[0].place else { throw ContentError.damaged("not a segment") }
        let wrong: [ContentPlace] = [
            .segment(file, offset: 8_192, length: 17), .segment(file, offset: 0, length: 1),
            .segment(file, offset: 0, length: 18), .segment(file, offset: 1 << 30, length: 17),
            .segment(file, offset: -4_096, length: 17), .segment(file, offset: 0, length: -1),
            .segment(ContentFile(id: ContentFileID(), on: Instant.now().vietnamDate), offset: 0, length: 17),
            .file(file, length: 17),
        ]
        for place in wrong {
            let whole = await contentError { _ = try await bench.store.readWhole(contents[0].changed(place: place)) }
            #expect(whole?.isDamaged == true, "\(place)")
            let stream = await contentError { _ = try await bench.stream(contents[0].changed(place: place)) }
            #expect(stream?.isDamaged == true, "\(place)")
        }
        // The right content, and the key of another content.
        let foreign = try StoredContent(
            contents[0].place, length: 1, sha256: payloads[0].digest, key: payloads[1].key)
        #expect(await contentError { _ = try await bench.store.readWhole(foreign) }?.isDamaged == true)
        // A record copied over another of the same content still stands at the wrong offset.
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(bench.layout.root)/\(contents[0].path)"))
        let record = try #require(try handle.read(upToCount: 4_096))
        try handle.seek(toOffset: 4_096)
        try handle.write(contentsOf: record)
        try handle.close()
        let moved = await contentError { _ = try await bench.store.readWhole(contents[1]) }
        #expect(moved?.isDamaged == true)
    }

    @Test(arguments: [262_143, 262_144, 262_145, (1 << 20) + 1, 5 << 20])
    func aLargeContentComesBackInBoundedChunks(_ length: Int) async throws {
        let bench = try StoreBench()
        var random = SeededGenerator(seed: 7)
        let bytes = random.bytes(length)
        let content = try await bench.large(bytes)
        var all: [UInt8] = []
        for try await chunk in bench.store.read(content) {
            #expect((1...ContentStore.chunkLength).contains(chunk.count))
            all += chunk
        }
        #expect(all == bytes)
    }

    @Test func aDamagedLargeContentIsNeverHandedOutInFull() async throws {
        let bench = try StoreBench()
        var random = SeededGenerator(seed: 8)
        let bytes = random.bytes(1_500_000)
        let content = try await bench.large(bytes)
        for offset in [Int64(0), 700_000, 1_499_999] {
            try bench.directory.flip("content/\(content.path)", at: offset)
            var seen = 0
            var iterator = bench.store.read(content).makeAsyncIterator()
            let error = await contentError { while let chunk = try await iterator.next() { seen += chunk.count } }
            #expect(error?.isDamaged == true)
            #expect(seen < bytes.count)
            // Asked again after the failure, it does not pretend to have ended well.
            #expect(await contentError { _ = try await iterator.next() } == error)
            try bench.directory.flip("content/\(content.path)", at: offset)
        }
        #expect(try await bench.stream(content) == bytes)
    }

    @Test func aLargeContentOfAnotherLengthIsDamage() async throws {
        let bench = try StoreBench()
        let bytes = [UInt8](repeating: 9, count: 1_500_000)
        let content = try await bench.large(bytes)
        let name = "content/\(content.path)"
        for wrong in [content.place.length + 1, content.place.length - 1] {
            try bench.directory.edit(name) { try $0.truncate(atOffset: UInt64(wrong)) }
            #expect(await contentError { _ = try await bench.stream(content) }?.isDamaged == true)
        }
        try bench.directory.edit(name) { try $0.truncate(atOffset: UInt64(content.place.length)) }
        let other = try content.changed(sha256: SHA256Digest(of: [1]))
        #expect(await contentError { _ = try await bench.stream(other) }?.isDamaged == true)
        #expect(await contentError { _ = try content.changed(length: 1_499_999) }?.isDamaged == true)
    }

    /// Damage that happens between two chunks is seen too: the file may be cut while it is being read.
    @Test func aFileCutWhileItIsReadIsDamage() async throws {
        let bench = try StoreBench()
        let bytes = [UInt8](repeating: 3, count: 1_500_000)
        let content = try await bench.large(bytes)
        var iterator = bench.store.read(content).makeAsyncIterator()
        #expect(try await iterator.next()?.count == ContentStore.chunkLength)
        try bench.directory.edit("content/\(content.path)") { try $0.truncate(atOffset: 300_000) }
        let error = await contentError { while try await iterator.next() != nil {} }
        #expect(error?.isDamaged == true)
    }

    @Test func readersAndAWriterDoNotDisturbEachOther() async throws {
        let bench = try StoreBench()
        // Each reader gets every content as soon as it is durable.
        let feeds = (0..<4).map { _ in AsyncStream<(StoredContent, ContentBytes)>.makeStream() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var random = SeededGenerator(seed: 9)
                let writer = SegmentWriter(layout: bench.layout, maxSegmentLength: 4 << 20)
                defer { for feed in feeds { feed.continuation.finish() } }
                for _ in 0..<25 {
                    let batch = (0..<8).map { _ in
                        ContentBytes(random.bytes(Int.random(in: 0...300_000, using: &random)))
                    }
                    let contents = try await bench.put(batch, writer)
                    for feed in feeds { for item in zip(contents, batch) { feed.continuation.yield(item) } }
                }
            }
            for feed in feeds {
                group.addTask {
                    var read = 0
                    for await (content, payload) in feed.stream {
                        let bytes = payload.chunks.flatMap { $0 }
                        let whole = try await bench.store.readWhole(content)
                        let streamed = try await bench.stream(content)
                        #expect(whole == bytes && streamed == bytes)
                        read += 1
                    }
                    #expect(read == 200)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func openFilesAreBounded() async throws {
        let bench = try StoreBench()
        let cache = FileCache(bench.layout)
        var contents: [StoredContent] = []
        for byte in UInt8(0)..<UInt8(FileCache.capacity + 10) { contents.append(try await bench.large([byte])) }
        let paths = contents.map(\.path)
        let (counts, keptLatest, keptFavourite) = try await bench.thread.run {
            let favourite = try cache.file(paths[0])
            var counts: [Int] = []
            var (keptLatest, keptFavourite) = (true, true)
            for path in paths {
                let latest = try cache.file(path)
                keptLatest = try cache.file(path) === latest && keptLatest
                keptFavourite = try cache.file(paths[0]) === favourite && keptFavourite
                counts.append(cache.count)
            }
            return (counts, keptLatest, keptFavourite)
        }
        #expect(counts.max() == FileCache.capacity)
        // What was used a moment ago is never what is closed.
        #expect(keptLatest)
        #expect(keptFavourite)
    }

    @Test func aCancelledReaderStops() async throws {
        let bench = try StoreBench()
        let bytes = [UInt8](repeating: 3, count: 1_500_000)
        let content = try await bench.large(bytes)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await bench.stream(content)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
