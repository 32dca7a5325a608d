// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import Trust

/// A content that is too long for memory, while it comes in; then a file of its own, or chunks. Sealed from its first
/// byte on: nothing of it stands readable on the disk.
///
/// Each call waits until the disk has taken its bytes: a sender is never faster than the disk, and no more than one
/// piece per spool file is in memory. One caller at a time. A spool file that is neither sealed nor discarded removes
/// itself when the last reference to it goes; what a crash leaves behind is removed at the next start.
public final class SpoolFile: Sendable {
    private let file: BlockingSpool
    private let thread: DedicatedThread
    /// Where sealed contents are kept as chunks; nil where they keep their file.
    private let database: Database?

    fileprivate init(_ file: BlockingSpool, on thread: DedicatedThread, movingTo database: Database?) {
        self.file = file
        self.thread = thread
        self.database = database
    }

    deinit {
        // A thread that takes no more work leaves the file to the next start.
        try? thread.post { [file] in file.discard() }
    }

    static func create(
        in layout: ContentLayout, on thread: DedicatedThread, movingTo database: Database?
    ) async throws(ContentError) -> SpoolFile {
        let file = try await thread.content { () throws(ContentError) in try BlockingSpool(in: layout) }
        return SpoolFile(file, on: thread, movingTo: database)
    }

    /// Adds bytes at the end.
    ///
    /// - Throws: `.tooLarge` beyond `ContentStore.maxContentLength`, `.full`, `.unavailable`; after any error the spool
    ///   file is gone and every further call throws `.spoolClosed`.
    public func append(_ bytes: [UInt8]) async throws(ContentError) {
        try await thread.content { [file] () throws(ContentError) in try file.append(bytes) }
    }

    /// Makes the content durable in its final place.
    ///
    /// Into chunks it goes in many short transactions, so that neither memory nor the length of a transaction grows with
    /// it; a crash between them leaves chunks to which nothing points.
    /// - Throws: like `append`.
    public func seal() async throws(ContentError) -> SealedContent {
        guard let database else {
            return try await thread.content { [file] () throws(ContentError) in try file.seal() }
        }
        let id = ContentFileID()
        do {
            let length = try await thread.content { [file] () throws(ContentError) in try file.finish() }
            let sealedLength = try await move(to: database, as: id)
            await discard()
            return SealedContent(place: .chunks(id, length: sealedLength), length: length, key: file.key)
        } catch {
            await discard()
            try? await database.discardChunks(of: id)
            throw error
        }
    }

    private func move(to database: Database, as id: ContentFileID) async throws(ContentError) -> Int {
        var length = 0
        var position = 0
        while true {
            let pieces = try await thread.content { [file, length] () throws(ContentError) in
                try file.pieces(from: length, count: ChunkRows.rowsPerTransaction)
            }
            if pieces.isEmpty { return length }
            try await database.addChunks(pieces, of: id, from: position)
            position += pieces.count
            length += pieces.reduce(0) { $0 + $1.count }
        }
    }

    /// Removes what came so far, if it is not sealed. May be called again.
    ///
    /// A sealed content stays: a row may point at it, even where the answer of the database was lost. Whoever knows
    /// better calls `ContentStore.remove`.
    public func discard() async {
        try? await thread.content { [file] () throws(ContentError) in file.discard() }
    }
}

/// The blocking part of a spool file.
final class BlockingSpool: Sendable {
    /// How often a name is tried. A second try happens only when another process cleaned the spool between our making
    /// of the file and our locking of it.
    private static let maxAttempts = 3
    static let folder = "spool"

    private struct State: ~Copyable {
        /// Nil when the content was sealed or discarded, or writing it failed.
        var file: OpenFile?
        /// Bytes that came, and bytes that stand in the file.
        var length = 0
        var sealedLength = 0
        var encryptor: FrameEncryptor
    }

    let key = AESKey()
    private let id: ContentFileID
    private let layout: ContentLayout
    private let state: Mutex<State>

