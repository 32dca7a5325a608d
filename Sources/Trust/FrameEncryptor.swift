// SPDX-License-Identifier: Apache-2.0

/// Seals the frames of one content, in their order, by one cipher context.
///
/// It counts the frames itself: no number, and so no nonce, can come twice. For a caller whose plaintext lies in pieces of
/// any length there is `FrameEncryptor`.
public struct FrameSealer: ~Copyable {
    private var cipher: AESGCM
    /// The number of the next frame.
    public private(set) var frame = 0
    /// Whether the last frame has been sealed.
    public private(set) var isFinished = false

    /// - Parameter key: made for this content and never used before.
    public init(_ key: AESKey) { cipher = AESGCM(key, .seal) }

    /// Seals the next frame. Never after the last.
    ///
    /// - Parameters:
    ///   - plaintext: exactly `FrameLayout.plaintextByteCount` bytes; the last frame may have less, and none only when it
    ///     is the first too.
    ///   - output: exactly `AESGCM.tagByteCount` bytes longer; it may begin at the same address.
    public mutating func seal(
        _ plaintext: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
    ) {
        let isFull = plaintext.count == FrameLayout.plaintextByteCount
        let fits = isFull || isLast && plaintext.count < FrameLayout.plaintextByteCount
        precondition(fits && !isFinished && (frame == 0 || !plaintext.isEmpty), "not a frame of this content")
        FrameLabel(number: frame, isLast: isLast).withBytes { nonce, aad in
            cipher.seal(plaintext, nonce: nonce, authenticating: aad, into: output)
        }
        frame += 1
        isFinished = isLast
    }
}

/// Encrypts one content that comes in pieces of any length, of an end that nobody knows beforehand.
///
/// Holds two buffers of a frame each, whatever the content's length. However the plaintext is cut into pieces, the sealed
/// bytes are the same.
public struct FrameEncryptor: ~Copyable {
    private var sealer: FrameSealer
    /// Plaintext of a frame that is not whole, or of which it is not known whether it is the last.
    private let pending: UnsafeMutableRawBufferPointer
    private var pendingCount = 0
    private let sealed: UnsafeMutableRawBufferPointer

    /// - Parameter key: made for this content and never used before.
    public init(_ key: AESKey) {
        sealer = FrameSealer(key)
        pending = .allocate(byteCount: FrameLayout.plaintextByteCount, alignment: 64)
        sealed = .allocate(byteCount: FrameLayout.sealedByteCount, alignment: 64)
    }

    deinit {
        pending.deallocate()
        sealed.deallocate()
    }

    /// Takes the next piece.
    ///
    /// - Parameter sink: gets each sealed frame that this piece completes; the bytes are valid during the call only. When
    ///   it throws, the encryptor must not be used any more.
    public mutating func update<Failure: Error>(
        _ piece: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var rest = piece[...]
        while !rest.isEmpty {
            if pendingCount == pending.count {
                try seal(UnsafeRawBufferPointer(pending), isLast: false, sink)
                pendingCount = 0
            }
            // What is followed by something is not the last frame, and needs no copy when it is whole.
            while pendingCount == 0, rest.count > FrameLayout.plaintextByteCount {
                let frame = rest.prefix(FrameLayout.plaintextByteCount)
                try seal(UnsafeRawBufferPointer(rebasing: frame), isLast: false, sink)
                rest = rest.dropFirst(frame.count)
            }
            let part = rest.prefix(pending.count - pendingCount)
            UnsafeMutableRawBufferPointer(rebasing: pending[pendingCount...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            pendingCount += part.count
            rest = rest.dropFirst(part.count)
        }
    }

    /// Seals the last frame. Nothing may follow.
    public mutating func finish<Failure: Error>(
        _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try seal(UnsafeRawBufferPointer(rebasing: pending[..<pendingCount]), isLast: true, sink)
    }

    private mutating func seal<Failure: Error>(
        _ plaintext: UnsafeRawBufferPointer, isLast: Bool, _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let output = UnsafeMutableRawBufferPointer(rebasing: sealed[..<(plaintext.count + AESGCM.tagByteCount)])
        sealer.seal(plaintext, isLast: isLast, into: output)
        try sink(UnsafeRawBufferPointer(output))
    }
}
