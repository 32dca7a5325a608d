// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// Takes canonical bytes, in order.
protocol CanonicalOutput: AnyObject {
    /// - Parameter bytes: valid during the call only.
    func take(_ bytes: UnsafeRawBufferPointer)
}

/// Writes the elements of a document that it is told of in a canonical form, as they go by.
///
/// What is in the document and is not told (what stands around an element, a signature inside it) is not part of the
/// form. Memory: what one tag needs, and the namespaces of the open elements.
final class Canonicalizer {
    private typealias Name = NamespaceScope.Name
    private typealias Declaration = NamespaceScope.Declaration

    /// An attribute with what is needed to put it in its place.
    private struct Attribute {
        let prefix: Name?
        let localName: Name
        let uri: Name?
        let value: UnsafeBufferPointer<UInt8>
    }

    /// Bytes gathered before they are handed on.
    private static let pieceBytes = 16 << 10

    let form: CanonicalForm
    private let scope: NamespaceScope
    private let output: any CanonicalOutput
    private var pending: [UInt8] = []
    /// Declarations that were written in open elements; nil as a namespace is written as the empty one.
    private var rendered: [Declaration] = []
    /// The number of them outside each open element.
    private var marks: [Int] = []
    // Of one tag, kept for their memory.
    private var declarations: [Declaration] = []
    private var attributes: [Attribute] = []

    /// - Parameter scope: of the same document; it has to have entered an element before this is told of it, and to
    ///   leave it afterwards.
    init(_ form: CanonicalForm, scope: NamespaceScope, output: any CanonicalOutput) {
        self.form = form
        self.scope = scope
        self.output = output
        pending.reserveCapacity(2 * Self.pieceBytes)
    }

    // MARK: Elements

    /// - Parameter isPart: whether this is the outermost element told of, and not the document's.
    func elementStarted(_ tag: StartTag, isPart: Bool) {
        put(UInt8(ascii: "<"))
        put(prefix: tag.prefix, tag.localName)
        marks.append(rendered.count)
        switch form.kind {
        case .inclusive: declareAll(isPart: isPart)
        case .exclusive(let listed): declareUsed(tag, listed)
        }
        writeDeclarations()
        if tag.attributeCount > 0 || isPart { writeAttributes(tag, isPart: isPart) }
        put(UInt8(ascii: ">"))
        handOnIfFull()
    }

    func elementEnded(_ tag: EndTag) {
        put("</")
        put(prefix: tag.prefix, tag.localName)
        put(UInt8(ascii: ">"))
        if let mark = marks.popLast() { rendered.removeSubrange(mark...) }
        handOnIfFull()
    }

    /// Every declaration that says something new; of a part, all that hold in it.
    private func declareAll(isPart: Bool) {
        if isPart {
            for declaration in scope.effective() { declare(declaration) }
        } else {
            for declaration in scope.own { declare(declaration) }
        }
    }

    /// The namespaces that the tag itself uses, and those that are listed.
    private func declareUsed(_ tag: StartTag, _ listed: [String]) {
        for prefix in listed {
            if let declaration = scope.declaration(of: prefix) { declare(declaration) }
        }
        declare(Declaration(prefix: tag.prefix, uri: tag.namespace))
        guard tag.attributeCount > 0 else { return }
        tag.forEachAttribute { attribute in
            guard let prefix = attribute.prefix else { return }
            declare(Declaration(prefix: prefix, uri: attribute.uri))
        }
    }

    /// Notes a declaration, unless it is the one that holds in what was written.
    private func declare(_ declaration: Declaration) {
        // `xml` is bound without being declared.
        if let prefix = declaration.prefix, xmlStrEqual(prefix, "xml") == 1 { return }
        let before = rendered.last { $0.prefix == declaration.prefix }
        guard before?.uri != declaration.uri else { return }
        rendered.append(declaration)
        declarations.append(declaration)
    }

    private func writeDeclarations() {
        guard !declarations.isEmpty else { return }
        if declarations.count > 1 {
            declarations.sort { xmlStrcmp($0.prefix, $1.prefix) < 0 }
        }
        for declaration in declarations {
            put(" xmlns")
            if let prefix = declaration.prefix {
                put(UInt8(ascii: ":"))
                put(prefix)
            }
            put("=\"")
            if let uri = declaration.uri {
                put(attributeValue: UnsafeBufferPointer(start: uri, count: Int(xmlStrlen(uri))))
            }
            put(UInt8(ascii: "\""))
        }
        declarations.removeAll(keepingCapacity: true)
    }

