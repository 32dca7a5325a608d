// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// What a signature says it covers and how it was made: read from its tree, before anything is computed.
///
/// Only what can be computed while the document goes by is taken: the whole document or elements by identifier, the
/// signature itself left out, one canonical form. Everything else is refused by its name; nothing is passed over that
/// could give what is signed another meaning.
struct SignaturePlan {
    struct Reference {
        let selection: CanonicalReader.Selection
        let form: CanonicalForm
        let isEnveloping: Bool
        let digest: DigestAlgorithm
        let expected: [UInt8]
        let uri: String
        let line: Int
    }

    /// Most references; with qualifying properties (XAdES) two or three are usual. Each is computed anew.
    static let maxReferences = 10
    /// Most certificates; a chain has three or four.
    static let maxCertificates = 8

    let form: CanonicalForm
    let algorithm: SignatureAlgorithm
    let references: [Reference]
    let value: [UInt8]
    let key: SignatureKeyInfo
    let line: Int

    init(_ signature: SignatureNode) throws(SignatureFault) {
        line = signature.line
        let children = signature.children
        guard children.allSatisfy({ $0.space == .signature }),
            children.map(\.name).prefix(2) == ["SignedInfo", "SignatureValue"],
            children.dropFirst(2).filter({ $0.name == "KeyInfo" }).count <= 1,
            children.dropFirst(2).allSatisfy({ ["KeyInfo", "Object"].contains($0.name) })
        else {
            throw SignatureFault(
                .signatureStructure, line: signature.line, "SignedInfo, SignatureValue, KeyInfo and Object are expected"
            )
        }
        let info = children[0]
        guard info.children.allSatisfy({ $0.space == .signature }),
            info.children.map(\.name).prefix(2) == ["CanonicalizationMethod", "SignatureMethod"],
            info.children.dropFirst(2).allSatisfy({ $0.name == "Reference" })
        else {
            throw SignatureFault(
                .signatureStructure, line: info.line,
                "CanonicalizationMethod, SignatureMethod and Reference are expected")
        }
        form = try Self.form(info.children[0])
        algorithm = try Self.algorithm(info.children[1])
        let references = info.children.dropFirst(2)
        guard (1...Self.maxReferences).contains(references.count) else {
            throw SignatureFault(
                .signatureReference, line: info.line,
                "\(references.count) references; 1 to \(Self.maxReferences) are taken")
        }
        var read: [Reference] = []
        for reference in references { read.append(try Self.reference(reference)) }
        self.references = read
        guard children[1].children.isEmpty, let value = children[1].decoded, !value.isEmpty else {
            throw SignatureFault(.signatureStructure, line: children[1].line, "SignatureValue is not base64")
        }
        self.value = value
        key = try SignatureKeyInfo(children.first { $0.name == "KeyInfo" }, line: signature.line)
    }

    // MARK: Algorithms

    private static func algorithm(_ method: SignatureNode) throws(SignatureFault) -> SignatureAlgorithm {
        let uri = method.attributes["Algorithm"] ?? ""
        guard method.children.isEmpty, let algorithm = algorithms[uri] else {
            let detail = uri.contains("#hmac-") ? "\(uri): a secret that both sides know signs for nobody" : uri
            throw SignatureFault(.signatureAlgorithm, line: method.line, "SignatureMethod \(detail)")
        }
        return algorithm
    }

    /// RFC 6931 and XML-Signature 1.1.
    private static let algorithms: [String: SignatureAlgorithm] = {
        let (first, more, later) = (
            "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmldsig-more#",
            "http://www.w3.org/2007/05/xmldsig-more#"
        )
        var table: [String: SignatureAlgorithm] = [first + "rsa-sha1": SignatureAlgorithm(.rsaPKCS1, .sha1)]
        let digests: [(String, DigestAlgorithm)] = [
            ("sha1", .sha1), ("sha256", .sha256), ("sha384", .sha384), ("sha512", .sha512),
        ]
        for (name, digest) in digests {
            if digest != .sha1 { table[more + "rsa-" + name] = SignatureAlgorithm(.rsaPKCS1, digest) }
            table[more + "ecdsa-" + name] = SignatureAlgorithm(.ecdsa, digest)
            table[later + name + "-rsa-MGF1"] = SignatureAlgorithm(.rsaPSS, digest)
        }
        return table
    }()

    private static func digest(_ method: SignatureNode) throws(SignatureFault) -> DigestAlgorithm {
        let uri = method.attributes["Algorithm"] ?? ""
        guard method.children.isEmpty, let digest = digests[uri] else {
            throw SignatureFault(.signatureAlgorithm, line: method.line, "DigestMethod \(uri)")
        }
        return digest
    }

