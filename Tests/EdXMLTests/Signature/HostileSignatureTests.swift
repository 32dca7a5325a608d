// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import Trust

@testable import EdXML

/// Signatures whose every value is right, and that say something else than a reader would think.
@Suite(.timeLimit(.minutes(5))) struct HostileSignatureTests {
    private static let document = "<a><b>§</b><c>1</c></a>"

    /// Changes a shape, then the signed bytes; the code under which the result is refused.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        var shape: @Sendable (inout ShapedSignature) -> Void = { _ in }
        var after: @Sendable (String) -> String = { $0 }
    }

    private static func bent(_ name: String, _ code: String, _ from: String, _ to: String) -> Case {
        Case(testDescription: name, code: code, shape: { shape in shape.bend = { $0.replacing(from, with: to) } })
    }

    private static func changed(_ name: String, _ code: String, _ from: String, _ to: String) -> Case {
        Case(testDescription: name, code: code, after: { $0.replacing(from, with: to) })
    }

    private static func keyed(_ name: String, _ code: String, _ keyInfo: String) -> Case {
        Case(testDescription: name, code: code, shape: { $0.keyInfo = keyInfo })
    }

    private static let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    private static let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

    static let wrapping: [Case] = [
        changed("what is signed was changed", "signature.digest-differs", "<c>1</c>", "<c>2</c>"),
        changed("something was put beside it", "signature.digest-differs", "<c>1</c>", "<c>1</c><c>2</c>"),
        changed("the order was changed", "signature.digest-differs", "<b>", "<d/><b>"),
        changed(
            "a second signature, elsewhere", "signature.several", "<c>1</c>",
            "<c><Signature xmlns=\"\(ShapedSignature.dsig)\"/></c>"),
        changed(
            "a signature in the signature", "signature.several", "<KeyInfo>",
            "<Object><Signature xmlns=\"\(ShapedSignature.dsig)\"/></Object><KeyInfo>"),
        Case(
            testDescription: "the signed part was moved, another stands in its place", code: "signature.partial",
            shape: { $0.references = [.init(uri: "#x", selection: .element(id: "x"))] },
            after: { $0.replacing("<a>", with: "<a><c>forged</c>") }),
        Case(
            testDescription: "an identifier twice", code: "signature.id-repeated",
            shape: { $0.references = [.init(uri: "#x", selection: .element(id: "x"))] },
            after: { $0.replacing("<c>1</c>", with: "<c id=\"x\">1</c>") }),
        Case(
            testDescription: "an identifier again in the signature", code: "signature.id-repeated",
            shape: { $0.references = [.init(uri: "#x", selection: .element(id: "x"))] },
            after: { $0.replacing("<KeyInfo>", with: "<KeyInfo Id=\"x\">") }),
        changed("what is referred to is gone", "signature.reference-missing", "<a Id=\"x\">", "<a>"),
        changed("a comment inside a value", "signature.comment-inside", "</DigestValue>", "<!-- --></DigestValue>"),
        changed("a comment inside the signature", "signature.comment-inside", "<KeyInfo>", "<!-- --><KeyInfo>"),
        changed("an instruction inside the signature", "signature.comment-inside", "<KeyInfo>", "<?x?><KeyInfo>"),
        changed("an entity of its own", "xml.doctype", "<a Id=\"x\">", "<!DOCTYPE a [<!ENTITY e 'x'>]><a Id=\"x\">"),
        changed("an entity of nobody's", "xml.entity", "<c>1</c>", "<c>&e;</c>"),
        changed("a document that ends early", "xml.incomplete", "</a>", ""),
        changed("a prefix that is bound nowhere", "xml.unbound-prefix", "<c>1</c>", "<q:c>1</q:c>"),
        changed("a namespace that is a path", "signature.namespace-relative", "<c>1</c>", "<c xmlns=\"../x\">1</c>"),
    ]

    static let shapes: [Case] = [
        bent(
            "HMAC, with the certificate for a secret", "signature.algorithm-unknown",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        bent(
            "MD5", "signature.algorithm-unknown", "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmldsig-more#md5"),
        bent(
            "a canonical form of nobody's", "signature.algorithm-unknown",
            "<CanonicalizationMethod Algorithm=\"\(exclusive)\">", "<CanonicalizationMethod Algorithm=\"urn:x\">"),
        bent(
            "parameters of the signature's method", "signature.algorithm-unknown", "</SignatureMethod>",
            "<HMACOutputLength>1</HMACOutputLength></SignatureMethod>"),
        bent("XPath", "signature.transform-refused", enveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        bent("XPath Filter 2", "signature.transform-refused", enveloped, "http://www.w3.org/2002/06/xmldsig-filter2"),
        bent("XSLT", "signature.transform-refused", enveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        bent("base64", "signature.transform-refused", enveloped, "http://www.w3.org/2000/09/xmldsig#base64"),
        bent("two forms", "signature.transform-refused", enveloped, exclusive),
        bent(
            "enveloped twice", "signature.transform-refused", exclusive + "\"></Transform>",
            enveloped + "\"></Transform>"),
        bent(
            "a form with parameters that are not known", "signature.transform-refused",
            exclusive + "\"></Transform>", exclusive + "\"><x></x></Transform>"),
        bent("a reference to a file", "signature.reference-outside", "URI=\"\"", "URI=\"file:///etc/passwd\""),
        bent("a reference to the net", "signature.reference-outside", "URI=\"\"", "URI=\"http://example.vn/a\""),
        bent("a reference to a name", "signature.reference-outside", "URI=\"\"", "URI=\"a.xml\""),
        bent("a reference by XPointer", "signature.reference-refused", "URI=\"\"", "URI=\"#xpointer(/)\""),
        bent("a reference to an empty identifier", "signature.reference-refused", "URI=\"\"", "URI=\"#\""),
        bent("a reference to nothing", "signature.reference-refused", " URI=\"\"", ""),
        bent("a reference to what is not there", "signature.reference-missing", "URI=\"\"", "URI=\"#y\""),
        bent("a digest that is too short", "signature.structure", "=</DigestValue>", "</DigestValue>"),
        bent("no digest", "signature.structure", "</DigestMethod>", "</DigestMethod><x></x>"),
        bent(
            "an element of another namespace in SignedInfo", "signature.structure", "<Reference",
            "<x xmlns=\"urn:x\"></x><Reference"),
        Case(
            testDescription: "too many references", code: "signature.reference-refused",
            shape: { $0.references = Array(repeating: .init(), count: 11) }),
        Case(testDescription: "no reference", code: "signature.reference-refused", shape: { $0.references = [] }),
        Case(
            testDescription: "the signature itself, without itself", code: "signature.reference-refused",
            shape: { shape in
                shape.objects = "<Object Id=\"o\"></Object>"
                shape.references.append(
                    .init(uri: "#o", transforms: ShapedSignature.enveloped, selection: .document))
            }),
        changed("something before SignedInfo", "signature.structure", "<SignedInfo ", "<Object/><SignedInfo "),
        changed("two SignedInfo", "signature.structure", "<SignatureValue>", "<SignedInfo/><SignatureValue>"),
        changed("something unknown in the signature", "signature.structure", "<KeyInfo>", "<x/><KeyInfo>"),
        changed("two KeyInfo", "signature.structure", "<KeyInfo>", "<KeyInfo/><KeyInfo>"),
        Case(
            testDescription: "a huge signature", code: "signature.too-large",
            after: {
                $0.replacing("<KeyInfo>", with: "<Object>\(String(repeating: "<x/>", count: 1_100))</Object><KeyInfo>")
            }),
    ]

    static let keys: [Case] = [
        changed("no KeyInfo", "signature.key-missing", "KeyInfo>", "Object>"),
        keyed("a name alone", "signature.key-missing", "<KeyName>somebody</KeyName>"),
        keyed(
            "a bare key alone", "signature.key-missing",
            "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"),
        keyed("RetrievalMethod", "signature.key-outside", "<RetrievalMethod URI=\"http://example.vn/key\"/>"),
        keyed(
            "KeyInfoReference", "signature.key-outside",
            "<KeyInfoReference xmlns=\"http://www.w3.org/2009/xmldsig11#\" URI=\"#k\"/>"),
        keyed("a token's reference", "signature.key-outside", "<SecurityTokenReference xmlns=\"urn:wsse\"/>"),
        keyed("PGP", "signature.structure", "<PGPData/>"),
        keyed(
            "no certificate", "signature.key-invalid",
            "<X509Data><X509Certificate>MAA=</X509Certificate></X509Data>"),
        keyed(
            "a certificate that is no base64", "signature.dummy",
            "<X509Data><X509Certificate>?</X509Certificate></X509Data>"),
        Case(
            testDescription: "another RSA key beside the certificate", code: "signature.key-differs",
            shape: { shape in
                shape.keyInfo =
                    "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>CERTIFICATE"
            }),
        Case(
            testDescription: "another point beside the certificate", code: "signature.key-differs",
            shape: { shape in
                shape.keyInfo =
                    "CERTIFICATE<KeyValue><ECKeyValue xmlns=\"http://www.w3.org/2009/xmldsig11#\"><NamedCurve URI=\"urn:oid:1.2.840.10045.3.1.7\"/><PublicKey>BAAA</PublicKey></ECKeyValue></KeyValue>"
            }),
        Case(
            testDescription: "another encoded key beside the certificate", code: "signature.key-differs",
            shape: { shape in
                shape.keyInfo =
                    "CERTIFICATE<DEREncodedKeyValue xmlns=\"http://www.w3.org/2009/xmldsig11#\">MAA=</DEREncodedKeyValue>"
            }),
        bent(
            "an RSA signature by a point", "signature.key-differs",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        bent(
            "another hash than was signed with", "signature.value-wrong",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"
        ),
    ]

    @Test(arguments: wrapping + shapes + keys)
    func `each is refused by its name`(_ example: Case) async throws {
        let identity = try await Self.identity.value
        var shape = ShapedSignature()
        example.shape(&shape)
        let certificate =
            "<X509Data><X509Certificate>\(Data(identity.certificate).base64EncodedString())</X509Certificate></X509Data>"
        shape.keyInfo = shape.keyInfo?.replacing("CERTIFICATE", with: certificate)
        let document =
            example.testDescription.contains("moved")
            ? "<a><b>§</b><c Id=\"x\">1</c></a>" : Self.document.replacing("<a>", with: "<a Id=\"x\">")
        var signed = try shape.sign(document, identity)
        if example.code == "signature.reference-missing", example.testDescription.hasSuffix("gone") {
            shape.references = [.init(uri: "#x", selection: .element(id: "x"))]
            signed = try shape.sign(document, identity)
        }
        let text = example.after(String(decoding: signed, as: UTF8.self))
        let outcome = verify(Array(text.utf8))
        #expect(outcome.word == example.code, "\(outcome)")
        for pieces in [1, 97] { #expect(verify(Array(text.utf8), pieces: pieces) == outcome) }
    }

    @Test func `without the change each of them would hold`() async throws {
        let identity = try await Self.identity.value
        let document = Self.document.replacing("<a>", with: "<a Id=\"x\">")
        #expect(verify(try ShapedSignature().sign(document, identity)).word == "intact")
        // The certificate's own key in every form in which it may stand beside it.
        let certificate =
            "<X509Data><X509Certificate>\(Data(identity.certificate).base64EncodedString())</X509Certificate></X509Data>"
        let spki = identity.key.publicKey.spki
        for key in [
            "<KeyValue><ECKeyValue xmlns=\"http://www.w3.org/2009/xmldsig11#\"><NamedCurve URI=\"urn:oid:1.2.840.10045.3.1.7\"/><PublicKey>\(Data(spki.suffix(65)).base64EncodedString())</PublicKey></ECKeyValue></KeyValue>",
            "<DEREncodedKeyValue xmlns=\"http://www.w3.org/2009/xmldsig11#\">\(Data(spki).base64EncodedString())</DEREncodedKeyValue>",
        ] {
            var shape = ShapedSignature()
            shape.keyInfo = key + certificate
            #expect(verify(try shape.sign(document, identity)).word == "intact", "\(key)")
        }
    }

    @Test func `another's value under one's own certificate is wrong`() async throws {
        let (identity, other) = (try await Self.identity.value, try await SigningIdentity())
        var shape = ShapedSignature()
        shape.keyInfo =
            "<X509Data><X509Certificate>\(Data(other.certificate).base64EncodedString())</X509Certificate></X509Data>"
        #expect(verify(try shape.sign(Self.document, identity)).word == "signature.value-wrong")
    }

    @Test func `what is signed already, or is no package, is not signed`() async throws {
        let identity = try await Self.identity.value
        let package = try Invented.package()
        let signed = try identity.signed(package)
        for (bytes, code) in [
            (signed, Finding.Code.signatureSeveral), (Array("<a/>".utf8), .headerMissing),
            (Array("<a".utf8), .malformed), (Array(package.dropLast(20)), .incomplete),
        ] {
            #expect { try identity.signed(bytes) } throws: {
                ($0 as? Finding)?.code == code || ($0 as? Finding)?.code == .incomplete
            }
        }
        let other = try await SigningIdentity()
        #expect(throws: (any Error).self) { try PackageSigning(key: identity.key, certificates: [other.certificate]) }
        #expect(throws: (any Error).self) { try PackageSigning(key: identity.key, certificates: []) }
    }

    private static let identity = Task { try await SigningIdentity() }
}
