// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import EdXML

/// What nobody sends by mistake.
struct HostileTests {
    private static let namespace = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

    @Test func doctypeIsRefusedBeforeItsEntities() throws {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE edXML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
            <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
            <edXML xmlns="\(Self.namespace)">&d;</edXML>
            """
        #expect(read(bomb).codes == [.doctype])
        let external = #"<!DOCTYPE edXML [<!ENTITY x SYSTEM "file:///etc/hostname">]><edXML>&x;</edXML>"#
        #expect(read(external).codes == [.doctype])
        #expect(read(#"<!DOCTYPE edXML SYSTEM "http://127.0.0.1:1/x.dtd"><edXML/>"#).codes == [.doctype])
    }

    @Test func schemaLocationInThePackageIsNotFollowed() throws {
        let text = try Invented.text().replacing(
            "<edXML xmlns=",
            with:
                #"<edXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a file:///dev/zero" xmlns="#
        )
        #expect(read(text).codes == [.signatureMissing])
    }

    @Test func depthIsBound() {
        let deep = "<edXML xmlns=\"\(Self.namespace)\">" + String(repeating: "<a>", count: 100_000)
        #expect(read(deep).errors == [.depth])
    }

    @Test func markupIsBound() throws {
        let text = try Invented.text()
        let attribute = text.replacing(
            "<edXML:From>", with: "<edXML:From a=\"\(String(repeating: "x", count: 4 << 20))\">")
        #expect(read(attribute).errors == [.markupBytes])
        let comment = text.replacing(
            "<edXML:From>", with: "<!--\(String(repeating: "x", count: 4 << 20))--><edXML:From>")
        #expect(read(comment).errors == [.markupBytes])
        let many = (0..<100).map { "a\($0)=\"\"" }.joined(separator: " ")
        #expect(read(text.replacing("<edXML:From>", with: "<edXML:From \(many)>")).errors == [.attributes])
    }

    @Test func numbersOfThingsAreBound() throws {
        let text = try Invented.text()
        let attachments = String(repeating: "<Attachment><ContentTransferEncoded/></Attachment>", count: 10_000)
        #expect(
            read(text.replacing("</AttachmentEncoded>", with: attachments + "</AttachmentEncoded>")).errors == [
                .attachments
            ])
        let references = String(repeating: "<edXML:Reference/>", count: 10_000)
        #expect(
            read(text.replacing("</edXML:edXMLManifest>", with: references + "</edXML:edXMLManifest>")).errors == [
                .attachments
            ])
        let recipients = String(repeating: "<edXML:To/>", count: 10_000)
        #expect(read(text.replacing("<edXML:Code>", with: recipients + "<edXML:Code>")).errors == [.recipients])
        let traces = String(repeating: "<edXML:TraceHeader/>", count: 10_000)
        #expect(read(text.replacing("<edXML:Bussiness>", with: traces + "<edXML:Bussiness>")).errors == [.traces])
        let elements = String(repeating: "<x/>", count: 200_000)
        #expect(read(text.replacing("<edXML:Code>", with: elements + "<edXML:Code>")).errors.contains(.elements))
        let subject = String(repeating: "x", count: 1 << 20)
        #expect(read(text.replacing("<edXML:Subject>", with: "<edXML:Subject>" + subject)).errors == [.textBytes])
    }

    @Test func sizesAreBound() throws {
        var limits = PackageLimits()
        limits.totalBytes = 5_000
        let package = try Invented.package([Invented.attachment(content: Invented.random(10_000, seed: 1))])
        #expect(read(package, limits: limits).errors == [.totalBytes])
        limits = PackageLimits()
        limits.headerBytes = 8_192
        var document = try Invented.document()
        document.other.appendixes = (0..<2_000).map { "Phụ lục \($0)" }
        #expect(read(try PackageWriter.bytes(.document(document)), limits: limits).errors == [.headerBytes])
    }

    @Test func floodOfFindingsIsBoundAndErrorsAreSeen() throws {
        let unknown = String(repeating: "<edXML:x/>", count: 1_000)
        let text = try Invented.text().replacing("<edXML:Code>", with: unknown + "<edXML:Code>")
        let reading = read(text.replacing("JVBER", with: "****"))
        #expect(reading.findings.count == PackageLimits.standard.findings)
        #expect(reading.omittedFindings >= 900)
        #expect(reading.errors == [.base64Invalid])
        #expect(reading.verdict == .refuse)
    }

    @Test func truncationAnywhereIsRefused() throws {
        let package = try Invented.package()
        let end = try #require(package.lastIndex(of: UInt8(ascii: ">")))
        for count in 0...end {
            let reading = read(package.prefix(count))
            #expect(reading.verdict == .refuse)
            #expect(reading.errors == [.incomplete], "\(count): \(reading.findings)")
        }
        #expect(read(package.prefix(end + 1)).verdict == .acceptWithWarnings)
        #expect(read("<edXML xmlns='\(Self.namespace)'/>").errors == [.headerMissing])
        #expect(read("<edXML xmlns='\(Self.namespace)'").errors == [.incomplete])
    }

    @Test func strayBytesNeverCrash() throws {
        var generator = SeededGenerator(seed: 7)
        let package = try Invented.package([Invented.attachment(content: Invented.random(3_000, seed: 8))])
        for _ in 0..<2_000 {
            var changed = package
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: changed.indices, using: &generator)
                switch Int.random(in: 0...3, using: &generator) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: changed.remove(at: place)
                case 2: changed.insert(contentsOf: Array("<&\0>]]".utf8).shuffled(using: &generator), at: place)
                default:
                    let other = Int.random(in: changed.indices, using: &generator)
                    changed.replaceSubrange(min(place, other)..<max(place, other), with: [])
                }
            }
            let reading = read(changed)
            #expect((reading.verdict == .refuse) == !reading.errors.isEmpty)
            if reading.verdict != .refuse { #expect(reading.header != nil && reading.meaning != nil) }
        }
        for seed in 0..<200 { #expect(read(Invented.random(5_000, seed: UInt64(seed))).verdict == .refuse) }
    }

    @Test func nulsAndBrokenEncodingAreRefused() throws {
        let package = try Invented.package()
        let place = try #require(package.firstRange(of: Array("V/v".utf8))).lowerBound
        for stray: [UInt8] in [
            [0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0x01], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] {
            var changed = package
            changed.insert(contentsOf: stray, at: place)
            #expect(read(changed).verdict == .refuse, "\(stray)")
        }
        #expect(read(package + [0]).verdict == .refuse)
        let utf16 = try Invented.text().utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(read([0xFF, 0xFE] + utf16).errors == [.encoding])
        #expect(read(utf16).errors == [.encoding])
        #expect(read([0xEF, 0xBB, 0xBF] + package).verdict == .acceptWithWarnings)
        #expect(read([UInt8]()).errors == [.incomplete])
    }

    @Test func detailsCarryNoControlCharactersAndAreShort() throws {
        let long = String(repeating: "\u{202E}x&#10;", count: 300)
        let text = try Invented.text().replacing("<edXML:Type>2<", with: "<edXML:Type>\(long)<")
        let finding = try #require(read(text).findings.first { $0.code == .numberInvalid })
        #expect(finding.detail.unicodeScalars.count <= Finding.maxDetailLength)
        #expect(!finding.detail.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
    }
}
