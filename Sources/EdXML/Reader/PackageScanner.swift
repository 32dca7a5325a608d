// SPDX-License-Identifier: Apache-2.0
import CLibXML2
import Exchange
import Trust

/// Follows the parser's events through the package: which element is open, what of it is kept, what is wrong.
///
/// The header goes to `HeaderReader` as a tree when it ends; attachments go through an `AttachmentStream`.
final class PackageScanner: XMLEvents {
    private struct Open {
        var element: Element
        /// Nil for an element that is passed over with all below it.
        let content: Vocabulary.Rule.Content?
        /// Whether the schema sees it.
        let isForwarded: Bool
        let children: [String: Vocabulary.Rule]
        /// Where its text begins in `text`.
        let textStart: Int
        /// The children that were there, by their `place`.
        var seen: UInt64 = 0
    }

    var line = 0
    private(set) var log: FindingLog
    private(set) var header: PackageHeader?
    private(set) var stopped = false

    private let limits: PackageLimits
    private let validator: SchemaValidator
    private let unpacking: UnpackingBudget
    private let observer: (any AttachmentObserver)?
    private var stack: [Open] = []
    private var firstBytes: [UInt8] = []
    private var elementCount = 0
    private var headerBytes = 0
    private var hasHeader = false
    private var rootEnded = false
    private var isEnding = false
    private var recipientCount = 0
    private var traceCount = 0
    private var signature = PackageReading.Signature.absent
    private var body = BodyReader()
    /// The texts of all open elements, each after its parent's.
    private var text: [UInt8] = []
    private var attachment: AttachmentStream?
    /// What the content of the attachment that is open came to, once that has ended.
    private var content: BodyReader.Content?

    init(limits: PackageLimits, validator: SchemaValidator, observer: (any AttachmentObserver)? = nil) {
        self.limits = limits
        self.observer = observer
        self.validator = validator
        unpacking = UnpackingBudget(limit: limits.unpackedTotalBytes)
        log = FindingLog(limit: limits.findings)
    }

    // MARK: What the reader tells

    func willParse(_ bytes: UnsafeRawBufferPointer) {
        if firstBytes.count < 4 {
            firstBytes.append(contentsOf: bytes.prefix(4 - firstBytes.count))
            checkEncodingMark()
        }
        if !hasHeader {
            if headerBytes >= limits.headerBytes {
                refuse(.headerBytes, "no header that ends within the first \(limits.headerBytes) bytes")
            }
            headerBytes += bytes.count
        }
    }

    func willEnd() { isEnding = true }

    func ended() {
        guard !stopped else { return }
        if !rootEnded { return refuse(.incomplete, "the package ends inside it") }
        if !hasHeader { add(.headerMissing, element: "edXML/edXMLEnvelope", "no edXMLHeader with a MessageHeader") }
        body.judge(header: header, log: &log)
    }

    func reading(size: Int, digest: SHA256Digest) -> PackageReading {
        let verdict: PackageReading.Verdict =
            log.hasErrors ? .refuse : log.hasWarnings ? .acceptWithWarnings : .accept
        let attachments = body.summaries(seesThrough: !unpacking.isExhausted)
        let meaning = verdict == .refuse ? nil : header.map { PackageMeaning.digest(of: $0, attachments: attachments) }
        return PackageReading(
            header: header, attachments: attachments, manifest: body.manifest, findings: log.findings,
            omittedFindings: log.omitted, verdict: verdict, signature: signature, size: size, digest: digest,
            meaning: meaning)
    }

    /// Notes an error after which there is nothing more to read.
    func refuse(_ code: Finding.Code, _ detail: String) {
        guard !stopped else { return }
        add(code, detail)
        stopped = true
        stack = []
        attachment = nil
    }

    // MARK: What the parser tells

    func documentStarted(encoding: String?) {
        guard let encoding, !Self.isTaken(encoding: encoding) else { return }
        refuse(.encoding, "declared encoding \(encoding)")
    }

    func doctypeMet() { refuse(.doctype, "DOCTYPE") }

    func problemMet(_ problem: XMLProblem) {
        let detail = problem.message.split(separator: "\n").first.map(String.init) ?? ""
        switch problem.code {
        // At the end the parser also reads what is only half there, and complains about the half.
        case _ where isEnding && !rootEnded: refuse(.incomplete, detail)
        case XML_NS_ERR_UNDEFINED_NAMESPACE: add(.unboundPrefix, detail)
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY: refuse(.entity, detail)
        case XML_WAR_NS_URI, XML_WAR_NS_URI_RELATIVE: return
        case _ where !problem.isFatal: add(.malformed, detail)
        case _ where elementCount == 0 && hasJunkFirst: refuse(.junkBeforeDeclaration, detail)
        case XML_ERR_RESERVED_XML_NAME where elementCount == 0: refuse(.junkBeforeDeclaration, detail)
        default: refuse(.malformed, detail)
        }
    }

