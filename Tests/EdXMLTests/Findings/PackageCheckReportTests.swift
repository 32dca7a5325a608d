// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import Trust

@testable import EdXML

struct PackageCheckReportTests {
    @Test func jsonIsStable() throws {
        let text = try Invented.statusText().replacing("2026/03/05 09:00:00", with: "2026/03/04 09:00:00")
        let reading = read(text)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(
            decoding: try encoder.encode(PackageCheckReport(file: "a.edxml", reading: reading)), as: UTF8.self)
        let line = reading.findings.first?.line ?? 0
        #expect(
            json == """
                {"documentId":"000.00.13.H52,2026/03/05,12/STN-VP","file":"a.edxml",\
                "findings":[{"code":"status.before-document",\
                "detail":"2026/03/04 09:00:00, document of 2026/03/05",\
                "element":"edXML/edXMLEnvelope/edXMLHeader/MessageHeader/Timestamp","line":\(line),\
                "sentence_en":"The status is dated before the document.",\
                "sentence_vi":"Trạng thái có thời điểm trước ngày văn bản.","severity":"warning"}],"kind":"status",\
                "omittedFindings":0,"sha256":"\(reading.digest.hex)","verdict":"accept-with-warnings"}
                """)
    }

    @Test func kindsAreNamed() throws {
        var document = try Invented.document()
        let expected: [(BusinessKind, String)] = [
            (.new, "new"), (.recall, "recall"), (.update, "update"), (.replacement, "replacement"),
        ]
        for (kind, name) in expected {
            document.business?.kind = kind
            let reading = read(try PackageWriter.bytes(.document(document)))
            #expect(PackageCheckReport(file: "", reading: reading).kind == name)
        }
        #expect(PackageCheckReport(file: "", reading: read("<x")).kind == nil)
    }
}
