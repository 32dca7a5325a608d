// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Unpacks the streams in which a PDF keeps tables and objects: zlib, with or without a PNG predictor (ISO 32000-2 §7.4.4).
enum PDFStream {
    /// Most bytes of one, unpacked.
    static let maxBytes = 16 << 20
    private static let pieceSize = 64 << 10

    /// - Parameters:
    ///   - dictionary: of the stream, without references in what says how it is packed.
    ///   - offset: of its first byte.
    static func unpack(
        _ dictionary: PDFDictionary, from source: any PDFSource, at offset: Int
    ) throws(PDFProblem) -> [UInt8] {
        var filters: [String] = []
        for item in dictionary["Filter"]?.array ?? dictionary["Filter"].map({ [$0] }) ?? [] {
            guard let name = item.name else { throw .malformed("a filter") }
            filters.append(name)
        }
        if filters.isEmpty {
            guard let length = dictionary["Length"]?.integer, length >= 0 else { throw .malformed("a stream's length") }
            guard length <= maxBytes else { throw .tooMuch("a stream") }
            return try source.read(at: offset, count: length)
        }
        guard filters == ["FlateDecode"] else { throw .filterUnknown(filters.joined(separator: " ")) }
        let parameters = dictionary["DecodeParms"]
        let bytes = try inflate(source, offset)
        return try undoPredictor(bytes, parameters?.dictionary ?? parameters?.array?.first?.dictionary)
    }

    private static func inflate(_ source: any PDFSource, _ offset: Int) throws(PDFProblem) -> [UInt8] {
        // On the heap: zlib keeps the address of the stream and refuses to work from another.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .unreadable }
        defer { inflateEnd(stream) }
        var (output, place) = ([UInt8](), offset)
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            var input = try source.read(at: place, count: pieceSize)
            guard !input.isEmpty else { throw .malformed("the file ends inside a stream") }
            place += input.count
            var isEnd = false
            let problem: PDFProblem? = input.withUnsafeMutableBufferPointer { buffer in
                stream.pointee.next_in = buffer.baseAddress
                stream.pointee.avail_in = UInt32(buffer.count)
                while true {
                    var (result, produced): (Int32, Int) = (Z_OK, 0)
                    piece.withUnsafeMutableBufferPointer { room in
                        stream.pointee.next_out = room.baseAddress
                        stream.pointee.avail_out = UInt32(room.count)
                        result = CZlib.inflate(stream, Z_NO_FLUSH)
                        produced = room.count - Int(stream.pointee.avail_out)
                    }
                    guard output.count + produced <= maxBytes else { return .tooMuch("a stream") }
                    output += piece[..<produced]
                    switch result {
                    case Z_STREAM_END:
                        isEnd = true
                        return nil
                    case Z_OK where stream.pointee.avail_out == 0: continue
                    case Z_OK, Z_BUF_ERROR: return nil
                    default: return .malformed("a packed stream")
                    }
                }
            }
            if let problem { throw problem }
            if isEnd { return output }
        }
    }

    private static func undoPredictor(
        _ bytes: [UInt8], _ parameters: PDFDictionary?
    ) throws(PDFProblem) -> [UInt8] {
        let predictor = parameters?["Predictor"]?.integer ?? 1
        if predictor == 1 { return bytes }
        let columns = parameters?["Columns"]?.integer ?? 1
        let isPlain = (parameters?["Colors"]?.integer ?? 1) == 1 && (parameters?["BitsPerComponent"]?.integer ?? 8) == 8
        guard (10...15).contains(predictor), isPlain, (1...4_096).contains(columns) else {
            throw .filterUnknown("predictor \(predictor)")
        }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var above = [UInt8](repeating: 0, count: columns)
        for start in stride(from: 0, to: bytes.count, by: columns + 1) {
            var row = Array(bytes[(start + 1)..<min(start + 1 + columns, bytes.count)])
            guard row.count == columns else { throw .malformed("a packed table") }
            for index in 0..<columns {
                let left = index > 0 ? row[index - 1] : 0
                let corner = index > 0 ? above[index - 1] : 0
                let guess: UInt8
                switch bytes[start] {
                case 0: guess = 0
                case 1: guess = left
                case 2: guess = above[index]
                case 3: guess = UInt8((Int(left) + Int(above[index])) / 2)
                case 4: guess = paeth(left, above[index], corner)
                default: throw .malformed("a packed table")
                }
                row[index] = row[index] &+ guess
            }
            output += row
            above = row
        }
        return output
    }

    /// Of left, above and corner the nearest to left + above − corner (PNG §9.4).
    private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
        let estimate = Int(left) + Int(above) - Int(corner)
        let distances = [left, above, corner].map { abs(estimate - Int($0)) }
        if distances[0] <= distances[1], distances[0] <= distances[2] { return left }
        return distances[1] <= distances[2] ? above : corner
    }
}
