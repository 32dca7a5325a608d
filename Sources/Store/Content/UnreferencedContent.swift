// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension ContentCheck {
    /// Looks for bytes to which no package points: ranges of segments, whole files, sets of chunks, and what a process
    /// that is gone left in the spool.
    mutating func findUnreferenced() throws {
        for kind in [ContentKind.segment, .large] {
            for month in try layout.names(in: kind.folder) { try findUnreferenced(kind, month) }
        }
        try findUnreferencedChunks()
        try findLeftovers()
    }

    private mutating func findUnreferenced(_ kind: ContentKind, _ month: String) throws {
        let folder = "\(kind.folder)/\(month)"
        guard let own = try layout.status(folder) else { return }
        guard own.isDirectory else { return try foundUnreferenced(0..<own.length, of: folder) }
        // Looked at before the rows: what is accepted in between is taken for referenced and not for garbage.
        var files: [(name: String, length: Int64)] = []
        for name in try layout.names(in: folder) {
            guard let status = try layout.status("\(folder)/\(name)") else { continue }
            files.append((name, status.length))
        }
        try connection.transaction(isolation: .repeatableRead) {
            try connection.query(kind.references, [.text("\(kind.scheme):\(month):%")])
            var references = ReferenceCursor(connection)
            for (name, length) in files {
                var end: Int64 = 0
                if name.hasSuffix(kind.suffix) {
                    try references.skip(before: String(name.dropLast(kind.suffix.count)))
                    while let taken = try references.next(in: String(name.dropLast(kind.suffix.count))) {
                        // What is cut short was found with its package.
                        try foundUnreferenced(end..<min(max(taken.start, end), length), of: "\(folder)/\(name)")
                        end = max(end, kind.end(of: taken))
                    }
                }
                try foundUnreferenced(min(end, length)..<length, of: "\(folder)/\(name)")
            }
            try connection.query("CLOSE reference")
        }
    }

    private mutating func findUnreferencedChunks() throws {
        var after = Self.leastID
        while true {
            let page = try connection.query(
                CheckStatements.unreferencedChunks, [.uuid(after), .int4(pageLength)])
            guard let end = page.last else { return }
            for row in page {
                let id = ContentFileID(uuid: try row.decode("content_id", as: UUID.self))
                try foundUnreferenced(
                    0..<row.decode("bytes", as: Int64.self), of: ContentPlace.chunks(id, length: 0).path)
            }
            after = try end.decode("content_id", as: UUID.self)
        }
    }

    private mutating func findLeftovers() throws {
        for name in try layout.names(in: BlockingSpool.folder) {
            let path = "\(BlockingSpool.folder)/\(name)"
            // Held for a moment: a hub that makes this very file then takes another name.
            guard let file = try? OpenFile(path, in: layout.root, .existing, layout.operations),
                (try? file.lock()) == true, let status = try? file.status(), status.names > 0
            else { continue }
            try foundUnreferenced(0..<status.length, of: path)
        }
    }
}

/// The two kinds of files that hold contents.
private enum ContentKind {
    case segment, large

    var folder: String { self == .segment ? ContentFile.segmentFolder : ContentFile.largeFolder }
    /// How a place of the kind begins.
    var scheme: String { self == .segment ? "seg" : "file" }
    var suffix: String { self == .segment ? ".seg" : ".edxml" }
    var references: String {
        self == .segment ? CheckStatements.segmentReferences : CheckStatements.fileReferences
    }

    /// Where what belongs to a content ends in its file.
    func end(of reference: ReferenceCursor.Reference) -> Int64 {
        switch self {
        case .segment: reference.start + Int64(RecordHeader.recordLength(payload: Int(reference.length)))
        case .large: reference.start + reference.length
        }
    }
}

/// Reads the open cursor `reference`, page by page.
private struct ReferenceCursor {
    struct Reference {
        let file: String
        let start: Int64
        let length: Int64
    }

    private let connection: PostgresConnection
    private var page: [Reference] = []
    private var position = 0
    private var isAtEnd = false

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// Passes over references into files that are not there.
    mutating func skip(before file: String) throws {
        while let next = try peek(), next.file.utf8.lexicographicallyPrecedes(file.utf8) { position += 1 }
    }

    /// The next reference into the file; nil when there is none left.
    mutating func next(in file: String) throws -> Reference? {
        guard let next = try peek(), next.file == file else { return nil }
        position += 1
        return next
    }

    private mutating func peek() throws -> Reference? {
        if position == page.count, !isAtEnd {
            page = try connection.query(CheckStatements.nextReferences).map { row in
                Reference(
                    file: try row.decode("file", as: String.self), start: try row.decode("start", as: Int64.self),
                    length: try row.decode("length", as: Int64.self))
            }
            position = 0
            isAtEnd = page.isEmpty
        }
        return position < page.count ? page[position] : nil
    }
}
