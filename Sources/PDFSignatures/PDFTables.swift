// SPDX-License-Identifier: Apache-2.0

/// The tables of a PDF that say where its objects are (ISO 32000-2 §7.5.4, §7.5.8), newest first.
///
/// Entries are looked up in the file and not kept; tables that are packed are kept unpacked, up to a bound.
struct PDFTables {
    /// Most tables: each revision of a file adds one.
    static let maxTables = 512
    /// Most parts of all tables together.
    static let maxParts = 65_536
    /// Most bytes of unpacked tables: those of two million objects.
    static let maxUnpacked = 16 << 20
    /// How far from the end it may say where the last table is.
    static let tailLength = 2_048

    enum Place: Equatable {
        case at(offset: Int)
        /// Inside a stream of objects.
        case packed(stream: Int, index: Int)
        case free
    }

    struct Table {
        let offset: Int
        let dictionary: PDFDictionary
        /// Whether it only adds to another for readers that know packed tables.
        let isSupplement: Bool
        fileprivate let parts: [Part]
    }

    fileprivate struct Part {
        let first: Int
        let count: Int
        let entries: Entries
    }

    fileprivate enum Entries {
        /// - stride: bytes of an entry; 20, or 19 where a writer was careless.
        case text(offset: Int, stride: Int)
        case packed(bytes: ArraySlice<UInt8>, widths: [Int])
    }

    let tables: [Table]
    private let source: any PDFSource

    init(_ source: any PDFSource) throws(PDFProblem) {
        self.source = source
        var tables: [Table] = []
        var seen: Set<Int> = []
        var budget = Budget()
        var next: Int? = try Self.start(source)
        while let offset = next {
            guard seen.insert(offset).inserted else { throw .loop }
            guard tables.count < Self.maxTables else { throw .tooMuch("tables of objects") }
            let table = try Self.table(source, at: offset, isSupplement: false, &budget)
            // A table for older readers hides what the packed one beside it has.
            if let beside = table.dictionary["XRefStm"]?.integer {
                guard seen.insert(beside).inserted else { throw .loop }
                tables.append(try Self.table(source, at: beside, isSupplement: true, &budget))
            }
            tables.append(table)
            let before = table.dictionary["Prev"]
            next = before?.integer
            guard before == nil || next != nil else { throw .malformed("Prev") }
        }
        self.tables = tables
    }

    /// The value of a key in the newest table that has it.
    func trailer(_ key: String) -> PDFObject? {
        for table in tables {
            if let value = table.dictionary[key] { return value }
        }
        return nil
    }

    /// How often the file was saved, as far as it tells; a file for the web has two tables for its first time.
    var revisionStarts: [Int] {
        let main = tables.filter { !$0.isSupplement }
        var starts: [Int] = []
        for (index, table) in main.enumerated() {
            // Newer tables stand behind older ones, but for the first of a file for the web.
            if index > 0, table.offset > main[index - 1].offset, index == main.count - 1 { continue }
            starts.append(table.offset)
        }
        return starts.reversed()
    }

    // MARK: Looking up

    func place(of number: Int) throws(PDFProblem) -> Place {
        for table in tables {
            for part in table.parts where number >= part.first && number - part.first < part.count {
                return try place(number - part.first, in: part.entries)
            }
        }
        return .free
    }

    private func place(_ index: Int, in entries: Entries) throws(PDFProblem) -> Place {
        switch entries {
        case .text(let offset, let stride):
            let line = try source.read(at: offset + index * stride, count: 18)
            let digits = line.prefix(10)
            guard line.count == 18, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .malformed("an entry of a table")
            }
            if line[17] == UInt8(ascii: "f") { return .free }
            guard line[17] == UInt8(ascii: "n") else { throw .malformed("an entry of a table") }
            return .at(offset: digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        case .packed(let bytes, let widths):
            let width = widths.reduce(0, +)
            var place = bytes.startIndex + index * width
            var fields: [Int] = []
            for width in widths {
                fields.append(bytes[place..<place + width].reduce(0) { $0 << 8 | Int($1) })
                place += width
            }
            switch widths[0] == 0 ? 1 : fields[0] {
            case 0: return .free
            case 1: return .at(offset: fields[1])
            case 2: return .packed(stream: fields[1], index: fields[2])
            default: return .free
            }
        }
    }

    // MARK: Reading

    private struct Budget {
        var parts = PDFTables.maxParts
        var unpacked = PDFTables.maxUnpacked
    }