    init(in layout: ContentLayout) throws(ContentError) {
        for _ in 0..<Self.maxAttempts {
            let id = ContentFileID()
            let file = try OpenFile(Self.path(id), in: layout.root, .create, layout.operations)
            guard try file.lock(), try file.status().names > 0 else { continue }
            self.id = id
            self.layout = layout
            state = Mutex(State(file: file, encryptor: FrameEncryptor(key)))
            return
        }
        throw .unavailable("spool: other processes remove its files")
    }

    func append(_ bytes: [UInt8]) throws(ContentError) {
        try change { (file, state) throws(ContentError) in
            let length = state.length + bytes.count
            guard length <= ContentStore.maxContentLength else {
                throw .tooLarge(length: length, max: ContentStore.maxContentLength)
            }
            var end = state.sealedLength
            try bytes.span.withUnsafeBytes { (bytes) throws(ContentError) in
                try state.encryptor.update(bytes) { (frame) throws(ContentError) in
                    try file.write(frame, at: Int64(end))
                    end += frame.count
                }
            }
            state.length = length
            state.sealedLength = end
        }
    }

    /// Writes the last frame; nothing may be appended any more.
    ///
    /// - Returns: bytes that came.
    func finish() throws(ContentError) -> Int {
        try change { (file, state) throws(ContentError) in
            var end = state.sealedLength
            try state.encryptor.finish { (frame) throws(ContentError) in
                try file.write(frame, at: Int64(end))
                end += frame.count
            }
            state.sealedLength = end
            return state.length
        }
    }

    func seal() throws(ContentError) -> SealedContent {
        let target = ContentFile(id: id, on: Instant.now().vietnamDate)
        let length = try finish()
        return try change { (file, state) throws(ContentError) in
            try file.syncData()
            let folder = "\(ContentFile.largeFolder)/\(target.month)"
            try layout.makeDirectory(folder)
            try layout.rename(Self.path(id), to: target.largePath)
            do throws(ContentError) {
                try layout.syncDirectory(folder)
                try layout.syncDirectory(Self.folder)
            } catch {
                layout.remove(target.largePath)
                throw error
            }
            state.file = nil
            return SealedContent(place: .file(target, length: state.sealedLength), length: length, key: key)
        }
    }

    /// At most `count` pieces of `ContentStore.sealedChunkLength` from `offset` on, the last of the file shorter; none at
    /// its end.
    func pieces(from offset: Int, count: Int) throws(ContentError) -> [[UInt8]] {
        try state.withLock { (state) throws(ContentError) in
            guard let file = state.file else { throw .spoolClosed }
            var pieces: [[UInt8]] = []
            var start = offset
            while start < state.sealedLength, pieces.count < count {
                let end = min(start + ContentStore.sealedChunkLength, state.sealedLength)
                pieces.append(try file.bytes(end - start, at: Int64(start)))
                start = end
            }
            return pieces
        }
    }

    func discard() {
        state.withLock { state in
            guard state.file != nil else { return }
            layout.remove(Self.path(id))
            state.file = nil
        }
    }

    /// One step of an open spool file; a failed one ends it, because its bytes can no longer be trusted.
    private func change<T: Sendable>(
        _ step: @Sendable (OpenFile, inout State) throws(ContentError) -> T
    ) throws(ContentError) -> T {
        try state.withLock { (state) throws(ContentError) in
            guard let file = state.file else { throw .spoolClosed }
            do throws(ContentError) {
                return try step(file, &state)
            } catch {
                layout.remove(Self.path(id))
                state.file = nil
                throw error
            }
        }
    }

    private static func path(_ id: ContentFileID) -> String { "\(folder)/\(id).part" }

    /// Removes what processes that are gone left in the spool; files that a living process has locked stay.
    static func removeLeftovers(in layout: ContentLayout) throws(ContentError) {
        for name in try layout.names(in: folder) {
            guard let file = try? OpenFile("\(folder)/\(name)", in: layout.root, .existing, layout.operations),
                (try? file.lock()) == true
            else { continue }
            layout.remove("\(folder)/\(name)")
        }
    }
}
