// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Whether a PDF holds a signature, found while its bytes go by: the key `/ByteRange`, which only signatures have and which
/// stands in plain bytes, because it counts them (ISO 32000-1 §12.8.1). Nothing is verified.
struct PDFSignatureSearch {
    private static let start = Array("%PDF-".utf8)
    private static let mark = Array("/ByteRange".utf8)

    private(set) var isFound = false
    private var isOther = false
    /// The first bytes, until they are known to be a PDF's.
    private var head: [UInt8] = []
    /// The last bytes of what went by, fewer than the mark has.
    private var tail: [UInt8] = []

    mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        guard !isFound, !isOther, !bytes.isEmpty else { return }
        if head.count < Self.start.count {
            head.append(contentsOf: bytes.prefix(Self.start.count - head.count))
            if !Self.start.starts(with: head) { return isOther = true }
        }
        // What lies across two pieces.
        let seam = tail + bytes.prefix(Self.mark.count - 1)
        isFound = seam.withUnsafeBytes(Self.holdsMark) || Self.holdsMark(bytes)
        // By place: `suffix` of a sequence would walk through all of the piece.
        let last = bytes[max(0, bytes.count - (Self.mark.count - 1))...]
        tail.append(contentsOf: last)
        tail.removeFirst(max(0, tail.count - (Self.mark.count - 1)))
    }

    private static func holdsMark(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while rest.count >= mark.count, let base = rest.baseAddress,
            let found = memchr(base, Int32(mark[0]), rest.count - mark.count + 1)
        {
            let place = base.distance(to: UnsafeRawPointer(found))
            if rest[place...].starts(with: mark) { return true }
            rest = UnsafeRawBufferPointer(rebasing: rest[(place + 1)...])
        }
        return false
    }
}