    /// Where the last table is.
    private static func start(_ source: any PDFSource) throws(PDFProblem) -> Int {
        let from = max(0, source.length - tailLength)
        let tail = try source.read(at: from, count: tailLength)
        let word = Array("startxref".utf8)
        var place: Int?
        for index in stride(from: tail.count - word.count, through: 0, by: -1)
        where tail[index] == word[0] && tail[index...].starts(with: word) {
            place = index
            break
        }
        guard let place else { throw .noStart }
        var parser = PDFParser(source, at: from + place + word.count)
        guard let offset = try parser.integer(), offset > 0, offset < source.length else { throw .noStart }
        return offset
    }

    private static func table(
        _ source: any PDFSource, at offset: Int, isSupplement: Bool, _ budget: inout Budget
    ) throws(PDFProblem) -> Table {
        guard offset > 0, offset < source.length else { throw .malformed("the place of a table") }
        var parser = PDFParser(source, at: offset)
        try parser.skipSpace()
        guard try parser.take("xref") else { return try packedTable(source, offset, isSupplement, &budget) }
        var parts: [Part] = []
        while let first = try parser.integer() {
            guard let count = try parser.integer(), first >= 0, count >= 0, count <= source.length / 18 else {
                throw .malformed("a table of objects")
            }
            budget.parts -= 1
            guard budget.parts >= 0 else { throw .tooMuch("parts of tables") }
            try parser.skipSpace()
            let start = parser.position
            guard count > 0 else { continue }
            let line = try source.read(at: start, count: 20)
            guard line.count == 20 else { throw .malformed("a table of objects") }
            let stride = line[18...].allSatisfy(PDFParser.isSpace) ? 20 : 19
            parts.append(Part(first: first, count: count, entries: .text(offset: start, stride: stride)))
            parser = PDFParser(source, at: start + count * stride)
        }
        guard try parser.keyword() == "trailer", let dictionary = try parser.object().dictionary else {
            throw .malformed("a trailer")
        }
        return Table(offset: offset, dictionary: dictionary, isSupplement: isSupplement, parts: parts)
    }

    private static func packedTable(
        _ source: any PDFSource, _ offset: Int, _ isSupplement: Bool, _ budget: inout Budget
    ) throws(PDFProblem) -> Table {
        let found = try PDFIndirect(source, at: offset)
        guard let dictionary = found.object.dictionary, dictionary["Type"]?.name == "XRef", let data = found.data else {
            throw .malformed("a table of objects")
        }
        let widths = (dictionary["W"]?.array ?? []).compactMap(\.integer)
        guard widths.count == 3, widths.allSatisfy({ (0...8).contains($0) }), widths.reduce(0, +) > 0 else {
            throw .malformed("the widths of a table")
        }
        let bytes = try PDFStream.unpack(dictionary, from: source, at: data)
        budget.unpacked -= bytes.count
        guard budget.unpacked >= 0 else { throw .tooMuch("unpacked tables") }
        let size = dictionary["Size"]?.integer ?? 0
        let index = (dictionary["Index"]?.array ?? [.integer(0), .integer(size)]).compactMap(\.integer)
        let width = widths.reduce(0, +)
        var (parts, place) = ([Part](), 0)
        for pair in stride(from: 0, to: index.count - 1, by: 2) {
            let (first, count) = (index[pair], index[pair + 1])
            guard first >= 0, count >= 0, count <= (bytes.count - place) / width else {
                throw .malformed("the index of a table")
            }
            budget.parts -= 1
            guard budget.parts >= 0 else { throw .tooMuch("parts of tables") }
            let slice = bytes[place..<place + count * width]
            parts.append(Part(first: first, count: count, entries: .packed(bytes: slice, widths: widths)))
            place += count * width
        }
        return Table(offset: offset, dictionary: dictionary, isSupplement: isSupplement, parts: parts)
    }
}

/// An object with its number, as it stands in the file.
struct PDFIndirect {
    let reference: PDFReference
    let object: PDFObject
    /// Where the bytes of its stream begin; nil where it is none.
    let data: Int?

    init(_ source: any PDFSource, at offset: Int) throws(PDFProblem) {
        guard offset > 0, offset < source.length else { throw .malformed("the place of an object") }
        var parser = PDFParser(source, at: offset)
        guard let number = try parser.integer(), let generation = try parser.integer(),
            try parser.keyword() == "obj"
        else { throw .malformed("no object where one should be") }
        reference = PDFReference(number: number, generation: generation)
        object = try parser.object()
        try parser.skipSpace()
        guard object.dictionary != nil, try parser.take("stream") else {
            data = nil
            return
        }
        if try parser.peek() == 0x0D { _ = try parser.next() }
        guard try parser.next() == 0x0A else { throw .malformed("a stream's beginning") }
        data = parser.position
    }
}
