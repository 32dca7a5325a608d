// SPDX-License-Identifier: Apache-2.0
import CLibXML2
import Exchange
import Trust

/// Follows the parser's events through the package: which element is open, what of it is kept, what is wrong.
///
/// The header goes to `HeaderReader` as a tree when it ends; attachments go through an `AttachmentStream`.
final class PackageScanner: XMLEvents {
    /// What becomes of an open element.
    private enum Role {
        /// Its children are handed on one by one, it is not kept itself.
        case container
        /// Part of a tree that is kept.
        case kept
        case base64
        /// Kept with all below it, without rules.
        case anything
        /// Passed over with all below it.
        case skipped
    }

    private struct Open {
        var element: Element
        let role: Role
        /// Whether the schema sees it.
        let isForwarded: Bool
        let children: [String: Vocabulary.Rule]
        let maxLength: Int?
        var text: [UInt8] = []
        var seen: [String] = []
    }

    /// Not owned: the reader owns both.
    weak var parser: PushParser?
    private(set) var log: FindingLog
    private(set) var header: PackageHeader?
    private(set) var stopped = false

    private let limits: PackageLimits
    private let validator: SchemaValidator
    private var stack: [Open] = []
    private var firstBytes: [UInt8] = []
    private var elementCount = 0
    private var headerBytes = 0
    private var isInHeader = false
    private var hasHeader = false
    private var rootEnded = false
    private var isEnding = false
    private var recipientCount = 0
    private var traceCount = 0
    private var signature = PackageReading.Signature.absent
    private var body = BodyReader()
    private var attachment: AttachmentStream?

    init(limits: PackageLimits, validator: SchemaValidator) {
        self.limits = limits
        self.validator = validator
        log = FindingLog(limit: limits.findings)
    }

    // MARK: What the reader tells

