// SPDX-License-Identifier: Apache-2.0

/// Opens single frames of one content, in any order, by one cipher context.
public struct FrameOpener: ~Copyable {
    private var cipher: AESGCM
    public let layout: FrameLayout

    public init(_ key: AESKey, _ layout: FrameLayout) {
        cipher = AESGCM(key, .open)
        self.layout = layout
    }

    /// Opens a frame.
    ///
    /// - Parameters:
    ///   - frame: below `layout.frameCount`.
    ///   - sealed: the bytes that `layout.sealedRange` names for it.
    ///   - output: exactly `layout.plaintextCount(of: frame)` bytes; it may begin at the same address.
    /// - Throws: `.forged`, with zeros in `output`; `.truncated` or `.tooLong` for another number of bytes.
    public mutating func open(
        _ frame: Int, _ sealed: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(FrameProblem) {
        precondition((0..<layout.frameCount).contains(frame) && output.count == layout.plaintextCount(of: frame))
        let expected = output.count + AESGCM.tagByteCount
        guard sealed.count >= expected else { throw .truncated(frame: frame) }
        guard sealed.count == expected else { throw .tooLong }
        let isGenuine = FrameLabel(number: frame, isLast: layout.isLast(frame)).withBytes { nonce, aad in
            cipher.open(sealed, nonce: nonce, authenticating: aad, into: output)
        }
        guard isGenuine else { throw .forged(frame: frame) }
    }
}

/// Decrypts one content, or a range of it, whose sealed bytes come in pieces of any length.
///
/// Holds two buffers of a frame each. Every byte that it hands out has been authenticated; that nothing is missing is
/// known only after `finish`.
public struct FrameDecryptor: ~Copyable {
    /// The sealed bytes that it must be given, from the first to the last.
    public let sealedRange: Range<Int>

    private var opener: FrameOpener
    private let range: Range<Int>
    private let endFrame: Int
    private var frame: Int
    private let pending: UnsafeMutableRawBufferPointer
    private var pendingCount = 0
    private let opened: UnsafeMutableRawBufferPointer

    /// - Parameter range: the part of the plaintext that is wanted, within `0..<layout.plaintextLength`; nil is all.
    public init(_ key: AESKey, _ layout: FrameLayout, range: Range<Int>? = nil) {
        let range = range ?? 0..<layout.plaintextLength
        precondition(range.lowerBound >= 0 && range.upperBound <= layout.plaintextLength)
        let frames = layout.frames(covering: range)
        opener = FrameOpener(key, layout)
        self.range = range
        sealedRange = layout.sealedRange(of: frames)
        frame = frames.lowerBound
        endFrame = frames.upperBound
        pending = .allocate(byteCount: FrameLayout.sealedByteCount, alignment: 64)
        opened = .allocate(byteCount: FrameLayout.plaintextByteCount, alignment: 64)
    }

    deinit {
        pending.deallocate()
        opened.deallocate()
    }

    /// Takes the next piece of the sealed bytes.
    ///
    /// - Parameter sink: gets the wanted plaintext of each frame that this piece completes; the bytes are valid during the
    ///   call only.
    /// - Throws: `.forged`, `.tooLong`; the decryptor must not be used any more then.
    public mutating func update(
        _ piece: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) -> Void
    ) throws(FrameProblem) {
        var rest = piece[...]
        while !rest.isEmpty {
            guard frame < endFrame else { throw .tooLong }
            let length = opener.layout.plaintextCount(of: frame) + AESGCM.tagByteCount
            if pendingCount == 0, rest.count >= length {
                try open(UnsafeRawBufferPointer(rebasing: rest.prefix(length)), sink)
                rest = rest.dropFirst(length)
                continue
            }
            let part = rest.prefix(length - pendingCount)
            UnsafeMutableRawBufferPointer(rebasing: pending[pendingCount...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            pendingCount += part.count
            rest = rest.dropFirst(part.count)
            if pendingCount == length {
                try open(UnsafeRawBufferPointer(rebasing: pending[..<length]), sink)
                pendingCount = 0
            }
        }
    }

    /// Says that no more bytes come.
    ///
    /// - Throws: `.truncated` when some are missing.
    public borrowing func finish() throws(FrameProblem) {
        guard frame == endFrame, pendingCount == 0 else { throw .truncated(frame: frame) }
    }

    private mutating func open(
        _ sealed: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) -> Void
    ) throws(FrameProblem) {
        let output = UnsafeMutableRawBufferPointer(rebasing: opened[..<opener.layout.plaintextCount(of: frame)])
        try opener.open(frame, sealed, into: output)
        let start = frame * FrameLayout.plaintextByteCount
        let wanted = range.clamped(to: start..<start + output.count)
        frame += 1
        guard !wanted.isEmpty else { return }
        sink(UnsafeRawBufferPointer(rebasing: output[(wanted.lowerBound - start)..<(wanted.upperBound - start)]))
    }
}
