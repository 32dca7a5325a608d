// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import EdXML

/// Every bound of a package: what lies exactly at it is taken, one more is refused and named.
struct PackageLimitsTests {
    private static let limits = PackageLimits.standard

    /// A sound package with `insertion` before the first `mark`.
    private func package(_ insertion: String, before mark: String) throws -> String {
        let text = try Invented.text()
        let place = try #require(text.range(of: mark))
        return text[..<place.lowerBound] + insertion + text[place.lowerBound...]
    }

    private func repeated(_ element: String, _ count: Int, before mark: String) throws -> Set<Finding.Code> {
        read(try package(String(repeating: element, count: count), before: mark)).errors
    }

    @Test func `so many recipients and no more`() throws {
        // Two stand there already.
        let most = Self.limits.recipients - 2
        #expect(try repeated("<edXML:To/>", most, before: "<edXML:Code>") == [])
        #expect(try repeated("<edXML:To/>", most + 1, before: "<edXML:Code>") == [.recipients])
    }

    @Test func `so many traces and no more`() throws {
        let most = Self.limits.traces - 1
        #expect(try repeated("<edXML:TraceHeader/>", most, before: "<edXML:Bussiness>") == [])
        #expect(try repeated("<edXML:TraceHeader/>", most + 1, before: "<edXML:Bussiness>") == [.traces])
    }

    @Test func `so many attachments, and lines of the manifest, and no more`() throws {
        let most = Self.limits.attachments - 1
        let attachment = "<Attachment><ContentTransferEncoded/></Attachment>"
        #expect(try repeated(attachment, most, before: "</AttachmentEncoded>") == [])
        #expect(try repeated(attachment, most + 1, before: "</AttachmentEncoded>") == [.attachments])
        let reference = "<edXML:Reference/>"
        // They name no attachment; beyond the bound nothing more is looked at.
        #expect(try repeated(reference, most, before: "</edXML:edXMLManifest>") == [.referenceUnmatched])
        #expect(try repeated(reference, most + 1, before: "</edXML:edXMLManifest>") == [.attachments])
    }

    @Test func `so many elements and no more`() throws {
        let text = try Invented.text()
        let most = Self.limits.elements - text.matches(of: /<[A-Za-z]/).count
        #expect(try repeated("<x/>", most, before: "<edXML:Code>") == [])
        #expect(try repeated("<x/>", most + 1, before: "<edXML:Code>") == [.elements])
    }

    @Test func `so deep and no deeper`() throws {
        func nested(_ count: Int) throws -> Set<Finding.Code> {
            // Below edXML, edXMLEnvelope, edXMLHeader and MessageHeader.
            let levels = count - 4
            let nest = String(repeating: "<x>", count: levels) + String(repeating: "</x>", count: levels)
            return read(try package(nest, before: "<edXML:Code>")).errors
        }
        #expect(try nested(Self.limits.depth) == [])
        #expect(try nested(Self.limits.depth + 1) == [.depth])
    }

    @Test func `so many attributes, namespaces among them, and no more`() throws {
        func element(_ attributes: Int) throws -> Set<Finding.Code> {
            let written = (0..<attributes).map { $0.isMultiple(of: 2) ? "a\($0)=''" : "xmlns:n\($0)='urn:n'" }
            return read(try package("<x \(written.joined(separator: " "))/>", before: "<edXML:Code>")).errors
        }
        #expect(try element(Self.limits.attributes) == [])
        #expect(try element(Self.limits.attributes + 1) == [.attributes])
    }

    @Test func `so much text of one element and no more`() throws {
        func subject(_ count: Int) throws -> Set<Finding.Code> {
            let text = try Invented.text()
            let written = text.replacing(
                /<edXML:Subject>.*<\/edXML:Subject>/,
                with: "<edXML:Subject>\(String(repeating: "x", count: count))</edXML:Subject>")
            #expect(written != text)
            return read(written).errors
        }
        #expect(try subject(Self.limits.textBytes) == [])
        #expect(try subject(Self.limits.textBytes + 1) == [.textBytes])
    }

    @Test func `so many findings are kept and the rest is counted`() throws {
        let own = read(try Invented.text()).findings.count
        for (more, omitted) in [(Self.limits.findings - own, 0), (Self.limits.findings - own + 1, 1)] {
            let reading = read(try package(String(repeating: "<x/>", count: more), before: "<edXML:Code>"))
            #expect(reading.findings.count == Self.limits.findings)
            #expect(reading.omittedFindings == omitted)
        }
    }

    @Test func `a package of so many bytes and no more`() throws {
        let package = try Invented.package()
        var limits = PackageLimits()
        limits.totalBytes = package.count
        #expect(read(package, limits: limits).errors == [])
        limits.totalBytes = package.count - 1
        #expect(read(package, limits: limits).errors == [.totalBytes])
    }

    /// Looked at block by block: what keeps the bound passes wherever it stands, two blocks more never do.
    @Test(arguments: Array(stride(from: 0, to: PackageReader.blockSize, by: 1_021)))
    func `a comment up to the bound, and none much longer`(offset: Int) throws {
        func comment(_ length: Int) throws -> Set<Finding.Code> {
            let comment = "<!--" + String(repeating: "x", count: length - 7) + "-->"
            return read(
                try package(String(repeating: " ", count: offset) + comment, before: "<edXML:Code>")
            ).errors
        }
        #expect(try comment(Self.limits.markupBytes) == [])
        #expect(try comment(Self.limits.markupBytes + 2 * PackageReader.blockSize) == [.markupBytes])
    }

    /// The same for the whole header.
    @Test(arguments: Array(stride(from: 0, to: PackageReader.blockSize, by: 1_021)))
    func `a header up to the bound, and none much longer`(offset: Int) throws {
        let text = try Invented.text()
        let (open, close) = ("<edXML:edXMLHeader>", "</edXML:edXMLHeader>")
        let start = try #require(text.range(of: open))
        let end = try #require(text.range(of: close))
        let own = text[start.lowerBound..<end.upperBound].utf8.count
        var limits = PackageLimits()
        limits.headerBytes = 4 * PackageReader.blockSize
        // More than a block behind it, so that the one in which it ends is full.
        let rest = text[end.upperBound...] + String(repeating: "\n", count: PackageReader.blockSize)
        func header(endingAt position: Int) -> Set<Finding.Code> {
            let before = text[..<start.lowerBound] + String(repeating: "\n", count: offset)
            let padding = String(repeating: "\n", count: position - before.utf8.count - own)
            let longer = text[start.lowerBound..<end.lowerBound] + padding + close
            return read(String(before + longer + rest), limits: limits).errors
        }
        #expect(header(endingAt: limits.headerBytes) == [])
        #expect(header(endingAt: limits.headerBytes + PackageReader.blockSize) == [.headerBytes])
    }
}
