// SPDX-License-Identifier: Apache-2.0
import Trust

/// Sees the decoded bytes of attachments go by, in order.
public protocol AttachmentObserver: AnyObject {
    /// - Parameter bytes: valid during the call only; never empty.
    func attachmentBytes(_ bytes: UnsafeRawBufferPointer)

    /// The attachment has no more bytes.
    func attachmentEnded()
}

/// Takes the base64 text of one attachment as it goes by and keeps only digests, a size and the first bytes.
final class AttachmentStream {
    struct Content {
        let bytes: Int
        let sha256: SHA256Digest
        let type: FileType
        /// The only entry of a ZIP, if it is such a ZIP.
        let wrapped: WrappedContent.Result?
        /// Whether it is a PDF with a signature in it, as it is or wrapped.
        let isSignedPDF: Bool
    }

    private var decoder = Base64Decoder()
    private var digest = SHA256()
    private var decodedBytes = 0
    private var firstBytes: [UInt8] = []
    private var signatures = PDFSignatureSearch()
    private let wrapped: WrappedContent
    private let output: UnsafeMutableRawPointer
    private let observer: (any AttachmentObserver)?

    /// - Parameter budget: that of the package.
    init(limits: PackageLimits, budget: UnpackingBudget, observer: (any AttachmentObserver)? = nil) {
        self.observer = observer
        wrapped = WrappedContent(limits: limits, budget: budget)
        output = .allocate(byteCount: Base64Decoder.outputCapacity, alignment: 16)
    }

    deinit { output.deallocate() }

    /// All of `text` is the attachment's, base64 or not.
    func consume(_ text: UnsafeBufferPointer<UInt8>) {
        var offset = 0
        while offset < text.count {
            let piece = text[offset..<min(offset + Base64Decoder.maxInput, text.count)]
            let written = decoder.decode(UnsafeBufferPointer(rebasing: piece), into: output)
            keep(UnsafeRawBufferPointer(start: output, count: written))
            offset += piece.count
        }
    }

    /// Takes `text` up to the first character that is neither of base64 nor white space.
    ///
    /// - Returns: how many bytes were taken; 0 once the attachment was found not to be base64.
    func consumePlain(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var offset = 0
        while offset < text.count {
            let piece = text[offset..<min(offset + Base64Decoder.maxInput, text.count)]
            let (taken, written) = decoder.decodePlain(UnsafeBufferPointer(rebasing: piece), into: output)
            keep(UnsafeRawBufferPointer(start: output, count: written))
            offset += taken
            if taken < piece.count { break }
        }
        return offset
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if firstBytes.count < FileType.bytesNeeded {
            firstBytes.append(contentsOf: bytes.prefix(FileType.bytesNeeded - firstBytes.count))
        }
        digest.update(bytes)
        wrapped.consume(bytes)
        signatures.consume(bytes)
        observer?.attachmentBytes(bytes)
        decodedBytes += bytes.count
    }

    /// Nil when the text was not valid base64.
    func finish() -> Content? {
        observer?.attachmentEnded()
        guard decoder.isComplete else { return nil }
        return Content(
            bytes: decodedBytes, sha256: digest.current(), type: FileType(of: firstBytes), wrapped: wrapped.result,
            isSignedPDF: signatures.isFound || wrapped.result?.isSignedPDF == true)
    }
}
