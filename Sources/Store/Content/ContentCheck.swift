// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// What a check of the stored contents met.
public enum ContentFinding: Sendable, Equatable {
    /// A package that can no longer be handed out as it was accepted.
    case faulty(PackageID, document: String, ContentFault)
    /// Bytes to which no package points: of a file, by its path from the content directory, or of a set of chunks,
    /// `content_chunk/<id>`. They harm nobody.
    case unreferenced(place: String, bytes: Range<Int64>)
}

/// What is wrong with the content of a package.
public struct ContentFault: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// Other bytes than those that were accepted, or fewer.
        case damaged
        /// Nothing of it is there.
        case missing
        /// The system refuses to read it, or no key opens the content's own; it may be whole.
        case unreadable
    }

    public let kind: Kind
    public let detail: String
}

/// The sums of a check.
public struct ContentCheckSummary: Sendable, Equatable {
    /// Packages checked, and the bytes of those that are whole.
    public fileprivate(set) var packages: Int64 = 0
    public fileprivate(set) var bytes: Int64 = 0
    public fileprivate(set) var faults: [ContentFault.Kind: Int64] = [:]
    /// Packages whose content was destroyed by decision: nothing is left to be checked.
    public fileprivate(set) var destroyed: Int64 = 0
    public fileprivate(set) var unreferencedBytes: Int64 = 0

    public var isWhole: Bool { faults.isEmpty }
}

extension Database {
    /// Reads every byte of every package that is there now and compares length and SHA-256; then looks for what no
    /// package points at.
    ///
    /// Changes nothing and may run beside a daemon; what is coming in meanwhile may be told as unreferenced. Memory
    /// is that of one chunk, one page of rows and the file names of one month. No transaction is held open while files
    /// are read.
    /// - Parameters:
    ///   - contentDirectory: of the hub whose database this is.
    ///   - report: called for each finding, on a thread of the check's own, one after the other; what it throws ends the
    ///     check.
    /// - Throws: `Refusal`: `.storeMissing`, `.storeMismatch`, or what keeps the check from going on.
    public func checkContent(
        in contentDirectory: String, report: @escaping @Sendable (ContentFinding) throws -> Void
    ) async throws -> ContentCheckSummary {
        try StoreIdentity.requireMatch(described: try await contentStore(), directory: contentDirectory)
        let thread = DedicatedThread(name: "content-check", capacity: 1)
        return try await thread.run { [connectionSettings, keys] in
            do {
                let connection = try connectionSettings.connect()
                // Some of the questions go through a whole table.
                try connection.query("SET statement_timeout = 0")
                connection.silenceLimit = nil
                var check = ContentCheck(
                    connection: connection, keys: keys,
                    layout: ContentLayout(root: contentDirectory, operations: .system), report: report)
                return try check.run()
            } catch let error as PostgresError {
                throw error.refusal
            } catch let error as ContentError {
                throw error.refusal
            }
        }
    }
}

/// One run of the check. Blocks.
struct ContentCheck {
    /// Rows asked for at a time.
    static let pageLength: Int32 = 500

    /// Comes before every id.
    static let leastID = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    let connection: PostgresConnection
    let keys: KeyRing
    let layout: ContentLayout
    let pageLength: Int32
    private let files: FileCache
    private let report: (ContentFinding) throws -> Void
    private var summary = ContentCheckSummary()

    init(
        connection: PostgresConnection, keys: KeyRing, layout: ContentLayout,
        pageLength: Int32 = ContentCheck.pageLength, report: @escaping (ContentFinding) throws -> Void
    ) {
        self.connection = connection
        self.keys = keys
        self.layout = layout
        self.pageLength = pageLength
        self.report = report
        files = FileCache(layout)
    }

    mutating func run() throws -> ContentCheckSummary {
        try checkPackages()
        try findUnreferenced()
        return summary
    }

    mutating func foundUnreferenced(_ bytes: Range<Int64>, of place: String) throws {
        guard !bytes.isEmpty else { return }
        summary.unreferencedBytes += Int64(bytes.count)
        try report(.unreferenced(place: place, bytes: bytes))
    }

    private mutating func checkPackages() throws {
        // Those that come in while we read are the next check's: a busy hub must not keep this one going for ever.
        guard let last = try connection.query(CheckStatements.lastPackage).first?.decode("id", as: UUID.self) else {
            return
        }
        var after = Self.leastID
        while true {
            let page = try connection.query(
                CheckStatements.packages, [.uuid(after), .uuid(last), .int4(pageLength)])
            guard let end = page.last else { return }
            for row in page { try check(row) }
            after = try end.decode("id", as: UUID.self)
        }
    }

