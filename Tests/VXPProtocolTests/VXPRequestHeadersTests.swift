// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import VXPProtocol

@Suite struct VXPRequestHeadersTests {
    @Test func whatTheClientSignsTheServerBelieves() throws {
        let headers = try Sample.headers([.serviceType(), .messageType(.status)])
        #expect(try VXPRequestHeaders(headers).claimedSystemID.text == "vxp.saas.03")
        let parameters = try Sample.verify(headers)
        #expect(parameters.systemID.text == "vxp.saas.03")
        #expect(parameters.timestamp == Sample.now)
        #expect(try parameters.serviceType == .eDoc)
        #expect(try parameters.messageType == .status)
    }

    /// HTTP/1.1 proxies lower-case names; the keys inside `sign-header` keep theirs.
    @Test func namesCompareWithoutCase() throws {
        let headers = try Sample.headers([.docID("a-1"), .fromDate(Sample.now)])
        for change in [{ $0.lowercased() }, { $0.uppercased() }] as [(String) -> String] {
            let changed = headers.map { (name: change($0.name), value: $0.value) }
            #expect(try Sample.verify(changed).docID == "a-1")
            #expect(try Sample.verify(changed).fromDate != nil)
        }
    }

    @Test func orderDoesNotMatter() throws {
        let headers = try Sample.headers([.serviceType()])
        #expect(try Sample.verify(headers.reversed()).serviceType == .eDoc)
        let signHeader =
            #"{ "XroadVnpt-systemid" : "s" ,"# + "\t\n" + #""XroadVnpt-timestamp":"13102025T142233+0456" }"#
        let loose = Sample.headers(
            signHeader: signHeader,
            [("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", "13102025T142233+0456")])
        #expect(try Sample.verify(loose).systemID.text == "s")
    }

    @Test(arguments: ["systemid", "sign-header", "hash-header"])
    func whatIsMissingIsNamed(name: String) throws {
        for headers in [
            try Sample.headers([]).removing("XroadVnpt-\(name)"),
            try Sample.headers([]).changing("XroadVnpt-\(name)", to: " "),
        ] {
            let refused = refusal {
                _ = try VXPRequestHeaders(headers).claimedSystemID
                return try Sample.verify(headers)
            }
            #expect(refused?.code == .headerMissing)
            #expect(refused?.detail?.contains(name) == true)
        }
    }

    @Test(arguments: ["timestamp", "systemid"])
    func whoAndWhenMustBeSigned(name: String) throws {
        let all = [("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", "13102025T142233+0456")]
        let listed = all.filter { !$0.0.hasSuffix(name) }.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
        let headers = Sample.headers(signHeader: "{\(listed)}", all.map { (name: $0.0, value: $0.1) })
        let refused = refusal { try Sample.verify(headers) }
        #expect(refused?.code == .headerMissing)
        #expect(refused?.detail?.contains(name) == true)
    }

    @Test(arguments: ["timestamp", "sign-header", "hash-header", "from", "version", "anything"])
    func aRepeatedHeaderIsRefused(name: String) throws {
        let headers: RawHeaders = [("XroadVnpt-\(name)", "a"), ("Content-Type", "x"), ("xroadvnpt-\(name)", "a")]
        #expect(refusal { try VXPRequestHeaders(headers) } == Refusal(.headerRepeated, "XroadVnpt-\(name)"))
    }

    @Test func otherHeadersMayRepeat() throws {
        let headers = try Sample.headers([]) + [("Accept", "a"), ("Accept", "b"), ("Content-Type", "text/plain")]
        _ = try Sample.verify(headers)
    }

    /// One name for HTTP, two keys in the SDK's map.
    @Test func bothSpellingsOfDocID() throws {
        #expect(try Sample.parameters([VXPParameter("docid", "a")]).docID == "a")
        #expect(try Sample.parameters([VXPParameter("docId", "a")]).docID == "a")
        #expect(try Sample.parameters([VXPParameter("docId", "a"), VXPParameter("docid", "a")]).docID == "a")
        let refused = refusal { try Sample.parameters([VXPParameter("docId", "a"), VXPParameter("docid", "b")]) }
        #expect(refused?.code == .parameterInvalid)
        #expect(refused?.detail?.contains("docId") == true)
    }

