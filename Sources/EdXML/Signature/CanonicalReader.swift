// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// Writes several parts of one document in canonical forms, in one pass over it.
///
/// It holds the document to what signatures need: well-formed, no DTD, every prefix bound, no namespace that is a path, and
/// the reader's bounds. One parser; for one owner.
final class CanonicalReader {
    /// Which part of the document.
    enum Selection: Hashable {
        case document
        /// The one element with an attribute `Id`, `ID`, `id` or `xml:id` of this value: without a DTD, names are all that
        /// tells that an attribute is an identifier.
        case element(id: String)
        /// `SignedInfo` of the document's signature.
        case signedInfo
    }

    struct Part {
        let selection: Selection
        let form: CanonicalForm
        /// Whether the signature and all that is in it is left out, wherever it stands.
        let isEnveloping: Bool
        let output: any CanonicalOutput

        init(
            _ selection: Selection, _ form: CanonicalForm, isEnveloping: Bool = false, output: any CanonicalOutput
        ) {
            self.selection = selection
            self.form = form
            self.isEnveloping = isEnveloping
            self.output = output
        }
    }

    private let events: CanonicalEvents
    private let parser: PushParser
    private let limits: PackageLimits
    private var blocks = Blocks(size: PackageReader.blockSize)

    /// - Parameter keepsSignature: whether the tree of the document's signature is wanted.
    init(_ parts: [Part], limits: PackageLimits, keepsSignature: Bool) {
        self.limits = limits
        events = CanonicalEvents(parts, limits: limits, keepsSignature: keepsSignature)
        parser = PushParser(events: events)
        events.position = { [unowned parser] in parser.position }
    }

    /// What stopped the reading; nothing is read after it.
    var fault: SignatureFault? { events.fault }
    /// The signature's tree, once its end has been read.
    var signature: SignatureNode? { events.signature }
    /// Whether something in the packet's own namespace stands where a signature does.
    var hasPlaceholder: Bool { events.hasPlaceholder }
    /// Where the end tag of `edXMLHeader` ends, in bytes from the beginning.
    var headerEnd: Int? { events.headerEnd }
    /// The document's signatures.
    var signatureCount: Int { events.signatureCount }
    /// Which of the children of the outermost element is in none of the parts that were asked for by document or id.
    var uncovered: String? { events.uncovered }

    func feed(_ bytes: UnsafeRawBufferPointer) {
        blocks.cut(bytes) { parse($0) }
    }

    /// To be called once, after the last byte.
    func finish() {
        blocks.rest { parse($0) }
        guard fault == nil else { return }
        events.isEnding = true
        parser.end()
        events.finish()
    }

    /// Parses one block, which must be as long as the others unless it is the last.
    func parse(_ bytes: UnsafeRawBufferPointer) {
        guard fault == nil, !bytes.isEmpty else { return }
        events.willParse(bytes)
        guard fault == nil else { return }
        parser.parse(bytes)
        if fault == nil, parser.bytesSinceEvent > limits.markupBytes {
            events.stop(.markupBytes, "a tag or comment of more than \(limits.markupBytes) bytes")
        }
    }
}
