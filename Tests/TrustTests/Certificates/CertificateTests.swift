// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing

@testable import Trust

@Suite(.timeLimit(.minutes(2))) struct CertificateTests {
    private static let subject =
        "/C=VN/ST=Sơn La/O=Ủy ban nhân dân tỉnh Mẫu/UID=CCCD:000000000001/CN=Nguyễn Thị Ơ, Phó\\/Q"

    @Test func `what a certificate says is read as openssl reads it`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/C=VN/O=Cơ quan Mẫu/CN=Gốc Mẫu", in: place)
        let from = Instant(vietnam: try #require(CalendarDate(year: 2024, month: 2, day: 29)), hour: 8)
        let until = Instant(vietnam: try #require(CalendarDate(year: 2049, month: 12, day: 31)))
        let pair = try await root.issue(Self.subject, .signer.from(from, until: until))
        let (issued, authority) = (try certificate(pair), try certificate(root.pair))
        #expect(issued.subject.values(of: "O") == ["Ủy ban nhân dân tỉnh Mẫu"])
        #expect(issued.subject.commonName == "Nguyễn Thị Ơ, Phó/Q")
        #expect(issued.subject.values(of: "UID") == ["CCCD:000000000001"])
        #expect(issued.issuer == authority.subject)
        #expect(issued.facts.notBefore == from && issued.facts.notAfter == until)
        #expect(issued.facts.keyUsage == [.digitalSignature, .nonRepudiation])
        #expect(!issued.facts.isAuthority && authority.facts.isAuthority)
        #expect(!issued.facts.isSelfIssued && authority.facts.isSelfIssued)
        #expect(issued.facts.authorityKeyID == authority.facts.subjectKeyID)
        #expect(issued.facts.subjectKeyID != nil && issued.facts.subjectKeyID != authority.facts.subjectKeyID)
        #expect(issued.facts.keyKind == "EC" && issued.facts.keyBits == 256)
        #expect(issued.facts.signatureDigest == "SHA256")
        #expect(issued.isSigned(by: authority) && !authority.isSigned(by: issued))
        let shown = try await Tool.run(
            "openssl",
            [
                "x509", "-in", pair.certificate, "-noout", "-serial", "-fingerprint", "-sha256", "-subject", "-nameopt",
                "RFC2253,-esc_msb",
            ])
        let lines = shown.output.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).last ?? "" }
        #expect(lines.contains(Substring(issued.facts.serial)))
        #expect(lines.contains(Substring(issued.subject.text)), "\(shown.output)")
        #expect(lines.contains { $0.replacing(":", with: "").lowercased() == issued.fingerprint.bytes.hex })
        let key = try await Tool.run(
            "openssl", ["pkey", "-in", pair.key, "-pubout", "-outform", "der", "-out", place.directory + "/key.der"])
        try key.requireSuccess()
        #expect(try bytes(of: place.directory + "/key.der") == issued.facts.subjectPublicKeyInfo)
    }

    @Test func `DER and bundles in PEM are the same certificates`() async throws {
        let place = try TestCertificates()
        let root = try await TestAuthority(root: "/CN=Gốc", in: place)
        let below = try certificate(try await root.issue("/CN=Người ký"))
        let authority = try certificate(root.pair)
        let pem = try bytes(of: root.pair.certificate)
        #expect(try Certificate.all(in: authority.der) == [authority])
        #expect(try Certificate(der: below.der) == below && below != authority)
        let bundle = Array("một dòng chữ\n".utf8) + pem + Array("\n# rồi\n".utf8) + pem
        #expect(try Certificate.all(in: bundle) == [authority, authority])
        #expect(throws: ParsingProblem.self) { try Certificate.all(in: bytes(of: root.pair.key)) }
        #expect(throws: ParsingProblem.self) { try RevocationList.all(in: pem) }
        #expect(throws: ParsingProblem.self) { try Certificate.all(in: pem + bytes(of: root.pair.key)) }
    }

    @Test func `what is no certificate is refused, whatever is wrong with it`() async throws {
        let place = try TestCertificates()
        let der = try certificate(try await TestAuthority(root: "/CN=Gốc", in: place).pair).der
        for count in stride(from: 0, to: der.count, by: 7) {
            #expect(throws: ParsingProblem.self) { try Certificate(der: Array(der.prefix(count))) }
        }
        #expect(throws: ParsingProblem.self) { try Certificate(der: der + [0]) }
        #expect(throws: ParsingProblem.self) {
            try Certificate(der: [UInt8](repeating: 0x30, count: Certificate.maxBytes))
        }
        #expect(throws: ParsingProblem.self) {
            try Certificate(der: der + [UInt8](repeating: 0, count: Certificate.maxBytes))
        }
        for text in [
            "", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        ] {
            #expect(throws: ParsingProblem.self) { try Certificate.all(in: Array(text.utf8)) }
        }
        // Each byte in turn is another: read or refused, never a crash, and never equal to what it was.
        var generator = SeededGenerator(seed: 7)
        let original = try Certificate(der: der)
        for _ in 0..<2_000 {
            var changed = der
            changed[Int.random(in: 0..<der.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            if let read = try? Certificate(der: changed) { #expect(read != original) }
        }
    }

    @Test func `too many blocks are refused`() {
        let block = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
        let fitting = String(repeating: block, count: PEMBlocks.maxBlocks)
        #expect(throws: Never.self) { try PEMBlocks(Array(fitting.utf8)) }
        #expect(throws: ParsingProblem.self) { try PEMBlocks(Array((fitting + block).utf8)) }
    }
}
