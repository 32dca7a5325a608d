// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing
import Trust

@testable import EdXML

/// Most of an attachment's text goes past the XML parser: nothing may come out otherwise than if it had seen it all.
struct PlainTextTests {
    private let content = Invented.random(60_000, seed: 11)
    private var generator = SeededGenerator(seed: 12)

    /// A package whose attachment is written as `base64` says.
    private func package(_ base64: String) throws -> String {
        let plain = try Invented.text()
        let open = try #require(plain.range(of: "<edXML:ContentTransferEncoded"))
        let start = try #require(plain[open.upperBound...].firstIndex(of: ">"))
        let end = try #require(plain.range(of: "</edXML:ContentTransferEncoded>"))
        return plain[...start] + base64 + plain[end.lowerBound...]
    }

    /// The content in base64 with `insertion` after `offset` characters, all of it moved by `padding` blanks, so that it
    /// meets the ends of the reader's blocks in many ways.
    private func text(_ insertion: String, at offset: Int, padding: Int) -> String {
        var base64 = Data(content).base64EncodedString()
        base64.insert(contentsOf: insertion, at: base64.index(base64.startIndex, offsetBy: offset))
        return String(repeating: " ", count: padding) + base64
    }

    private mutating func places() -> [(offset: Int, padding: Int)] {
        (0..<24).map { index in
            // Near the seams of blocks, and anywhere.
            let offset =
                index < 12 ? 3 * PackageReader.blockSize + index - 6 : Int.random(in: 4...79_000, using: &generator)
            return (offset / 4 * 4, Int.random(in: 0...600, using: &generator))
        }
    }

    @Test(arguments: ["\n", "\r\n \t", "<!-- AAAA -->", "<?x AAAA?>", "<![CDATA[]]>", "&#32;"])
    mutating func whatSaysNothingChangesNothing(_ insertion: String) throws {
        for place in places() {
            let reading = read(try package(text(insertion, at: place.offset, padding: place.padding)))
            #expect(reading.attachments.map(\.sha256) == [SHA256Digest(of: content)], "\(place)")
            #expect(reading.verdict != .refuse)
        }
    }

    @Test(arguments: ["<![CDATA[QUJD]]>", "QUJD", "&#81;UJD", "QU&#x4A;D", "<!-- -->QUJD"])
    mutating func charactersAreTheAttachmentsHoweverWritten(_ insertion: String) throws {
        for place in places() {
            var expected = content
            expected.insert(contentsOf: Array("ABC".utf8), at: place.offset / 4 * 3)
            let reading = read(try package(text(insertion, at: place.offset, padding: place.padding)))
            #expect(reading.attachments.map(\.sha256) == [SHA256Digest(of: expected)], "\(place)")
        }
    }

    private static let wrong: [(String, Finding.Code)] = [
        ("\u{1}", .malformed), ("\u{0}", .malformed), ("]]>", .malformed), ("<! >", .malformed), ("&x;", .entity),
        ("*", .base64Invalid), ("\u{E9}", .base64Invalid), ("AA==", .base64Invalid),
    ]

    @Test(arguments: wrong)
    mutating func whatIsWrongIsFound(_ insertion: String, _ code: Finding.Code) throws {
        for place in places() {
            let reading = read(try package(text(insertion, at: place.offset, padding: place.padding)))
            #expect(reading.verdict == .refuse, "\(place)")
            #expect(reading.codes.contains(code), "\(place): \(reading.codes)")
        }
    }

    @Test func brokenUTF8IsMalformed() throws {
        var bytes = Array(try package(text("", at: 0, padding: 0)).utf8)
        bytes[50_000] = 0xFF
        #expect(read(bytes).codes.contains(.malformed))
    }

    @Test(arguments: ["\n", "\r\n"]) func linesAreCounted(_ lineEnd: String) throws {
        let options: Data.Base64EncodingOptions =
            lineEnd == "\n"
            ? [.lineLength76Characters, .endLineWithLineFeed]
            : [.lineLength76Characters, .endLineWithLineFeed, .endLineWithCarriageReturn]
        let text = try package(Data(content).base64EncodedString(options: options)).replacing(
            "</AttachmentEncoded>", with: "<strange/></AttachmentEncoded>")
        let before = try #require(text.range(of: "<strange/>")).lowerBound
        let line = 1 + text[..<before].utf8.count { $0 == UInt8(ascii: "\n") }
        let reading = read(text)
        #expect(reading.attachments.map(\.sha256) == [SHA256Digest(of: content)])
        #expect(reading.findings.first { $0.code == .unknownElement }?.line == line)
    }
}
