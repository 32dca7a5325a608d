// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// `edxml.xsd`, compiled once for the process.
///
/// `@unchecked Sendable`: the compiled schema is built before anyone can see it and libxml2 only reads it while
/// validating; whatever changes belongs to the validation context, of which each reader has its own.
final class CompiledSchema: @unchecked Sendable {
    static let shared = CompiledSchema(PackageResources.edxml_xsd)

    fileprivate let pointer: xmlSchemaPtr

    private init(_ text: [UInt8]) {
        xmlInitParser()
        let compiled = text.withUnsafeBytes { bytes -> xmlSchemaPtr? in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard let parser = xmlSchemaNewMemParserCtxt(start, Int32(bytes.count)) else { return nil }
            defer { xmlSchemaFreeParserCtxt(parser) }
            return xmlSchemaParse(parser)
        }
        guard let compiled else { preconditionFailure("the schema of this program does not compile") }
        pointer = compiled
    }
}

/// Validates a stream of events against the schema.
///
/// The reader forwards the events that the schema is to see; the text of attachments stays away from it, because
/// libxml2 would gather it in memory and its check of base64 takes quadratic time.
final class SchemaValidator {
    private let context: xmlSchemaValidCtxtPtr
    private let plug: xmlSchemaSAXPlugPtr
    /// libxml2 keeps the addresses of both and writes through them when the plug is pulled: they must live on the
    /// heap, longer than the plug.
    private let handlerBox: UnsafeMutablePointer<UnsafeMutablePointer<xmlSAXHandler>?>
    private let userDataBox: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let handler: xmlSAXHandler
    private let userData: UnsafeMutableRawPointer?
    private var problem: String?

    init(_ schema: CompiledSchema) {
        handlerBox = .allocate(capacity: 1)
        handlerBox.initialize(to: nil)
        userDataBox = .allocate(capacity: 1)
        userDataBox.initialize(to: nil)
        // An empty user handler makes libxml2 hand out its own functions, to be called by us.
        guard let context = xmlSchemaNewValidCtxt(schema.pointer),
            let plug = xmlSchemaSAXPlug(context, handlerBox, userDataBox), let handler = handlerBox.pointee?.pointee
        else { preconditionFailure("libxml2 has no memory for a schema validation") }
        self.context = context
        self.plug = plug
        self.handler = handler
        self.userData = userDataBox.pointee
        xmlSchemaSetValidStructuredErrors(
            context,
            { pointer, error in
                guard let pointer, let message = error?.pointee.message else { return }
                let validator = Unmanaged<SchemaValidator>.fromOpaque(pointer).takeUnretainedValue()
                if validator.problem == nil { validator.problem = String(cString: message) }
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        xmlSchemaSAXUnplug(plug)
        xmlSchemaFreeValidCtxt(context)
        handlerBox.deallocate()
        userDataBox.deallocate()
    }

    /// Each returns what the schema has against the event, nil if nothing.
    func elementStarted(_ tag: StartTag) -> String? {
        handler.startElementNs?(
            userData, tag.localName, tag.prefix, tag.namespace, tag.namespaceCount, tag.namespaces, tag.attributeCount,
            tag.defaultedCount, tag.attributes)
        return takeProblem()
    }

    func elementEnded(_ tag: EndTag) -> String? {
        handler.endElementNs?(userData, tag.localName, tag.prefix, tag.namespace)
        return takeProblem()
    }

    func characters(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        handler.characters?(userData, text.baseAddress, Int32(text.count))
        return takeProblem()
    }

    private func takeProblem() -> String? {
        defer { problem = nil }
        return problem
    }
}
