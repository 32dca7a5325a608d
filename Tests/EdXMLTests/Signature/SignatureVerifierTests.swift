// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import Trust

@testable import EdXML

@Suite(.timeLimit(.minutes(5))) struct SignatureVerifierTests {
    @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], SigningIdentity.p384, SigningIdentity.rsa])
    func `what we sign holds, however it is cut, and no byte of it can change`(algorithm: [String]) async throws {
        let identity = try await SigningIdentity(algorithm)
        let package = try Invented.package(number: 1, [Invented.attachment(content: Invented.random(30_000, seed: 4))])
        let signed = try identity.signed(package)
        guard case .intact(let signature) = verify(signed) else { Issue.record("\(verify(signed))"); return }
        #expect(signature.key == identity.key.publicKey)
        #expect(signature.certificate == identity.certificate && signature.otherCertificates.isEmpty)
        #expect(signature.algorithm == identity.key.usualAlgorithm && !signature.isObsolete)
        for pieces in [1, 777, 16_384, 20_000] {
            #expect(verify(signed, pieces: pieces) == .intact(signature), "\(pieces)")
        }
        // The package's own reader takes it for one, and its meaning is what it was.
        let reading = read(signed)
        #expect(reading.signature == .present && reading.verdict != .refuse)
        #expect(reading.meaning == read(package).meaning)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<40 {
            var bent = signed
            let place = Int.random(in: 60..<bent.count, using: &random)
            bent[place] = bent[place] == 0x41 ? 0x42 : 0x41
            let outcome = verify(bent)
            // White space inside tags, and the like, is not part of what is signed.
            if case .intact = outcome {
                let (left, right) = (String(decoding: signed, as: UTF8.self), String(decoding: bent, as: UTF8.self))
                #expect(
                    try canonical(left, .ours, isEnveloping: true).get()
                        == canonical(right, .ours, isEnveloping: true).get(), "byte \(place)")
            }
        }
    }

    @Test func `absent and dummy`() async throws {
        #expect(verify(try Invented.package()) == .absent)
        let text = try Invented.text()
        func with(_ signature: String) -> [UInt8] {
            Array(text.replacing("</edXML:edXMLHeader>", with: signature + "</edXML:edXMLHeader>").utf8)
        }
        #expect(verify(with("<edXML:DigitalSignature />")) == .absent)
        #expect(verify(with("<edXML:DigitalSignature> \n </edXML:DigitalSignature>")) == .absent)
        #expect(
            verify(with("<Signature><SignedInfo/><SignatureValue>QUJD</SignatureValue></Signature>")).word
                == "signature.dummy")
        #expect(verify(with("<edXML:DigitalSignature>x</edXML:DigitalSignature>")).word == "signature.dummy")
        let ds = "<Signature xmlns=\"\(ShapedSignature.dsig)\">"
        #expect(verify(with(ds + "<KeyInfo> </KeyInfo></Signature>")) == .absent)
        #expect(
            verify(with(ds + "<SignedInfo/><SignatureValue>QUJD</SignatureValue></Signature>")).word
                == "signature.dummy")
        // A certificate that was cut off, under a value of full length.
        let identity = try await SigningIdentity()
        let signed = String(decoding: try identity.signed(Invented.package()), as: UTF8.self)
        let cut = signed.replacing(#/<X509Certificate>([^<]{100})[^<]*/#) { "<X509Certificate>\($0.output.1)" }
        #expect(verify(Array(cut.utf8)).word == "signature.dummy")
        // Whatever the reader of packages calls a dummy is one here, and the other way round.
        for bytes in [with(ds + "</Signature>"), Array(cut.utf8), Array(signed.utf8), with("")] {
            let isDummy = if case .dummy = verify(bytes) { true } else { false }
            #expect((read(bytes).signature == .dummy) == isDummy)
        }
    }

    @Test(arguments: [
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", CanonicalForm(.inclusive)),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", CanonicalForm(.inclusive)),
        ("http://www.w3.org/2001/10/xml-exc-c14n#WithComments", CanonicalForm(.exclusive(listed: []))),
    ])
    func `forms of the whole, which never has comments`(uri: String, form: CanonicalForm) async throws {
        let identity = try await SigningIdentity()
        var shape = ShapedSignature()
        shape.references[0].transforms = ShapedSignature.enveloped + "<Transform Algorithm=\"\(uri)\"></Transform>"
        shape.references[0].form = form
        let document = "<a xmlns:q=\"urn:q\"><!-- c --><b q:x=\"1\">§</b></a>"
        #expect(verify(try shape.sign(document, identity)).word == "intact")
        // Nor is a comment that comes later part of it.
        let later = String(decoding: try shape.sign(document, identity), as: UTF8.self).replacing(
            "<!-- c -->", with: "")
        #expect(verify(Array(later.utf8)).word == "intact")
    }

    @Test func `without a form the inclusive one is meant, and prefixes can be listed`() async throws {
        let identity = try await SigningIdentity()
        var shape = ShapedSignature()
        shape.references[0].transforms = ShapedSignature.enveloped
        shape.references[0].form = CanonicalForm(.inclusive)
        #expect(verify(try shape.sign("<a xmlns:q=\"urn:q\"><b/>§</a>", identity)).word == "intact")
        shape.references[0].transforms =
            ShapedSignature.enveloped
            + "<Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"q #default\"></ec:InclusiveNamespaces></Transform>"
        shape.references[0].form = CanonicalForm(.exclusive(listed: ["q", ""]))
        #expect(verify(try shape.sign("<a xmlns:q=\"urn:q\"><b/>§</a>", identity)).word == "intact")
    }

    @Test func `parts by identifier count when they are all there is`() async throws {
        let identity = try await SigningIdentity()
        var shape = ShapedSignature()
        shape.references = [
            .init(uri: "#one", selection: .element(id: "one")), .init(uri: "#two", selection: .element(id: "two")),
        ]
        let document = "<a><b Id=\"one\">1§</b><c xml:id=\"two\">2</c></a>"
        #expect(verify(try shape.sign(document, identity)).word == "intact")
        // One of them alone leaves the rest to anybody.
        shape.references.removeLast()
        #expect(verify(try shape.sign(document, identity)).word == "signature.partial")
        shape.references = [.init(uri: "#root", selection: .element(id: "root"))]
        #expect(verify(try shape.sign("<a ID=\"root\"><b>§</b><c/></a>", identity)).word == "intact")
        // An object inside the signature beside the whole: what qualifying properties (XAdES) look like.
        shape.references = [
            .init(), .init(uri: "#p", transforms: ShapedSignature.exclusive, selection: .element(id: "p")),
        ]
        shape.objects = "<Object Id=\"p\"><x xmlns=\"urn:x\">2026</x></Object>"
        let signed = try shape.sign("<a><b>§</b><c/></a>", identity)
        #expect(verify(signed).word == "intact")
        let bent = String(decoding: signed, as: UTF8.self).replacing("2026", with: "2027")
        #expect(verify(Array(bent.utf8)).word == "signature.digest-differs")
    }

    @Test func `RSA-PSS, longer digests, and SHA-1 which is told`() async throws {
        let rsa = try await SigningIdentity(SigningIdentity.rsa)
        var shape = ShapedSignature()
        shape.method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
        shape.algorithm = SignatureAlgorithm(.rsaPSS, .sha256)
        shape.references[0].digest = ("http://www.w3.org/2001/04/xmlenc#sha512", .sha512)
        #expect(verify(try shape.sign("<a>§</a>", rsa)).word == "intact")
        shape.method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
        shape.algorithm = SignatureAlgorithm(.rsaPKCS1, .sha1)
        shape.references[0].digest = ("http://www.w3.org/2000/09/xmldsig#sha1", .sha1)
        guard case .intact(let signature) = verify(try shape.sign("<a>§</a>", rsa)) else {
            Issue.record("SHA-1 was not recognised"); return
        }
        #expect(signature.isObsolete)
    }

    @Test func `the certificate of the signer is found among several`() async throws {
        let (identity, other) = (try await SigningIdentity(), try await SigningIdentity(SigningIdentity.rsa))
        func element(_ bytes: [UInt8]) -> String {
            "<X509Certificate>\(Data(bytes).base64EncodedString())</X509Certificate>"
        }
        var shape = ShapedSignature()
        shape.keyInfo =
            "<KeyName>k</KeyName><X509Data>\(element(other.certificate))\(element(identity.certificate))</X509Data>"
        guard case .intact(let signature) = verify(try shape.sign("<a>§</a>", identity)) else {
            Issue.record("not found"); return
        }
        #expect(signature.certificate == identity.certificate && signature.otherCertificates == [other.certificate])
        shape.keyInfo = "<X509Data>\(String(repeating: element(other.certificate), count: 9))</X509Data>"
        #expect(verify(try shape.sign("<a>§</a>", identity)).word == "signature.too-large")
    }

    @Test func `a signature behind everything asks for the bytes once more`() async throws {
        let identity = try await SigningIdentity()
        var limits = PackageLimits()
        limits.headerBytes = 40_000
        let filler = String(repeating: "QUJD\r\n", count: 20_000)
        let signed = try ShapedSignature().sign("<a><b>\(filler)</b>§</a>", identity)
        let verifier = SignatureVerifier(limits: limits)
        verifier.feed(signed)
        #expect(verifier.finish() == .again)
        verifier.feed(signed)
        guard case .outcome(.intact) = verifier.finish() else { Issue.record("it does not hold"); return }
        #expect(verify(signed).word == "intact")
        // Other bytes the second time are found out.
        let late = SignatureVerifier(limits: limits)
        late.feed(signed)
        #expect(late.finish() == .again)
        let other = try await SigningIdentity()
        late.feed(try ShapedSignature().sign("<a><b>\(filler)</b>§</a>", other))
        guard case .outcome(.invalid(let finding)) = late.finish() else { Issue.record("taken"); return }
        #expect(finding.code == .signatureStructure)
    }

    #if os(Linux)
        @Test func `100 MB hold within 32 MB`() async throws {
            let identity = try await SigningIdentity()
            _ = verify(try identity.signed(Invented.package()))
            let piece = Invented.random(1 << 20, seed: 10)
            let large = OutgoingAttachment(contentID: "a1", name: "lon.bin", contentType: "application/octet-stream") {
                sink in
                for _ in 0..<75 { try piece.withUnsafeBytes { try sink($0) } }
            }
            let before = try LoadTests.peakKilobytes()
            let signing = try PackageSigning(key: identity.key, certificates: [identity.certificate])
            try PackageWriter.write(.document(Invented.document()), attachments: [large]) { signing.feed($0) }
            let insertion = try signing.finish()
            let verifier = SignatureVerifier()
            var position = 0
            try PackageWriter.write(.document(Invented.document()), attachments: [large]) { bytes in
                let end = position + bytes.count
                if (position..<end).contains(insertion.offset) {
                    let place = insertion.offset - position
                    verifier.feed(UnsafeRawBufferPointer(rebasing: bytes[..<place]))
                    verifier.feed(insertion.element)
                    verifier.feed(UnsafeRawBufferPointer(rebasing: bytes[place...]))
                } else {
                    verifier.feed(bytes)
                }
                position = end
            }
            #expect(position > 100_000_000)
            guard case .outcome(.intact) = verifier.finish() else { Issue.record("it does not hold"); return }
            #expect(try LoadTests.peakKilobytes() - before < 32 << 10)
        }
    #endif
}
