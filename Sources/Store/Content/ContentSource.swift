// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// One way of keeping contents, as a reader sees it. Calls block and check nothing but what they must to find the bytes:
/// whether those are the right ones is for `ContentCursor` to find out.
protocol ContentSource {
    /// Compares what surrounds a payload with what must stand there.
    ///
    /// - Throws: `.damaged`, `.missing`, or why it could not be looked at.
    func checkRecord(at place: ContentPlace, digest: SHA256Digest) throws(ContentError)

    /// Exactly these bytes of the payload, which is sealed.
    ///
    /// - Throws: `.damaged` when some are missing, `.missing` when nothing is there, or why they could not be read.
    func bytes(_ range: Range<Int>, of place: ContentPlace) throws(ContentError) -> [UInt8]
}

/// Segments and files of their own.
struct FileSource: ContentSource {
    let files: FileCache

    func checkRecord(at place: ContentPlace, digest: SHA256Digest) throws(ContentError) {
        let file = try files.file(place.path)
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
        case .chunks: throw .damaged("\(place) is not a file")
        }
    }

    func bytes(_ range: Range<Int>, of place: ContentPlace) throws(ContentError) -> [UInt8] {
        // Looked up for each step, so that a slow consumer holds no file open.
        let file = try files.file(place.path)
        var start = Int64(range.lowerBound)
        if case .segment(_, let offset, _) = place { start += offset + Int64(RecordHeader.byteCount) }
        return try file.bytes(range.count, at: start)
    }
}

/// Rows of `content_chunk`.
struct ChunkSource: ContentSource {
    let connection: PostgresConnection

    func checkRecord(at place: ContentPlace, digest: SHA256Digest) throws(ContentError) {}

    func bytes(_ range: Range<Int>, of place: ContentPlace) throws(ContentError) -> [UInt8] {
        guard case .chunks(let id, _) = place else { throw .damaged("\(place) is not in the database") }
        guard !range.isEmpty else { return [] }
        let length = ContentStore.sealedChunkLength
        let positions = range.lowerBound / length...(range.upperBound - 1) / length
        var bytes: [UInt8] = []
        do throws(PostgresError) {
            let rows = try connection.query(
                ChunkRows.select,
                [.uuid(id.uuid), .int4(Int32(positions.lowerBound)), .int4(Int32(positions.upperBound))])
            for row in rows { bytes += try row.decode("bytes", as: [UInt8].self) }
        } catch {
            throw .database(error.refusal)
        }
        guard range.lowerBound > 0 || !bytes.isEmpty else { throw .missing("\(place) is missing") }
        let start = positions.lowerBound * length
        let wanted = range.lowerBound - start..<range.upperBound - start
        // A missing or shortened chunk moves all that follow: the length shows it here, or else the digest does.
        guard bytes.count >= wanted.upperBound else {
            throw .damaged("\(place) lacks bytes before \(range.upperBound)")
        }
        return wanted == 0..<bytes.count ? bytes : Array(bytes[wanted])
    }
}

/// The table `content_chunk`.
enum ChunkRows {
    /// Chunks of a long content that one transaction writes: what a sealing spool file holds in memory.
    static let rowsPerTransaction = 4

    static let insert = BulkInsert(
        into: "content_chunk", [("content_id", .uuid), ("position", .int4), ("bytes", .bytea)])

    static let select = """
        SELECT bytes FROM content_chunk WHERE content_id = $1 AND position BETWEEN $2 AND $3 ORDER BY position
        """

    /// - Parameter first: position of the first piece.
    static func rows(_ pieces: [[UInt8]], of id: ContentFileID, from first: Int) -> [[PostgresValue]] {
        pieces.enumerated().map { [.uuid(id.uuid), .int4(Int32(first + $0.offset)), .bytea($0.element)] }
    }
}

extension Database {
    /// Makes pieces of a content durable, in a transaction of their own. Nothing points at them yet.
    func addChunks(_ pieces: [[UInt8]], of id: ContentFileID, from first: Int) async throws(ContentError) {
        do {
            try await run { connection in
                let (sql, parameters) = ChunkRows.insert.statement(ChunkRows.rows(pieces, of: id, from: first))
                _ = try connection.query(sql, parameters)
            }
        } catch {
            throw ContentError(database: error)
        }
    }

    /// Removes the chunks of a content unless a row points at them.
    func discardChunks(of id: ContentFileID) async throws(ContentError) {
        do {
            try await run { connection in
                _ = try connection.query("SELECT discard_content_chunks($1)", [.uuid(id.uuid)])
            }
        } catch {
            throw ContentError(database: error)
        }
    }
}

extension ContentError {
    /// What came out of a call that went to the database.
    init(database error: any Error) {
        switch error {
        case let error as ContentError: self = error
        case let refusal as Refusal: self = .database(refusal)
        // The task of whoever asked was cancelled while it waited for a connection.
        default: self = .stopped
        }
    }
}

/// Brings reading work to where a content lies: a thread for files, a connection of the pool for chunks.
struct ContentAccess: Sendable {
    let files: FileCache
    let threads: ThreadSet
    /// Nil where no content is kept in chunks.
    let database: Database?

    /// Runs a short piece of blocking work; never a whole content, so that a slow consumer holds neither thread nor
    /// connection.
    func read<T: Sendable>(
        _ place: ContentPlace, _ body: @escaping @Sendable (any ContentSource) throws(ContentError) -> T
    ) async throws(ContentError) -> T {
        switch place.backend {
        case .segments:
            return try await threads.next().content { [files] () throws(ContentError) in
                try body(FileSource(files: files))
            }
        case .chunks:
            guard let database else { throw .unavailable("\(place): there is no database to read it from") }
            do {
                return try await database.run { try body(ChunkSource(connection: $0)) }
            } catch {
                throw ContentError(database: error)
            }
        }
    }
}
