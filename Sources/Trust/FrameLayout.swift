// SPDX-License-Identifier: Apache-2.0

/// Where the frames of an encrypted content lie. Pure arithmetic: a range is found without reading anything before it.
///
/// The plaintext is cut into frames of `plaintextByteCount`; only the last is shorter, and an empty content has one empty
/// frame. Each is sealed with AES-256-GCM under the key of this content, which is made for it and used for nothing else:
/// nonce 4 zero bytes and the frame's number (8 bytes, big-endian, from 0); authenticated data the number again and one
/// byte, 1 for the last frame and else 0. The sealed frames follow each other with nothing between: ciphertext, then a
/// tag of 16 bytes. So a frame that was changed, moved, left out, added, or made the last one without being it does not
/// open.
public struct FrameLayout: Equatable, Sendable {
    /// Bytes of plaintext in every frame but the last.
    public static let plaintextByteCount = 64 << 10
    /// Bytes of every sealed frame but the last.
    public static let sealedByteCount = plaintextByteCount + AESGCM.tagByteCount
    /// Longest content, in bytes of plaintext: 2^24 frames, far below what GCM allows a key.
    public static let maxPlaintextLength = 1 << 40

    /// Bytes of the content as it came.
    public let plaintextLength: Int

    /// Nil for a negative length and for one beyond `maxPlaintextLength`.
    public init?(plaintextLength: Int) {
        guard (0...Self.maxPlaintextLength).contains(plaintextLength) else { return nil }
        self.plaintextLength = plaintextLength
    }

    /// At least 1.
    public var frameCount: Int { Self.frameCount(plaintextLength) }

    private static func frameCount(_ plaintextLength: Int) -> Int {
        max(1, (plaintextLength + plaintextByteCount - 1) / plaintextByteCount)
    }

    /// Bytes of the content as it is stored.
    public var sealedLength: Int { Self.sealedLength(plaintextLength: plaintextLength) }

    /// Bytes as stored of a content of this many bytes, which are not negative.
    public static func sealedLength(plaintextLength: Int) -> Int {
        plaintextLength + frameCount(plaintextLength) * AESGCM.tagByteCount
    }

    /// Bytes of plaintext in a frame, for a number below `frameCount`.
    public func plaintextCount(of frame: Int) -> Int {
        min(Self.plaintextByteCount, plaintextLength - frame * Self.plaintextByteCount)
    }

    public func isLast(_ frame: Int) -> Bool { frame == frameCount - 1 }

    /// The frames that hold a range of the plaintext: none for an empty range, except that the whole of an empty content
    /// is in its one frame.
    ///
    /// - Parameter range: within `0..<plaintextLength`.
    public func frames(covering range: Range<Int>) -> Range<Int> {
        if plaintextLength == 0 { return 0..<1 }
        if range.isEmpty { return 0..<0 }
        return range.lowerBound / Self.plaintextByteCount..<(range.upperBound - 1) / Self.plaintextByteCount + 1
    }

    /// Where these frames lie in the sealed content.
    public func sealedRange(of frames: Range<Int>) -> Range<Int> {
        let start = frames.lowerBound * Self.sealedByteCount
        return start..<max(start, min(frames.upperBound * Self.sealedByteCount, sealedLength))
    }
}

/// Why a sealed content was not opened. Which of its bytes are wrong nobody can tell; the number is of the frame.
public enum FrameProblem: Error, Equatable, Sendable {
    /// It is not the frame that was sealed at this place with this key.
    case forged(frame: Int)
    /// The content ended before this frame was whole.
    case truncated(frame: Int)
    /// Something follows the last frame.
    case tooLong
}

/// What is said to the cipher about a frame.
struct FrameLabel {
    let number: Int
    let isLast: Bool

    /// Calls with nonce and authenticated data; neither touches the heap.
    func withBytes<R>(_ body: (_ nonce: UnsafeRawBufferPointer, _ aad: UnsafeRawBufferPointer) -> R) -> R {
        var nonce = InlineArray<12, UInt8>(repeating: 0)
        var aad = InlineArray<9, UInt8>(repeating: 0)
        let number = UInt64(self.number)
        for index in 0..<8 {
            let byte = UInt8(truncatingIfNeeded: number >> (56 - 8 * index))
            nonce[4 + index] = byte
            aad[index] = byte
        }
        aad[8] = isLast ? 1 : 0
        return nonce.span.withUnsafeBytes { nonce in aad.span.withUnsafeBytes { aad in body(nonce, aad) } }
    }
}
