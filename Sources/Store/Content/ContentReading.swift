// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Trust

/// The bytes of one content, or of a range of it, read and checked one step ahead of nobody: the next is read when the
/// consumer asks for it. Each iterator reads from the beginning.
struct ContentChunks: AsyncSequence, Sendable {
    let place: ContentPlace
    let digest: SHA256Digest
    let range: Range<Int>
    let access: ContentAccess

    func makeAsyncIterator() -> Iterator {
        Iterator(
            cursor: ContentCursor(place, digest, range: range, stepLength: ContentStore.chunkLength), access: access)
    }

    struct Iterator: AsyncIteratorProtocol {
        let cursor: ContentCursor
        let access: ContentAccess

        mutating func next() async throws -> [UInt8]? {
            while true {
                try Task.checkCancellation()
                let step = try await access.read(cursor.place) { [cursor] (source) throws(ContentError) in
                    try cursor.step(source)
                }
                switch step {
                case .piece(let bytes): return bytes
                case .nothing: continue
                case .end: return nil
                }
            }
        }
    }
}

/// Reads one content from its beginning to its end, checks it on the way, and hands out a range of it.
///
/// The last bytes of the range are handed out only after the digest of the whole has been found right: of a damaged
/// content no range is ever handed out in full, and a range within one step not at all.
final class ContentCursor: Sendable {
    enum Step: Sendable {
        /// The next bytes of the range; never empty.
        case piece([UInt8])
        /// Something was read that is not to be handed out, or not yet.
        case nothing
        /// The whole content is right and the range was handed out.
        case end
    }

    private struct State: ~Copyable {
        var hash = SHA256()
        var position = 0
        /// The end of the range, while what follows it is still unread.
        var heldBack: [UInt8] = []
        /// Whether the whole content has been found right.
        var isVerified = false
        /// The first failure; it stays.
        var failure: ContentError?
    }

    let place: ContentPlace
    private let digest: SHA256Digest
    private let range: Range<Int>
    private let stepLength: Int
    private let state = Mutex(State())

    /// - Parameter range: of the content's bytes; what lies beyond its end is left out.
    init(_ place: ContentPlace, _ digest: SHA256Digest, range: Range<Int>, stepLength: Int) {
        self.place = place
        self.digest = digest
        self.range = range.clamped(to: 0..<max(place.length, 0))
        self.stepLength = stepLength
    }

    /// Reads at most `stepLength` bytes. A failure is final, whatever it was: every further call throws it again. Blocks;
    /// for one caller at a time.
    func step(_ source: any ContentSource) throws(ContentError) -> Step {
        let next = try state.withLock { (state) throws(ContentError) -> Range<Int>? in
            if let failure = state.failure { throw failure }
            if state.isVerified { return nil }
            return state.position..<min(state.position + stepLength, max(place.length, state.position))
        }
        guard let next else { return .end }
        do throws(ContentError) {
            let bytes = try read(next, source)
            return try state.withLock { (state) throws(ContentError) in try take(bytes, next, &state) }
        } catch {
            state.withLock { $0.failure = error }
            throw error
        }
    }

    private func read(_ bytes: Range<Int>, _ source: any ContentSource) throws(ContentError) -> [UInt8] {
        if bytes.lowerBound == 0 {
            guard (0...ContentStore.maxContentLength).contains(place.length) else {
                throw .damaged("\(place) has an impossible length")
            }
            try source.checkFrame(of: place, digest: digest)
        }
        return try source.bytes(bytes, of: place)
    }

    private func take(_ read: [UInt8], _ bytes: Range<Int>, _ state: inout State) throws(ContentError) -> Step {
        read.withUnsafeBytes { state.hash.update($0) }
        state.position = bytes.upperBound
        let wanted = range.clamped(to: bytes)
        let piece =
            wanted == bytes
            ? read : Array(read[(wanted.lowerBound - bytes.lowerBound)..<(wanted.upperBound - bytes.lowerBound)])
        if state.position < place.length {
            guard !piece.isEmpty else { return .nothing }
            guard wanted.upperBound == range.upperBound else { return .piece(piece) }
            state.heldBack = piece
            return .nothing
        }
        guard state.hash.current() == digest else { throw .damaged("\(place) does not have the SHA-256 \(digest)") }
        state.isVerified = true
        let last = piece.isEmpty ? state.heldBack : piece
        state.heldBack = []
        return last.isEmpty ? .end : .piece(last)
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
