// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Trust

@testable import EdXML

/// A key and its certificate, made by `openssl`.
struct SigningIdentity {
    let directory: String
    let key: PrivateKey
    let certificate: [UInt8]
    var keyFile: String { directory + "/key.pem" }
    var certificateFile: String { directory + "/cert.pem" }

    /// - Parameter algorithm: as `openssl req -newkey` takes it.
    init(_ algorithm: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]) async throws {
        directory = try TestCluster.temporaryDirectory()
        try await Tool.run(
            "openssl",
            ["req", "-x509", "-newkey"] + algorithm
                + [
                    "-nodes", "-days", "30", "-subj", "/CN=Thu nghiem", "-keyout", directory + "/key.pem", "-out",
                    directory + "/cert.pem",
                ]
        ).requireSuccess()
        try await Tool.run(
            "openssl", ["x509", "-in", directory + "/cert.pem", "-outform", "DER", "-out", directory + "/cert.der"]
        ).requireSuccess()
        key = try PrivateKey(pem: Array(Data(contentsOf: URL(filePath: directory + "/key.pem"))))
        certificate = Array(try Data(contentsOf: URL(filePath: directory + "/cert.der")))
    }

    static let rsa = ["rsa:2048"]
    static let p384 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]

    /// The package with the signature that `PackageSigning` makes.
    func signed(_ package: [UInt8]) throws -> [UInt8] {
        let signing = try PackageSigning(key: key, certificates: [certificate])
        package.withUnsafeBytes { signing.feed($0) }
        let insertion = try signing.finish()
        return Array(package[..<insertion.offset]) + insertion.element + Array(package[insertion.offset...])
    }
}

/// A signature of any shape over any document, right in every value unless a test bends it.
struct ShapedSignature {
    static let dsig = "http://www.w3.org/2000/09/xmldsig#"
    static let enveloped = #"<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></Transform>"#
    static let exclusive = #"<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform>"#

    struct Reference {
        /// Nil leaves the attribute out.
        var uri: String? = ""
        var transforms = ShapedSignature.enveloped + ShapedSignature.exclusive
        /// What is digested in truth.
        var selection = CanonicalReader.Selection.document
        var form = CanonicalForm.ours
        var digest = (uri: "http://www.w3.org/2001/04/xmlenc#sha256", algorithm: DigestAlgorithm.sha256)
    }

    var references = [Reference()]
    var method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    var algorithm = SignatureAlgorithm(.ecdsa, .sha256)
    var canonicalization = "http://www.w3.org/2001/10/xml-exc-c14n#"
    /// Instead of the certificate.
    var keyInfo: String?
    /// Behind `KeyInfo`.
    var objects = ""
    /// Changes `SignedInfo` before it is signed.
    var bend: (String) -> String = { $0 }

    /// - Parameter document: with `§` where the signature is to stand.
    func sign(_ document: String, _ identity: SigningIdentity) throws -> [UInt8] {
        func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
        let plain = document.replacing(
            "§", with: objects.isEmpty ? "" : "<Signature xmlns=\"\(Self.dsig)\">\(objects)</Signature>")
        var info = """
            <SignedInfo xmlns="\(Self.dsig)"><CanonicalizationMethod Algorithm="\(canonicalization)"></CanonicalizationMethod>\
            <SignatureMethod Algorithm="\(method)"></SignatureMethod>
            """
        for reference in references {
            let isInside = reference.transforms.contains("enveloped")
            let content = try canonical(plain, reference.form, reference.selection, isEnveloping: isInside).get()
            let uri = reference.uri.map { " URI=\"\($0)\"" } ?? ""
            info += """
                <Reference\(uri)><Transforms>\(reference.transforms)</Transforms>\
                <DigestMethod Algorithm="\(reference.digest.uri)"></DigestMethod><DigestValue>\
                \(base64(MessageDigest.of(Array(content.utf8), reference.digest.algorithm)))</DigestValue></Reference>
                """
        }
        info = bend(info + "</SignedInfo>")
        let value = identity.key.sign(message: Array(info.utf8), by: algorithm) ?? []
        let key = keyInfo ?? "<X509Data><X509Certificate>\(base64(identity.certificate))</X509Certificate></X509Data>"
        let signature = """
            <Signature xmlns="\(Self.dsig)">\(info)<SignatureValue>\(base64(value))</SignatureValue>\
            <KeyInfo>\(key)</KeyInfo>\(objects)</Signature>
            """
        return Array(document.replacing("§", with: signature).utf8)
    }
}

/// The outcome for bytes that come in pieces; fed twice where that is asked for.
func verify(_ bytes: [UInt8], pieces: Int = 1_000_000, limits: PackageLimits = .standard) -> SignatureOutcome {
    let verifier = SignatureVerifier(limits: limits)
    while true {
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            verifier.feed(bytes[start..<min(bytes.count, start + pieces)])
        }
        if case .outcome(let outcome) = verifier.finish() { return outcome }
    }
}

extension SignatureOutcome {
    /// `absent`, `intact`, or the finding's code.
    var word: String {
        switch self {
        case .absent: "absent"
        case .dummy(let finding), .invalid(let finding): finding.code.rawValue
        case .intact: "intact"
        }
    }
}
