// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import EdXML

struct PackageReaderTests {
    @Test func anyCutGivesTheSameReading() throws {
        var generator = SeededGenerator(seed: 1)
        let zip = Zip.archive([("a.txt", Invented.random(9_000, seed: 2))])
        var packages = [
            try Invented.package(), Array(try Invented.statusText().utf8),
            try Invented.package([
                Invented.attachment(id: "1", content: Invented.random(20_001, seed: 3)),
                Invented.attachment("b.txt", type: "application/zip", id: "2", content: zip),
            ]),
        ]
        if Samples.exist { for name in try Samples.all() { packages.append(try Samples.bytes(name)) } }
        packages += packages.map { Array($0.prefix($0.count * 2 / 3)) }
        for package in packages {
            let whole = read(package)
            #expect(whole.digest == SHA256Digest(of: package))
            #expect(whole.size == package.count)
            let random = PackageReader()
            var rest = package[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...9_000, using: &generator))
                random.feed(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(random.finish() == whole)
            if package.count < 50_000 {
                let single = PackageReader()
                for byte in package { single.feed(CollectionOfOne(byte)) }
                #expect(single.finish() == whole)
            }
        }
    }

    @Test func headerIsThereBeforeTheAttachments() throws {
        let package = try Invented.package([Invented.attachment(content: Invented.random(100_000, seed: 4))])
        let reader = PackageReader()
        reader.feed(package.prefix(3 * PackageReader.blockSize))
        #expect(reader.header?.documentID.text == "000.00.13.H52,2026/03/05,12/STN-VP")
        #expect(!reader.isRefused)
        #expect(reader.digestSoFar == SHA256Digest(of: package.prefix(3 * PackageReader.blockSize)))
        let early = reader.findings
        reader.feed(package.dropFirst(3 * PackageReader.blockSize))
        let reading = reader.finish()
        #expect(Array(reading.findings.prefix(early.count)) == early)
        #expect(reading.verdict == .acceptWithWarnings)
        #expect(reading.codes == [.signatureMissing, .attachmentTypeDiffers])
    }

    @Test func refusalIsKnownBeforeTheEndAndTheDigestGoesOn() throws {
        let package = Array(try Invented.text().replacing("<edXML:From>", with: "<!DOCTYPE a><edXML:From>").utf8)
        let long = package + [UInt8](repeating: 0x20, count: 50_000)
        let reader = PackageReader()
        reader.feed(long.prefix(20_000))
        #expect(reader.isRefused)
        reader.feed(long.dropFirst(20_000))
        let reading = reader.finish()
        #expect(reading.verdict == .refuse)
        #expect(reading.digest == SHA256Digest(of: long))
        #expect(reading.meaning == nil)
    }

    @Test func attachmentsAreDigestedAndBound() throws {
        let content = Invented.random(70_000, seed: 5)
        let reading = read(
            try Invented.package([
                Invented.attachment(),
                Invented.attachment("so-lieu.bin", type: "application/octet-stream", id: "b", content: content),
            ]))
        #expect(reading.attachments.map(\.decodedBytes) == [Invented.pdf.count, 70_000])
        #expect(reading.attachments.map(\.sha256) == [SHA256Digest(of: Invented.pdf), SHA256Digest(of: content)])
        #expect(reading.attachments.map(\.detectedType) == [.pdf, .unknown])
        #expect(reading.attachments.allSatisfy { $0.reference?.contentID == $0.contentID })
        #expect(reading.manifest.map(\.contentID) == ["a1", "b"])
    }

    @Test func prefixesAndOrderDoNotMatter() throws {
        let plain = try Invented.text()
        let other = plain.replacing("edXML:", with: "x:").replacing("xmlns:edXML", with: "xmlns:x")
        #expect(read(other).header == read(plain).header)
        let unprefixed = plain.replacing(#" xmlns:edXML="\#(Vocabulary.namespace)""#, with: "").replacing(
            "edXML:", with: "")
        #expect(read(unprefixed).header == read(plain).header)
        #expect(read(unprefixed).meaning == read(plain).meaning)
        // Attachments before the envelope, DocumentId first.
        let start = try #require(plain.range(of: "  <AttachmentEncoded>"))
        let end = try #require(plain.range(of: "</AttachmentEncoded>\n"))
        let attachments = plain[start.lowerBound..<end.upperBound]
        var moved = plain
        moved.removeSubrange(start.lowerBound..<end.upperBound)
        moved = moved.replacing("  <edXML:edXMLEnvelope", with: attachments + "  <edXML:edXMLEnvelope")
        let id = "<edXML:DocumentId>000.00.13.H52,2026/03/05,12/STN-VP</edXML:DocumentId>"
        moved = moved.replacing(id, with: "").replacing("<edXML:From>", with: id + "<edXML:From>")
        #expect(read(moved).header == read(plain).header)
        #expect(read(moved).meaning == read(plain).meaning)
        #expect(read(moved).verdict == .acceptWithWarnings)
    }

    @Test func whiteSpaceInBase64AndCDATAAreFine() throws {
        let plain = try Invented.text()
        let open = #"<edXML:ContentTransferEncoded xmlns:edXML="\#(Vocabulary.namespace)">"#
        let start = try #require(plain.range(of: open)).upperBound
        let end = try #require(plain.range(of: "</edXML:ContentTransferEncoded>")).lowerBound
        let base64 = plain[start..<end]
        let folded = base64.map { "\($0)\r\n " }.joined()
        #expect(
            read(plain.replacing(base64, with: folded)).attachments.map(\.sha256) == [SHA256Digest(of: Invented.pdf)])
        let wrapped = plain.replacing(base64, with: "<![CDATA[\(base64)]]>")
        #expect(read(wrapped).attachments.map(\.sha256) == [SHA256Digest(of: Invented.pdf)])
    }
}
