// SPDX-License-Identifier: Apache-2.0
import CLibXML2
import Glibc

/// The libxml2 push parser: bytes in, events out. No DTD, no entities but the five, no loader, bounded memory.
///
/// Owns one parser context. Not for two threads.
final class PushParser {
    private let context: xmlParserCtxtPtr
    private let events: any XMLEvents
    /// Bytes given since the last event: the length of the tag or comment that has not ended yet.
    private(set) var bytesSinceEvent = 0
    private var stopped = false

    init(events: any XMLEvents) {
        self.events = events
        var handler = Self.handler
        guard let context = xmlCreatePushParserCtxt(&handler, nil, nil, 0, nil) else {
            preconditionFailure("libxml2 has no memory for a parser")
        }
        self.context = context
        // `huge` stays off: libxml2's own bounds hold beside ours.
        xmlCtxtUseOptions(context, Int32(XML_PARSE_NONET.rawValue))
        context.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        if let document = context.pointee.myDoc { xmlFreeDoc(document) }
        xmlFreeParserCtxt(context)
    }

    func parse(_ bytes: UnsafeRawBufferPointer) {
        guard !stopped else { return }
        let taken = takePlainText(bytes)
        push(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    }

    private func push(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        bytesSinceEvent += bytes.count
        withExtendedLifetime(self) {
            _ = xmlParseChunk(context, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), 0)
        }
    }

    /// Offers the beginning of `bytes` to the events directly, past the parser: nearly all bytes of a package are the
    /// base64 text of attachments, in which the parser has nothing to do but to copy them.
    ///
    /// Only while the parser stands between two pieces of an element's content, holds nothing back and converts
    /// nothing: whatever is taken then is character data, as the events take no byte that could be anything else.
    ///
    /// - Returns: how many bytes were taken.
    private func takePlainText(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard context.pointee.instate == XML_PARSER_CONTENT, let input = context.pointee.input,
            input.pointee.cur == input.pointee.end, let buffer = input.pointee.buf, buffer.pointee.encoder == nil
        else { return 0 }
        let taken = events.plainText(bytes.assumingMemoryBound(to: UInt8.self))
        guard taken > 0 else { return 0 }
        bytesSinceEvent = 0
        var rest = UnsafeRawBufferPointer(rebasing: bytes[..<taken])
        while let start = rest.baseAddress, let found = memchr(start, Int32(UInt8(ascii: "\n")), rest.count) {
            input.pointee.line += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - start + 1)...])
        }
        return taken
    }

    /// Tells the parser that nothing more comes.
    func end() {
        guard !stopped else { return }
        withExtendedLifetime(self) { _ = xmlParseChunk(context, nil, 0, 1) }
    }

    /// Bytes of the document up to where the parser stands, as long as `plainText` has taken none.
    var position: Int { xmlByteConsumed(context) }

    /// Runs `body` for the parser behind a callback's pointer, unless it has been stopped.
    private static func with(_ pointer: UnsafeMutableRawPointer?, _ body: (PushParser, any XMLEvents) -> Void) {
        guard let pointer else { return }
        let parser = Unmanaged<PushParser>.fromOpaque(pointer).takeUnretainedValue()
        guard !parser.stopped else { return }
        parser.bytesSinceEvent = 0
        let events = parser.events
        events.line = parser.context.pointee.input.map { Int($0.pointee.line) } ?? 0
        body(parser, events)
        if events.stopped {
            parser.stopped = true
            xmlStopParser(parser.context)
        }
    }

    private static var handler: xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = XML_SAX2_MAGIC
        handler.startDocument = { pointer in
            PushParser.with(pointer) { parser, events in
                let declared = parser.context.pointee.encoding.map { String(cString: $0) }
                events.documentStarted(encoding: declared)
            }
        }
        // Called as soon as the name of the DOCTYPE is read, before anything that it declares.
        handler.internalSubset = { pointer, _, _, _ in PushParser.with(pointer) { $1.doctypeMet() } }
        handler.startElementNs = {
            pointer, name, prefix, namespace, namespaceCount, namespaces, attributeCount, defaulted, attributes in
            PushParser.with(pointer) { _, events in
                guard let name else { return }
                events.elementStarted(
                    StartTag(
                        localName: name, prefix: prefix, namespace: namespace, namespaceCount: namespaceCount,
                        namespaces: namespaces, attributeCount: attributeCount, defaultedCount: defaulted,
                        attributes: attributes))
            }
        }
        handler.endElementNs = { pointer, name, prefix, namespace in
            PushParser.with(pointer) { _, events in
                guard let name else { return }
                events.elementEnded(EndTag(localName: name, prefix: prefix, namespace: namespace))
            }
        }
        let characters: charactersSAXFunc = { pointer, text, count in
            PushParser.with(pointer) { $1.characters(UnsafeBufferPointer(start: text, count: Int(count))) }
        }
        handler.characters = characters
        handler.ignorableWhitespace = characters
        handler.cdataBlock = { pointer, text, count in
            PushParser.with(pointer) { parser, events in
                events.cdata(UnsafeBufferPointer(start: text, count: Int(count)), at: parser.position)
            }
        }
        handler.comment = { pointer, text in
            PushParser.with(pointer) { _, events in
                guard let text else { return }
                events.comment(UnsafeBufferPointer(start: text, count: Int(xmlStrlen(text))))
            }
        }
        handler.processingInstruction = { pointer, target, data in
            PushParser.with(pointer) { _, events in
                guard let target else { return }
                events.processingInstruction(target, data)
            }
        }
        handler.serror = { pointer, error in
            guard let error = error?.pointee, error.level != XML_ERR_WARNING else { return }
            PushParser.with(pointer) { _, events in
                let message = error.message.map { String(cString: $0) } ?? ""
                events.problemMet(
                    XMLProblem(
                        code: xmlParserErrors(rawValue: UInt32(bitPattern: error.code)),
                        isFatal: error.level == XML_ERR_FATAL, message: message))
            }
        }
        return handler
    }
}
