// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// The bytes of all packages, in files under one directory of its own, or as rows of `content_chunk`:
///
///     store-id                          which store this is
///     segments/2026-11/<uuidv7>.seg     many contents each, appended
///     large/2026-11/<uuidv7>.edxml      one content each
///     spool/                            contents that are still coming in
///
/// Every content is encrypted with a key of its own (`FrameLayout`). Who has the files or the rows alone learns its length
/// and, of a segment, its SHA-256.
///
/// Nothing here says which contents exist: the database does, by `ContentPlace`, length, digest and key. What no row points
/// at (the torn tail of a segment, a file whose transaction failed) is harmless. Bytes once written are never changed.
///
/// Blocking work of the asynchronous methods runs on a few threads of the store's, never on the cooperative pool.
public final class ContentStore: Sendable {
    /// Longest content of a segment, in bytes; a longer one keeps its own file.
    public static let maxSegmentedLength = 1 << 20
    /// Longest content at all, in bytes. The limits for packages are policy and far lower.
    public static let maxContentLength = 1 << 31
    /// Bytes of one chunk of `read`; the last may be shorter.
    public static let chunkLength = framesPerChunk * FrameLayout.plaintextByteCount
    /// Frames that are read in one step, and that one row of `content_chunk` holds.
    static let framesPerChunk = 4
    /// Bytes of such a row; the last of a content may be shorter.
    static let sealedChunkLength = framesPerChunk * FrameLayout.sealedByteCount
    /// Threads that read.
    public static let readThreadCount = 4
    /// Threads that write spool files and probe; apart, so that the sync of a large file holds up no reader.
    public static let spoolThreadCount = 2

    /// Which store this is, for ever. The database records it; a caller that finds another there must not go on.
    public let storeID: UUID

    /// How new contents are kept. Both ways are read.
    public let backend: ContentBackend

    private let layout: ContentLayout
    private let files: FileCache
    private let reading: ContentAccess
    private let spoolThreads = ThreadSet("content-spool", count: ContentStore.spoolThreadCount)

    private init(storeID: UUID, layout: ContentLayout, backend: ContentBackend, database: Database?) {
        self.storeID = storeID
        self.layout = layout
        self.backend = backend
        files = FileCache(layout)
        reading = ContentAccess(
            files: files, threads: ThreadSet("content-read", count: Self.readThreadCount), database: database)
    }

    /// Opens the store in `directory`, makes what is missing (0700), removes leftovers from the spool, and tries
    /// whether it can be written. Blocks: for the start of the process.
    ///
    /// - Parameters:
    ///   - directory: the content directory itself. Its parent must exist.
    ///   - backend: how new contents are kept.
    ///   - database: where chunks lie.
    /// - Throws: `.dataDirectoryUnusable`, or `.storageFull`.
    public static func open(
        directory: String, backend: ContentBackend, database: Database
    ) throws(Refusal) -> ContentStore {
        try open(directory: directory, operations: .system, backend: backend, database: database)
    }

    /// Without a database it knows no chunks.
    static func open(
        directory: String, operations: FileOperations = .system, backend: ContentBackend = .segments,
        database: Database? = nil
    ) throws(Refusal) -> ContentStore {
        let layout = ContentLayout(root: directory, operations: operations)
        do throws(ContentError) {
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw ContentError(errno: errno, "make directory", directory)
            }
            // The store's own name too: what lies in it is worth as much as the way to it.
            try layout.syncDirectory("..")
            for name in [ContentFile.segmentFolder, ContentFile.largeFolder, BlockingSpool.folder] {
                try layout.makeDirectory(name)
            }
            try BlockingSpool.removeLeftovers(in: layout)
            try layout.probe()
            return ContentStore(
                storeID: try StoreIdentity.findOrMake(in: layout), layout: layout, backend: backend, database: database)
        } catch {
            if case .full(let detail) = error { throw Refusal(.storageFull, detail) }
            throw Refusal(.dataDirectoryUnusable, "\(directory): \(error)")
        }
    }

    /// A writer of new contents, with a segment of its own from its first `append` on. Its calls block.
    public func makeSegmentWriter() -> SegmentWriter { SegmentWriter(layout: layout) }

    /// A file for a content that is longer than `maxSegmentedLength` while it comes in.
    ///
    /// - Throws: `.full`, `.unavailable`, `.overloaded`, `.stopped`.
    public func makeSpool() async throws(ContentError) -> SpoolFile {
        try await SpoolFile.create(
            in: layout, on: spoolThreads.next(), movingTo: backend == .chunks ? reading.database : nil)
    }

    /// The content in chunks of at most `chunkLength`, each read when it is asked for.
    ///
    /// The sequence throws `ContentError`: `.missing` at once, `.damaged` at the latest instead of the last chunk, so
    /// that whoever has seen the normal end has seen exactly the bytes that were stored. It throws `CancellationError`
    /// when its task is cancelled.
    ///
    /// - Parameter range: only these of its bytes, and only their frames are read; what lies beyond the content's end is
    ///   left out.
    public func read(
        _ content: StoredContent, range: Range<Int>? = nil
    ) -> some AsyncSequence<[UInt8], any Error> & Sendable {
        ContentChunks(content: content, range: range, access: reading)
    }

    /// Frees the place of a content to which certainly nothing points: chunks and a file of its own go, a record of a
    /// segment stays. May be called again; what cannot be removed is garbage and harms nobody.
    public func remove(_ place: ContentPlace) async {
        switch place {
        case .segment: return
        case .file:
            try? await spoolThreads.next().run { [layout, files] in
                layout.remove(place.path)
                files.forget(place.path)
            }
        case .chunks(let id, _): try? await reading.database?.discardChunks(of: id)
        }
    }

    /// Really writes, syncs, reads back and removes a small file.
    ///
    /// - Throws: why contents cannot be stored now.
    public func probe() async throws(ContentError) {
        try await spoolThreads.next().content { [layout] () throws(ContentError) in try layout.probe() }
    }

    /// Bytes that the hub may still write to the file system of the store.
    public func freeBytes() async throws(ContentError) -> Int64 {
        try await spoolThreads.next().content { [layout] () throws(ContentError) in try layout.freeBytes() }
    }
}
