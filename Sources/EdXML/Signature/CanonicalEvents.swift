// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// Follows the parser's events for a `CanonicalReader`: what belongs to which part, and what must not be there.
final class CanonicalEvents: XMLEvents {
    /// A part while the document goes by.
    private struct Run {
        let part: CanonicalReader.Part
        let canonicalizer: Canonicalizer
        /// The depth of its outermost element while that is open; -1 for the document.
        var openDepth: Int?
        /// The depth of the signature while that is left out.
        var leftOutDepth: Int?
        var isFound: Bool

        var isWriting: Bool { openDepth != nil && leftOutDepth == nil }
    }

    /// Most namespaces that may be declared in open elements at once; emitters have half a dozen. Every name looks its own
    /// up among them.
    static let maxNamespaces = 64

    var line = 0
    var stopped: Bool { fault != nil }
    var isEnding = false
    /// Where the parser stands; see `PushParser.position`.
    var position: () -> Int = { 0 }
    private(set) var fault: SignatureFault?
    private(set) var signatureCount = 0
    private(set) var hasPlaceholder = false
    private(set) var headerEnd: Int?
    private(set) var uncovered: String?
    var signature: SignatureNode? { tree.root }

    private let limits: PackageLimits
    private let scope = NamespaceScope()
    private let keepsSignature: Bool
    private var runs: [Run]
    private let wantsIDs: Bool
    private var firstBytes: [UInt8] = []
    private var elements = 0
    /// Open elements.
    private var depth = 0
    private var rootEnded = false
    private var tree = SignatureTree()
    /// Of the signature that is open.
    private var signatureDepth: Int?
    /// Of what stands in a signature's place.
    private var placeholderDepth: Int?
    /// Where a piece of a CDATA section ended, if it ended in a carriage return and nothing has come since.
    private var returnEnd: Int?

    init(_ parts: [CanonicalReader.Part], limits: PackageLimits, keepsSignature: Bool) {
        self.limits = limits
        self.keepsSignature = keepsSignature
        let scope = scope
        runs = parts.map { part in
            Run(
                part: part, canonicalizer: Canonicalizer(part.form, scope: scope, output: part.output),
                openDepth: part.selection == .document ? -1 : nil, isFound: part.selection == .document)
        }
        wantsIDs = parts.contains { if case .element = $0.selection { true } else { false } }
    }

    func willParse(_ bytes: UnsafeRawBufferPointer) {
        guard firstBytes.count < 4 else { return }
        firstBytes.append(contentsOf: bytes.prefix(4 - firstBytes.count))
        if firstBytes.count == 4, PackageScanner.isWide(firstBytes) {
            stop(.encoding, "not an ASCII-compatible encoding")
        }
    }

    func stop(_ code: Finding.Code, _ detail: String) {
        if fault == nil { fault = SignatureFault(code, line: line, detail) }
    }

    func finish() {
        guard fault == nil else { return }
        guard rootEnded else { return stop(.incomplete, "the document ends inside it") }
        for run in runs {
            if !run.isFound, case .element(let id) = run.part.selection {
                return stop(.signatureReferenceMissing, "no element with the identifier \(id)")
            }
            run.canonicalizer.finish()
        }
    }

    // MARK: What the parser tells

    func documentStarted(encoding: String?) {
        if let encoding, !PackageScanner.isTaken(encoding: encoding) {
            stop(.encoding, "declared encoding \(encoding)")
        }
    }

    func doctypeMet() { stop(.doctype, "DOCTYPE") }

    func problemMet(_ problem: XMLProblem) {
        let detail = problem.message.split(separator: "\n").first.map(String.init) ?? ""
        switch problem.code {
        case _ where isEnding && !rootEnded: stop(.incomplete, detail)
        case XML_NS_ERR_UNDEFINED_NAMESPACE: stop(.unboundPrefix, detail)
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY: stop(.entity, detail)
        case XML_WAR_NS_URI, XML_WAR_NS_URI_RELATIVE: return
        default: stop(.malformed, detail)
        }
    }