    @Test func anUnknownSystemLooksLikeAWrongSecret() throws {
        let headers = try Sample.headers([])
        let wrong = refusal { try Sample.verify(headers, secret: Array("other".utf8)) }
        #expect(wrong?.code == .signatureInvalid)
        #expect(wrong?.detail == nil)
        #expect(refusal { try Sample.verify(headers, secret: nil) } == wrong)
        #expect(refusal { try Sample.verify(headers, secret: []) } == wrong)
        let strange = headers.changing("XroadVnpt-systemid", to: "no such 'name'")
        #expect(refusal { try VXPRequestHeaders(strange).claimedSystemID } == wrong)
    }

    /// A system whose secret is empty would be open to everybody.
    @Test func anEmptySecretOpensNothing() throws {
        let signer = VXPClientSigner(systemID: try SystemID(parsing: "s"), secret: "", timestamp: Sample.now)
        let headers = try signer.headers(for: .getEdoc, [])
        #expect(refusal { try Sample.verify(headers, secret: []) }?.code == .signatureInvalid)
    }

    @Test func theCodeIsLowerCaseHex() throws {
        let headers = try Sample.headers([])
        let code = try #require(headers.value("XroadVnpt-hash-header"))
        let upper = headers.changing("XroadVnpt-hash-header", to: code.uppercased())
        #expect(refusal { try Sample.verify(upper) }?.code == .signatureInvalid)
        let short = headers.changing("XroadVnpt-hash-header", to: String(code.dropLast()))
        #expect(refusal { try Sample.verify(short) }?.code == .signatureInvalid)
    }

    @Test func aSignedHeaderThatWasNotSent() throws {
        let headers = try Sample.headers([.docID("a")]).removing("XroadVnpt-docId")
        #expect(refusal { try Sample.verify(headers) }?.code == .headerMismatch)
    }

    @Test func theSignedContentTypeIsCompared() throws {
        let headers = try Sample.headers([])
        let changed = headers.changing("XroadVnpt-Content-Type", to: "text/xml")
        #expect(refusal { try Sample.verify(changed) }?.code == .headerMismatch)
        // The bare one is the proxies' playground and means nothing to the hub.
        _ = try Sample.verify(headers.changing("Content-Type", to: "application/json; charset=utf-8"))
    }

    /// The list of keys stands outside the signature.
    @Test func theKeyListIsIgnored() throws {
        let headers = try Sample.headers([.docID("a")])
        _ = try Sample.verify(headers.removing("XroadVnpt-sign-header-key"))
        _ = try Sample.verify(headers.changing("XroadVnpt-sign-header-key", to: "nonsense"))
    }

    @Test func anUnsignedParameterDoesNotExist() throws {
        let headers = try Sample.headers([.serviceType()]) + [("XroadVnpt-docId", "a"), ("XroadVnpt-from", "H52")]
        let parameters = try Sample.verify(headers)
        #expect(refusal { try parameters.docID } == Refusal(.parameterMissing, "docId"))
        #expect(refusal { try parameters.from } == Refusal(.parameterMissing, "from"))
    }

    /// A parser takes blanks off a value's ends, the client signed them.
    @Test func blanksAtTheEndsDoNotCount() throws {
        let headers = try Sample.headers([VXPParameter("description", "  xong \t".replacing("\t", with: " "))])
        let received = headers.changing("XroadVnpt-description", to: "xong")
        #expect(try Sample.verify(received).description == "xong")
    }

    @Test(arguments: [
        "", "x", "[]", "{", "{}x", #"{"XroadVnpt-a":1}"#, #"{"XroadVnpt-a":null}"#, #"{"XroadVnpt-a":{}}"#,
        #"{"XroadVnpt-a":"b",}"#, #"{"XroadVnpt-a" "b"}"#, #"{"XroadVnpt-a":"b""#, #"{"a":"b"}"#,
        #"{"XroadVnpt-systemid":"s","XroadVnpt-systemid":"s"}"#, #"{"XroadVnpt-a":"\ud800"}"#,
        #"{"XroadVnpt-a":"\ud800\u0041"}"#, #"{"XroadVnpt-a":"\x"}"#, #"{"XroadVnpt-a":"\u12"}"#,
        "{\"XroadVnpt-a\":\"\u{01}\"}",
    ])
    func aSignedTextThatIsNoFlatObject(signHeader: String) {
        let headers = Sample.headers(
            signHeader: signHeader, [("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", "13102025T142233+0456")])
        let expected: Refusal.Code = signHeader.isEmpty ? .headerMissing : .parameterInvalid
        #expect(refusal { try Sample.verify(headers) }?.code == expected)
    }

