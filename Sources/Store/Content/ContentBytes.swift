// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// The exact bytes of one content as they came, in pieces, with their digest and the key under which they are stored.
///
/// The pieces are shared, not copied, until they are sealed on their way into the segment's write buffer.
public struct ContentBytes: Sendable {
    public let chunks: [[UInt8]]
    /// Bytes in all chunks.
    public let length: Int
    /// SHA-256 over all chunks in order.
    public let digest: SHA256Digest
    /// Made for these bytes and never used for others: the same ones may be sealed more than once.
    let key = AESKey()

    /// - Parameter digest: of exactly these chunks. It is taken on trust here, because whoever reads a package has just
    ///   computed it; a wrong one makes the content unreadable, never wrong.
    public init(chunks: [[UInt8]], digest: SHA256Digest) {
        self.chunks = chunks
        self.length = chunks.reduce(0) { $0 + $1.count }
        self.digest = digest
    }

    /// Bytes of the content as it is stored.
    var sealedLength: Int { FrameLayout.sealedLength(plaintextLength: length) }

    /// The sealed bytes, cut as the rows of `content_chunk` are.
    var sealedPieces: [[UInt8]] {
        var sealer = ContentSealer(self)
        var pieces: [[UInt8]] = []
        var rest = sealedLength
        while rest > 0 {
            let length = min(rest, ContentStore.sealedChunkLength)
            let piece = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                while filled < length, let count = sealer.nextLength {
                    sealer.seal(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled..<filled + count]))
                    filled += count
                }
            }
            pieces.append(piece)
            rest -= length
        }
        return pieces
    }

    /// Computes the digest.
    public init(_ bytes: [UInt8]) {
        self.init(chunks: [bytes], digest: SHA256Digest(of: bytes))
    }
}

/// Seals one content frame by frame, each at the place where it is wanted: the plaintext is copied once, to there.
struct ContentSealer: ~Copyable {
    private let chunks: [[UInt8]]
    private var sealer: FrameSealer
    /// Where the plaintext goes on: which chunk, and the bytes of it that are done.
    private var chunk = 0
    private var done = 0
    /// Bytes of plaintext that are not sealed yet.
    private var rest: Int

    init(_ content: ContentBytes) {
        chunks = content.chunks
        sealer = FrameSealer(content.key)
        rest = content.length
    }

    /// Bytes of the next sealed frame; nil after the last.
    var nextLength: Int? {
        sealer.isFinished ? nil : min(rest, FrameLayout.plaintextByteCount) + AESGCM.tagByteCount
    }

    /// Seals the next frame.
    ///
    /// - Parameter output: exactly `nextLength` bytes.
    mutating func seal(into output: UnsafeMutableRawBufferPointer) {
        let plaintext = UnsafeMutableRawBufferPointer(rebasing: output.dropLast(AESGCM.tagByteCount))
        var filled = 0
        while filled < plaintext.count {
            let source = chunks[chunk]
            let count = min(source.count - done, plaintext.count - filled)
            source.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: plaintext[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[done..<done + count]))
            }
            filled += count
            done += count
            if done == source.count {
                chunk += 1
                done = 0
            }
        }
        rest -= filled
        sealer.seal(UnsafeRawBufferPointer(plaintext), isLast: rest == 0, into: output)
    }
}

/// What stands before each payload in a segment.
///
/// Layout, integers little-endian: `TRUC-REC` · version u32 · zero u32 · file id 16 bytes · offset i64 ·
/// length i64 of the payload · SHA-256 of the content 32 bytes; the payload, which is the sealed content, follows at
/// once, then zeros up to the next multiple of 4096. The header has no checksum of its own: a reader compares every bit
/// with what it expects. File id and offset name the only place where the record may stand.
struct RecordHeader {
    /// Records start at multiples of this, in bytes: a page never holds parts of two records.
    static let alignment = 4096
    static let byteCount = 80
    static let version: UInt32 = 1
    private static let magic = Array("TRUC-REC".utf8)

    let file: ContentFileID
    let offset: Int64
    let length: Int
    let digest: SHA256Digest

    /// Always `byteCount` bytes.
    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.byteCount)
        withUnsafeBytes(of: Self.version.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32.zero) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: file.uuid.uuid) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: offset.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: Int64(length).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: digest.bytes)
        return bytes
    }

    /// Bytes that a payload of this length takes in a segment, header and zeros included.
    static func recordLength(payload length: Int) -> Int {
        (byteCount + length + alignment - 1) / alignment * alignment
    }
}