    private mutating func check(_ row: PostgresRow) throws {
        summary.packages += 1
        do throws(ContentError) {
            if let length = try verifiedLength(row) { summary.bytes += length } else { summary.destroyed += 1 }
        } catch {
            let kind: ContentFault.Kind =
                switch error {
                case .damaged: .damaged
                case .missing: .missing
                case .unavailable: .unreadable
                // Neither of the package's doing nor of its disk's: the check cannot go on.
                case .full, .tooLarge, .spoolClosed, .overloaded, .stopped, .database: throw error
                }
            summary.faults[kind, default: 0] += 1
            try report(
                .faulty(
                    PackageID(uuid: try row.decode("id", as: UUID.self)),
                    document: try row.decode("document_id", as: String.self),
                    ContentFault(kind: kind, detail: error.description)))
        }
    }

    /// Bytes of a package that is whole; nil when its content was destroyed.
    private func verifiedLength(_ row: PostgresRow) throws(ContentError) -> Int64? {
        let content: StoredContent
        do {
            guard let text = try row.decodeIfPresent("place", as: String.self) else {
                throw ContentError.missing("there is no row of the table content")
            }
            let package = PackageID(uuid: try row.decode("id", as: UUID.self))
            guard let stored = try StoredContent(of: package, row: row, keys) else { return nil }
            guard try row.decode("accepted", as: [UInt8].self) == stored.sha256.bytes,
                try row.decode("backend", as: String.self) == stored.place.backend.rawValue
            else { throw ContentError.damaged("the rows of package and content do not fit: \(text)") }
            content = stored
        } catch let error as ContentError {
            throw error
        } catch let refusal as Refusal {
            // The content may be whole: its key is damaged, or lacks. With the key file itself all have the same fault.
            if refusal.code == .secretUnreadable { throw .unavailable(refusal.description) }
            throw .database(refusal)
        } catch {
            throw .damaged("a stored value cannot be read: \(error)")
        }
        let cursor = ContentCursor(content)
        let source: any ContentSource =
            switch content.place.backend {
            case .segments: FileSource(files: files)
            case .chunks: ChunkSource(connection: connection)
            }
        while try cursor.step(source) != nil {}
        return Int64(content.length)
    }
}

enum CheckStatements {
    static let lastPackage = "SELECT id FROM package ORDER BY id DESC LIMIT 1"

    static let packages = """
        SELECT package.id, package.document_id, package.sha256 AS accepted, content.backend, content.place,
            content.length, content.sha256, content.wrapped_key
        FROM package LEFT JOIN content ON content.package_id = package.id
        WHERE package.id > $1 AND package.id <= $2 ORDER BY package.id LIMIT $3
        """

    /// Where in the files of a month packages lie, by file and then by offset. What is not written as a place must be
    /// was found already, with its package.
    static let segmentReferences = """
        DECLARE reference NO SCROLL CURSOR FOR
        SELECT split_part(place, ':', 3) COLLATE "C" AS file, split_part(place, ':', 4)::bigint AS start,
            split_part(place, ':', 5)::bigint AS length
        FROM content WHERE place LIKE $1 AND place ~ '^seg:[0-9-]{7}:[0-9a-f-]{36}:[0-9]{1,13}:[0-9]{1,10}$'
        ORDER BY file, start
        """

    static let fileReferences = """
        DECLARE reference NO SCROLL CURSOR FOR
        SELECT split_part(place, ':', 3) COLLATE "C" AS file, 0::bigint AS start,
            split_part(place, ':', 4)::bigint AS length
        FROM content WHERE place LIKE $1 AND place ~ '^file:[0-9-]{7}:[0-9a-f-]{36}:[0-9]{1,10}$'
        ORDER BY file
        """

    static let nextReferences = "FETCH 1000 FROM reference"

    static let unreferencedChunks = """
        SELECT content_id, sum(octet_length(bytes))::bigint AS bytes FROM content_chunk
        WHERE content_id > $1 AND NOT EXISTS (
            SELECT FROM content WHERE backend = 'chunks' AND split_part(place, ':', 2)::uuid = content_chunk.content_id)
        GROUP BY content_id ORDER BY content_id LIMIT $2
        """
}