    /// Keys once as text and once as an escape are the same key.
    @Test func aKeyIsComparedDecoded() {
        let headers = Sample.headers(
            signHeader: #"{"XroadVnpt-a":"b","XroadVnpt-\u0061":"b"}"#,
            [("XroadVnpt-a", "b"), ("XroadVnpt-systemid", "s")])
        #expect(refusal { try Sample.verify(headers) }?.detail?.contains("key twice") == true)
    }

    @Test func theSignedTextHasBounds() throws {
        let signed = #"{"XroadVnpt-systemid":"s","XroadVnpt-timestamp":"13102025T142233+0456"}"#
        let own: RawHeaders = [("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", "13102025T142233+0456")]
        // Blanks are part of what is signed.
        let room = String(repeating: " ", count: VXPRequestHeaders.maxSignHeaderBytes - signed.utf8.count)
        let longest = signed.replacing("{", with: "{" + room)
        #expect(try Sample.verify(Sample.headers(signHeader: longest, own)).systemID.text == "s")
        let tooLong = Sample.headers(signHeader: longest.replacing("{", with: "{ "), own)
        #expect(refusal { try Sample.verify(tooLong) }?.detail == "sign-header: longer than 32768 bytes")
        let many = (0..<62).map { VXPParameter("x\($0)", "") }
        #expect(refusal { try Sample.parameters(many) }?.detail?.contains("more than 64 keys") == true)
        _ = try Sample.parameters(Array(many.dropLast()))
    }

    @Test func jsonEscapesAreDecoded() throws {
        let value = #"<b>&'=" \ / é"#
        let signHeader =
            #"{"XroadVnpt-systemid":"s","XroadVnpt-timestamp":"13102025T142233\u002B0456","#
            + #""XroadVnpt-description":"\u003Cb\u003e\u0026\u0027\u003d\" \\ \/ \u00e9"}"#
        let headers = Sample.headers(
            signHeader: signHeader,
            [
                ("XroadVnpt-systemid", "s"), ("XroadVnpt-timestamp", "13102025T142233+0456"),
                ("XroadVnpt-description", value),
            ])
        #expect(try Sample.verify(headers).description == value)
        // Canonically equivalent is not equal.
        let decomposed = headers.changing("XroadVnpt-description", to: value.replacing("é", with: "e\u{301}"))
        #expect(refusal { try Sample.verify(decomposed) }?.code == .headerMismatch)
    }
}

/// Whatever is signed verifies; whatever is touched afterwards does not, and says why.
@Suite struct VXPSignaturePropertyTests {
    private static func parameters(_ generator: inout SeededGenerator) -> [VXPParameter] {
        let names = ["from", "to", "docId", "hash-file", "description", "status", "x-unknown"].shuffled(
            using: &generator)
        return names.prefix(Int.random(in: 0...names.count, using: &generator)).map { name in
            let length = Int.random(in: 1...40, using: &generator)
            // Inner blanks are kept, outer ones the HTTP parser removes: begin and end with something else.
            let bytes = (0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
            return VXPParameter(name, "a" + String(decoding: bytes, as: UTF8.self) + "z")
        }
    }

    @Test func everySignedRequestVerifies() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let headers = try Sample.headers(Self.parameters(&generator))
            _ = try Sample.verify(headers)
        }
    }

    @Test func everyFlippedBitIsRefused() throws {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<40 {
            let headers = try Sample.headers(Self.parameters(&generator))
            for (name, value) in headers {
                guard let expected = Self.expectedCode(name) else { continue }
                for _ in 0..<8 {
                    var bytes = Array(value.utf8)
                    let index = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[index] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
                    let flipped = headers.changing(name, to: String(decoding: bytes, as: UTF8.self))
                    let code = refusal { try Sample.verify(flipped) }?.code
                    #expect(code == expected, "\(name): \(value) → \(flipped.value(name) ?? "")")
                }
            }
        }
    }

    private static func expectedCode(_ name: String) -> Refusal.Code? {
        switch name {
        case "XroadVnpt-sign-header", "XroadVnpt-hash-header": .signatureInvalid
        case "XroadVnpt-sign-header-key", "XroadVnpt-version", "User-Agent", "Content-Type": nil
        default: .headerMismatch
        }
    }
}
