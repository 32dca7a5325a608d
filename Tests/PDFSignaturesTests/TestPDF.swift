// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Trust

@testable import PDFSignatures

/// A small PDF that is written by hand, saved again and again, and signed with `openssl cms`.
struct TestPDF {
    private(set) var bytes: [UInt8]
    private var lastTable: Int
    private var size: Int
    private var fields: [Int] = []

    /// One empty page and an empty form.
    init() {
        (bytes, lastTable, size) = (Array("%PDF-1.7\n%âãÏÓ\n".utf8), 0, 5)
        save([
            (1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R >>"), (2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            (3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"), (4, "<< /Fields [] /SigFlags 3 >>"),
        ])
    }

    /// Appends a revision with these objects.
    mutating func save(_ objects: [(number: Int, text: String)], trailer: String = "") {
        var entries: [(Int, Int)] = []
        for (number, text) in objects {
            entries.append((number, bytes.count))
            bytes += Array("\(number) 0 obj\n\(text)\nendobj\n".utf8)
            size = max(size, number + 1)
        }
        let table = bytes.count
        var text = lastTable == 0 ? "xref\n0 1\n0000000000 65535 f\r\n" : "xref\n"
        for (number, offset) in entries { text += "\(number) 1\n\(Self.padded(offset)) 00000 n\r\n" }
        let before = lastTable == 0 ? "" : "/Prev \(lastTable) "
        text += "trailer\n<< /Size \(size) /Root 1 0 R \(before)\(trailer)>>\nstartxref\n\(table)\n%%EOF\n"
        bytes += Array(text.utf8)
        lastTable = table
    }

    /// What a signature's dictionary says besides its value.
    struct Words {
        var subFilter = "ETSI.CAdES.detached"
        var byteRange = "/ByteRange [0 0000000000 0000000000 0000000000]"
        var more = "/Name (Mau) /Reason <FEFF004B00FD>"
        var type = "Sig"
    }

    /// Bytes of a signature's value.
    static let hole = 8_192

    /// Appends a revision with a signature, and has `make` sign the bytes that it is over.
    mutating func sign(_ words: Words = Words(), _ make: ([UInt8]) async throws -> [UInt8]) async throws {
        let (field, value) = (size, size + 1)
        fields.append(field)
        let contents = String(repeating: "0", count: 2 * Self.hole)
        save([
            (4, "<< /Fields [\(fields.map { "\($0) 0 R" }.joined(separator: " "))] /SigFlags 3 >>"),
            (
                field,
                "<< /Type /Annot /Subtype /Widget /FT /Sig /T (S\(fields.count)) /V \(value) 0 R /Rect [0 0 0 0] >>"
            ),
            (
                value,
                "<< /Type /\(words.type) /Filter /Adobe.PPKLite /SubFilter /\(words.subFilter) \(words.more) "
                    + "\(words.byteRange) /Contents <\(contents)> >>"
            ),
        ])
        guard let hole = bytes.lastRange(of: Array("<\(contents)>".utf8)) else { return }
        let ranges = [0, hole.lowerBound, hole.upperBound, bytes.count - hole.upperBound]
        if let place = bytes.lastRange(of: Array("[0 0000000000 0000000000 0000000000]".utf8)) {
            let text = "[0 " + ranges.dropFirst().map(Self.padded).joined(separator: " ") + "]"
            bytes.replaceSubrange(place, with: Array(text.utf8))
        }
        let signature = try await make(Array(bytes[..<hole.lowerBound] + bytes[hole.upperBound...]))
        bytes.replaceSubrange(
            (hole.lowerBound + 1)..<(hole.lowerBound + 1 + 2 * signature.count), with: Array(signature.hex.utf8))
    }

    mutating func change(_ find: String, _ replacement: String) {
        precondition(find.utf8.count == replacement.utf8.count)
        if let place = bytes.lastRange(of: Array(find.utf8)) {
            bytes.replaceSubrange(place, with: Array(replacement.utf8))
        }
    }

    mutating func append(_ more: [UInt8]) { bytes += more }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 10 - digits.count) + digits
    }
}

extension [UInt8] {
    func lastRange(of part: [UInt8]) -> Range<Int>? {
        for start in stride(from: count - part.count, through: 0, by: -1)
        where self[start] == part[0] && self[start...].starts(with: part) {
            return start..<start + part.count
        }
        return nil
    }
}

/// Who signs in these tests, and whom the hub believes.
struct Signers {
    let directory: String
    let root: TestAuthority
    let person: TestCertificates.Pair
    let agency: TestCertificates.Pair
    let tsa: TestCertificates.Pair
    let store: TrustStore

    init() async throws {
        let certificates = try TestCertificates()
        directory = certificates.directory
        root = try await TestAuthority(root: "/C=VN/CN=Gốc Mẫu", in: certificates)
        person = try await root.issue("/C=VN/O=Sở Mẫu/CN=Trần Thị Mẫu")
        agency = try await root.issue("/C=VN/O=Tỉnh Mẫu/CN=Sở Mẫu")
        tsa = try await root.issue("/C=VN/CN=TSA Mẫu", .timeStamping)
        store = TrustStore(
            roots: try Certificate.all(in: Self.bytes(of: root.pair.certificate)),
            lists: try RevocationList.all(in: Self.bytes(of: try await root.list())))
    }

    static func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    func sign(_ pair: TestCertificates.Pair, _ arguments: String...) -> ([UInt8]) async throws -> [UInt8] {
        { [directory] content in
            let place = directory + "/" + UUID().uuidString
            try Data(content).write(to: URL(filePath: place))
            try await Tool.run(
                "openssl",
                [
                    "cms", "-sign", "-binary", "-in", place, "-outform", "DER", "-out", place + ".cms", "-signer",
                    pair.certificate, "-inkey", pair.key,
                ] + (arguments.isEmpty ? ["-cades"] : arguments)
            ).requireSuccess()
            return try Self.bytes(of: place + ".cms")
        }
    }

    func stamp(_ content: [UInt8]) async throws -> [UInt8] {
        let place = directory + "/" + UUID().uuidString
        try Data(content).write(to: URL(filePath: place))
        let settings = """
            [ tsa ]
            default_tsa = here
            [ here ]
            serial = \(directory)/serial
            default_policy = 1.2.3.4
            digests = sha256
            signer_digest = sha256
            ess_cert_id_alg = sha256
            """
        try Data(settings.utf8).write(to: URL(filePath: place + ".cnf"))
        try await Tool.run("openssl", ["ts", "-query", "-data", place, "-sha256", "-cert", "-out", place + ".q"])
            .requireSuccess()
        try await Tool.run(
            "openssl",
            [
                "ts", "-reply", "-config", place + ".cnf", "-queryfile", place + ".q", "-signer", tsa.certificate,
                "-inkey",
                tsa.key, "-token_out", "-out", place + ".token",
            ]
        ).requireSuccess()
        return try Self.bytes(of: place + ".token")
    }

    func report(_ pdf: TestPDF) -> PDFSignatureReport { report(pdf.bytes) }

    func report(_ bytes: [UInt8]) -> PDFSignatureReport {
        PDFSignatureReport(of: PDFBytes(bytes), by: store, seenAt: .now().advanced(by: .seconds(60)))
    }
}
