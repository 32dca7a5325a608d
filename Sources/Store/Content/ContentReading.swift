// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Trust

/// The chunks of one content, read and checked on a thread of the store's, one chunk ahead of nobody: the next is read
/// when the consumer asks for it. Each iterator reads from the beginning.
struct ContentChunks: AsyncSequence, Sendable {
    let place: ContentPlace
    let digest: SHA256Digest
    let files: FileCache
    let threads: ThreadSet

    func makeAsyncIterator() -> Iterator {
        Iterator(
            cursor: ContentCursor(place, digest, files, chunkLength: ContentStore.chunkLength), thread: threads.next())
    }

    struct Iterator: AsyncIteratorProtocol {
        let cursor: ContentCursor
        let thread: DedicatedThread

        mutating func next() async throws -> [UInt8]? {
            try Task.checkCancellation()
            return try await thread.content { [cursor] () throws(ContentError) in try cursor.next() }
        }
    }
}

/// Reads one content from its beginning to its end and checks it on the way. Blocks.
///
/// The last bytes are handed out only after the digest of the whole has been found right: a damaged content is never
/// handed out in full, and a content of one chunk not at all.
final class ContentCursor: Sendable {
    private struct State: ~Copyable {
        var hash = SHA256()
        var position = 0
        /// Whether the whole content has been found right.
        var isVerified = false
        /// The first failure; it stays.
        var failure: ContentError?
    }

    private let place: ContentPlace
    private let digest: SHA256Digest
    private let files: FileCache
    private let chunkLength: Int
    private let state = Mutex(State())

    init(_ place: ContentPlace, _ digest: SHA256Digest, _ files: FileCache, chunkLength: Int) {
        self.place = place
        self.digest = digest
        self.files = files
        self.chunkLength = chunkLength
    }

    /// The next chunk; nil after the last. A failure is final: every further call throws it again.
    func next() throws(ContentError) -> [UInt8]? {
        try state.withLock { (state) throws(ContentError) in
            if let failure = state.failure { throw failure }
            if state.isVerified { return nil }
            do throws(ContentError) {
                return try read(&state)
            } catch {
                state.failure = error
                throw error
            }
        }
    }

    private func read(_ state: inout State) throws(ContentError) -> [UInt8]? {
        // Looked up for each chunk, so that a slow consumer holds no file open.
        let file = try files.file(place.path)
        if state.position == 0 { try checkFrame(file) }
        let count = min(chunkLength, place.length - state.position)
        let chunk = try file.bytes(count, at: payloadOffset + Int64(state.position))
        chunk.withUnsafeBytes { state.hash.update($0) }
        state.position += count
        guard state.position == place.length else { return chunk }
        guard state.hash.current() == digest else { throw .damaged("\(place) does not have the SHA-256 \(digest)") }
        state.isVerified = true
        return chunk.isEmpty ? nil : chunk
    }

    private var payloadOffset: Int64 {
        switch place {
        case .segment(_, let offset, _): offset + Int64(RecordHeader.byteCount)
        case .file: 0
        }
    }

    /// What surrounds the payload: the record header, or the length of the file.
    private func checkFrame(_ file: OpenFile) throws(ContentError) {
        guard (0...ContentStore.maxContentLength).contains(place.length) else {
            throw .damaged("\(place) has an impossible length")
        }
        switch place {
        case .segment(let name, let offset, let length):
            guard (0...ContentPlace.maxOffset).contains(offset) else {
                throw .damaged("\(place) has an impossible offset")
            }
            let expected = RecordHeader(file: name.id, offset: offset, length: length, digest: digest)
            guard try file.bytes(RecordHeader.byteCount, at: offset) == expected.encoded else {
                throw .damaged("\(place) has another record header than expected")
            }
        case .file(_, let length):
            let actual = try file.status().length
            guard actual == Int64(length) else { throw .damaged("\(place) is \(actual) bytes long") }
        }
    }
}

/// The files open for reading: never more than `capacity` and one for each thread that reads.
final class FileCache: Sendable {
    /// Files kept open for the next reader.
    static let capacity = 64

    private struct Entry {
        let file: OpenFile
        var lastUse: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let layout: ContentLayout
    private let state = Mutex(State())

    init(_ layout: ContentLayout) { self.layout = layout }

    /// Opens the file, or finds it open. Blocks. O(`capacity`) when the cache is full.
    func file(_ name: String) throws(ContentError) -> OpenFile {
        let known: OpenFile? = state.withLock { state in
            state.uses += 1
            state.entries[name]?.lastUse = state.uses
            return state.entries[name]?.file
        }
        if let known { return known }
        let opened = try OpenFile(name, in: layout.root, .read, layout.operations)
        // Closed after the lock is released: closing may block.
        let evicted: OpenFile? = state.withLock { state in
            state.uses += 1
            state.entries[name] = Entry(file: opened, lastUse: state.uses)
            guard state.entries.count > Self.capacity,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            else { return nil }
            return state.entries.removeValue(forKey: oldest.key)?.file
        }
        withExtendedLifetime(evicted) {}
        return opened
    }

    /// Closes the file as soon as nobody reads it; a removed one keeps its blocks until then.
    func forget(_ name: String) {
        let forgotten: OpenFile? = state.withLock { $0.entries.removeValue(forKey: name)?.file }
        withExtendedLifetime(forgotten) {}
    }

    /// Files open now.
    var count: Int { state.withLock { $0.entries.count } }
}

/// A few threads that share work in turn.
final class ThreadSet: Sendable {
    private let threads: [DedicatedThread]
    private let turn = Atomic(0)

    init(_ name: String, count: Int) {
        threads = (0..<count).map { DedicatedThread(name: "\(name)-\($0)") }
    }

    func next() -> DedicatedThread {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return threads[Int(number.magnitude % threads.count.magnitude)]
    }
}

extension DedicatedThread {
    /// Runs blocking work of the content store, with its own errors only.
    func content<T: Sendable>(
        _ body: @escaping @Sendable () throws(ContentError) -> T
    ) async throws(ContentError) -> T {
        let result: Result<T, ContentError>
        do {
            result = try await run { Result(catching: body) }
        } catch {
            throw error as? Problem == .mailboxFull ? .overloaded : .stopped
        }
        return try result.get()
    }
}
