// SPDX-License-Identifier: Apache-2.0

/// The objects of a PDF by their numbers, as its newest revision has them.
struct PDFObjects {
    /// Most references that follow each other to one object.
    private static let maxHops = 8
    /// Most objects in one stream.
    private static let maxPacked = 65_536

    let source: any PDFSource
    let tables: PDFTables
    /// The stream of objects that was unpacked last; neighbours often lie together.
    private var unpacked: (number: Int, bytes: PDFBytes, places: [Int: Int])?

    init(_ source: any PDFSource) throws(PDFProblem) {
        self.source = source
        tables = try PDFTables(source)
    }

    /// An object that stands in the file by itself; nil for one that is packed, or not there.
    func standing(_ reference: PDFReference) throws(PDFProblem) -> PDFIndirect? {
        guard case .at(let offset) = try tables.place(of: reference.number) else { return nil }
        let found = try PDFIndirect(source, at: offset)
        guard found.reference == reference else { throw .malformed("another object where one should be") }
        return found
    }

    /// The object itself, through any references to it; null where there is none.
    mutating func resolve(_ object: PDFObject?) throws(PDFProblem) -> PDFObject {
        var current = object ?? .null
        for _ in 0..<Self.maxHops {
            guard case .reference(let reference) = current else { return current }
            switch try tables.place(of: reference.number) {
            case .free: return .null
            case .at: current = try standing(reference)?.object ?? .null
            case .packed(let stream, _): current = try packed(reference.number, in: stream)
            }
        }
        throw .loop
    }

    private mutating func packed(_ number: Int, in stream: Int) throws(PDFProblem) -> PDFObject {
        if unpacked?.number != stream { unpacked = try unpack(stream) }
        guard let unpacked, let place = unpacked.places[number] else { return .null }
        var parser = PDFParser(unpacked.bytes, at: place)
        return try parser.object()
    }

    /// §7.5.7. Such a stream stands by itself: one inside another would never end.
    private func unpack(_ number: Int) throws(PDFProblem) -> (number: Int, bytes: PDFBytes, places: [Int: Int]) {
        guard case .at(let offset) = try tables.place(of: number) else { throw .malformed("a stream of objects") }
        let found = try PDFIndirect(source, at: offset)
        guard let dictionary = found.object.dictionary, dictionary["Type"]?.name == "ObjStm", let data = found.data,
            found.reference.number == number, let count = dictionary["N"]?.integer,
            let first = dictionary["First"]?.integer, count >= 0, first >= 0
        else { throw .malformed("a stream of objects") }
        guard count <= Self.maxPacked else { throw .tooMuch("objects of a stream") }
        let bytes = PDFBytes(try PDFStream.unpack(dictionary, from: source, at: data))
        var places: [Int: Int] = [:]
        var parser = PDFParser(bytes, at: 0)
        for _ in 0..<count {
            guard let own = try parser.integer(), let offset = try parser.integer(), offset >= 0,
                offset < bytes.length
            else { throw .malformed("a stream of objects") }
            places[own] = first + offset
        }
        return (number, bytes, places)
    }
}
