// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import EdXML

/// Every package of the corpus with the verdict and the findings that the format's description asks for.
@Suite(.enabled(if: Samples.exist, "the sample packages are not beside this checkout"))
struct CorpusTests {
    private typealias Expected = (verdict: PackageReading.Verdict, codes: Set<Finding.Code>)

    private static let template: Set<Finding.Code> = [
        // xlink: is bound nowhere, edXML: not outside the envelope; the payload is a placeholder; the id is a UUID;
        // one letter has its mark apart. Its signature alone of all samples has the right namespace and a whole certificate.
        .unboundPrefix, .base64Invalid, .documentIDForm, .textDecomposed,
    ]

    private static let table: [String: Expected] = [
        "official-sdk/edoc.edxml": (.refuse, template),
        "official-sdk/edoc.edxml.bak": (.refuse, template),
        "official-sdk/edoc_new.edxml": (.refuse, [.junkBeforeDeclaration]),
        "official-sdk/edoc_new.edxml.bak": (
            .acceptWithWarnings,
            [.documentIDAgency, .documentIDCode, .documentIDDate, .dateInvalid, .signatureDummy]
        ),
        "official-sdk/edoc_revocation.edxml": (.acceptWithWarnings, [.documentIDDate, .signatureDummy]),
        "official-sdk/edoc_update.edxml": (.acceptWithWarnings, [.documentIDDate, .dateInvalid, .signatureDummy]),
        "official-sdk/edoc_replacement.edxml": (.acceptWithWarnings, [.documentIDDate, .signatureDummy]),
        "official-sdk/status.edxml": (.acceptWithWarnings, [.documentIDDate]),
        "official-sdk/status_inbox_01.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_rejection_02.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_acceptance_03.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_assignment_04.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_processing_05.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_finish_06.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_cancellation_13.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_change-acceptance_15.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "official-sdk/status_change-rejection_16.edxml": (.acceptWithWarnings, [.statusBeforeDocument]),
        "redacted-real/knobstick-1-redacted.edxml": (
            .acceptWithWarnings,
            [.documentIDAgency, .steeringTypeOdd, .traceAgencyMissing, .signatureDummy, .attachmentTypeDiffers]
        ),
        "redacted-real/knobstick-redacted.edxml": (
            .acceptWithWarnings, [.steeringTypeOdd, .traceAgencyMissing, .signatureMissing, .attachmentTypeDiffers]
        ),
        "redacted-real/edXMLAttachments-dialect-redacted.edxml": (
            .refuse, [.attachmentsDialect, .unknownElement, .documentIDForm, .textTooLong, .signatureMissing]
        ),
        "synthetic/dotnet-dialect-new.SYNTHETIC.edxml": (.acceptWithWarnings, [.steeringTypeOdd, .signatureMissing]),
    ]

    @Test func everyPackageHasItsVerdictAndFindings() throws {
        let names = try Samples.all()
        #expect(Set(names) == Set(Self.table.keys))
        for name in names {
            let expected = try #require(Self.table[name])
            let reading = read(try Samples.bytes(name))
            #expect(reading.verdict == expected.verdict, "\(name)")
            #expect(reading.codes == expected.codes, "\(name): \(reading.findings)")
        }
    }

    @Test func newDocument() throws {
        let reading = read(try Samples.bytes("official-sdk/edoc_new.edxml.bak"))
        let document = try #require(reading.header?.document)
        #expect(document.from.organID == "000.00.00.A80")
        #expect(document.to.map(\.organID) == ["28.22.H17"])
        #expect(document.to.first?.agencyID?.form == .unlisted)
        #expect(document.codeNumber == "74fass22")
        #expect(document.kind == .new)
        #expect(document.business?.documentIDText == "000.00.00.G22,2014/02/30,7806/VPCP-TTĐT")
        #expect(document.urgency == .normal)
        let attachment = try #require(reading.attachments.first)
        #expect(attachment.contentID == "209")
        #expect(attachment.decodedBytes == 270_823)
        #expect(attachment.detectedType == .zip)
        // A ZIP of one entry under a name that is no archive's: the SDK's wrapping.
        #expect(attachment.unpackedBytes == 388_347)
        #expect(attachment.unpackedSHA256 != attachment.sha256)
        #expect(attachment.reference?.name == "1896_QD-TTg_m_294779.doc")
    }

    @Test func recallNamesTheDocumentItRecalls() throws {
        let document = try #require(read(try Samples.bytes("official-sdk/edoc_revocation.edxml")).header?.document)
        #expect(document.kind == .recall)
        #expect(document.to.count == 3)
        #expect(document.business?.documentID == nil)
        #expect(document.subjectOfChange?.text == "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT")
        #expect(document.responseFor.first?.code == "267/VPCP-TTĐT")
    }

    @Test func updateListsWhatChanged() throws {
        let document = try #require(read(try Samples.bytes("official-sdk/edoc_update.edxml")).header?.document)
        #expect(document.kind == .update)
        #expect(document.business?.documentInfo == true)
        #expect(document.business?.documentReceiver == true)
        let receivers = try #require(document.business?.receivers)
        #expect(receivers == [.init(organID: "000.00.00.H41", type: 0), .init(organID: "000.00.00.H14", type: 1)])
        #expect(document.subjectOfChange?.text == "000.00.00.G22,2014/02/30,7806/VPCP-TTĐT")
    }

    @Test func replacementListsWhatItReplaces() throws {
        let document = try #require(read(try Samples.bytes("official-sdk/edoc_replacement.edxml")).header?.document)
        #expect(document.kind == .replacement)
        let replacements = try #require(document.business?.replacements)
        #expect(
            replacements.map(\.organIDs) == [["000.00.00.H41", "000.00.00.H14"], ["000.00.00.H41", "000.00.00.H14"]])
    }

    @Test func statusIsReadInEitherOrder() throws {
        let java = try #require(read(try Samples.bytes("official-sdk/status.edxml")).header?.status)
        let byHand = try #require(read(try Samples.bytes("official-sdk/status_inbox_01.edxml")).header?.status)
        #expect(java.status == .arrived && byHand.status == .arrived)
        #expect(java.responseFor.documentID == byHand.responseFor.documentID)
        #expect(java.responseFor.organID == "000.00.00.G22")
        #expect(java.from.organID == "000.00.00.H41")
        #expect(java.timestamp?.edXML == "2018/09/28 17:25:11")
        let recall = try #require(read(try Samples.bytes("official-sdk/status_cancellation_13.edxml")).header?.status)
        #expect(recall.status == .recallRequested)
        #expect(recall.responseFor.organID == "000.00.00.H41")
    }

    @Test func realTraffic() throws {
        let reading = read(try Samples.bytes("redacted-real/knobstick-redacted.edxml"))
        let document = try #require(reading.header?.document)
        #expect(document.from.agencyID?.form == .enterprise)
        #expect(document.to.map(\.organID) == ["G12", "000.00.00.G12"])
        #expect(document.type == 71)
        #expect(document.trace.map(\.organID) == ["020100107370", nil, "02.29.W00"])
        #expect(reading.signature == .absent)
        #expect(reading.attachments.count == 2)
    }

    @Test func dotNetDialect() throws {
        let reading = read(try Samples.bytes("synthetic/dotnet-dialect-new.SYNTHETIC.edxml"))
        let attachment = try #require(reading.attachments.first)
        #expect(attachment.contentID == "11111111-2222-4333-8444-555555555555")
        #expect(attachment.reference != nil)
        #expect(attachment.detectedType == .text)
        #expect(reading.header?.document?.subject == "Văn bản mẫu phục vụ kiểm thử & đối chiếu")
    }
}