    private func writeAttributes(_ tag: StartTag, isPart: Bool) {
        tag.forEachAttribute { attribute in
            attributes.append(
                Attribute(
                    prefix: attribute.prefix, localName: attribute.localName, uri: attribute.uri,
                    value: attribute.value))
        }
        // What an element inherits of `xml:` belongs to it where it stands alone (Canonical XML 1.0 §2.4).
        let inherited = isPart && form.kind == .inclusive ? scope.inheritedXMLAttributes() : []
        writeSorted(inherited[...])
    }

    /// Adds one inherited attribute after the other, each while its bytes hold still, and then writes all.
    private func writeSorted(_ inherited: ArraySlice<NamespaceScope.XMLAttribute>) {
        if let next = inherited.first {
            return next.value.withUnsafeBufferPointer { value in
                attributes.append(
                    Attribute(prefix: next.prefix, localName: next.localName, uri: next.uri, value: value))
                writeSorted(inherited.dropFirst())
            }
        }
        if attributes.count > 1 {
            // By namespace, those without one first; then by name.
            attributes.sort { left, right in
                let order = left.uri == right.uri ? 0 : xmlStrcmp(left.uri, right.uri)
                return order == 0 ? xmlStrcmp(left.localName, right.localName) < 0 : order < 0
            }
        }
        for attribute in attributes {
            put(UInt8(ascii: " "))
            put(prefix: attribute.prefix, attribute.localName)
            put("=\"")
            put(attributeValue: attribute.value)
            put(UInt8(ascii: "\""))
        }
        attributes.removeAll(keepingCapacity: true)
    }

    // MARK: Between tags

    /// - Parameter text: with its line ends normalized: a carriage return in it came from a reference.
    func text(_ text: UnsafeBufferPointer<UInt8>) {
        var rest = text[...]
        while let place = rest.firstIndex(where: { Self.textEscape($0) != nil }) {
            put(UnsafeBufferPointer(rebasing: rest[..<place]))
            if let escape = Self.textEscape(text[place]) { put(escape) }
            rest = rest[(place + 1)...]
        }
        put(UnsafeBufferPointer(rebasing: rest))
        handOnIfFull()
    }

    /// Text in which nothing needs to be escaped.
    func plain(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.count >= Self.pieceBytes / 4 else {
            put(text)
            return handOnIfFull()
        }
        handOn()
        output.take(UnsafeRawBufferPointer(text))
    }

    /// - Parameter place: against the document's outermost element.
    func comment(_ text: UnsafeBufferPointer<UInt8>, _ place: Place) {
        guard form.keepsComments else { return }
        if place == .behind { put(0x0A) }
        put("<!--")
        put(text)
        put("-->")
        if place == .before { put(0x0A) }
        handOnIfFull()
    }

    /// - Parameter place: against the document's outermost element.
    func processingInstruction(_ target: UnsafePointer<UInt8>, _ data: UnsafePointer<UInt8>?, _ place: Place) {
        if place == .behind { put(0x0A) }
        put("<?")
        put(target)
        if let data, data.pointee != 0 {
            put(UInt8(ascii: " "))
            put(data)
        }
        put("?>")
        if place == .before { put(0x0A) }
        handOnIfFull()
    }

    enum Place { case before, inside, behind }

    /// Hands on what is left.
    func finish() { handOn() }

    // MARK: Bytes

    @inline(__always)
    private static func textEscape(_ byte: UInt8) -> StaticString? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case 0x0D: "&#xD;"
        default: nil
        }
    }

    /// - Parameter value: as the parser gives it, with `&#38;` for an ampersand.
    private func put(attributeValue value: UnsafeBufferPointer<UInt8>) {
        var index = value.startIndex
        while index < value.endIndex {
            switch value[index] {
            case UInt8(ascii: "&"):
                put("&amp;")
                // Behind it stands the rest of the reference, always.
                index += 4
            case UInt8(ascii: "<"): put("&lt;")
            case UInt8(ascii: "\""): put("&quot;")
            case 0x09: put("&#x9;")
            case 0x0A: put("&#xA;")
            case 0x0D: put("&#xD;")
            case let byte: pending.append(byte)
            }
            index += 1
        }
    }

    private func put(prefix: Name?, _ localName: Name) {
        if let prefix {
            put(prefix)
            put(UInt8(ascii: ":"))
        }
        put(localName)
    }

    private func put(_ byte: UInt8) { pending.append(byte) }
    private func put(_ name: Name) { put(UnsafeBufferPointer(start: name, count: Int(xmlStrlen(name)))) }
    private func put(_ text: UnsafeBufferPointer<UInt8>) { pending.append(contentsOf: text) }
    private func put(_ text: StaticString) {
        pending.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func handOnIfFull() {
        if pending.count >= Self.pieceBytes { handOn() }
    }

    private func handOn() {
        guard !pending.isEmpty else { return }
        pending.withUnsafeBytes { output.take($0) }
        pending.removeAll(keepingCapacity: true)
    }
}
