// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

/// What every way of keeping contents has to hold, over each of them.
@Suite(.timeLimit(.minutes(5))) struct BackendTests {
    private static let backends = ContentBackend.allCases

    @Test(arguments: backends)
    func aContentComesBackAsItWas(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 31)
        let chunk = ContentStore.chunkLength
        for length in [1, chunk - 1, chunk, chunk + 1, ContentStore.maxSegmentedLength] {
            let bytes = random.bytes(length)
            let content = try await bench.put(bytes)
            #expect(content.place.backend == backend)
            #expect(try await bench.store.content.readWhole(content.content) == bytes)
            #expect(try await bench.stream(content) == bytes)
            // The largest that fits into memory may be long enough for a file as well.
            let large = try await bench.putLarge(bytes)
            #expect(large.place.backend == backend)
            #expect(try await bench.stream(large) == bytes)
        }
        await bench.close()
    }

    @Test(arguments: backends)
    func aRangeIsExactlyThoseBytes(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 32)
        let bytes = random.bytes(900_000)
        let chunk = ContentStore.chunkLength
        for content in [try await bench.put(bytes), try await bench.putLarge(bytes)] {
            for range in [
                0..<1, 0..<chunk, chunk - 1..<chunk + 1, chunk..<2 * chunk, 5..<800_000, 899_999..<900_000, 7..<7,
                0..<900_000,
            ] {
                #expect(try await bench.stream(content, range) == Array(bytes[range]), "\(range)")
            }
            #expect(try await bench.stream(content, 899_990..<1_000_000) == Array(bytes[899_990...]))
            #expect(try await bench.stream(content, 900_000..<1_000_000) == [])
        }
        await bench.close()
    }

    /// Neither the whole nor a range of which a byte is damaged is ever handed out in full; what lies in other frames is.
    @Test(arguments: backends)
    func damageIsNeverFollowedByAnOK(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 33)
        let bytes = random.bytes(900_000)
        for content in [try await bench.put(bytes), try await bench.putLarge(bytes)] {
            for offset in [0, 300_000, 899_999] {
                try await bench.flip(content, at: offset)
                let damaged = offset / FrameLayout.sealedByteCount
                for range in [nil, 0..<900_000, 299_999..<300_001, 600_000..<600_010, 0..<10] {
                    var seen = 0
                    let error = await contentError {
                        for try await piece in bench.read(content, range) { seen += piece.count }
                    }
                    let isTouched = range.map { content.content.layout.frames(covering: $0).contains(damaged) } ?? true
                    #expect((error?.isDamaged == true) == isTouched, "\(String(describing: range)), \(offset) flipped")
                    #expect((seen == range?.count ?? bytes.count) != isTouched)
                }
                try await bench.flip(content, at: offset)
            }
            #expect(try await bench.stream(content) == bytes)
            try await bench.cut(content, to: 500_000)
            #expect(await contentError { _ = try await bench.stream(content) }?.isDamaged == true)
            try await bench.destroy(content)
            #expect(await contentError { _ = try await bench.stream(content) }?.isDamaged == true)
        }
        await bench.close()
    }

    @Test(arguments: backends)
    func writersOfTwoNodesDoNotDisturbEachOther(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        let second = try bench.accepting.secondStore(backend)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                let store = number % 2 == 0 ? bench.store : second
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(number))
                    for _ in 0..<6 {
                        let bytes = random.bytes(Int.random(in: 1...600_000, using: &random))
                        let content = try await bench.put(bytes, in: store)
                        #expect(try await bench.stream(content) == bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
        await second.stop()
        await bench.close()
    }

    /// Each piece read is short, however long the content; so is what a sealing spool file takes into memory.
    @Test(arguments: backends)
    func aContentOfManyMegabytesGoesThroughInPieces(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        var random = SeededGenerator(seed: 34)
        let piece = random.bytes(1_000_003)
        var hash = SHA256()
        let spool = try await bench.store.content.makeSpool()
        for _ in 0..<32 {
            piece.withUnsafeBytes { hash.update($0) }
            try await spool.append(piece)
        }
        let digest = hash.current()
        let content = try await bench.accept(.sealed(try await spool.seal()), digest)
        var again = SHA256()
        var longest = 0
        for try await chunk in bench.read(content, nil) {
            chunk.withUnsafeBytes { again.update($0) }
            longest = max(longest, chunk.count)
        }
        #expect(again.current() == digest)
        #expect(content.content.length == 32 * piece.count)
        #expect(longest <= ContentStore.chunkLength)
        #expect(ChunkRows.rowsPerTransaction * ContentStore.chunkLength <= 1 << 20)
        #expect(bench.accepting.directory.files(in: "content/spool").isEmpty)
        await bench.close()
    }

    /// The rows of a transaction fail at the very end: nothing points at a content, and the next one is taken as if
    /// nothing had been.
    @Test(arguments: backends)
    func aTransactionThatFailsLeavesNothingReferenced(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        try await bench.asOwner(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
            CREATE TRIGGER fails BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION fail()
            """)
        let bytes = [UInt8](repeating: 5, count: 400_000)
        #expect(await refusal { try await bench.put(bytes) } != nil)
        #expect(try await bench.accepting.count("content") == 0)
        #expect(try await bench.accepting.count("content_chunk") == 0)
        #expect(try await bench.accepting.count("package_key") == 0)
        try await bench.asOwner("DROP TRIGGER fails ON history")
        #expect(try await bench.stream(try await bench.put(bytes)) == bytes)
        await bench.close()
    }

    /// What a crash left half written stands beside what is accepted, and harms neither it nor what comes later.
    @Test(arguments: backends)
    func aTornTailIsHarmless(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        let before = try await bench.put([1, 2, 3])
        switch backend {
        case .segments:
            let segment = try #require(bench.accepting.directory.files(in: "content/segments").first)
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: segment))
            try handle.truncate(atOffset: 4_096)
            try handle.seekToEnd()
            try handle.write(contentsOf: Array("TRUC-REC".utf8))
            try handle.close()
        case .chunks:
            try await bench.asOwner("INSERT INTO content_chunk VALUES (gen_random_uuid(), 0, '\\x01')")
        }
        let second = try bench.accepting.secondStore(backend)
        let after = try await bench.put([4, 5, 6], in: second)
        #expect(try await bench.stream(before) == [1, 2, 3])
        #expect(try await bench.stream(after) == [4, 5, 6])
        await second.stop()
        await bench.close()
    }

    @Test(arguments: backends)
    func aContentThatNobodyTookIsFreedAndAnAcceptedOneIsNot(_ backend: ContentBackend) async throws {
        let bench = try await BackendBench(backend)
        let bytes = [UInt8](repeating: 6, count: 300_000)
        let sealed = try await bench.seal(bytes)
        await bench.store.forget(.sealed(sealed))
        let stored = try sealed.stored(as: SHA256Digest(of: bytes))
        #expect(await contentError { for try await _ in bench.store.content.read(stored) {} } != nil)
        #expect(try await bench.accepting.count("content_chunk") == 0)
        #expect(bench.accepting.directory.files(in: "content/large").isEmpty)
        if backend == .chunks {
            // The database knows that something points at them, whatever the caller believes.
            let taken = try await bench.putLarge(bytes)
            await bench.store.forget(
                .sealed(SealedContent(place: taken.place, length: taken.content.length, key: taken.content.key)))
            #expect(try await bench.stream(taken) == bytes)
        }
        await bench.close()
    }

    @Test func aHubReadsWhatTheOtherBackendKept() async throws {
        let bench = try await BackendBench(.segments)
        let second = try bench.accepting.secondStore(.chunks)
        let first = try await bench.put([1])
        let other = try await bench.put([2], in: second)
        #expect(first.place.backend == .segments && other.place.backend == .chunks)
        for content in [bench.store.content, second.content] {
            #expect(try await content.readWhole(first.content) == [1])
            #expect(try await content.readWhole(other.content) == [2])
        }
        let backends: [String] = try await bench.accepting.column("SELECT backend AS value FROM content ORDER BY 1")
        #expect(backends == ["chunks", "segments"])
        await second.stop()
        await bench.close()
    }

    /// The database would otherwise try to compress what is packed already, and a part would cost the whole.
    @Test func chunksAreStoredAsTheyAre() async throws {
        let bench = try await BackendBench(.chunks)
        let storage: [String] = try await bench.accepting.column(
            """
            SELECT attstorage::text AS value FROM pg_attribute
            WHERE attrelid = 'content_chunk'::regclass AND attname = 'bytes'
            """)
        #expect(storage == ["e"])
        await bench.close()
    }
}

extension ReadableContent {
    var place: ContentPlace { content.place }
}

/// A store with one backend for new contents, and hands to damage what it keeps.
struct BackendBench: Sendable {
    let accepting: AcceptBench
    var store: Store { accepting.store }

    init(_ backend: ContentBackend) async throws { accepting = try await AcceptBench(backend) }

    func close() async { await accepting.close() }

    /// Accepts a package of these bytes.
    func put(_ bytes: [UInt8], in store: Store? = nil) async throws -> ReadableContent {
        let content = ContentBytes(bytes)
        return try await accept(.memory(content), content.digest, in: store)
    }

    func putLarge(_ bytes: [UInt8]) async throws -> ReadableContent {
        try await accept(.sealed(try await seal(bytes)), SHA256Digest(of: bytes))
    }

    func seal(_ bytes: [UInt8]) async throws -> SealedContent {
        let spool = try await store.content.makeSpool()
        for start in stride(from: 0, to: bytes.count, by: 100_000) {
            try await spool.append(Array(bytes[start..<min(start + 100_000, bytes.count)]))
        }
        return try await spool.seal()
    }

    func accept(
        _ content: NewContent, _ digest: SHA256Digest, in store: Store? = nil
    ) async throws -> ReadableContent {
        let plain = try accepting.acceptance("VB-\(UUID())") { $0.sha256 = digest }
        let acceptance = Acceptance(
            registryVersion: plain.registryVersion,
            package: NewPackage(
                envelope: plain.package.envelope, content: content, deliveries: plain.package.deliveries))
        let result = try await (store ?? self.store).accept(acceptance)
        try #require(result.isAccepted)
        return try await accepting.fetch(plain.id.uuid, by: .construction)
    }

    func read(_ content: ReadableContent, _ range: Range<Int>?) -> some AsyncSequence<[UInt8], any Error> & Sendable {
        store.content.read(content.content, range: range)
    }

    func stream(_ content: ReadableContent, _ range: Range<Int>? = nil) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in read(content, range) { all += piece }
        return all
    }

    func asOwner(_ script: String) async throws {
        try await onConnection(to: accepting.owner) { try $0.execute(script) }
    }

    /// Inverts one byte of the content; done twice it is undone.
    func flip(_ content: ReadableContent, at offset: Int) async throws {
        switch content.place {
        case .segment(_, let start, _):
            try accepting.directory.flip(
                "content/\(content.place.path)", at: start + Int64(RecordHeader.byteCount + offset))
        case .file: try accepting.directory.flip("content/\(content.place.path)", at: Int64(offset))
        case .chunks(let id, _):
            let (position, byte) = offset.quotientAndRemainder(dividingBy: ContentStore.sealedChunkLength)
            try await asOwner(
                """
                UPDATE content_chunk SET bytes = set_byte(bytes, \(byte), 255 - get_byte(bytes, \(byte)))
                WHERE content_id = '\(id)' AND position = \(position)
                """)
        }
    }

    /// Loses the end of the content.
    func cut(_ content: ReadableContent, to length: Int) async throws {
        switch content.place {
        case .segment(_, let start, _):
            try accepting.directory.edit("content/\(content.place.path)") {
                try $0.truncate(atOffset: UInt64(start) + UInt64(RecordHeader.byteCount + length))
            }
        case .file:
            try accepting.directory.edit("content/\(content.place.path)") { try $0.truncate(atOffset: UInt64(length)) }
        case .chunks(let id, _):
            let (position, byte) = length.quotientAndRemainder(dividingBy: ContentStore.sealedChunkLength)
            try await asOwner(
                """
                DELETE FROM content_chunk WHERE content_id = '\(id)' AND position > \(position);
                UPDATE content_chunk SET bytes = substr(bytes, 1, \(byte))
                WHERE content_id = '\(id)' AND position = \(position)
                """)
        }
    }

    /// Loses all of it.
    func destroy(_ content: ReadableContent) async throws {
        switch content.place {
        case .segment, .file:
            try FileManager.default.removeItem(atPath: "\(accepting.directory.path)/content/\(content.place.path)")
        case .chunks(let id, _): try await asOwner("DELETE FROM content_chunk WHERE content_id = '\(id)'")
        }
    }
}
