// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Undoes raw deflate (RFC 1951) in pieces. Owns one zlib stream and one buffer.
final class Inflater {
    enum Progress {
        /// All input was used.
        case wantsMore
        /// The compressed data ended; what is left of the input comes after it.
        case ended
        /// Not deflate, or the receiver of the output had enough.
        case failed
    }

    private static let outputSize = 32 * 1024

    /// On the heap: zlib keeps the address of the stream and refuses to work from another.
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer

    /// Nil when there is no memory.
    init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: Self.outputSize, alignment: 16)
        // Negative window bits: no zlib header, as in a ZIP.
        let done = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if done != Z_OK { return nil }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    /// Inflates `input` and leaves in it what was not used.
    ///
    /// - Parameter take: gets each piece of output; answers whether to go on.
    func inflate(_ input: inout UnsafeRawBufferPointer, _ take: (UnsafeRawBufferPointer) -> Bool) -> Progress {
        guard let start = input.baseAddress else { return .wantsMore }
        // zlib reads through this pointer and never writes.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: input.count)
        while true {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(Self.outputSize)
            let result = CZlib.inflate(stream, Z_NO_FLUSH)
            let produced = Self.outputSize - Int(stream.pointee.avail_out)
            if produced > 0, !take(UnsafeRawBufferPointer(rebasing: output[..<produced])) { return .failed }
            let used = input.count - Int(stream.pointee.avail_in)
            switch result {
            case Z_STREAM_END:
                input = UnsafeRawBufferPointer(rebasing: input[used...])
                return .ended
            case Z_OK where stream.pointee.avail_out == 0: continue
            case Z_OK, Z_BUF_ERROR:
                input = UnsafeRawBufferPointer(rebasing: input[used...])
                return .wantsMore
            default: return .failed
            }
        }
    }
}
