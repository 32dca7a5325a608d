// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// The name of one file or one set of chunks of the content store. Time-ordered, never used twice.
public struct ContentFileID: TimeOrderedID {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// One file of the content store: its name and the month under which it lies.
public struct ContentFile: Hashable, Sendable {
    public let id: ContentFileID
    /// `2026-11`: the folder. Made only from a real date, so it can never be another path.
    public let month: String

    public init(id: ContentFileID, on date: CalendarDate) {
        self.id = id
        self.month = String(date.iso8601.prefix(7))
    }

    static let segmentFolder = "segments"
    static let largeFolder = "large"

    /// `segments/2026-11/<id>.seg`, from the content directory.
    var segmentPath: String { "\(Self.segmentFolder)/\(month)/\(id).seg" }
    /// `large/2026-11/<id>.edxml`, from the content directory.
    var largePath: String { "\(Self.largeFolder)/\(month)/\(id).edxml" }
}

/// Where the bytes of one content lie: what the database keeps in the column `place`.
///
/// Lengths are those of the sealed content (`FrameLayout`). Its text form is `seg:2026-11:<uuid>:<offset>:<length>`, `file:2026-11:<uuid>:<length>` or `chunks:<uuid>:<length>`.
/// There is exactly one text for each place, and no text leads outside the content directory: the path is built from a
/// date and a UUID alone.
public enum ContentPlace: Hashable, Sendable, CustomStringConvertible {
    /// A record of an append-only segment. `offset` is that of the record (a multiple of `RecordHeader.alignment`),
    /// `length` that of the payload alone.
    case segment(ContentFile, offset: Int64, length: Int)
    /// A file of its own, `length` bytes long.
    case file(ContentFile, length: Int)
    /// Rows of the table `content_chunk`, `length` bytes in all.
    case chunks(ContentFileID, length: Int)

    /// Longest text form, in bytes.
    public static let maxTextLength = 96
    /// Furthest record of a segment; far beyond `SegmentWriter.maxSegmentLength`, so that sums cannot overflow.
    public static let maxOffset: Int64 = 1 << 40

    /// Longest sealed content, in bytes.
    static let maxLength = FrameLayout.sealedLength(plaintextLength: ContentStore.maxContentLength)

    /// Bytes of the sealed content.
    public var length: Int {
        switch self {
        case .segment(_, _, let length), .file(_, let length), .chunks(_, let length): length
        }
    }

    /// Which way of keeping contents it belongs to.
    public var backend: ContentBackend {
        switch self {
        case .segment, .file: .segments
        case .chunks: .chunks
        }
    }

    /// The text form.
    public var description: String {
        switch self {
        case .segment(let file, let offset, let length): "seg:\(file.month):\(file.id):\(offset):\(length)"
        case .file(let file, let length): "file:\(file.month):\(file.id):\(length)"
        case .chunks(let id, let length): "chunks:\(id):\(length)"
        }
    }

    /// Reads the text form.
    ///
    /// - Throws: `ParsingProblem` for everything that is not exactly the text form of a place.
    public init(parsing text: some StringProtocol) throws(ParsingProblem) {
        let bytes = Array(text.utf8.prefix(Self.maxTextLength + 1))
        guard bytes.count <= Self.maxTextLength else {
            throw Self.problem("is longer than \(Self.maxTextLength) bytes")
        }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        switch (parts.first, parts.count) {
        case ("seg", 5):
            let offset = try Self.number(parts[3], max: Self.maxOffset)
            guard offset % Int64(RecordHeader.alignment) == 0 else { throw Self.problem("has an offset off the grid") }
            self = .segment(try Self.file(parts), offset: offset, length: try Self.length(parts[4]))
        case ("file", 4):
            self = .file(try Self.file(parts), length: try Self.length(parts[3]))
        case ("chunks", 3):
            self = .chunks(try ContentFileID(parsing: parts[1]), length: try Self.length(parts[2]))
        default:
            throw Self.problem("is none of seg:MONTH:UUID:OFFSET:LENGTH, file:MONTH:UUID:LENGTH, chunks:UUID:LENGTH")
        }
        // One text per place: what was lenient above (the UUID's case) is refused here.
        guard Array(description.utf8) == bytes else { throw Self.problem("is not in the canonical form") }
    }

    /// Path from the content directory; of chunks, which have no file, the name for messages.
    var path: String {
        switch self {
        case .segment(let file, _, _): file.segmentPath
        case .file(let file, _): file.largePath
        case .chunks(let id, _): "content_chunk/\(id)"
        }
    }

    private static func problem(_ reason: String) -> ParsingProblem { ParsingProblem("ContentPlace", reason) }

    private static func file(_ parts: [String]) throws(ParsingProblem) -> ContentFile {
        let firstDay = try CalendarDate(iso8601: parts[1] + "-01")
        return ContentFile(id: try ContentFileID(parsing: parts[2]), on: firstDay)
    }

    private static func length(_ digits: String) throws(ParsingProblem) -> Int {
        Int(try number(digits, max: Int64(maxLength)))
    }

    private static func number(_ digits: String, max: Int64) throws(ParsingProblem) -> Int64 {
        guard let value = Int64(digits), (0...max).contains(value) else {
            throw problem("has a number that is not within 0 to \(max)")
        }
        return value
    }
}

extension ContentPlace: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