    func elementStarted(_ tag: StartTag) {
        guard !isEnding else { return stop(.incomplete, "ends inside a tag") }
        returnEnd = nil
        elements += 1
        guard isWithinLimits(tag) else { return }
        scope.open(tag)
        guard scope.declarations.count <= Self.maxNamespaces else {
            return stop(.attributes, "more than \(Self.maxNamespaces) namespaces are open at once")
        }
        guard !scope.declaresRelative else {
            return stop(.signatureNamespace, "a namespace that is not absolute, of which there is no canonical form")
        }
        let isSignature = noteSignature(tag)
        let isSignedInfo =
            signatureDepth == depth - 1 && xmlStrEqual(tag.localName, "SignedInfo") == 1
            && xmlStrEqual(tag.namespace, SignatureNode.signatureURI.utf8Start) == 1
        let ids = wantsIDs ? identifiers(of: tag) : []
        for index in runs.indices {
            enter(index, tag, isSignature: isSignature, isSignedInfo: isSignedInfo, ids: ids)
        }
        if depth == 1, !isSignature, uncovered == nil { noteCover(tag) }
        depth += 1
    }

    func elementEnded(_ tag: EndTag) {
        guard depth > 0, fault == nil else { return }
        returnEnd = nil
        depth -= 1
        for index in runs.indices {
            if runs[index].leftOutDepth == depth {
                runs[index].leftOutDepth = nil
            } else if runs[index].isWriting {
                runs[index].canonicalizer.elementEnded(tag)
            }
            if runs[index].openDepth == depth { runs[index].openDepth = nil }
        }
        scope.close()
        if signatureDepth != nil, keepsSignature { tree.end() }
        if signatureDepth == depth { signatureDepth = nil }
        if placeholderDepth == depth { placeholderDepth = nil }
        if depth == 2, headerEnd == nil, xmlStrEqual(tag.localName, "edXMLHeader") == 1 { headerEnd = position() }
        if depth == 0 { rootEnded = true }
    }

    func characters(_ text: UnsafeBufferPointer<UInt8>) {
        returnEnd = nil
        take(text)
    }

    func cdata(_ text: UnsafeBufferPointer<UInt8>, at position: Int) {
        var rest = text[...]
        // Directly behind a carriage return, a line feed is the same line's end.
        if returnEnd == position, rest.first == 0x0A { rest = rest.dropFirst() }
        returnEnd = text.last == 0x0D ? position + text.count : nil
        normalized(UnsafeBufferPointer(rebasing: rest)) { take($0) }
    }

    func comment(_ text: UnsafeBufferPointer<UInt8>) {
        returnEnd = nil
        guard signatureDepth == nil else { return stop(.signatureComment, "a comment inside the signature") }
        for run in runs where run.isWriting { run.canonicalizer.comment(text, place) }
    }

    func processingInstruction(_ target: UnsafePointer<UInt8>, _ data: UnsafePointer<UInt8>?) {
        returnEnd = nil
        guard signatureDepth == nil else {
            return stop(.signatureComment, "a processing instruction inside the signature")
        }
        for run in runs where run.isWriting { run.canonicalizer.processingInstruction(target, data, place) }
    }

    /// Attachments: white space and the characters of base64 stand for themselves in every form, but for line ends.
    func plainText(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        // Before, the parser's position is asked for; in a signature, the text is.
        guard headerEnd != nil, signatureDepth == nil, depth > 0 else { return 0 }
        var taken = Base64Decoder.plainLength(text)
        // Whether a line feed follows is not known yet.
        if taken > 0, text[taken - 1] == 0x0D { taken -= 1 }
        guard taken > 0 else { return 0 }
        returnEnd = nil
        normalized(UnsafeBufferPointer(rebasing: text[..<taken])) { piece in
            for run in runs where run.isWriting { run.canonicalizer.plain(piece) }
        }
        return taken
    }

    // MARK: How

    private var place: Canonicalizer.Place { depth > 0 ? .inside : rootEnded ? .behind : .before }