    func elementStarted(_ tag: StartTag) {
        // A whole tag has been seen before the end.
        guard !isEnding else { return refuse(.incomplete, "ends inside a tag") }
        elementCount += 1
        let name = String(cString: tag.localName)
        guard withinLimits(tag, name) else { return }
        let open = classify(tag, name)
        stack.append(open)
        if case .base64 = open.content, attachment == nil {
            attachment = AttachmentStream(limits: limits, budget: unpacking, observer: observer)
        }
        if open.isForwarded, let complaint = validator.elementStarted(tag) { addSchema(complaint) }
    }

    func characters(_ characters: UnsafeBufferPointer<UInt8>) {
        guard let top = stack.indices.last else { return }
        switch stack[top].content {
        case nil: return
        case .base64:
            attachment?.consume(characters)
            return
        case .elements, .list, .text, .anything: break
        }
        // White space before, between and after elements is most of what comes here, and says nothing.
        let length = text.count - stack[top].textStart
        let first = length > 0 ? 0 : characters.firstIndex { !Self.isWhiteSpace($0) }
        guard let first else { return }
        if stack[top].isForwarded, let complaint = validator.characters(characters) { addSchema(complaint) }
        guard length + characters.count <= limits.textBytes else {
            return refuse(.textBytes, "more than \(limits.textBytes) bytes of text")
        }
        text.append(contentsOf: characters[first...])
    }

    func plainText(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        guard let top = stack.last, case .base64 = top.content, let attachment else { return 0 }
        return attachment.consumePlain(text)
    }

    func elementEnded(_ tag: EndTag) {
        guard var open = stack.popLast() else { return }
        if open.isForwarded, let complaint = validator.elementEnded(tag) {
            addSchema(complaint, element: path(open.element.name))
        }
        if text.count > open.textStart {
            let written = text[open.textStart...]
            let end = written.lastIndex { !Self.isWhiteSpace($0) } ?? open.textStart
            open.element.text = String(decoding: text[open.textStart...end], as: UTF8.self)
            checkLength(of: open.element, open.content)
            text.removeSubrange(open.textStart...)
        }
        if stack.isEmpty { rootEnded = true }
        switch open.content {
        case nil, .list: return
        case .base64:
            content = .init(line: open.element.line, decoded: attachment?.finish())
            attachment = nil
        case .elements, .text, .anything: handOn(open.element)
        }
    }

    // MARK: How

    private func classify(_ tag: StartTag, _ name: String) -> Open {
        let isOurs = xmlStrEqual(tag.namespace, Vocabulary.namespace.utf8Start) == 1
        let isSignature = !isOurs && xmlStrEqual(tag.namespace, Vocabulary.signatureNamespace.utf8Start) == 1
        let element = Element(name: name, isSignatureNamespace: isSignature, line: line)
        func open(_ content: Vocabulary.Rule.Content?, forwarded: Bool = false) -> Open {
            var children: [String: Vocabulary.Rule] = [:]
            switch content {
            case .elements, .list: children = Vocabulary.children[name] ?? [:]
            case .text, .base64, .anything, nil: break
            }
            return Open(
                element: element, content: content, isForwarded: forwarded, children: children, textStart: text.count)
        }
        guard let top = stack.indices.last else {
            guard name == Vocabulary.root, isOurs else {
                add(.wrongNamespace, element: name, "the root is not edXML in \(Vocabulary.namespace)")
                return open(nil)
            }
            return open(.list, forwarded: true)
        }
        switch stack[top].content {
        case nil: return open(nil)
        case .anything: return open(.anything)
        case .elements, .list, .text, .base64: break
        }
        // The parser has complained about an unbound prefix; reading goes on as if it were ours, to find the rest.
        let isUnbound = tag.prefix != nil && tag.namespace == nil
        guard isOurs || isUnbound || (isSignature && name == "Signature") else {
            let code: Finding.Code = Vocabulary.names.contains(name) ? .wrongNamespace : .unknownElement
            add(code, element: path(name), "not in \(Vocabulary.namespace)")
            return open(nil)
        }
        guard let rule = stack[top].children[name] else {
            let isDialect = name == "edXMLAttachments"
            add(isDialect ? .attachmentsDialect : .unknownElement, element: path(name), "<\(name)>")
            return open(nil)
        }
        if !rule.repeats {
            let mark: UInt64 = 1 << UInt64(rule.place)
            guard stack[top].seen & mark == 0 else {
                add(.elementRepeated, element: path(name), "<\(name)> again; the first counts")
                return open(nil)
            }
            stack[top].seen |= mark
        }
        return open(rule.content, forwarded: stack[top].isForwarded && !isUnbound)
    }

