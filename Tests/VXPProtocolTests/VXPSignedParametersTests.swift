// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import VXPProtocol

@Suite struct VXPSignedParametersTests {
    private static let readers: [(name: String, read: @Sendable (VXPSignedParameters) throws -> Any)] = [
        ("servicetype", { try $0.serviceType }), ("messagetype", { try $0.messageType }), ("from", { try $0.from }),
        ("hash-file", { try $0.hashFile }), ("docId", { try $0.docID }), ("status", { try $0.confirmation }),
        ("AgencyCode", { try $0.agencyCode }),
    ]

    @Test func aMissingParameterIsNamed() throws {
        for parameters in [
            try Sample.parameters([]), try Sample.parameters(Self.readers.map { VXPParameter($0.name, "") }),
        ] {
            for (name, read) in Self.readers {
                #expect(refusal { try read(parameters) } == Refusal(.parameterMissing, name))
            }
            #expect(try parameters.to == nil)
            #expect(try parameters.optionalDocID == nil)
            #expect(try parameters.description == nil)
            #expect(try parameters.fromDate == nil)
            #expect(try parameters.toDate == nil)
        }
    }

    @Test func anInvalidParameterIsNamed() throws {
        let optional: [(name: String, read: @Sendable (VXPSignedParameters) throws -> Any)] = [
            ("to", { try $0.to as Any }), ("fromDate", { try $0.fromDate as Any }),
            ("toDate", { try $0.toDate as Any }),
        ]
        for (name, read) in Self.readers + optional {
            let refused = refusal { try read(try Sample.parameters([VXPParameter(name, "nothing of the sort")])) }
            #expect(refused?.code == .parameterInvalid)
            #expect(refused?.detail?.hasPrefix("\(name): ") == true)
        }
    }

    @Test func wordsAreReadInAnyCase() throws {
        let parameters = try Sample.parameters([
            VXPParameter("servicetype", "EDOC"), VXPParameter("messagetype", "Status"), VXPParameter("status", "Done"),
        ])
        #expect(try parameters.serviceType == .eDoc)
        #expect(try parameters.messageType == .status)
        #expect(try parameters.confirmation == .done)
    }

    @Test(arguments: VXPConfirmation.allCases)
    func confirmations(status: VXPConfirmation) throws {
        #expect(try Sample.parameters([.confirmation(status)]).confirmation == status)
    }

    /// What a client object carries over from earlier calls does not disturb the call that does not ask for it.
    @Test func leftoversAreNotRead() throws {
        let parameters = try Sample.parameters([
            VXPParameter("to", "not JSON"), VXPParameter("from", "???"), VXPParameter("hash-file", "zz"), .docID("d-1"),
            VXPParameter("filePath", #"C:\temp\a b.edxml"#), VXPParameter("fromDate", "yesterday"),
        ])
        #expect(try parameters.docID == "d-1")
    }

    @Test func recipients() throws {
        let agencies = try ["000.00.13.H52", "H53.1", "vxp.saas.03"].map { try AgencyID(parsing: $0) }
        #expect(try Sample.parameters([.to(agencies)]).to == agencies)
        #expect(
            try Sample.parameters([VXPParameter("to", #" [ "H52" , "H53","H52" ] "#)]).to?.map(\.text) == [
                "H52", "H53",
            ])
        #expect(try Sample.parameters([VXPParameter("to", "[]")]).to == nil)
    }

    @Test(arguments: [
        "H52", #""H52""#, #"["H52""#, #"["H52",]"#, "[1]", #"[["H52"]]"#, #"[""]"#, #"["a b"]"#, #"["H52"] x"#,
    ])
    func malformedRecipients(text: String) throws {
        let refused = refusal { try Sample.parameters([VXPParameter("to", text)]).to }
        #expect(refused?.code == .parameterInvalid)
        #expect(refused?.detail?.hasPrefix("to: ") == true)
    }

    @Test func recipientsHaveABound() throws {
        let items = (0...VXPSignedParameters.maxRecipients).map { "\"H\($0)\"" }
        let longest = items.dropLast().joined(separator: ",")
        #expect(
            try Sample.parameters([VXPParameter("to", "[\(longest)]")]).to?.count == VXPSignedParameters.maxRecipients)
        let tooMany = items.joined(separator: ",")
        #expect(refusal { try Sample.parameters([VXPParameter("to", "[\(tooMany)]")]).to }?.code == .parameterInvalid)
    }

    @Test(arguments: [
        ("level", "1", "35", ["0", "36"]), ("unitversion", "0", "\(Int64.max)", ["-1", "\(UInt64.max / 2 + 1)"]),
    ])
    func numbersHaveTwoEnds(name: String, least: String, most: String, beside: [String]) throws {
        func read(_ text: String) throws -> String? {
            let parameters = try Sample.parameters([VXPParameter(name, text)])
            return try name == "level" ? parameters.level.map(String.init) : parameters.unitVersion.map(String.init)
        }
        for end in [least, most] { #expect(try read(end) == end) }
        for text in beside { #expect(refusal { try read(text) }?.code == .parameterInvalid, "\(text)") }
    }

    @Test func dates() throws {
        let parameters = try Sample.parameters([
            VXPParameter("fromDate", "01/10/2025 00:00:00"), VXPParameter("toDate", "13/10/2025 23:59:59"),
        ])
        #expect(try parameters.fromDate == Instant(iso8601: "2025-10-01T00:00:00+07:00"))
        #expect(try parameters.toDate == Instant(iso8601: "2025-10-13T23:59:59+07:00"))
    }

    @Test func docIDsAreShortAndPlain() throws {
        let longest = String(repeating: "d", count: VXPSignedParameters.maxDocIDBytes)
        #expect(try Sample.parameters([.docID(longest)]).docID == longest)
        #expect(try Sample.parameters([.docID(longest)]).optionalDocID == longest)
        #expect(refusal { try Sample.parameters([.docID(longest + "d")]).docID }?.code == .parameterInvalid)
        #expect(refusal { try Sample.parameters([.docID("a b")]).docID }?.code == .parameterInvalid)
    }

    @Test func descriptions() throws {
        let longest = String(repeating: "ư", count: VXPSignedParameters.maxDescriptionLength)
        #expect(try Sample.parameters([.description(longest)]).description == longest)
        let tooLong = longest + "ư"
        #expect(refusal { try Sample.parameters([.description(tooLong)]).description }?.code == .parameterInvalid)
        let control = VXPParameter("description", #"a\u000ab"#)
        #expect(refusal { try Sample.parameters([control]).description }?.code == .parameterInvalid)
        for literal in ["100%", "%C4%90", #"\u12"#, #"\ud800 x"#, #"c:\users"#, "a+b"] {
            #expect(try Sample.parameters([VXPParameter("description", literal)]).description == literal)
        }
    }
}
