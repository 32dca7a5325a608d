// SPDX-License-Identifier: Apache-2.0
import CLibXML2
import Glibc
import TestKit
import Testing

@testable import EdXML

/// Keeps canonical bytes.
final class CanonicalBytes: CanonicalOutput {
    private(set) var bytes: [UInt8] = []
    func take(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The canonical form of a document, or why there is none.
func canonical(
    _ document: String, _ form: CanonicalForm, _ selection: CanonicalReader.Selection = .document,
    isEnveloping: Bool = false, pieces: ((Int) -> Int)? = nil
) -> Result<String, SignatureFault> {
    let output = CanonicalBytes()
    let reader = CanonicalReader(
        [.init(selection, form, isEnveloping: isEnveloping, output: output)], limits: .standard, keepsSignature: false)
    let bytes = Array(document.utf8)
    bytes.withUnsafeBytes { bytes in
        guard let pieces else { return reader.feed(bytes) }
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces(start))
            reader.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }
    reader.finish()
    if let fault = reader.fault { return .failure(fault) }
    return .success(output.text)
}

/// The same by libxml2, on its own tree; nil where it fails.
func libxml2Canonical(
    _ document: String, _ form: CanonicalForm, id: String? = nil, isEnveloping: Bool = false
) -> String? {
    let bytes = Array(document.utf8)
    let options = Int32(
        XML_PARSE_NOENT.rawValue | XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
    let tree = bytes.withUnsafeBytes { raw in
        xmlReadMemory(raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(raw.count), nil, nil, options)
    }
    guard let tree else { return nil }
    defer { xmlFreeDoc(tree) }
    let root = xmlDocGetRootElement(tree)
    var subset = Subset(apex: nil, leftOut: nil)
    if let id {
        subset.apex = find(root) { attribute($0, "Id") == id }
        guard subset.apex != nil else { return nil }
    }
    if isEnveloping { subset.leftOut = find(root) { xmlStrEqual($0.pointee.name, "Signature") == 1 } }
    let buffer = xmlAllocOutputBuffer(nil)
    defer { xmlOutputBufferClose(buffer) }
    let (mode, listed): (xmlC14NMode, [String]) =
        switch form.kind {
        case .inclusive: (XML_C14N_1_0, [])
        case .exclusive(let listed): (XML_C14N_EXCLUSIVE_1_0, listed.map { $0.isEmpty ? "#default" : $0 })
        }
    var prefixes: [UnsafeMutablePointer<UInt8>?] = listed.map { xmlStrdup($0) } + [nil]
    // Nobody has given libxml2 another allocator.
    defer { for prefix in prefixes { free(prefix) } }
    let done = withUnsafeMutablePointer(to: &subset) { subset in
        xmlC14NExecute(
            tree,
            { context, node, parent in
                guard let subset = context?.assumingMemoryBound(to: Subset.self).pointee, let node else { return 0 }
                // A namespace is no node of the tree; it is where its element is.
                var next = node.pointee.type == XML_NAMESPACE_DECL ? parent : node
                var isInside = subset.apex == nil
                while let current = next {
                    if current == subset.leftOut { return 0 }
                    if current == subset.apex { isInside = true }
                    next = current.pointee.parent
                }
                return isInside ? 1 : 0
            }, subset, Int32(mode.rawValue), &prefixes, form.keepsComments ? 1 : 0, buffer)
    }
    guard done >= 0, let content = xmlOutputBufferGetContent(buffer) else { return nil }
    return String(
        decoding: UnsafeBufferPointer(start: content, count: xmlOutputBufferGetSize(buffer)), as: UTF8.self)
}

private struct Subset {
    var apex: xmlNodePtr?
    var leftOut: xmlNodePtr?
}

private func find(_ node: xmlNodePtr?, _ holds: (xmlNodePtr) -> Bool) -> xmlNodePtr? {
    var next = node
    while let current = next {
        if current.pointee.type == XML_ELEMENT_NODE {
            if holds(current) { return current }
            if let below = find(current.pointee.children, holds) { return below }
        }
        next = current.pointee.next
    }
    return nil
}

private func attribute(_ node: xmlNodePtr, _ name: String) -> String? {
    guard let value = xmlGetNoNsProp(node, name) else { return nil }
    defer { free(value) }
    return String(cString: value)
}

/// Documents at random, with everything that canonical forms treat in a way of their own.
struct DocumentGenerator {
    private var random: SeededGenerator
    private var elements = 0
    private var hasSignature = false
    private var isInSignature = false

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    static let prefixes = ["", "p", "q", "r"]
    private static let uris = ["urn:1", "urn:2", "http://example.vn/3", "URN:1"]
    private static let names = ["a", "b", "c", "edXMLHeader"]

    mutating func document() -> String {
        var text = chance(2) ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\(space())" : ""
        for _ in 0..<pick(2) { text += outside() + space() }
        text += chance(3) ? package() : element(depth: 0, scope: [:])
        for _ in 0..<pick(2) { text += space() + outside() }
        return text + (chance(2) ? "\n" : "")
    }

    /// Identifiers that were given.
    var identifiers: Int { elements }

    mutating func pick(_ count: Int) -> Int { Int.random(in: 0...count, using: &random) }
    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
    private mutating func one(_ texts: [String]) -> String { texts[pick(texts.count - 1)] }
    private mutating func space() -> String { one(["", " ", "\n", "\r\n", "\r", "\t"]) }
    private mutating func outside() -> String {
        chance(2)
            ? "<!--\(one(["", " x ", "a\r\nb", "<&>"]))-->"
            : "<?\(one(["i", "im-p"]))\(one(["", " d", "  a\r\nb ?"]))?>"
    }

    /// The shape of a package: base64 behind the header is read past the parser.
    private mutating func package() -> String {
        var text = "<edXML xmlns=\"urn:edxml\"><edXMLEnvelope Id=\"e0\"><edXMLHeader>"
        elements = 1
        text += element(depth: 3, scope: ["": "urn:edxml"]) + "</edXMLHeader></edXMLEnvelope>"
        for _ in 0..<pick(3) {
            text += "<c>"
            for _ in 0..<pick(60) { text += one(["QUJD", "QUJDREVG", "=", "\r\n", "\n", "\r", " ", "+/9"]) }
            text += one(["", "<!--c-->", "&amp;", "é"]) + "</c>"
        }
        return text + "</edXML>"
    }

    private mutating func element(depth: Int, scope outer: [String: String]) -> String {
        var scope = outer
        var tag = ""
        for prefix in Self.prefixes where chance(3) {
            let uri = prefix.isEmpty && chance(3) ? "" : one(Self.uris)
            scope[prefix] = uri
            tag += one([" ", "\n", "  "]) + (prefix.isEmpty ? "xmlns" : "xmlns:\(prefix)") + "=\"\(uri)\""
        }
        let isSignature = !hasSignature && depth > 0 && chance(5)
        var prefix = one(Self.prefixes.filter { $0.isEmpty || scope[$0] != nil })
        var name = one(Self.names)
        if isSignature {
            hasSignature = true
            (prefix, name) = ("ds", "Signature")
            tag += " xmlns:ds=\"\(SignatureNode.signatureURI)\""
        }
        tag += attributes(scope)
        if chance(2) {
            tag += " Id='e\(elements)'"
            elements += 1
        }
        let qualified = prefix.isEmpty ? name : "\(prefix):\(name)"
        guard depth < 6, !chance(6) else { return "<\(qualified)\(tag)\(one(["", " "]))/>" }
        let wasInSignature = isInSignature
        isInSignature = isInSignature || isSignature
        var content = ""
        for _ in 0..<pick(4) { content += chance(2) ? element(depth: depth + 1, scope: scope) : text() }
        isInSignature = wasInSignature
        return "<\(qualified)\(tag)>\(content)</\(qualified)\(one(["", " ", "\n"]))>"
    }

    private mutating func attributes(_ scope: [String: String]) -> String {
        var text = ""
        var used: Set<String> = []
        for prefix in Self.prefixes.shuffled(using: &random) + ["xml"] where chance(2) {
            guard prefix.isEmpty || prefix == "xml" || scope[prefix] != nil else { continue }
            let name = prefix == "xml" ? one(["lang", "space", "base"]) : one(["z", "y", "aa", "a"])
            guard used.insert("\(prefix.isEmpty ? "" : scope[prefix] ?? "xml")|\(name)").inserted else { continue }
            let value = one([
                "", "v", "a &amp; b", "&#38;#38;", "&lt;&gt;>", "a\tb\r\nc\rd", "&#13;&#10;&#9;", "'", "&quot;",
                "ế\u{1F600}",
                "&#x1F600;", "  a  ",
            ])
            text += " \(prefix.isEmpty ? name : "\(prefix):\(name)")=\"\(value)\""
        }
        return text
    }

    private mutating func text() -> String {
        switch pick(isInSignature ? 6 : 8) {
        case 0: "chữ \r\n và\rdòng\n"
        case 1: "&amp;&lt;&gt;&quot;&apos;"
        case 2: "&#13;&#x26;&#60;&#10;"
        case 3: "<![CDATA[<&>\r\n]] >\r]]>"
        case 4: "<![CDATA[a\r]]><![CDATA[\nb\(String(repeating: "x\r\n", count: pick(250)))]]>"
        case 5: "]] > ]"
        case 6: String(repeating: "dài \u{1F600}\t", count: pick(30))
        default: outside()
        }
    }
}
