// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// What the open elements declare: namespaces, and the attributes of `xml:` that hold below them.
///
/// Names and namespaces are pointers into the parser's dictionary: equal texts have equal pointers, and they live as long
/// as the parser. Nobody may keep one longer.
final class NamespaceScope {
    typealias Name = UnsafePointer<UInt8>

    struct Declaration {
        /// Nil for the default namespace.
        let prefix: Name?
        /// Nil for none.
        let uri: Name?
    }

    /// `xml:lang` and its like, as an element has it.
    struct XMLAttribute {
        let depth: Int
        let prefix: Name?
        let localName: Name
        let uri: Name?
        /// As the parser gave it.
        let value: [UInt8]
    }

    /// Of all open elements, the outermost first.
    private(set) var declarations: [Declaration] = []
    private(set) var xmlAttributes: [XMLAttribute] = []
    /// The number of declarations outside each open element.
    private var marks: [Int] = []

    var depth: Int { marks.count }

    /// Those of the innermost element.
    var own: ArraySlice<Declaration> { declarations[(marks.last ?? 0)...] }

    /// Enters an element.
    func open(_ tag: StartTag) {
        marks.append(declarations.count)
        if let namespaces = tag.namespaces {
            for index in 0..<Int(tag.namespaceCount) {
                let uri = namespaces[2 * index + 1].flatMap { $0.pointee == 0 ? nil : $0 }
                declarations.append(Declaration(prefix: namespaces[2 * index], uri: uri))
            }
        }
        guard tag.attributeCount > 0 else { return }
        tag.forEachAttribute { attribute in
            guard attribute.isOfXML else { return }
            xmlAttributes.append(
                XMLAttribute(
                    depth: marks.count, prefix: attribute.prefix, localName: attribute.localName, uri: attribute.uri,
                    value: Array(attribute.value)))
        }
    }

    /// Leaves the innermost element.
    func close() {
        while let last = xmlAttributes.last, last.depth == marks.count { xmlAttributes.removeLast() }
        guard let mark = marks.popLast() else { return }
        declarations.removeSubrange(mark...)
    }

    /// What holds in the innermost element, each prefix once; without what was undeclared.
    func effective() -> [Declaration] {
        var found: [Declaration] = []
        for declaration in declarations.reversed() where !found.contains(where: { $0.prefix == declaration.prefix }) {
            found.append(declaration)
        }
        return found.filter { $0.uri != nil }
    }

    /// What a prefix that is written so stands for in the innermost element.
    func declaration(of prefix: String) -> Declaration? {
        declarations.last { declaration in
            guard let name = declaration.prefix else { return prefix.isEmpty }
            return xmlStrEqual(name, prefix) == 1
        }
    }

    /// Those of the elements around the innermost one that it does not have itself, the nearest of each name.
    func inheritedXMLAttributes() -> [XMLAttribute] {
        var found: [XMLAttribute] = []
        for attribute in xmlAttributes.reversed() where !found.contains(where: { $0.localName == attribute.localName })
        {
            found.append(attribute)
        }
        return found.filter { $0.depth < marks.count }
    }

    /// Whether a declaration of the innermost element names no namespace but a path to one: what it means depends on where
    /// the document lies, and canonical XML is not defined for it (Canonical XML 1.0 §1.3).
    var declaresRelative: Bool {
        own.contains { declaration in
            guard var next = declaration.uri else { return false }
            guard Self.isLetter(next.pointee) else { return true }
            while Self.isLetter(next.pointee) || Self.isOfScheme(next.pointee) { next += 1 }
            return next.pointee != UInt8(ascii: ":")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isOfScheme(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }
}

/// An attribute as libxml2 gives it; valid during the event only.
struct TagAttribute {
    let localName: UnsafePointer<UInt8>
    let prefix: UnsafePointer<UInt8>?
    /// Nil for an attribute without a prefix.
    let uri: UnsafePointer<UInt8>?
    /// Normalized; references are resolved, but an ampersand stands as `&#38;`.
    let value: UnsafeBufferPointer<UInt8>

    var isOfXML: Bool { prefix.map { xmlStrEqual($0, "xml") == 1 } ?? false }

    /// The value itself.
    var text: String { String(decoding: value, as: UTF8.self).replacing("&#38;", with: "&") }
}

extension StartTag {
    func forEachAttribute(_ body: (TagAttribute) -> Void) {
        guard let attributes else { return }
        for index in 0..<Int(attributeCount) {
            guard let name = attributes[5 * index], let start = attributes[5 * index + 3],
                let end = attributes[5 * index + 4]
            else { continue }
            body(
                TagAttribute(
                    localName: name, prefix: attributes[5 * index + 1], uri: attributes[5 * index + 2],
                    value: UnsafeBufferPointer(start: start, count: end - start)))
        }
    }
}
