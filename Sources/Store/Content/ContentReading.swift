// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Trust

/// The bytes of one content, or of a range of it, read and checked one step ahead of nobody: the next is read when the
/// consumer asks for it. Each iterator reads from the beginning.
struct ContentChunks: AsyncSequence, Sendable {
    let content: StoredContent
    let range: Range<Int>?
    let access: ContentAccess

    func makeAsyncIterator() -> Iterator {
        Iterator(cursor: ContentCursor(content, range: range), access: access)
    }

    struct Iterator: AsyncIteratorProtocol {
        let cursor: ContentCursor
        let access: ContentAccess

        mutating func next() async throws -> [UInt8]? {
            try Task.checkCancellation()
            return try await access.read(cursor.content.place) { [cursor] (source) throws(ContentError) in
                try cursor.step(source)
            }
        }
    }
}

/// Reads one content, or the frames that hold a range of it, opens and checks them, and hands the bytes out.
///
/// Every byte that it hands out is authentic: its frame opened with the content's key, at its place. Of a whole content
/// the last bytes are handed out only after the digest of all has been found right.
final class ContentCursor: Sendable {
    /// Sealed bytes that are read in one step: whole frames.
    static let stepLength = ContentStore.sealedChunkLength

    private struct State: ~Copyable {
        var decryptor: FrameDecryptor
        var hash = SHA256()
        /// Where in the sealed content the next step begins.
        var position: Int
        /// The first failure; it stays.
        var failure: ContentError?
    }

    let content: StoredContent
    private let isWhole: Bool
    /// The part of the sealed content that is read.
    private let sealedRange: Range<Int>
    private let state: Mutex<State>

    /// - Parameter range: of the content's bytes; what lies beyond its end is left out. Nil for the whole content.
    init(_ content: StoredContent, range: Range<Int>? = nil) {
        self.content = content
        isWhole = range == nil
        let decryptor = FrameDecryptor(
            content.key, content.layout, range: range?.clamped(to: 0..<content.length))
        sealedRange = decryptor.sealedRange
        state = Mutex(State(decryptor: decryptor, position: sealedRange.lowerBound))
    }

    /// Reads at most `stepLength` bytes. A failure is final, whatever it was: every further call throws it again.
    /// Blocks; for one caller at a time.
    ///
    /// - Returns: the next bytes, never none; nil at the end.
    func step(_ source: any ContentSource) throws(ContentError) -> [UInt8]? {
        let next = try state.withLock { (state) throws(ContentError) -> Range<Int> in
            if let failure = state.failure { throw failure }
            return state.position..<min(state.position + Self.stepLength, sealedRange.upperBound)
        }
        if next.isEmpty { return nil }
        do throws(ContentError) {
            if next.lowerBound == sealedRange.lowerBound {
                try source.checkRecord(at: content.place, digest: content.sha256)
            }
            let sealed = try source.bytes(next, of: content.place)
            let piece = try state.withLock { (state) throws(ContentError) in
                let piece = try open(sealed, &state)
                state.position = next.upperBound
                return piece
            }
            return piece.isEmpty ? nil : piece
        } catch {
            state.withLock { $0.failure = error }
            throw error
        }
    }

    private func open(_ sealed: [UInt8], _ state: inout State) throws(ContentError) -> [UInt8] {
        var plaintext: [UInt8] = []
        plaintext.reserveCapacity(sealed.count)
        let isLast = state.position + sealed.count == sealedRange.upperBound
        do throws(FrameProblem) {
            try sealed.span.withUnsafeBytes { (sealed) throws(FrameProblem) in
                try state.decryptor.update(sealed) { plaintext += $0 }
            }
            if isLast { try state.decryptor.finish() }
        } catch {
            throw .damaged("\(content.place) is not what was sealed there: \(error)")
        }
        guard isWhole else { return plaintext }
        plaintext.withUnsafeBytes { state.hash.update($0) }
        guard !isLast || state.hash.current() == content.sha256 else {
            throw .damaged("\(content.place) does not have the SHA-256 \(content.sha256)")
        }
        return plaintext
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
