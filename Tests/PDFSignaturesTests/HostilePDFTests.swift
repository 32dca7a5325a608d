// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import PDFSignatures

/// The known ways to make a file look signed, and files that are meant to exhaust whoever reads them.
@Suite(.timeLimit(.minutes(3))) struct HostilePDFTests {
    private func problem(_ bytes: [UInt8]) -> PDFProblem? {
        PDFSignatureReport(of: PDFBytes(bytes), by: TrustStore(roots: []), seenAt: .now()).problem
    }

    private func problem(_ text: String) -> PDFProblem? { problem(Array(text.utf8)) }

    /// The signature's value is set anew with another range: signature wrapping.
    @Test func `ranges that leave out more than the value are refused`() async throws {
        let signers = try await Signers()
        for (words, fault) in [
            (TestPDF.Words(byteRange: ""), PDFSignature.Fault.byteRangeMissing),
            (TestPDF.Words(byteRange: "/ByteRange null"), .byteRangeMissing),
            (TestPDF.Words(byteRange: "/ByteRange []"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 10]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 10 20 30 40 50]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [1 10 20 30]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 100 50 30]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 -1 20 30]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 10 20 -30]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 10 20 99999999]"), .byteRangeIrregular),
            (
                TestPDF.Words(byteRange: "/ByteRange [0 10 9223372036854775807 9223372036854775807]"),
                .byteRangeIrregular
            ),
            (TestPDF.Words(byteRange: "/ByteRange [0 10 20 (a)]"), .byteRangeIrregular),
            (TestPDF.Words(byteRange: "/ByteRange [0 10 20 30]"), .holeIsNotContents),
            (TestPDF.Words(more: "/ByteRange [0 1 2 3]"), .repeatedKey),
            (TestPDF.Words(more: "/Contents <00>"), .repeatedKey),
        ] {
            var pdf = TestPDF()
            try await pdf.sign(words, signers.sign(signers.person))
            let signature = try #require(signers.report(pdf).signatures.first, "\(words.byteRange)")
            #expect(signature.fault == fault && !signature.isIntact, "\(words.byteRange)\(words.more)")
            #expect(!signature.coversFile && signature.revision == nil)
        }
    }

    @Test func `a hole one byte wider is another file`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        let text = String(decoding: pdf.bytes, as: UTF8.self)
        let match = try #require(text.firstMatch(of: #/\[0 (\d{10}) (\d{10}) (\d{10})\]/#))
        let numbers = [match.1, match.2, match.3].compactMap { Int($0) }
        func written(_ values: [Int]) -> String {
            "[0 " + values.map { String(repeating: "0", count: 10 - "\($0)".count) + "\($0)" }.joined(separator: " ")
                + "]"
        }
        for other in [
            [numbers[0] - 1, numbers[1], numbers[2]], [numbers[0], numbers[1] + 1, numbers[2] - 1],
            [numbers[0] + 1, numbers[1] - 1, numbers[2]],
        ] {
            var changed = pdf
            changed.change(String(match.0), written(other))
            #expect(signers.report(changed).signatures.first?.fault == .holeIsNotContents)
        }
    }

    @Test func `a signature whose field was taken away leaves its mark`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        pdf.save([(4, "<< /Fields [] >>")])
        let report = signers.report(pdf)
        #expect(report.signatures.isEmpty && report.strayMarks == 1 && report.problem == nil)
        // A signed file inside another one signs nothing of the other.
        var outer = TestPDF()
        let inner = String(decoding: pdf.bytes.filter { $0 < 0x80 }, as: UTF8.self)
        outer.save([(9, "<< /Length \(inner.utf8.count) >>\nstream\n\(inner)\nendstream")])
        let around = signers.report(outer)
        #expect(around.signatures.isEmpty && around.strayMarks == 1)
    }

    @Test func `fields in circles and by the thousand come to an end`() async throws {
        var pdf = TestPDF()
        pdf.save([(4, "<< /Fields [5 0 R] >>"), (5, "<< /T (a) /Kids [5 0 R 6 0 R] >>"), (6, "<< /Kids [5 0 R] >>")])
        #expect(problem(pdf.bytes) == nil)
        let kids = (0..<PDFSignatureFields.maxFields).map { "\($0 + 10) 0 R" }.joined(separator: " ")
        pdf.save([(4, "<< /Fields [\(kids) 6 0 R] >>")])
        #expect(problem(pdf.bytes) == .tooMuch("fields"))
        var deep = TestPDF()
        deep.save([(4, "<< /Fields [5 0 R] >>")] + (5..<60).map { ($0, "<< /Kids [\($0 + 1) 0 R] >>") })
        #expect(problem(deep.bytes) == .tooMuch("depth of a form"))
        var many = TestPDF()
        let fields = (0...PDFSignatureReport.maxSignatures).map { _ in "<< /FT /Sig /V << /Type /Sig >> >>" }
        many.save([(4, "<< /Fields [\(fields.joined(separator: " "))] >>")])
        let report = PDFSignatureReport(of: PDFBytes(many.bytes), by: TrustStore(roots: []), seenAt: .now())
        #expect(report.problem == .tooMuch("signatures"))
        #expect(report.signatures.count == PDFSignatureReport.maxSignatures)
        #expect(report.signatures.allSatisfy { $0.fault == .notStanding })
    }

    @Test func `tables that point at each other, or nowhere, are named`() {
        #expect(problem("") == .notPDF)
        #expect(problem("GIF89a %PDF-1.7") == .notPDF)
        #expect(problem("%PDF-1.7\n") == .noStart)
        #expect(problem("%PDF-1.7\nstartxref\n99999\n%%EOF") == .noStart)
        #expect(problem("%PDF-1.7\nstartxref\n-1\n%%EOF") == .noStart)
        #expect(problem("%PDF-1.7\nxref\n0 0\ntrailer\n<< /Prev 9 >>\nstartxref\n9\n%%EOF") == .loop)
        #expect(problem("%PDF-1.7\nxref\n0 0\ntrailer\n<< /XRefStm 9 >>\nstartxref\n9\n%%EOF") == .loop)
        #expect(problem("%PDF-1.7\nxref\n0 0\ntrailer\n<< /Prev (a) >>\nstartxref\n9\n%%EOF") == .malformed("Prev"))
        #expect(problem("%PDF-1.7\nxref\n0 0\ntrailer\n<< >>\nstartxref\n9\n%%EOF") == .malformed("no catalogue"))
        #expect(
            problem("%PDF-1.7\nxref\n0 999999999\ntrailer\n<< >>\nstartxref\n9\n%%EOF")
                == .malformed("a table of objects"))
        #expect(problem("%PDF-1.7\nxref\n0 0\ntrailer\n<< /Encrypt 5 0 R >>\nstartxref\n9\n%%EOF") == .encrypted)
        // Rubbish behind the end hides where it begins.
        #expect(problem(TestPDF().bytes + [UInt8](repeating: 0x20, count: PDFTables.tailLength)) == .noStart)
        var chain = "%PDF-1.7\n"
        var before = 0
        for _ in 0...PDFTables.maxTables {
            let own = chain.utf8.count
            chain += "xref\n0 0\ntrailer\n<< \(before > 0 ? "/Prev \(before)" : "") >>\n"
            before = own
        }
        #expect(problem(chain + "startxref\n\(before)\n%%EOF") == .tooMuch("tables of objects"))
    }

    @Test func `objects that are too deep, too many or too long are named`() {
        func inForm(_ text: String) -> PDFProblem? {
            var pdf = TestPDF()
            pdf.save([(4, text)])
            return problem(pdf.bytes)
        }
        let deep = PDFParser.maxDepth
        #expect(inForm(String(repeating: "[", count: deep) + String(repeating: "]", count: deep)) == nil)
        #expect(inForm(String(repeating: "[", count: deep + 1)) == .tooMuch("depth"))
        #expect(inForm(String(repeating: "<< /A ", count: deep + 1)) == .tooMuch("depth"))
        #expect(
            inForm("[" + String(repeating: "0 ", count: PDFParser.maxValues) + "]") == .tooMuch("values of an object"))
        #expect(inForm("/" + String(repeating: "a", count: PDFParser.maxName + 1)) == .tooMuch("a name"))
        let long = String(repeating: "a", count: 2 * PDFParser.maxString + (1 << 15))
        #expect(inForm("<" + long + ">") == .tooMuch("a string"))
        #expect(inForm("[ 4 0 R ]") == nil && inForm("4 0 R") == .loop)
        for broken in ["<", "(", "[", "<< /A", "<< 1 2 >>", "<xy>", "wort", "/A#1", "1e5", "++1", ">>", "}"] {
            #expect(inForm(broken) != nil, "\(broken)")
        }
    }

    @Test func `numbers, names and strings are read as the standard has them`() throws {
        func read(_ text: String) throws -> PDFObject {
            var parser = PDFParser(PDFBytes(Array(text.utf8)), at: 0)
            return try parser.object()
        }
        #expect(try read(" %c\n -12 ") == .integer(-12))
        #expect(try read("+.5") == .real(0.5))
        #expect(try read("12 0 R") == .reference(PDFReference(number: 12, generation: 0)))
        #expect(
            try read("[1 2 3 0 R]").array == [
                .integer(1), .integer(2), .reference(PDFReference(number: 3, generation: 0)),
            ])
        #expect(try read("/A#20B").name == "A B")
        #expect(try read(#"(a\(b\)(c)\101\n\\)"#).string?.bytes == Array("a(b)(c)A\n\\".utf8))
        #expect(try read("<4 1 4>").string?.bytes == [0x41, 0x40])
        #expect(try read("<4 1 4>").string?.range == 0..<7)
        #expect(try read("<FEFF1ED100610062>").string?.text == "ốab")
        #expect(try read("<< /A true /B null /A false >>").dictionary?.repeated == ["A"])
    }

    @Test func `any byte may be another, and nothing but the genuine file is intact`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        var generator = SeededGenerator(seed: 3)
        let hole = try #require(pdf.bytes.lastRange(of: Array("/Contents <".utf8))).upperBound
        for _ in 0..<1_500 {
            var changed = pdf.bytes
            let place = Int.random(in: 0..<changed.count, using: &generator)
            changed[place] ^= UInt8.random(in: 1...255, using: &generator)
            let report = signers.report(changed)
            guard !(hole..<hole + 2 * TestPDF.hole).contains(place) else { continue }
            #expect(!report.isWhollyCovered, "\(place)")
        }
    }
}
