// SPDX-License-Identifier: Apache-2.0
import Trust

/// Takes the base64 text of one attachment as it goes by and keeps only digests, a size and the first bytes.
final class AttachmentStream {
    struct Content {
        let bytes: Int
        let sha256: SHA256Digest
        let type: FileType
        /// The only entry of a ZIP, if it is such a ZIP.
        let wrapped: WrappedContent.Result?
    }

    private var decoder = Base64Decoder()
    private var digest = SHA256()
    private var decodedBytes = 0
    private var firstBytes: [UInt8] = []
    private let wrapped: WrappedContent
    private let output: UnsafeMutableRawPointer

    init(limits: PackageLimits) {
        wrapped = WrappedContent(limits: limits)
        output = .allocate(byteCount: Base64Decoder.outputCapacity, alignment: 16)
    }

    deinit { output.deallocate() }

    func consume(_ text: UnsafeBufferPointer<UInt8>) {
        var offset = 0
        while offset < text.count {
            let count = min(Base64Decoder.maxInput, text.count - offset)
            let written = decoder.decode(UnsafeBufferPointer(rebasing: text[offset..<offset + count]), into: output)
            offset += count
            guard written > 0 else { continue }
            let bytes = UnsafeRawBufferPointer(start: output, count: written)
            if firstBytes.count < FileType.bytesNeeded {
                firstBytes.append(contentsOf: bytes.prefix(FileType.bytesNeeded - firstBytes.count))
            }
            digest.update(bytes)
            wrapped.consume(bytes)
            decodedBytes += written
        }
    }

    /// Nil when the text was not valid base64.
    func finish() -> Content? {
        guard decoder.isComplete else { return nil }
        return Content(
            bytes: decodedBytes, sha256: digest.current(), type: FileType(of: firstBytes), wrapped: wrapped.result)
    }
}