    private func take(_ text: UnsafeBufferPointer<UInt8>) {
        if signatureDepth != nil, keepsSignature, let problem = tree.text(text) { stop(.signatureTooLarge, problem) }
        if placeholderDepth != nil, !text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
            hasPlaceholder = true
        }
        for run in runs where run.isWriting { run.canonicalizer.text(text) }
    }

    /// Gives `text` with every line end as a line feed (XML 1.0 §2.11).
    private func normalized(_ text: UnsafeBufferPointer<UInt8>, _ take: (UnsafeBufferPointer<UInt8>) -> Void) {
        var rest = text[...]
        while let place = rest.firstIndex(of: 0x0D) {
            if place > rest.startIndex { take(UnsafeBufferPointer(rebasing: rest[..<place])) }
            rest = rest[(place + 1)...]
            if rest.first != 0x0A { Self.lineFeed.withUnsafeBufferPointer(take) }
        }
        if !rest.isEmpty { take(UnsafeBufferPointer(rebasing: rest)) }
    }

    private static let lineFeed: [UInt8] = [0x0A]

    private func enter(_ index: Int, _ tag: StartTag, isSignature: Bool, isSignedInfo: Bool, ids: [String]) {
        guard runs[index].leftOutDepth == nil else { return note(ids, index) }
        if runs[index].openDepth == nil, isBeginning(index, isSignedInfo: isSignedInfo, ids: ids) {
            guard !runs[index].isFound else { return }
            runs[index].isFound = true
            runs[index].openDepth = depth
            if signatureDepth != nil, runs[index].part.isEnveloping {
                return stop(.signatureReference, "a reference into the signature that leaves the signature out")
            }
            runs[index].canonicalizer.elementStarted(tag, isPart: true)
        } else if runs[index].openDepth != nil {
            note(ids, index)
            if isSignature, runs[index].part.isEnveloping {
                runs[index].leftOutDepth = depth
            } else {
                runs[index].canonicalizer.elementStarted(tag, isPart: false)
            }
        }
    }

    /// Whether a part begins with this element; of one identifier there must be one element.
    private func isBeginning(_ index: Int, isSignedInfo: Bool, ids: [String]) -> Bool {
        switch runs[index].part.selection {
        case .document: return false
        case .signedInfo: return isSignedInfo
        case .element(let id):
            note(ids, index)
            return ids.contains(id) && fault == nil
        }
    }

    /// Refuses an identifier that occurs again.
    private func note(_ ids: [String], _ index: Int) {
        guard case .element(let id) = runs[index].part.selection, ids.contains(id) else { return }
        if runs[index].isFound || ids.count(where: { $0 == id }) > 1 {
            stop(.signatureIDRepeated, "the identifier \(id) occurs more than once")
        }
    }

    /// Whether the element is a signature; there must be one at most.
    private func noteSignature(_ tag: StartTag) -> Bool {
        let isSignature =
            xmlStrEqual(tag.localName, "Signature") == 1
            && xmlStrEqual(tag.namespace, SignatureNode.signatureURI.utf8Start) == 1
        if isSignature {
            signatureCount += 1
            if signatureCount > 1 { stop(.signatureSeveral, "more than one Signature") }
            signatureDepth = signatureDepth ?? depth
        } else if placeholderDepth != nil {
            hasPlaceholder = true
        } else if signatureDepth == nil, xmlStrEqual(tag.namespace, Vocabulary.namespace.utf8Start) == 1,
            xmlStrEqual(tag.localName, "Signature") == 1 || xmlStrEqual(tag.localName, "DigitalSignature") == 1
        {
            placeholderDepth = depth
        }
        if signatureDepth != nil, keepsSignature, let problem = tree.start(tag, line: line) {
            stop(.signatureTooLarge, problem)
        }
        return isSignature
    }

    private func noteCover(_ tag: StartTag) {
        let isCovered = runs.contains { $0.openDepth != nil && $0.part.selection != .signedInfo }
        if !isCovered { uncovered = String(cString: tag.localName) }
    }

    private func identifiers(of tag: StartTag) -> [String] {
        var found: [String] = []
        tag.forEachAttribute { attribute in
            let isPlain = attribute.prefix == nil && xmlStrcasecmp(attribute.localName, "id") == 0
            if isPlain || attribute.isOfXML && xmlStrEqual(attribute.localName, "id") == 1 {
                found.append(attribute.text)
            }
        }
        return found
    }

    private func isWithinLimits(_ tag: StartTag) -> Bool {
        let attributes = Int(tag.attributeCount) + Int(tag.namespaceCount)
        if elements > limits.elements {
            stop(.elements, "more than \(limits.elements) elements")
        } else if depth >= limits.depth {
            stop(.depth, "more than \(limits.depth) levels")
        } else if attributes > limits.attributes {
            stop(.attributes, "\(attributes) attributes of an element; \(limits.attributes) are allowed")
        }
        return fault == nil
    }
}
