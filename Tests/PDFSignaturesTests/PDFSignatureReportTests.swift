// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Synchronization
import TestKit
import Testing
import Trust

@testable import PDFSignatures

@Suite(.timeLimit(.minutes(3))) struct PDFSignatureReportTests {
    @Test func `an unsigned PDF has no signatures`() async throws {
        let report = try await Signers().report(TestPDF())
        #expect(report.problem == nil && report.signatures.isEmpty && report.strayMarks == 0 && report.revisions == 1)
        #expect(!report.isWhollyCovered && report.signers == [])
    }

    @Test(arguments: ["ETSI.CAdES.detached", "adbe.pkcs7.detached"])
    func `one signature over the whole file`(format: String) async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(subFilter: format), signers.sign(signers.person))
        let report = signers.report(pdf)
        #expect(report.problem == nil && report.strayMarks == 0 && report.revisions == 2)
        let signature = try #require(report.signatures.first)
        #expect(report.signatures.count == 1 && signature.isIntact && signature.coversFile && report.isWhollyCovered)
        #expect(signature.fault == nil && signature.cmsFault == nil && signature.revision == 2)
        #expect(signature.field == "S1" && signature.name == "Mau" && signature.reason == "Ký")
        #expect(signature.subFilter == format && signature.kind == .signature)
        #expect(signature.judgement?.verdict.code == "valid" && signature.judgement?.timeBasis == .claimed)
        #expect(signature.judgement?.digest == .sha256 && signature.signer == .person && report.signers == [.person])
    }

    @Test func `what is added afterwards shows, and the signature still holds over its revision`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        let signed = pdf.bytes.count
        pdf.save([(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1 1] >>")])
        var report = signers.report(pdf)
        var signature = try #require(report.signatures.first)
        #expect(signature.isIntact && !signature.coversFile && !report.isWhollyCovered)
        #expect(signature.coveredLength == signed && signature.revision == 2 && report.revisions == 3)
        // One byte more is no revision, and not signed either.
        var longer = TestPDF()
        try await longer.sign(TestPDF.Words(), signers.sign(signers.person))
        longer.append([0x0A])
        report = signers.report(longer)
        signature = try #require(report.signatures.first)
        #expect(signature.isIntact && !signature.coversFile && signature.revision == 2 && report.revisions == 2)
    }

    @Test func `a person and then the agency sign, then a time-stamp`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.agency))
        try await pdf.sign(TestPDF.Words(subFilter: "ETSI.RFC3161", more: "", type: "DocTimeStamp"), signers.stamp)
        let report = signers.report(pdf)
        #expect(report.problem == nil && report.strayMarks == 0)
        #expect(report.signatures.map(\.field) == ["S1", "S2", "S3"])
        #expect(report.signatures.map(\.isIntact) == [true, true, true])
        #expect(report.signatures.map(\.coversFile) == [false, false, true] && report.isWhollyCovered)
        #expect(report.signatures.map(\.revision) == [2, 3, 4] && report.revisions == 4)
        #expect(report.signatures.map(\.signer) == [.person, .agency, nil] && report.signers == [.person, .agency])
        #expect(report.signatures[2].kind == .timeStamp && report.signatures[2].stamp?.isBelieved == true)
    }

    @Test func `a changed byte is found wherever it is`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        for (find, replacement) in [("[0 0 99 99]", "[0 0 98 99]"), ("(Mau)", "(Mao)"), ("%%EOF\n", "%%EOF ")] {
            var changed = pdf
            changed.change(find, replacement)
            let signature = try #require(signers.report(changed).signatures.first)
            #expect(!signature.isIntact && signature.judgement?.fault == .contentChanged, "\(find)")
        }
    }

    @Test func `a signer of an unknown authority is not believed, and the file is intact all the same`() async throws {
        let signers = try await Signers()
        let stranger = try await TestAuthority(root: "/CN=Gốc lạ", in: TestCertificates()).issue("/CN=Người lạ")
        var pdf = TestPDF()
        try await pdf.sign(TestPDF.Words(), signers.sign(stranger))
        let signature = try #require(signers.report(pdf).signatures.first)
        #expect(signature.isIntact && signature.judgement?.verdict.code == "untrusted")
    }

    /// PAdES wants the certificate named in what is signed.
    @Test func `what a format demands is there`() async throws {
        let signers = try await Signers()
        for (format, isTaken) in [("ETSI.CAdES.detached", false), ("adbe.pkcs7.detached", true)] {
            var pdf = TestPDF()
            try await pdf.sign(TestPDF.Words(subFilter: format), signers.sign(signers.person, "-nosmimecap"))
            let signature = try #require(signers.report(pdf).signatures.first)
            #expect(signature.isIntact == isTaken && signature.cmsFault == (isTaken ? nil : .attributesMissing))
        }
        for (format, arguments, cms, fault) in [
            ("ETSI.CAdES.detached", ["-cades", "-nodetach"], SignedDataFault.contentTypeWrong, nil),
            ("adbe.x509.rsa_sha1", ["-cades"], nil, PDFSignature.Fault.formatUnknown),
            ("ETSI.RFC3161", ["-cades"], .timeStampUnreadable, nil),
        ] as [(String, [String], SignedDataFault?, PDFSignature.Fault?)] {
            var pdf = TestPDF()
            let sign =
                arguments.count == 1
                ? signers.sign(signers.person) : signers.sign(signers.person, "-cades", "-nodetach")
            try await pdf.sign(TestPDF.Words(subFilter: format), sign)
            let signature = try #require(signers.report(pdf).signatures.first)
            #expect(!signature.isIntact && signature.cmsFault == cms && signature.fault == fault, "\(format)")
        }
    }

    @Test func `a file on disk of more than one window is read through a small one`() async throws {
        let signers = try await Signers()
        var pdf = TestPDF()
        let page = String(repeating: "x", count: 1 << 20)
        pdf.save([(9, "<< /Length \(page.utf8.count) >>\nstream\n\(page)\nendstream")])
        try await pdf.sign(TestPDF.Words(), signers.sign(signers.person))
        let path = signers.directory + "/big.pdf"
        try Data(pdf.bytes).write(to: URL(filePath: path))
        let source = CountingSource(try PDFFile(path: path))
        let report = PDFSignatureReport(of: source, by: signers.store, seenAt: .now().advanced(by: .seconds(60)))
        #expect(report.isWhollyCovered)
        #expect(source.largest.withLock { $0 } <= 256 << 10)
        // Once to sum it up and once for marks; the objects on the way are small.
        #expect(source.total.withLock { $0 } < 5 * pdf.bytes.count / 2)
        #expect(throws: PDFProblem.self) { try PDFFile(path: "/nowhere") }
        #expect(throws: PDFProblem.self) { try PDFFile(path: "/") }
    }
}
