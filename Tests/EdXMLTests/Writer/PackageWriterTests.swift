// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing
import Trust

@testable import EdXML

/// Lets the schema see everything, as a validator of somebody else's would.
private final class StrictValidation: XMLEvents {
    private let validator = SchemaValidator(CompiledSchema.shared)
    private(set) var complaints: [String] = []

    static func complaints(about package: [UInt8]) -> [String] {
        let validation = StrictValidation()
        let parser = PushParser(events: validation)
        package.withUnsafeBytes { parser.parse($0) }
        parser.end()
        return validation.complaints
    }

    var line = 0
    let stopped = false
    func documentStarted(encoding: String?) {}
    func doctypeMet() { complaints.append("doctype") }
    func elementStarted(_ tag: StartTag) { note(validator.elementStarted(tag)) }
    func elementEnded(_ tag: EndTag) { note(validator.elementEnded(tag)) }
    func characters(_ text: UnsafeBufferPointer<UInt8>) { note(validator.characters(text)) }
    func plainText(_ text: UnsafeBufferPointer<UInt8>) -> Int { 0 }
    func problemMet(_ problem: XMLProblem) { complaints.append(problem.message) }
    private func note(_ complaint: String?) { if let complaint { complaints.append(complaint) } }
}

struct PackageWriterTests {
    private func headers() throws -> [PackageHeader] {
        let full = try Invented.document()
        let bare = DocumentHeader(from: full.from, to: full.to, documentID: full.documentID)
        var change = full
        var business = Business(kind: .update)
        business.documentIDText = "000.00.13.H52,2026/03/01,11/STN-VP"
        business.documentInfo = true
        business.documentReceiver = false
        business.receivers = [.init(organID: "000.00.14.H52", type: 0), .init(organID: "H52.15.02", type: nil)]
        business.replacements = [
            .init(documentIDText: "A,B", organIDs: ["H52.1", "H52.2"]), .init(documentIDText: nil, organIDs: []),
        ]
        business.staff = Staff(departmentID: "1", staffID: "2")
        change.business = business
        change.trace.append(TraceHop())
        change.to.append(Organization(organID: ""))
        change.subject = "dòng một\ndòng hai\r\ncó \u{1F4C4} và ]]> & <b>\"'"
        return [.document(full), .document(bare), .document(change)]
            + (try DocumentStatus.allCases.map { .status(try Invented.status($0)) })
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let attachments = [
            Invented.attachment(),
            Invented.attachment(
                "tệp \"hai\" & <ba>.bin", type: "a/b", id: "x", content: Invented.random(10_000, seed: 1)),
        ]
        for header in try headers() {
            let bytes = try PackageWriter.bytes(header, attachments: attachments)
            let reading = read(bytes)
            #expect(reading.header == header)
            #expect(reading.verdict != .refuse, "\(reading.findings)")
            #expect(reading.attachments.map(\.name) == attachments.map(\.name))
            let readBack = try #require(reading.header)
            #expect(try PackageWriter.bytes(readBack, attachments: attachments) == bytes)
            #expect(StrictValidation.complaints(about: bytes) == [])
        }
    }

    @Test(.enabled(if: Samples.exist, "the sample packages are not beside this checkout"))
    func samplesSurviveBeingRewritten() throws {
        for name in try Samples.all() {
            let reading = read(try Samples.bytes(name))
            guard reading.verdict != .refuse else { continue }
            let header = try #require(reading.header)
            let rewritten = read(try PackageWriter.bytes(header))
            #expect(rewritten.header == header, "\(name)")
            if reading.attachments.isEmpty { #expect(rewritten.meaning == reading.meaning) }
            #expect(StrictValidation.complaints(about: try Samples.bytes(name)) == [], "\(name)")
        }
    }

    @Test func strictValidationCanFail() throws {
        let text = try Invented.text().replacing("<edXML:Code>", with: "<edXML:Extra/><edXML:Code>")
        #expect(StrictValidation.complaints(about: Array(text.utf8)).count == 1)
    }

    @Test func orderIsTheStandards() throws {
        let text = try Invented.text()
        let names = [
            "From", "To", "Code", "PromulgationInfo", "DocumentType", "Subject", "Content", "SignerInfo", "DueDate",
            "ToPlaces", "OtherInfo", "ResponseFor", "SteeringType", "DocumentId",
        ]
        let places = try names.map { name in
            // At the level of MessageHeader's children.
            try #require(text.range(of: "\n        <edXML:\(name)>"), "\(name)").lowerBound
        }
        #expect(places == places.sorted())
        #expect(text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edXML xmlns="))
        #expect(!text.contains("\r"))
    }

    @Test func whatXMLCannotHoldIsReplaced() throws {
        var document = try Invented.document()
        document.subject = "a\u{0}b\u{1B}c\u{FFFE}d"
        let reading = read(try PackageWriter.bytes(.document(document), attachments: [Invented.attachment()]))
        #expect(reading.header?.document?.subject == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d")
        #expect(reading.verdict == .acceptWithWarnings)
    }

    @Test func contentMayComeInPieces() throws {
        let content = Invented.random(50_000, seed: 2)
        let header = PackageHeader.document(try Invented.document())
        let whole = try PackageWriter.bytes(header, attachments: [Invented.attachment(content: content)])
        for size in [1, 2, 3, 4, 1_000, 13_000] {
            let pieces = OutgoingAttachment(
                contentID: "a1", name: "van-ban.pdf", description: "Tệp", contentType: "application/pdf"
            ) {
                sink in
                for start in stride(from: 0, to: content.count, by: size) {
                    try Array(content[start..<min(start + size, content.count)]).withUnsafeBytes { try sink($0) }
                }
            }
            #expect(try PackageWriter.bytes(header, attachments: [pieces]) == whole)
        }
    }

    @Test func errorsOfTheSinkComeOut() throws {
        struct Full: Error {}
        let header = PackageHeader.document(try Invented.document())
        #expect(throws: Full.self) { try PackageWriter.write(header) { _ in throw Full() } }
    }
}
