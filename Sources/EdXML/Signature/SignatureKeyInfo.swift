// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// What `KeyInfo` holds: certificates, and keys without one that must be the certificate's.
///
/// It must hold all that is needed itself. A pointer (`RetrievalMethod`, `KeyInfoReference`) would let a stranger choose
/// what is fetched, or another key than the one that was judged.
struct SignatureKeyInfo {
    /// DER, in the order of the signature.
    let certificates: [[UInt8]]
    let bareKeys: [BareKey]

    enum BareKey: Equatable {
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// Uncompressed.
        case point([UInt8])
        case spki([UInt8])

        func isKey(_ key: PublicKey) -> Bool {
            switch self {
            case .rsa(let modulus, let exponent): key.isRSA(modulus: modulus, exponent: exponent)
            case .point(let point): key.isPoint(point)
            case .spki(let spki): key.spki == spki
            }
        }
    }

    /// - Throws: when it points outward, holds what is not known, or has no certificate.
    init(_ node: SignatureNode?, line: Int) throws(SignatureFault) {
        guard let node else { throw SignatureFault(.signatureKeyMissing, line: line, "no KeyInfo") }
        var certificates: [[UInt8]] = []
        var bareKeys: [BareKey] = []
        for child in node.children {
            switch (child.name, child.space) {
            case ("X509Data", .signature): certificates += try Self.certificates(child)
            case ("KeyValue", .signature): bareKeys.append(try Self.keyValue(child))
            case ("DEREncodedKeyValue", .signature11):
                guard let spki = child.decoded else { throw Self.unreadable(child) }
                bareKeys.append(.spki(spki))
            // A name proves nothing and is not asked for anything.
            case ("KeyName", .signature): continue
            case ("RetrievalMethod", _), ("KeyInfoReference", _), ("SecurityTokenReference", _):
                throw SignatureFault(.signatureKeyOutside, line: child.line, child.name)
            default: throw SignatureFault(.signatureStructure, line: child.line, "KeyInfo holds <\(child.name)>")
            }
        }
        guard !certificates.isEmpty else {
            throw SignatureFault(.signatureKeyMissing, line: node.line, "KeyInfo has no X509Certificate")
        }
        guard certificates.count <= SignaturePlan.maxCertificates else {
            throw SignatureFault(
                .signatureTooLarge, line: node.line, "more than \(SignaturePlan.maxCertificates) certificates")
        }
        self.certificates = certificates
        self.bareKeys = bareKeys
    }

    private static func certificates(_ data: SignatureNode) throws(SignatureFault) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for child in data.children {
            guard child.space == .signature, child.name == "X509Certificate" else { continue }
            guard child.children.isEmpty, let der = child.decoded, SignatureShape.isWholeSequence(der) else {
                throw unreadable(child)
            }
            found.append(der)
        }
        return found
    }

    private static func keyValue(_ node: SignatureNode) throws(SignatureFault) -> BareKey {
        guard node.children.count == 1, let value = node.children.first else { throw unreadable(node) }
        switch (value.name, value.space) {
        case ("RSAKeyValue", .signature):
            guard value.children.map(\.name) == ["Modulus", "Exponent"], let modulus = value.children[0].decoded,
                let exponent = value.children[1].decoded
            else { throw unreadable(value) }
            return .rsa(modulus: modulus, exponent: exponent)
        case ("ECKeyValue", .signature11):
            guard let point = value.children.last, point.name == "PublicKey", point.space == .signature11,
                let bytes = point.decoded
            else { throw unreadable(value) }
            return .point(bytes)
        default: throw SignatureFault(.signatureStructure, line: value.line, "KeyValue holds <\(value.name)>")
        }
    }

    private static func unreadable(_ node: SignatureNode) -> SignatureFault {
        SignatureFault(.signatureKeyInvalid, line: node.line, "\(node.name) cannot be read")
    }

    /// The key that made a signature over `digest`, with its certificate first and then the others.
    ///
    /// Which of the certificates is the signer's is not always told, so it is found out by trying: at most
    /// `SignaturePlan.maxCertificates` times.
    func signer(
        of value: [UInt8], digest: [UInt8], _ algorithm: SignatureAlgorithm, line: Int
    ) throws(SignatureFault) -> (key: PublicKey, certificates: [[UInt8]]) {
        var problem: String?
        var isOfOtherKind = true
        for (index, der) in certificates.enumerated() {
            let key: PublicKey
            do {
                key = try PublicKey(certificate: der)
            } catch {
                problem = problem ?? error.reason
                continue
            }
            if key.isFor(algorithm.scheme) { isOfOtherKind = false }
            guard key.verifies(signature: value, digest: digest, by: algorithm) else { continue }
            guard bareKeys.allSatisfy({ $0.isKey(key) }) else {
                throw SignatureFault(.signatureKeyDiffers, line: line, "KeyValue is not the key of the certificate")
            }
            return (key, [der] + certificates[..<index] + certificates[(index + 1)...])
        }
        if let problem { throw SignatureFault(.signatureKeyInvalid, line: line, "the certificate's key \(problem)") }
        if isOfOtherKind {
            throw SignatureFault(
                .signatureKeyDiffers, line: line, "the certificate's key is not for \(algorithm.scheme.rawValue)")
        }
        throw SignatureFault(.signatureValue, line: line, "\(algorithm), \(certificates.count) certificates tried")
    }
}
