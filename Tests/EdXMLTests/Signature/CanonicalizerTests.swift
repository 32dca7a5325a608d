// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

@testable import EdXML

@Suite(.timeLimit(.minutes(5))) struct CanonicalizerTests {
    private static let exclusive = CanonicalForm(.exclusive(listed: []))
    private static let inclusive = CanonicalForm(.inclusive)

    /// Documents that show one rule each.
    @Test(arguments: [
        ("<a/>", "<a></a>"),
        ("<?xml version='1.0'?>\n\n<a/>\n", "<a></a>"),
        ("<a  b = 'c'  />", "<a b=\"c\"></a>"),
        (
            "<a z='1' b='2' xmlns:q='urn:q' q:a='3' xml:lang='vi'/>",
            "<a xmlns:q=\"urn:q\" b=\"2\" z=\"1\" xml:lang=\"vi\" q:a=\"3\"></a>"
        ),
        ("<a b='\"&lt;&amp;&#9;&#10;&#13;>'/>", "<a b=\"&quot;&lt;&amp;&#x9;&#xA;&#xD;>\"></a>"),
        ("<a>&lt;&gt;&amp;\"&#13;\r\n\r</a>", "<a>&lt;&gt;&amp;\"&#xD;\n\n</a>"),
        ("<a><![CDATA[<b>\r\n&amp;]]></a>", "<a>&lt;b&gt;\n&amp;amp;</a>"),
        ("<a><?p  x y ?><?q?></a>", "<a><?p x y ?><?q?></a>"),
        ("<?p x?><a/><?q?>", "<?p x?>\n<a></a>\n<?q?>"),
        ("<a><!-- x --></a>", "<a></a>"),
        (
            "<a xmlns='urn:1'><b xmlns='urn:1'><c xmlns=''/></b></a>",
            "<a xmlns=\"urn:1\"><b><c xmlns=\"\"></c></b></a>"
        ),
        ("<a b=' c\r\nd '/>", "<a b=\" c d \"></a>"),
        ("<a b='&#x1F600;'>\u{1F600}</a>", "<a b=\"\u{1F600}\">\u{1F600}</a>"),
    ])
    func `one rule, one document`(document: String, expected: String) throws {
        #expect(try canonical(document, Self.inclusive).get() == expected)
    }

    @Test func `comments stay where they are kept, each outside on a line of its own`() throws {
        let document = "<!--1--><a><!-- 2\r\n --></a><!--3-->"
        #expect(try canonical(document, Self.inclusive).get() == "<a></a>")
        #expect(
            try canonical(document, CanonicalForm(.inclusive, keepsComments: true)).get()
                == "<!--1-->\n<a><!-- 2\n --></a>\n<!--3-->")
    }

    @Test func `the exclusive form has the namespaces that are used, where they are used`() throws {
        let document = "<a xmlns:p='urn:p' xmlns:q='urn:q' xmlns='urn:1'><p:b/><p:b q:c=''><p:d/></p:b></a>"
        #expect(
            try canonical(document, Self.exclusive).get()
                == "<a xmlns=\"urn:1\"><p:b xmlns:p=\"urn:p\"></p:b><p:b xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" q:c=\"\"><p:d></p:d></p:b></a>"
        )
        #expect(
            try canonical(document, CanonicalForm(.exclusive(listed: ["q", "none"]))).get()
                == "<a xmlns=\"urn:1\" xmlns:q=\"urn:q\"><p:b xmlns:p=\"urn:p\"></p:b><p:b xmlns:p=\"urn:p\" q:c=\"\"><p:d></p:d></p:b></a>"
        )
    }

    @Test func `a part has what it needs of what stood around it`() throws {
        let document = """
            <a xmlns="urn:1" xmlns:p="urn:p" xml:lang="vi" xml:space="default"><b xml:lang="en" Id="x"><p:c/></b></a>
            """
        #expect(
            try canonical(document, Self.inclusive, .element(id: "x")).get()
                == "<b xmlns=\"urn:1\" xmlns:p=\"urn:p\" Id=\"x\" xml:lang=\"en\" xml:space=\"default\"><p:c></p:c></b>"
        )
        #expect(
            try canonical(document, Self.exclusive, .element(id: "x")).get()
                == "<b xmlns=\"urn:1\" Id=\"x\" xml:lang=\"en\"><p:c xmlns:p=\"urn:p\"></p:c></b>")
    }

    @Test func `the signature is left out and what stands around it is not`() throws {
        let document = "<a> <Signature xmlns=\"\(SignatureNode.signatureURI)\"><x/>y</Signature>\n<b/></a>"
        #expect(try canonical(document, Self.exclusive, isEnveloping: true).get() == "<a> \n<b></b></a>")
    }

    @Test(arguments: [
        ("<a xmlns='x'/>", Finding.Code.signatureNamespace), ("<a xmlns:p='../x'/>", .signatureNamespace),
        ("<!DOCTYPE a><a/>", .doctype), ("<a>&x;</a>", .entity), ("<p:a/>", .unboundPrefix),
        ("<a>", .incomplete), ("<a/><b/>", .malformed), ("<a b='1' b='2'/>", .malformed),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", .encoding),
        ("<a><b Id='x'/><b id='x'/></a>", .signatureIDRepeated), ("<a Id='x'><b Id='x'/></a>", .signatureIDRepeated),
        ("<a><b Id='x' ID='x'/></a>", .signatureIDRepeated), ("<a/>", .signatureReferenceMissing),
    ])
    func `what has no canonical form is refused`(document: String, code: Finding.Code) {
        guard case .failure(let fault) = canonical(document, Self.inclusive, .element(id: "x")) else {
            Issue.record("\(document) was taken"); return
        }
        #expect(fault.code == code, "\(document): \(fault)")
    }

    @Test func `bounds hold`() {
        let deep = String(repeating: "<a>", count: 60) + String(repeating: "</a>", count: 60)
        let many = "<a" + (0..<40).map { " b\($0)=''" }.joined() + "/>"
        let spaces =
            (0..<5).map { level in
                "<a" + (0..<20).map { " xmlns:n\(level)x\($0)='urn:\($0)'" }.joined() + ">"
            }.joined() + String(repeating: "</a>", count: 5)
        for (document, code) in [(deep, Finding.Code.depth), (many, .attributes), (spaces, .attributes)] {
            guard case .failure(let fault) = canonical(document, Self.inclusive) else {
                Issue.record("taken: \(document.prefix(40))")
                continue
            }
            #expect(fault.code == code)
        }
    }

    /// Many thousands of documents, each in several forms, whole and in part, in pieces of any size.
    @Test(arguments: 0..<8) func `generated documents are as libxml2 has them`(batch: Int) throws {
        var compared = 0
        for number in 0..<400 {
            let seed = UInt64(batch * 10_000 + number)
            var generator = DocumentGenerator(seed: seed)
            let document = generator.document()
            for _ in 0..<4 {
                let listed = DocumentGenerator.prefixes.filter { _ in generator.chance(3) }
                let kind: CanonicalForm.Kind = generator.chance(2) ? .inclusive : .exclusive(listed: listed)
                let form = CanonicalForm(kind, keepsComments: generator.chance(2))
                let isEnveloping = generator.chance(2)
                let id =
                    generator.identifiers > 0 && generator.chance(2)
                    ? "e\(generator.pick(generator.identifiers - 1))" : nil
                guard let expected = libxml2Canonical(document, form, id: id, isEnveloping: isEnveloping) else {
                    Issue.record("libxml2 refuses seed \(seed): \(document)")
                    return
                }
                var pieces = SeededGenerator(seed: seed ^ 77)
                let longest = generator.chance(2) ? 3 : 400
                let selection: CanonicalReader.Selection = id.map { .element(id: $0) } ?? .document
                let ours = canonical(document, form, selection, isEnveloping: isEnveloping) { _ in
                    Int.random(in: 1...longest, using: &pieces)
                }
                // A part inside the signature that is left out has no form here.
                if case .failure(let fault) = ours,
                    fault.code == .signatureReferenceMissing || fault.code == .signatureReference
                {
                    #expect(expected.isEmpty, "seed \(seed) \(form) \(id ?? "-"): \(document)")
                    continue
                }
                guard try ours.get() == expected else {
                    Issue.record(
                        "seed \(seed) \(form) \(id ?? "-") \(isEnveloping)\n\(document)\n\(try ours.get())\n\(expected)"
                    )
                    return
                }
                compared += 1
            }
        }
        #expect(compared > 1_000)
    }

    @Test(.enabled(if: Samples.exist, "the sample packages are not beside this checkout"))
    func `packages of other emitters are as libxml2 has them`() throws {
        var compared = 0
        for name in try Samples.all() {
            let document = String(decoding: try Samples.bytes(name), as: UTF8.self)
            for form in [Self.inclusive, Self.exclusive, CanonicalForm(.exclusive(listed: [""]), keepsComments: true)] {
                guard case .success(let ours) = canonical(document, form) else { continue }
                #expect(ours == libxml2Canonical(document, form), "\(name) \(form)")
                compared += 1
            }
        }
        #expect(compared >= 50)
    }
}
