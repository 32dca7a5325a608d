// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import EdXML

struct PackageHeaderFileTests {
    private static let header = """
        {"From": {"OrganId": "000.00.13.H52", "OrganName": "Sở Thử nghiệm"},
         "To": [{"OrganId": "000.00.14.H52"}, {"OrganId": "H52.15.02"}],
         "Code": {"CodeNumber": 12, "CodeNotation": "STN-VP"},
         "PromulgationInfo": {"PromulgationDate": "2026/03/05"}, "DocumentType": {"Type": 2, "TypeName": "Công văn"},
         "Subject": "V/v thử", "ToPlaces": {"Place": ["Như trên", "Lưu: VT"]}, "OtherInfo": {"Direction": false},
         "DocumentId": "000.00.13.H52,2026/03/05,12/STN-VP",
         "TraceHeaderList": {"Bussiness": {"BussinessDocType": 0, "BussinessDocReason": "Mới"}}}
        """

    @Test func aHeaderIsWhatThePackageWrittenFromItSays() throws {
        let made = try PackageHeaderFile.read(Array(Self.header.utf8))
        let header = try #require(made.header)
        #expect(made.findings.isEmpty, "\(made.findings)")
        let document = try #require(header.document)
        #expect(document.to.map(\.organID) == ["000.00.14.H52", "H52.15.02"])
        #expect(document.codeNumber == "12" && document.type == 2 && document.toPlaces == ["Như trên", "Lưu: VT"])
        #expect(document.other.direction == false && document.business?.reason == "Mới")
        let reading = read(try PackageWriter.bytes(header, attachments: [Invented.attachment()]))
        #expect(reading.header == header)
    }

    @Test func aStatusIsToldByItsCode() throws {
        let text = """
            {"From": {"OrganId": "000.00.14.H52"}, "StatusCode": "03", "Timestamp": "2026/03/05 09:00:00",
             "ResponseFor": {"OrganId": "000.00.13.H52", "DocumentId": "000.00.13.H52,2026/03/05,12/STN-VP"}}
            """
        #expect(try PackageHeaderFile.read(Array(text.utf8)).header?.status?.status == .accepted)
    }

    @Test(arguments: [
        ("\"Subject\"", "\"Subjec\"", "MessageHeader.Subjec is not known; did you mean Subject?"),
        ("\"V/v thử\"", "[\"a\", \"b\"]", "MessageHeader.Subject may stand there once only"),
        ("\"V/v thử\"", "{\"a\": \"b\"}", "MessageHeader.Subject must be a text"),
        ("{\"OrganId\": \"H52.15.02\"}", "\"H52.15.02\"", "MessageHeader.To must be an object"),
        ("\"BussinessDocReason\"", "\"Reason\"", "TraceHeaderList.Bussiness.Reason is not known"),
        ("}}}", "}}", ""), ("\"V/v thử\"", "null", ""),
    ])
    func whatIsNotInItsPlaceIsNamed(from: String, to: String, reason: String) {
        let text = Self.header.replacing(from, with: to)
        #expect { try PackageHeaderFile.read(Array(text.utf8)) } throws: { error in
            guard let problem = error as? ParsingProblem else { return false }
            return reason.isEmpty || problem.reason == reason
        }
    }

    @Test func theReadersJudgementHolds() throws {
        let text = Self.header.replacing("\"000.00.13.H52\",", with: "\"??\",")
        let made = try PackageHeaderFile.read(Array(text.utf8))
        #expect(made.findings.contains { $0.code == .fromInvalid })
        #expect(throws: ParsingProblem.self) { try PackageHeaderFile.read([0xFF]) }
        #expect(throws: ParsingProblem.self) { try PackageHeaderFile.read(Array("[]".utf8)) }
    }
}
