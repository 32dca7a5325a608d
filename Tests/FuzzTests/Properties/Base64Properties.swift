// SPDX-License-Identifier: Apache-2.0
import Foundation

@testable import EdXML
@testable import VXPProtocol

/// What must hold for base64 and for what is unpacked from it.
enum Base64Properties {
    static func check(_ input: [UInt8]) throws {
        let whole = decode(Pieces(input, longest: 1 << 30))
        for longest in [3, 700, Base64Decoder.maxInput] {
            try hold(decode(Pieces(input, longest: longest)) == whole, "the decoding depends on how the text came")
        }
        let text = input.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let judged = Data(base64Encoded: Data(text)).map(Array.init)
        if let whole { try hold(judged == whole, "Foundation decodes otherwise, or not at all") }
        try checkEncoding(input)
        try checkWrapped(input)
        try checkEnding(input)
    }

    /// Nil for what is refused.
    private static func decode(_ pieces: Pieces) -> [UInt8]? {
        var decoder = Base64Decoder()
        var decoded: [UInt8] = []
        // Exactly the room that is promised: AddressSanitizer sees what is written beyond.
        let output = UnsafeMutableRawPointer.allocate(byteCount: Base64Decoder.outputCapacity, alignment: 16)
        defer { output.deallocate() }
        for piece in pieces {
            for start in stride(from: piece.startIndex, to: piece.endIndex, by: Base64Decoder.maxInput) {
                let part = Array(piece[start..<min(piece.endIndex, start + Base64Decoder.maxInput)])
                let count = part.withUnsafeBufferPointer { decoder.decode($0, into: output) }
                decoded += UnsafeRawBufferPointer(start: output, count: count)
            }
        }
        return decoder.isComplete ? decoded : nil
    }

    private static func checkEncoding(_ input: [UInt8]) throws {
        var stream = Base64Stream()
        var encoded: [UInt8] = []
        for piece in Pieces(input, longest: 50) { encoded += piece.withUnsafeBytes { stream.encode($0) } }
        encoded += stream.finish()
        try hold(encoded == Array(Data(input).base64EncodedData()), "Foundation encodes otherwise")
        try hold(decode(Pieces(encoded, longest: 900)) == input, "encoded and decoded, the bytes are others")
    }

    /// The input as a ZIP that goes by.
    private static func checkWrapped(_ input: [UInt8]) throws {
        var limits = PackageLimits()
        limits.unpackedRatio = 3
        limits.unpackedBytes = 2 << 20
        limits.unpackedAllowance = 1_000
        limits.unpackedTotalBytes = 1 << 20
        let whole = unpack(Pieces(input, longest: 1 << 30), limits)
        for longest in [2, 5_000] {
            let cut = unpack(Pieces(input, longest: longest), limits)
            try hold(
                cut?.digest == whole?.digest && cut?.bytes == whole?.bytes, "the unpacking depends on how the ZIP came")
        }
        if let whole { try hold(whole.bytes <= max(limits.unpackedBytes, input.count), "unpacked too much") }
    }

    private static func unpack(_ pieces: Pieces, _ limits: PackageLimits) -> WrappedContent.Result? {
        let wrapped = WrappedContent(
            limits: limits, budget: UnpackingBudget(limit: limits.unpackedTotalBytes))
        for piece in pieces { piece.withUnsafeBytes { wrapped.consume($0) } }
        return wrapped.result
    }

    /// The input as a body with or without a CRLF at its end.
    private static func checkEnding(_ input: [UInt8]) throws {
        var ending = PackageEnding()
        var content: [UInt8] = []
        for piece in Pieces(input, longest: 4) {
            let (released, range) = piece.withUnsafeBytes { ending.take($0) }
            content += released + Array(piece)[range]
        }
        try hold(content + ending.held == input, "bytes of a body were lost")
        var whole = PackageEnding()
        _ = input.withUnsafeBytes { whole.take($0) }
        try hold(ending.held == whole.held, "what is held back depends on how the body came")
    }
}
