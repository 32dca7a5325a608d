// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// An element inside a signature, or the signature itself: small, and bounded by `SignatureTree`.
struct SignatureNode: Equatable {
    enum Space: Equatable {
        /// XML-Signature's own.
        case signature
        /// That of `InclusiveNamespaces`.
        case exclusive
        /// That of XML-Signature 1.1 (`ECKeyValue`, `DEREncodedKeyValue`, `KeyInfoReference`).
        case signature11
        case other
    }

    let name: String
    let space: Space
    let line: Int
    /// Those without a prefix.
    let attributes: [String: String]
    /// All character data directly in it.
    var text = ""
    var children: [SignatureNode] = []

    /// Whether there is nothing in it but elements that are empty themselves.
    var isBlank: Bool {
        text.utf8.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) } && children.allSatisfy(\.isBlank)
    }

    func all(_ name: String) -> [SignatureNode] { children.filter { $0.name == name && $0.space == .signature } }

    /// The text, decoded; nil for what is not base64. White space may stand anywhere in it.
    var decoded: [UInt8]? { Base64Decoder.decode(text) }

    static let signatureURI: StaticString = "http://www.w3.org/2000/09/xmldsig#"
    private static let exclusiveURI: StaticString = "http://www.w3.org/2001/10/xml-exc-c14n#"
    private static let signature11URI: StaticString = "http://www.w3.org/2009/xmldsig11#"

    init(_ tag: StartTag, line: Int) {
        name = String(cString: tag.localName)
        space =
            if xmlStrEqual(tag.namespace, Self.signatureURI.utf8Start) == 1 {
                .signature
            } else if xmlStrEqual(tag.namespace, Self.exclusiveURI.utf8Start) == 1 {
                .exclusive
            } else if xmlStrEqual(tag.namespace, Self.signature11URI.utf8Start) == 1 {
                .signature11
            } else {
                .other
            }
        self.line = line
        var attributes: [String: String] = [:]
        tag.forEachAttribute { attribute in
            if attribute.prefix == nil { attributes[String(cString: attribute.localName)] = attribute.text }
        }
        self.attributes = attributes
    }
}

/// Gathers the tree of one signature.
struct SignatureTree {
    /// Most elements in a signature, and most bytes of character data: with certificates, their chain and qualifying
    /// properties real ones stay below a tenth of it.
    static let maxElements = 1_000
    static let maxTextBytes = 512 << 10

    private var open: [SignatureNode] = []
    private var elements = 0
    private var textBytes = 0
    /// Once its end has been met.
    private(set) var root: SignatureNode?

    /// Nil, or what is too large.
    mutating func start(_ tag: StartTag, line: Int) -> String? {
        elements += 1
        guard elements <= Self.maxElements else { return "more than \(Self.maxElements) elements in the signature" }
        open.append(SignatureNode(tag, line: line))
        return nil
    }

    mutating func end() {
        guard let node = open.popLast() else { return }
        if open.isEmpty {
            root = node
        } else {
            open[open.count - 1].children.append(node)
        }
    }

    /// Nil, or what is too large.
    mutating func text(_ text: UnsafeBufferPointer<UInt8>) -> String? {
        textBytes += text.count
        guard textBytes <= Self.maxTextBytes else {
            return "more than \(Self.maxTextBytes) bytes of text in the signature"
        }
        guard !open.isEmpty else { return nil }
        open[open.count - 1].text += String(decoding: text, as: UTF8.self)
        return nil
    }
}
