// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

extension Finding: Error {}

/// Makes the signature for a package: enveloped, over the whole of it (`URI=""`), exclusive canonical form, as the last
/// child of `edXMLHeader`.
///
/// The package's own bytes stay as they are: the signature is put between two of them and nothing is written anew. So the
/// digest of the package without it is the digest of the package as it is now, and one pass is enough to know both that and
/// the place. The second pass, the copying, is the caller's (`Insertion`).
///
/// For one owner: not thread-safe. Nothing here blocks.
public final class PackageSigning {
    /// A signature and where it belongs.
    public struct Insertion: Sendable {
        /// Bytes of the package that stand before it.
        public let offset: Int
        public let element: [UInt8]
    }

    private let key: PrivateKey
    private let certificates: [[UInt8]]
    private let limits: PackageLimits
    private let digest = MessageDigest(.sha256)
    private let reader: CanonicalReader
    /// Up to the end of the header, until that was met.
    private var kept: [UInt8] = []
    private var offset: Int?

    /// - Parameter certificates: in DER, that of the key first, then those above it.
    /// - Throws: `ParsingProblem` when the first certificate is not the key's.
    public init(
        key: PrivateKey, certificates: [[UInt8]], limits: PackageLimits = .standard
    ) throws(ParsingProblem) {
        guard let own = certificates.first, try PublicKey(certificate: own) == key.publicKey else {
            throw ParsingProblem("Certificate", "is not that of the key")
        }
        guard certificates.count <= SignaturePlan.maxCertificates else {
            throw ParsingProblem("Certificate", "stands among more than \(SignaturePlan.maxCertificates)")
        }
        self.key = key
        self.certificates = certificates
        self.limits = limits
        reader = CanonicalReader(
            [.init(.document, .ours, isEnveloping: true, output: digest)], limits: limits, keepsSignature: false)
    }

    /// Takes the next bytes of the package.
    public func feed(_ bytes: UnsafeRawBufferPointer) {
        reader.feed(bytes)
        guard offset == nil, kept.count <= limits.headerBytes else { return }
        kept.append(contentsOf: bytes)
        locate()
    }

    /// To be called once, after the last byte.
    ///
    /// - Throws: what is wrong with the package, or that it has a signature already: two would be none.
    public func finish() throws(Finding) -> Insertion {
        reader.finish()
        locate()
        if let fault = reader.fault { throw fault.finding }
        guard reader.signatureCount == 0, !reader.hasPlaceholder else {
            throw Finding(.signatureSeveral, line: 0, element: "Signature", detail: "the package has one already")
        }
        guard let offset else {
            throw Finding(
                .headerMissing, line: 0, element: "edXML/edXMLEnvelope",
                detail: "no edXMLHeader that ends within \(limits.headerBytes) bytes")
        }
        return Insertion(offset: offset, element: element(digest.finish()))
    }

    private func locate() {
        guard offset == nil, let end = reader.headerEnd, end <= kept.count else { return }
        // The end tag: between its `</` and its end stands no other.
        let place = kept[..<end].lastIndex(of: UInt8(ascii: "<"))
        if let place, place + 1 < end, kept[place + 1] == UInt8(ascii: "/"), kept[end - 1] == UInt8(ascii: ">") {
            offset = place
        }
        kept = []
    }

    private func element(_ digest: [UInt8]) -> [UInt8] {
        let algorithm = key.usualAlgorithm
        func method(_ name: String, _ uri: String) -> String { #"<\#(name) Algorithm="\#(uri)"></\#(name)>"# }
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        // Written as the exclusive form writes it, so that it need not be computed: `SignedInfo` alone has the namespace.
        let content =
            method("CanonicalizationMethod", CanonicalForm.exclusiveURI)
            + method("SignatureMethod", SignaturePlan.identifier(of: algorithm) ?? "")
            + #"<Reference URI=""><Transforms>"# + method("Transform", SignaturePlan.enveloped)
            + method("Transform", CanonicalForm.exclusiveURI) + "</Transforms>"
            + method("DigestMethod", SignaturePlan.identifier(of: .sha256) ?? "")
            + "<DigestValue>\(base64(digest))</DigestValue></Reference></SignedInfo>"
        let namespace = #" xmlns="\#(SignatureNode.signatureURI)""#
        let signed = Array("<SignedInfo\(namespace)>\(content)".utf8)
        // The usual algorithm is for this kind of key.
        let value = key.sign(message: signed, by: algorithm) ?? []
        let chain = certificates.map { "<X509Certificate>\(base64($0))</X509Certificate>" }.joined()
        let text =
            "<Signature\(namespace)><SignedInfo>\(content)<SignatureValue>\(base64(value))</SignatureValue>"
            + "<KeyInfo><X509Data>\(chain)</X509Data></KeyInfo></Signature>"
        return Array(text.utf8)
    }
}
