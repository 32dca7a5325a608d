// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

@testable import truc

@Suite(.timeLimit(.minutes(5))) struct PackageSignatureCommandTests {
    private struct Report: Decodable {
        struct Signer: Decodable {
            let subject: String
            let issuer: String
        }
        struct Finding: Decodable {
            let code: String
            let sentence_vi: String
        }
        let verdict: String
        let signer: Signer?
        let findings: [Finding]
    }

    /// An authority, a signer below it, and the demo's package, as files.
    private struct Place {
        let certificates: TestCertificates
        let authority: TestCertificates.Pair
        let signer: TestCertificates.Pair
        let package: String

        init(rsa: Bool) async throws {
            certificates = try TestCertificates()
            authority = try await certificates.authority("goc")
            signer = try await certificates.issue("nguoi-ky", by: authority, rsa: rsa)
            package = certificates.directory + "/package.edxml"
            try Data(PackageResources.demo_edxml).write(to: URL(filePath: package))
        }

        func sign(_ file: String, _ output: String) async throws -> CommandOutcome {
            try await CommandOutcome.run([
                "package", "sign", file, "--key", signer.key, "--cert", signer.certificate, "-o", output,
            ])
        }

        func verify(_ file: String, trusting trust: String) async throws -> (status: Int32, report: Report) {
            let outcome = try await CommandOutcome.run(["package", "verify", file, "--trust", trust, "--json"])
            return (outcome.status, try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)))
        }
    }

    @Test(arguments: [false, true]) func `what is signed is valid for whom its authority is trusted`(rsa: Bool)
        async throws
    {
        let place = try await Place(rsa: rsa)
        let signed = place.certificates.directory + "/signed.edxml"
        #expect(try await place.sign(place.package, signed).status == 0)
        let good = try await place.verify(signed, trusting: place.authority.certificate)
        #expect(good.status == 0 && good.report.verdict == "valid")
        #expect(good.report.signer?.subject == "CN=nguoi-ky" && good.report.signer?.issuer == "CN=goc")
        // Nobody was asked whether it was revoked, and that is said.
        #expect(good.report.findings.map(\.code) == ["signature.undetermined"])
        #expect(try await CommandOutcome.run(["package", "check", signed]).status == 0)
        let stranger = try await place.certificates.authority("khac")
        let bad = try await place.verify(signed, trusting: stranger.certificate)
        #expect(bad.status == 1 && bad.report.verdict == "untrusted")
        #expect(bad.report.findings.map(\.code) == ["signature.untrusted"])
    }

    @Test func `what was changed, or never signed, is not valid`() async throws {
        let place = try await Place(rsa: false)
        let signed = place.certificates.directory + "/signed.edxml"
        #expect(try await place.sign(place.package, signed).status == 0)
        let text = try String(contentsOfFile: signed, encoding: .utf8).replacing("SXD-VP", with: "SXD-XX")
        let changed = place.certificates.directory + "/changed.edxml"
        try Data(text.utf8).write(to: URL(filePath: changed))
        let bad = try await place.verify(changed, trusting: place.authority.certificate)
        #expect(bad.status == 1 && bad.report.verdict == "invalid")
        #expect(bad.report.findings.map(\.code) == ["signature.digest-differs"])
        let unsigned = try await place.verify(place.package, trusting: place.authority.certificate)
        #expect(unsigned.status == 1 && unsigned.report.verdict == "absent")
        // Two signatures would be none; a refusal leaves no file behind.
        let again = place.certificates.directory + "/again.edxml"
        let outcome = try await place.sign(signed, again)
        #expect(outcome.status == 1 && outcome.errors.contains("[signature.several]"))
        #expect(!FileManager.default.fileExists(atPath: again))
        #expect(!FileManager.default.fileExists(atPath: again + ".part"))
    }

    @Test func `a key that others may read signs nothing, nor one of another certificate`() async throws {
        let place = try await Place(rsa: false)
        let output = place.certificates.directory + "/signed.edxml"
        let other = try await place.certificates.issue("khac", by: place.authority)
        let wrong = try await CommandOutcome.run([
            "package", "sign", place.package, "--key", place.signer.key, "--cert", other.certificate, "-o", output,
        ])
        #expect(wrong.status == 1 && wrong.errors.contains("is not that of the key"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.signer.key)
        let open = try await place.sign(place.package, output)
        #expect(open.status == 1 && open.errors.contains("chmod 600"))
        #expect(!FileManager.default.fileExists(atPath: output))
        #expect(try await CommandOutcome.run(["package", "verify", place.package]).status == 64)
    }

    @Test func `a package is built from a header and files, and can be signed`() async throws {
        let place = try await Place(rsa: false)
        let (header, file) = (
            place.certificates.directory + "/header.json", place.certificates.directory + "/van-ban.pdf"
        )
        let (built, signed) = (
            place.certificates.directory + "/built.edxml", place.certificates.directory + "/signed.edxml"
        )
        let text = """
            {"From": {"OrganId": "000.00.13.H52", "OrganName": "Sở Xây dựng"}, "To": {"OrganId": "000.00.14.H52"},
             "Code": {"CodeNumber": "15", "CodeNotation": "SXD-VP"}, "Subject": "V/v thử",
             "PromulgationInfo": {"PromulgationDate": "2026/11/20"}, "DocumentType": {"Type": 2},
             "DocumentId": "000.00.13.H52,2026/11/20,15/SXD-VP"}
            """
        try Data(text.utf8).write(to: URL(filePath: header))
        try Data("%PDF-1.7\n".utf8).write(to: URL(filePath: file))
        let outcome = try await CommandOutcome.run(["package", "build", header, "--attach", file, "-o", built])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try await CommandOutcome.run(["package", "check", built]).status == 0)
        #expect(try await place.sign(built, signed).status == 0)
        #expect(try await place.verify(signed, trusting: place.authority.certificate).status == 0)
        try Data(text.replacing("Subject", with: "Subjec").utf8).write(to: URL(filePath: header))
        let wrong = try await CommandOutcome.run(["package", "build", header, "-o", signed + "2"])
        #expect(wrong.status == 1 && wrong.errors.contains("did you mean Subject?"))
        #expect(!FileManager.default.fileExists(atPath: signed + "2"))
    }
}