    func willParse(_ bytes: UnsafeRawBufferPointer) {
        if firstBytes.count < 4 {
            firstBytes.append(contentsOf: bytes.prefix(4 - firstBytes.count))
            checkEncodingMark()
        }
        if isInHeader {
            headerBytes += bytes.count
            if headerBytes > limits.headerBytes {
                refuse(.headerBytes, "more than \(limits.headerBytes) bytes of header")
            }
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
        let attachments = body.summaries
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
        parser?.stop()
        stack = []
        attachment = nil
    }

    // MARK: What the parser tells

    func documentStarted(encoding: String?) {
        guard let encoding, !["UTF-8", "UTF8", "US-ASCII", "ASCII"].contains(encoding.uppercased()) else { return }
        refuse(.encoding, "declared encoding \(encoding)")
    }

    func doctypeMet() { refuse(.doctype, "DOCTYPE") }

    func problemMet(_ problem: XMLProblem) {
        let detail = problem.message.split(separator: "\n").first.map(String.init) ?? ""
        switch problem.code {
        case XML_NS_ERR_UNDEFINED_NAMESPACE: add(.unboundPrefix, detail)
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY: refuse(.entity, detail)
        case XML_WAR_NS_URI, XML_WAR_NS_URI_RELATIVE: return
        case _ where !problem.isFatal: add(.malformed, detail)
        case _ where elementCount == 0 && hasJunkFirst: refuse(.junkBeforeDeclaration, detail)
        case XML_ERR_RESERVED_XML_NAME where elementCount == 0: refuse(.junkBeforeDeclaration, detail)
        case _ where isEnding && !rootEnded: refuse(.incomplete, detail)
        default: refuse(.malformed, detail)
        }
    }

    func elementStarted(_ tag: StartTag) {
        elementCount += 1
        let name = String(cString: tag.localName)
        guard withinLimits(tag, name) else { return }
        let open = classify(tag, name)
        let isForwarded = open.isForwarded
        stack.append(open)
        if case .base64 = open.role, attachment == nil { attachment = AttachmentStream(limits: limits) }
        if stack.count == 3, name == "edXMLHeader", case .container = stack[1].role, case .kept = open.role {
            isInHeader = true
        }
        if isForwarded, let complaint = validator.elementStarted(tag) { addSchema(complaint) }
    }

    func characters(_ text: UnsafeBufferPointer<UInt8>) {
        guard let last = stack.indices.last else { return }
        switch stack[last].role {
        case .skipped: return
        case .base64:
            attachment?.consume(text)
            return
        case .container, .kept, .anything: break
        }
        if stack[last].isForwarded, let complaint = validator.characters(text) { addSchema(complaint) }
        guard stack[last].text.count + text.count <= limits.textBytes else {
            return refuse(.textBytes, "more than \(limits.textBytes) bytes of text")
        }
        // White space before and between elements is most of what comes here.
        if stack[last].text.isEmpty, let first = text.firstIndex(where: { !Self.isWhiteSpace($0) }) {
            stack[last].text.append(contentsOf: text[first...])
        } else if !stack[last].text.isEmpty {
            stack[last].text.append(contentsOf: text)
        }
    }

    func elementEnded(_ tag: EndTag) {
        guard var open = stack.last else { return }
        if open.isForwarded, let complaint = validator.elementEnded(tag) { addSchema(complaint) }
        if !open.text.isEmpty {
            let end = open.text.lastIndex { !Self.isWhiteSpace($0) } ?? 0
            open.element.text = String(decoding: open.text[...end], as: UTF8.self)
            checkLength(of: open)
        }
        if case .base64 = open.role { noteContent(open.element) }
        guard !stopped else { return }
        stack.removeLast()
        if stack.isEmpty { rootEnded = true }
        switch open.role {
        case .skipped, .container: return
        case .kept, .anything, .base64: handOn(open.element)
        }
    }

    // MARK: How

    private func classify(_ tag: StartTag, _ name: String) -> Open {
        let line = parser?.line ?? 0
        let isOurs = xmlStrEqual(tag.namespace, Vocabulary.namespace.utf8Start) == 1
        let isSignature = !isOurs && xmlStrEqual(tag.namespace, Vocabulary.signatureNamespace.utf8Start) == 1
        let element = Element(name: name, isSignatureNamespace: isSignature, line: line)
        func open(
            _ role: Role, forwarded: Bool = false, _ rule: Vocabulary.Rule? = nil
        ) -> Open {
            var maxLength: Int?
            var children: [String: Vocabulary.Rule] = [:]
            switch rule?.content {
            case .text(let length): maxLength = length
            case .elements: children = Vocabulary.children[name] ?? [:]
            case .base64, .anything, nil: break
            }
            return Open(
                element: element, role: role, isForwarded: forwarded, children: children, maxLength: maxLength)
        }
        // The parser has complained about an unbound prefix; reading goes on as if it were ours, to find the rest.
        let isUnbound = tag.prefix != nil && tag.namespace == nil
        guard let top = stack.indices.last else {
            guard name == Vocabulary.root, isOurs else {
                add(.wrongNamespace, element: name, "the root is not edXML in \(Vocabulary.namespace)")
                return open(.skipped)
            }
            return open(.container, forwarded: true, .elements)
        }
        switch stack[top].role {
        case .skipped: return open(.skipped)
        case .anything: return open(.anything)
        case .container, .kept, .base64: break
        }
        guard isOurs || isUnbound || (isSignature && name == "Signature") else {
            let code: Finding.Code = Vocabulary.names.contains(name) ? .wrongNamespace : .unknownElement
            add(code, element: path(name), "not in \(Vocabulary.namespace)")
            return open(.skipped)
        }
        guard let rule = stack[top].children[name] else {
            let isDialect = name == "edXMLAttachments"
            add(isDialect ? .attachmentsDialect : .unknownElement, element: path(name), "<\(name)>")
            return open(.skipped)
        }
        if !rule.repeats {
            if stack[top].seen.contains(name) {
                add(.elementRepeated, element: path(name), "<\(name)> again; the first counts")
                return open(.skipped)
            }
            stack[top].seen.append(name)
        }
        return open(Self.role(of: name, rule), forwarded: stack[top].isForwarded && !isUnbound, rule)
    }

    private static func role(of name: String, _ rule: Vocabulary.Rule) -> Role {
        switch rule.content {
        case .anything: .anything
        case .base64: .base64
        case .text: .kept
        case .elements: containers.contains(name) ? .container : .kept
        }
    }

    /// Elements whose children come in any number: they are looked at one by one and not gathered.
    private static let containers: Set<String> = [
        "edXML", "edXMLEnvelope", "edXMLBody", "edXMLManifest", "AttachmentEncoded",
    ]

    /// A finished element goes into its parent, or if that gathers nothing, to whom it concerns.
    private func handOn(_ element: Element) {
        guard let parent = stack.indices.last else { return }
        if case .container = stack[parent].role {
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
        isInHeader = false
        guard element.first("MessageHeader") != nil else { return }
        hasHeader = true
        var reader = HeaderReader(log: log)
        header = reader.read(element)
        signature = reader.signature
        log = reader.log
    }

    /// The content of the attachment that is open, once it has ended.
    private var content: BodyReader.Content?

    private func noteContent(_ element: Element) {
        content = .init(line: element.line, decoded: attachment?.finish())
        attachment = nil
    }

    private func withinLimits(_ tag: StartTag, _ name: String) -> Bool {
        let attributes = Int(tag.attributeCount) + Int(tag.namespaceCount)
        let parent = stack.last?.element.name
        if elementCount > limits.elements {
            refuse(.elements, "more than \(limits.elements) elements")
        } else if stack.count >= limits.depth {
            refuse(.depth, "more than \(limits.depth) levels")
        } else if attributes > limits.attributes {
            refuse(.attributes, "\(attributes) attributes of <\(name)>; \(limits.attributes) are allowed")
        } else if name == "To", parent == "MessageHeader" {
            recipientCount += 1
            if recipientCount > limits.recipients { refuse(.recipients, "more than \(limits.recipients) recipients") }
        } else if name == "TraceHeader", parent == "TraceHeaderList" {
            traceCount += 1
            if traceCount > limits.traces { refuse(.traces, "more than \(limits.traces) trace headers") }
        } else if name == "Attachment" || name == "Reference",
            max(body.attachmentCount, body.manifest.count) >= limits.attachments
        {
            refuse(.attachments, "more than \(limits.attachments) attachments")
        }
        return !stopped
    }

    private func checkLength(of open: Open) {
        // As many bytes as characters allowed can never be too long.
        guard let allowed = open.maxLength, open.text.count > allowed else { return }
        let length = open.element.text.precomposed.unicodeScalars.count
        if length > allowed {
            add(
                .textTooLong, line: open.element.line, element: path(nil),
                "\(length) characters; \(allowed) are allowed")
        }
    }

    private func checkEncodingMark() {
        // UTF-16 and UTF-32 begin with a zero or a mark; nothing in an ASCII-compatible encoding does.
        guard firstBytes.count == 4 else { return }
        if firstBytes.contains(0) || firstBytes.starts(with: [0xFF, 0xFE]) || firstBytes.starts(with: [0xFE, 0xFF]) {
            refuse(.encoding, "not an ASCII-compatible encoding")
        }
    }

    /// Whether the package begins with anything but markup or a UTF-8 mark.
    private var hasJunkFirst: Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return (firstBytes.starts(with: mark) ? firstBytes.dropFirst(3) : firstBytes[...]).first != UInt8(ascii: "<")
    }

    private func addSchema(_ complaint: String) {
        add(.schema, complaint.split(separator: "\n").first.map(String.init) ?? "")
    }

    private func add(_ code: Finding.Code, line: Int? = nil, element: String? = nil, _ detail: String) {
        log.add(code, line: line ?? parser?.line ?? 0, element: element ?? path(nil), detail)
    }

    /// The open elements from the outside in, and `name` after them.
    private func path(_ name: String?) -> String {
        (stack.map(\.element.name) + (name.map { [$0] } ?? [])).joined(separator: "/")
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x0A, 0x0D, 0x09].contains(byte) }
}