    /// A finished element goes into its parent, or if that gathers nothing, to whom it concerns.
    private func handOn(_ element: Element) {
        guard let parent = stack.indices.last else { return }
        if case .list = stack[parent].content {
            switch element.name {
            case "edXMLHeader": readHeader(element)
            case "Reference": body.add(reference: element)
            case "Attachment":
                body.add(attachment: element, content: content, log: &log)
                content = nil
            default: break
            }
        } else {
            stack[parent].element.children.append(element)
        }
    }

    private func readHeader(_ element: Element) {
        guard element.first("MessageHeader") != nil else { return }
        hasHeader = true
        var reader = HeaderReader(log: log)
        header = reader.read(element)
        signature = reader.signature
        log = reader.log
    }

    private func withinLimits(_ tag: StartTag, _ name: String) -> Bool {
        let attributes = Int(tag.attributeCount) + Int(tag.namespaceCount)
        if elementCount > limits.elements {
            refuse(.elements, "more than \(limits.elements) elements")
        } else if stack.count >= limits.depth {
            refuse(.depth, "more than \(limits.depth) levels")
        } else if attributes > limits.attributes {
            refuse(.attributes, "\(attributes) attributes of <\(name)>; \(limits.attributes) are allowed")
        } else if name == "To", isParent("MessageHeader") {
            recipientCount += 1
            if recipientCount > limits.recipients { refuse(.recipients, "more than \(limits.recipients) recipients") }
        } else if name == "TraceHeader", isParent("TraceHeaderList") {
            traceCount += 1
            if traceCount > limits.traces { refuse(.traces, "more than \(limits.traces) trace headers") }
        } else if name == "Attachment" && body.attachmentCount >= limits.attachments
            || name == "Reference" && body.manifest.count >= limits.attachments
        {
            refuse(.attachments, "more than \(limits.attachments) attachments")
        }
        return !stopped
    }

    private func checkLength(of element: Element, _ content: Vocabulary.Rule.Content?) {
        // As many bytes as characters allowed can never be too long.
        guard case .text(let allowed?) = content, element.text.utf8.count > allowed else { return }
        let length = element.text.precomposed.unicodeScalars.count
        if length > allowed {
            add(
                .textTooLong, line: element.line, element: path(element.name),
                "\(length) characters; \(allowed) are allowed")
        }
    }

    private func checkEncodingMark() {
        guard firstBytes.count == 4, Self.isWide(firstBytes) else { return }
        refuse(.encoding, "not an ASCII-compatible encoding")
    }

    /// Whether a declared encoding is UTF-8 or a part of it.
    static func isTaken(encoding: String) -> Bool {
        ["UTF-8", "UTF8", "US-ASCII", "ASCII"].contains(encoding.uppercased())
    }

    /// Whether a document begins as in UTF-16 or UTF-32, with a zero or a mark: nothing in an ASCII-compatible encoding does.
    static func isWide(_ first: [UInt8]) -> Bool {
        first.contains(0) || first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF])
    }

    /// Whether the package begins with anything but markup or a UTF-8 mark.
    private var hasJunkFirst: Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return (firstBytes.starts(with: mark) ? firstBytes.dropFirst(3) : firstBytes[...]).first != UInt8(ascii: "<")
    }

    private func isParent(_ name: String) -> Bool {
        stack.indices.last.map { stack[$0].element.name == name } ?? false
    }

    private func addSchema(_ complaint: String, element: String? = nil) {
        add(.schema, element: element, complaint.split(separator: "\n").first.map(String.init) ?? "")
    }

    private func add(_ code: Finding.Code, line: Int? = nil, element: String? = nil, _ detail: String) {
        log.add(code, line: line ?? self.line, element: element ?? path(nil), detail)
    }

    /// The open elements from the outside in, and `name` after them.
    private func path(_ name: String?) -> String {
        (stack.map(\.element.name) + (name.map { [$0] } ?? [])).joined(separator: "/")
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x0A, 0x0D, 0x09].contains(byte) }
}
