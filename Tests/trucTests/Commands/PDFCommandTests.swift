// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import truc

@Suite(.timeLimit(.minutes(3))) struct PDFCommandTests {
    /// A PDF signed by hand: what `truc pdf` needs and no more.
    private func signed(by pair: TestCertificates.Pair, in directory: String) async throws -> String {
        let hole = String(repeating: "0", count: 8_000)
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>", "<< /Type /Pages /Kids [] /Count 0 >>",
            "<< /FT /Sig /T (Ky) /V 4 0 R >>",
            "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 AAAAAAAAAA BBBBBBBBBB CCCCCCCCCC] /Contents <\(hole)> >>",
        ]
        var text = "%PDF-1.7\n"
        var table = ""
        for (index, object) in objects.enumerated() {
            let place = String(text.utf8.count)
            table += String(repeating: "0", count: 10 - place.count) + place + " 00000 n\r\n"
            text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let start = text.utf8.count
        text += "xref\n1 4\n\(table)trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n"
        let range = try #require(text.range(of: "<\(hole)>"))
        let first = text[..<range.lowerBound].utf8.count
        let (second, length) = (first + 8_002, text.utf8.count)
        for (mark, number) in [("AAAAAAAAAA", first), ("BBBBBBBBBB", second), ("CCCCCCCCCC", length - second)] {
            text = text.replacing(mark, with: String(repeating: "0", count: 10 - "\(number)".count) + "\(number)")
        }
        let content = directory + "/content"
        // In bytes: CR and LF are one character.
        let (head, tail) = (Data(text.utf8.prefix(first)), Data(text.utf8.dropFirst(second)))
        try (head + tail).write(to: URL(filePath: content))
        try await Tool.run(
            "openssl",
            [
                "cms", "-sign", "-binary", "-cades", "-in", content, "-outform", "DER", "-out", content + ".cms",
                "-signer",
                pair.certificate, "-inkey", pair.key,
            ]
        ).requireSuccess()
        let value = try Data(contentsOf: URL(filePath: content + ".cms")).map { $0 }.hex
        let path = directory + "/signed.pdf"
        let filled = Data("<\(value)\(hole.dropFirst(value.count))>".utf8)
        try (head + filled + tail).write(to: URL(filePath: path))
        return path
    }

    @Test func `who has signed is told, with the exit status of what is to be believed`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc Mẫu", in: place)
        let path = try await signed(
            by: try await root.issue("/C=VN/O=Sở Mẫu/CN=Trần Thị Mẫu"), in: place.directory)
        let list = try await root.list()
        let good = try await CommandOutcome.run(["pdf", path, "--trust", root.pair.certificate, "--trust", list])
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        #expect(
            good.output.contains("CN=Trần Thị Mẫu,O=Sở Mẫu,C=VN (cá nhân)") && good.output.contains("phủ toàn bộ tệp"))
        let open = try await CommandOutcome.run(["pdf", path, "--trust", root.pair.certificate, "--json"])
        #expect(open.status == 2 && open.output.contains(#""outcome" : "undetermined""#))
        let other = try await TestAuthority(root: "/CN=Gốc lạ", in: place)
        #expect(try await CommandOutcome.run(["pdf", path, "--trust", other.pair.certificate]).status == 1)
        let changed = place.directory + "/changed.pdf"
        try (Data(contentsOf: URL(filePath: path)) + Data("x".utf8)).write(to: URL(filePath: changed))
        let later = try await CommandOutcome.run(["pdf", changed, "--trust", root.pair.certificate, "--trust", list])
        #expect(later.status == 1 && later.output.contains("đã bị thêm hoặc sửa sau khi ký"))
        #expect(
            try await CommandOutcome.run(["pdf", "/nowhere", "--trust", list]).errors.contains("[file.unreadable]"))
        let none = try await CommandOutcome.run(["pdf", root.pair.certificate, "--trust", list])
        #expect(none.status == 1 && none.output.contains("[not-pdf]"))
    }
}
