// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import Trust

@testable import EdXML

/// Signatures beside two programs of others, both ways: `xmlsec1` (libxmlsec on libxml2), and `signxml` on lxml.
enum Peer {
    /// Of the environment that `make peers` makes.
    static let python: String = {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: ".build/peers/bin/python").path(percentEncoded: false)
    }()
    static let hasSignXML = FileManager.default.isExecutableFile(atPath: python)
    static let hasXMLSec = FileManager.default.isExecutableFile(atPath: "/usr/bin/xmlsec1")

    /// Certificate and key are files; `algorithm` is `rsa` or `ecdsa`.
    static let sign = """
        import sys, signxml
        from lxml import etree
        path, key, cert, algorithm, out = sys.argv[1:]
        tree = etree.parse(path)
        signer = signxml.XMLSigner(method=signxml.methods.enveloped, signature_algorithm=algorithm + "-sha256",
                        digest_algorithm="sha256", c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        signed = signer.sign(tree.getroot(), key=open(key, "rb").read(), cert=open(cert).read())
        etree.ElementTree(signed).write(out, encoding="UTF-8", xml_declaration=True)
        """
    static let verify = """
        import sys, signxml
        path, cert = sys.argv[1:]
        signxml.XMLVerifier().verify(open(path, "rb").read(), x509_cert=open(cert).read())
        """
}

@Suite(.timeLimit(.minutes(3))) struct PeerTests {
    private static let algorithms = [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], SigningIdentity.rsa]

    private func file(_ bytes: [UInt8], _ name: String, _ identity: SigningIdentity) throws -> String {
        let path = identity.directory + "/" + name
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    /// A package whose canonical form is not its bytes.
    private func package() throws -> [UInt8] {
        let text = try Invented.text().replacing(
            "<edXML:MessageHeader>", with: "<edXML:MessageHeader  a = 'x&#9;\"' ><!-- c -->")
        return Array(text.replacing("\n", with: "\r\n").utf8)
    }

    @Test(.enabled(if: Peer.hasXMLSec, "xmlsec1 is not installed: make deps"), arguments: algorithms)
    func `xmlsec1 believes what we sign, and not what was changed`(algorithm: [String]) async throws {
        let identity = try await SigningIdentity(algorithm)
        let signed = try identity.signed(package())
        let path = try file(signed, "ours.xml", identity)
        let verifying = ["--verify", "--trusted-pem", identity.certificateFile, path]
        #expect(try await Tool.run("xmlsec1", verifying).status == 0)
        let text = String(decoding: signed, as: UTF8.self).replacing("Sở Thử nghiệm", with: "Sở Khác")
        _ = try file(Array(text.utf8), "ours.xml", identity)
        #expect(try await Tool.run("xmlsec1", verifying).status != 0)
        #expect(verify(Array(text.utf8)).word == "signature.digest-differs")
    }

    @Test(
        .enabled(if: Peer.hasXMLSec, "xmlsec1 is not installed: make deps"), arguments: algorithms,
        [
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        ])
    func `what xmlsec1 signs holds`(algorithm: [String], form: String) async throws {
        let identity = try await SigningIdentity(algorithm)
        let method = algorithm == SigningIdentity.rsa ? "rsa-sha256" : "ecdsa-sha256"
        let template = """
            <ds:Signature xmlns:ds="\(ShapedSignature.dsig)">
              <ds:SignedInfo><ds:CanonicalizationMethod Algorithm="\(form)"/>
                <ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#\(method)"/>
                <ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="\(ShapedSignature.dsig)enveloped-signature"/>
                  <ds:Transform Algorithm="\(form)"/></ds:Transforms>
                  <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>
              </ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>
            """
        let text = String(decoding: try package(), as: UTF8.self).replacing(
            "</edXML:edXMLHeader>", with: template + "</edXML:edXMLHeader>")
        let path = try file(Array(text.utf8), "template.xml", identity)
        let out = identity.directory + "/theirs.xml"
        try await Tool.run(
            "xmlsec1",
            ["--sign", "--privkey-pem", "\(identity.keyFile),\(identity.certificateFile)", "--output", out, path]
        ).requireSuccess()
        let signed = Array(try Data(contentsOf: URL(filePath: out)))
        guard case .intact(let signature) = verify(signed) else {
            Issue.record("\(verify(signed))")
            return
        }
        #expect(signature.certificate == identity.certificate)
        let changed = String(decoding: signed, as: UTF8.self).replacing("STN-VP", with: "STN-XX")
        #expect(verify(Array(changed.utf8)).word == "signature.digest-differs")
    }

    @Test(.enabled(if: Peer.hasSignXML, "signxml is not installed: make peers"), arguments: algorithms)
    func `signxml believes what we sign, and not what was changed`(algorithm: [String]) async throws {
        let identity = try await SigningIdentity(algorithm)
        let signed = try identity.signed(package())
        let path = try file(signed, "ours.xml", identity)
        let verifying = ["-c", Peer.verify, path, identity.certificateFile]
        let said = try await Tool.run(Peer.python, verifying)
        #expect(said.status == 0, "\(said.output)")
        let text = String(decoding: signed, as: UTF8.self).replacing("Sở Thử nghiệm", with: "Sở Khác")
        _ = try file(Array(text.utf8), "ours.xml", identity)
        #expect(try await Tool.run(Peer.python, verifying).status != 0)
    }

    @Test(.enabled(if: Peer.hasSignXML, "signxml is not installed: make peers"), arguments: algorithms)
    func `what signxml signs holds, wherever it puts its signature`(algorithm: [String]) async throws {
        let identity = try await SigningIdentity(algorithm)
        let path = try file(package(), "package.xml", identity)
        let out = identity.directory + "/theirs.xml"
        let name = algorithm == SigningIdentity.rsa ? "rsa" : "ecdsa"
        try await Tool.run(
            Peer.python, ["-c", Peer.sign, path, identity.keyFile, identity.certificateFile, name, out]
        ).requireSuccess()
        let signed = Array(try Data(contentsOf: URL(filePath: out)))
        #expect(verify(signed).word == "intact", "\(verify(signed))")
        let changed = String(decoding: signed, as: UTF8.self).replacing("STN-VP", with: "STN-XX")
        #expect(verify(Array(changed.utf8)).word == "signature.digest-differs")
    }
}
