// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing

@testable import EdXML

/// One change to a sound package, one finding.
struct RulesTests {
    typealias Change = (find: String, replace: String, code: Finding.Code)

    private static func attachment(_ id: String) -> String {
        "<Attachment><ContentId>\(id)</ContentId><ContentTransferEncoded>QQ==</ContentTransferEncoded></Attachment>"
    }

    private static let documentChanges: [Change] = [
        (
            "000.00.13.H52</edXML:OrganId>\n          <edXML:OrganizationInCharge",
            "?</edXML:OrganId><edXML:OrganizationInCharge", .fromInvalid
        ),
        (
            "000.00.13.H52</edXML:OrganId>\n          <edXML:OrganizationInCharge",
            "</edXML:OrganId><edXML:OrganizationInCharge", .fromInvalid
        ),
        (
            "000.00.14.H52</edXML:OrganId>\n          <edXML:OrganName", "ô nhiễm</edXML:OrganId><edXML:OrganName",
            .recipientInvalid
        ),
        ("H52.15.02", "000.00.14.H52", .recipientRepeated),
        ("<edXML:DocumentId>000.00.13.H52,2026/03/05,12/STN-VP</edXML:DocumentId>", "", .documentIDMissing),
        (
            "<edXML:DocumentId>000.00.13.H52,", "<edXML:DocumentId>\(String(repeating: "A", count: 220))",
            .documentIDInvalid
        ),
        ("<edXML:DocumentId>000.00.13.H52,", "<edXML:DocumentId>000.00.77.H52,", .documentIDAgency),
        ("H52,2026/03/05,12/STN", "H52,2026/03/06,12/STN", .documentIDDate),
        ("H52,2026/03/05,12/STN", "H52,2026/02/30,12/STN", .dateInvalid),
        ("H52,2026/03/05,12/STN", "H52,2026/03/05,13/STN", .documentIDCode),
        ("000.00.13.H52,2026/03/05,12/STN-VP", "9fbfbad2-f1f8-4256-a2eb-000000000000", .documentIDForm),
        ("<edXML:PromulgationDate>2026/03/05", "<edXML:PromulgationDate>2026/13/05", .dateInvalid),
        ("<edXML:PromulgationDate>2026/02/01", "<edXML:PromulgationDate>2026/02/29", .dateInvalid),
        ("<edXML:DueDate>2026/03/31", "<edXML:DueDate>31/03/2026", .dateInvalid),
        // No field of a document has an hour, the due date neither.
        ("<edXML:DueDate>2026/03/31", "<edXML:DueDate>2026/03/31 14:00", .dateInvalid),
        ("<edXML:Type>2<", "<edXML:Type>hai<", .numberInvalid),
        ("<edXML:Priority>1<", "<edXML:Priority>5<", .priorityUnknown),
        ("<edXML:TypeName>", "<edXML:TypeName>e\u{302}\u{301}", .textDecomposed),
        ("<edXML:TypeName>Công văn", "<edXML:TypeName>QuyÕt ®Þnh vÒ viÖc", .textLegacyEncoding),
        ("<edXML:SteeringType>1<", "<edXML:SteeringType>0<", .steeringTypeOdd),
        ("<edXML:CodeNumber>12<", "<edXML:CodeNumber>123456789012<", .textTooLong),
        ("<edXML:Subject>", "<edXML:Subject>\(String(repeating: "ế", count: 500))", .textTooLong),
        ("<edXML:Place>Lưu: VT", "<edXML:Place>\(String(repeating: "a", count: 151))", .textTooLong),
        ("<edXML:OrganName>Sở Thử nghiệm</edXML:OrganName>", "", .requiredMissing),
        ("<edXML:BussinessDocType>0<", "<edXML:BussinessDocType>4<", .businessKindUnknown),
        (
            "<edXML:TraceHeader>\n          <edXML:OrganId>000.00.13.H52", "<edXML:TraceHeader><edXML:OrganId>null",
            .traceAgencyMissing
        ),
        ("2026/03/05 08:30:00", "2026-03-05T08:30:00", .traceTimestampInvalid),
        ("<edXML:Code>", "<edXML:Extra/><edXML:Code>", .unknownElement),
        ("<edXML:Code>", #"<v:Extra xmlns:v="urn:x"/><edXML:Code>"#, .unknownElement),
        ("<edXML:Code>", #"<v:Code xmlns:v="urn:x"/><edXML:Code>"#, .wrongNamespace),
        ("<edXML:Code>", "<v:Code/><edXML:Code>", .unboundPrefix),
        ("<edXML:Code>", "loose text<edXML:Code>", .schema),
        ("<edXML:Code>", "<edXML:Subject>again</edXML:Subject><edXML:Code>", .elementRepeated),
        ("<edXML:Code>", "<edXML:From/><edXML:Code>", .elementRepeated),
        ("<edXML:Code>", "&mine;<edXML:Code>", .entity),
        ("<edXML:ContentId>cid:a1", "<edXML:ContentId>cid:a2", .referenceUnmatched),
        ("<edXML:ContentType>application/pdf", "<edXML:ContentType>application/msword", .manifestTypeDiffers),
        ("      <ContentType>application/pdf", "<ContentType>image/png", .attachmentTypeDiffers),
        ("JVBER", "JVBE*", .base64Invalid),
        ("JVBER", "JVBERR", .base64Invalid),
        ("</AttachmentEncoded>", "</AttachmentEncoded><AttachmentEncoded/>", .elementRepeated),
        ("</AttachmentEncoded>", "<Attachment/></AttachmentEncoded>", .contentMissing),
        (
            "</AttachmentEncoded>",
            attachment("z") + "</AttachmentEncoded>",
            .attachmentUnlisted
        ),
        (
            "</AttachmentEncoded>",
            attachment("a1") + "</AttachmentEncoded>",
            .contentIDRepeated
        ),
        (
            "</AttachmentEncoded>", "<Attachment><ContentTransferEncoded/></Attachment></AttachmentEncoded>",
            .contentEmpty
        ),
        ("  </edXML:edXMLEnvelope>", "<edXML:edXMLAttachments/></edXML:edXMLEnvelope>", .attachmentsDialect),
        (#"encoding="UTF-8""#, #"encoding="windows-1258""#, .encoding),
        ("<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"", "<edXML xmlns=\"urn:x\"", .wrongNamespace),
        ("<?xml", "\n<?xml", .junkBeforeDeclaration),
        ("<?xml", "1212<?xml", .junkBeforeDeclaration),
        ("</edXML:Subject>", "</edXML:Subjec>", .malformed),
        ("</edXML>\n", "", .incomplete),
        ("</edXML>\n", "</edXML>\n<more/>", .malformed),
    ]

    private static let statusChanges: [Change] = [
        ("<edXML:StatusCode>03<", "<edXML:StatusCode>07<", .statusCodeUnknown),
        ("<edXML:StatusCode>03<", "<edXML:StatusCode><", .statusCodeUnknown),
        ("<edXML:StatusCode>03", "<edXML:To/><edXML:StatusCode>03", .statusAmbiguous),
        ("<edXML:OrganId>000.00.13.H52</edXML:OrganId>", "", .statusTargetMissing),
        ("<edXML:OrganId>000.00.13.H52</edXML:OrganId>", "<edXML:OrganId>?</edXML:OrganId>", .statusTargetInvalid),
        ("2026/03/05 09:00:00", "2026/03/04 09:00:00", .statusBeforeDocument),
        ("2026/03/05 09:00:00", "sáng nay", .statusTimestampInvalid),
        ("H52,2026/03/05,12", "H52,2026/03/01,12", .documentIDDate),
        (
            "</edXML:edXMLEnvelope>",
            "<edXML:edXMLBody/></edXML:edXMLEnvelope><AttachmentEncoded>" + attachment("s") + "</AttachmentEncoded>",
            .statusWithBody
        ),
        (
            "<edXML:From>", "<edXML:ResponseFor><edXML:Code>1</edXML:Code></edXML:ResponseFor><edXML:From>",
            .statusTargetMissing
        ),
    ]

    @Test func soundPackagesAreAccepted() throws {
        let document = read(try Invented.text())
        #expect(document.codes == [.signatureMissing])
        #expect(document.verdict == .acceptWithWarnings)
        let status = read(try Invented.statusText())
        #expect(status.findings == [])
        #expect(status.verdict == .accept)
    }

    @Test(arguments: documentChanges.indices) func documentRule(_ index: Int) throws {
        try check(Self.documentChanges[index], in: try Invented.text())
    }

    @Test(arguments: statusChanges.indices) func statusRule(_ index: Int) throws {
        try check(Self.statusChanges[index], in: try Invented.statusText())
    }

    private func check(_ change: Change, in package: String) throws {
        let range = try #require(package.range(of: change.find), "\(change.find)")
        let reading = read(package.replacingCharacters(in: range, with: change.replace))
        #expect(reading.codes.contains(change.code), "\(change): \(reading.findings)")
        let isRefused = reading.verdict == .refuse
        #expect(isRefused == !reading.errors.isEmpty)
        if change.code.severity == .error { #expect(isRefused) }
        if change.code.severity == .warning { #expect(!isRefused, "\(reading.findings)") }
    }

    @Test func senderAndRecipientsMustBeThere() throws {
        let text = try Invented.text()
        let noSender = text.replacing("edXML:From>", with: "edXML:To>")
        #expect(read(noSender).errors == [.fromMissing])
        #expect(read(noSender).header == nil)
        var document = try Invented.document()
        document.to = []
        let noRecipient = read(try PackageWriter.bytes(.document(document)))
        #expect(noRecipient.errors == [.toMissing])
        #expect(noRecipient.header?.document?.to == [])
        let status = try Invented.statusText().replacing("edXML:From>", with: "edXML:StaffInfo>")
        #expect(read(status).codes.contains(.fromMissing))
    }

    @Test func typeIsOnlyUnknownWhereNothingExplainsIt() throws {
        let text = try Invented.text().replacing("<edXML:Type>2<", with: "<edXML:Type>33<")
        #expect(!read(text).codes.contains(.typeUnknown))
        let unnamed = text.replacing("<edXML:TypeName>Công văn</edXML:TypeName>", with: "")
        #expect(read(unnamed).codes.contains(.typeUnknown))
    }

    @Test func refusalWithoutReasonIsNoted() throws {
        var status = try Invented.status(.returned)
        #expect(!read(try PackageWriter.bytes(.status(status))).codes.contains(.statusReasonMissing))
        status.description = nil
        let reading = read(try PackageWriter.bytes(.status(status)))
        #expect(reading.codes == [.statusReasonMissing])
        #expect(reading.verdict == .acceptWithWarnings)
    }

    @Test func documentWithoutAttachmentIsNoted() throws {
        #expect(read(try Invented.package([])).codes == [.signatureMissing, .noAttachments])
        var recall = try Invented.document()
        recall.business?.kind = .recall
        #expect(read(try PackageWriter.bytes(.document(recall))).codes == [.signatureMissing])
    }

    @Test func bothLawfulFormsOfTheSenderAgree() throws {
        let text = try Invented.text().replacing("<edXML:DocumentId>000.00.13.H52,", with: "<edXML:DocumentId>H52.13,")
        #expect(!read(text).codes.contains(.documentIDAgency))
    }

    @Test func signatureIsToldFromPlaceholder() throws {
        let text = try Invented.text()
        func with(_ signature: String) -> PackageReading {
            read(text.replacing("    </edXML:edXMLHeader>", with: signature + "</edXML:edXMLHeader>"))
        }
        #expect(with("<edXML:DigitalSignature/>").signature == .absent)
        let value = String(repeating: "QUFB", count: 30)
        let body = "<SignedInfo><Reference/></SignedInfo><SignatureValue>\(value)</SignatureValue>"
        let certificate = "<KeyInfo><X509Data><X509Certificate>MAMCAQE=</X509Certificate></X509Data></KeyInfo>"
        let truncated = "<KeyInfo><X509Data><X509Certificate>MAkCAQE=</X509Certificate></X509Data></KeyInfo>"
        let sound = with(#"<Signature xmlns="\#(Vocabulary.signatureNamespace)">\#(body)\#(certificate)</Signature>"#)
        #expect(sound.signature == .present)
        #expect(sound.findings == [])
        #expect(
            with(#"<Signature xmlns="\#(Vocabulary.signatureNamespace)">\#(body)\#(truncated)</Signature>"#).signature
                == .dummy)
        let own = with("<Signature>\(body)\(certificate)</Signature>")
        #expect(own.signature == .dummy)
        #expect(own.codes == [.signatureDummy])
    }

    @Test func findingsSayWhere() throws {
        let text = try Invented.text().replacing("<edXML:SteeringType>1<", with: "<edXML:SteeringType>9<")
        let finding = try #require(read(text).findings.first { $0.code == .steeringTypeOdd })
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[finding.line - 1].contains("SteeringType"))
        #expect(finding.element == "edXML/edXMLEnvelope/edXMLHeader/MessageHeader/SteeringType")
        #expect(finding.detail == "9")
    }
}