    private static let digests: [String: DigestAlgorithm] = [
        "http://www.w3.org/2000/09/xmldsig#sha1": .sha1,
        "http://www.w3.org/2001/04/xmlenc#sha256": .sha256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384": .sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512": .sha512,
    ]

    /// The identifiers that we write.
    static func identifier(of algorithm: SignatureAlgorithm) -> String? {
        algorithms.first { $0.value == algorithm }?.key
    }
    static func identifier(of digest: DigestAlgorithm) -> String? { digests.first { $0.value == digest }?.key }

    // MARK: References

    private static func reference(_ node: SignatureNode) throws(SignatureFault) -> Reference {
        var children = node.children[...]
        var transforms: [SignatureNode] = []
        if let first = children.first, first.name == "Transforms" {
            transforms = first.children
            children = children.dropFirst()
        }
        guard node.children.allSatisfy({ $0.space == .signature }),
            children.map(\.name) == ["DigestMethod", "DigestValue"],
            let method = children.first, let value = children.last
        else {
            throw SignatureFault(
                .signatureStructure, line: node.line, "Transforms, DigestMethod and DigestValue are expected")
        }
        let selection = try selection(node)
        let (form, isEnveloping) = try Self.transforms(transforms)
        let digest = try digest(method)
        guard value.children.isEmpty, let expected = value.decoded, expected.count == digest.byteCount else {
            throw SignatureFault(
                .signatureStructure, line: value.line, "DigestValue is no \(digest.rawValue) in base64")
        }
        // What is selected by its address has no comments in it, whatever the form (XML-Signature §4.4.3.3).
        return Reference(
            selection: selection, form: CanonicalForm(form.kind), isEnveloping: isEnveloping, digest: digest,
            expected: expected, uri: node.attributes["URI"] ?? "", line: node.line)
    }

    private static func selection(_ node: SignatureNode) throws(SignatureFault) -> CanonicalReader.Selection {
        guard let uri = node.attributes["URI"] else {
            throw SignatureFault(.signatureReference, line: node.line, "a reference without URI: to what is not said")
        }
        if uri.isEmpty { return .document }
        guard uri.utf8.first == UInt8(ascii: "#") else {
            throw SignatureFault(.signatureReferenceOutside, line: node.line, uri)
        }
        let id = String(uri.dropFirst())
        guard !id.isEmpty, !id.utf8.contains(where: { [0x28, 0x29, 0x23, 0x25, 0x20].contains($0) }) else {
            throw SignatureFault(.signatureReference, line: node.line, "\(uri) is no plain identifier")
        }
        return .element(id: id)
    }

    private static func transforms(
        _ nodes: [SignatureNode]
    ) throws(SignatureFault) -> (form: CanonicalForm, isEnveloping: Bool) {
        var form: CanonicalForm?
        var isEnveloping = false
        for node in nodes {
            let uri = node.attributes["Algorithm"] ?? ""
            guard node.space == .signature, node.name == "Transform" else {
                throw SignatureFault(.signatureStructure, line: node.line, "Transforms holds <\(node.name)>")
            }
            if uri == enveloped {
                guard node.children.isEmpty, !isEnveloping, form == nil else {
                    throw SignatureFault(
                        .signatureTransform, line: node.line, "enveloped-signature twice or behind a canonical form")
                }
                isEnveloping = true
            } else {
                guard form == nil else {
                    throw SignatureFault(.signatureTransform, line: node.line, "\(uri) behind a canonical form")
                }
                form = try Self.form(node, .signatureTransform)
            }
        }
        return (form ?? .implied, isEnveloping)
    }

    static let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

    private static func form(
        _ node: SignatureNode, _ code: Finding.Code = .signatureAlgorithm
    ) throws(SignatureFault) -> CanonicalForm {
        let uri = node.attributes["Algorithm"] ?? ""
        var listed: [String] = []
        if uri.hasPrefix(CanonicalForm.exclusiveURI), let list = node.children.first, node.children.count == 1,
            list.name == "InclusiveNamespaces", list.space == .exclusive, list.children.isEmpty
        {
            for name in (list.attributes["PrefixList"] ?? "").split(whereSeparator: \.isWhitespace) {
                let prefix = name == "#default" ? "" : String(name)
                if !listed.contains(prefix) { listed.append(prefix) }
            }
            guard listed.count <= CanonicalForm.maxListed else {
                throw SignatureFault(code, line: node.line, "more than \(CanonicalForm.maxListed) prefixes are listed")
            }
        } else if !node.children.isEmpty {
            throw SignatureFault(code, line: node.line, "\(uri) with parameters that are not known")
        }
        guard let form = CanonicalForm(identifier: uri, listed: listed) else {
            throw SignatureFault(code, line: node.line, uri.isEmpty ? "no Algorithm" : uri)
        }
        return form
    }
}
