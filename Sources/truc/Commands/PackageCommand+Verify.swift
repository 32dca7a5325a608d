// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import EdXML
import Exchange
import Foundation
import Trust

extension PackageCommand {
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a package's signature and the certificate behind it.",
            discussion: """
                truc package verify van-ban.edxml --trust ca.pem
                truc package verify van-ban.edxml --trust goc.pem --trust trung-gian.pem --crl thu-hoi.crl --json

                Self-signed certificates of --trust are roots, the others stand between. Without --crl nobody is asked \
                whether a certificate was revoked, and the output says so.
                Exit status 0 only when the signature is valid, 1 otherwise.
                """)

        @Argument(help: ArgumentHelp("The package.", valueName: "file")) var file: String
        @Option(help: ArgumentHelp("Trusted authorities, PEM or DER.", valueName: "file")) var trust: [String] = []
        @Option(help: ArgumentHelp("Lists of revoked certificates, PEM or DER.", valueName: "file"))
        var crl: [String] = []
        @Option(help: "The instant for which the answer holds: yyyy-MM-dd, ISO 8601 with an offset, or now.")
        var at = "now"
        @Flag(name: .customLong("allow-sha1"), help: "Take a signature with SHA-1, which proves nothing any more.")
        var allowSHA1 = false
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if trust.isEmpty {
                throw ValidationError("--trust is needed: without a trusted authority nobody is known.")
            }
        }

        func run() throws {
            let store = try trustStore()
            let instant = try Input.instant(at, "--at") ?? Instant.now()
            let report = SignatureReport(
                file: file, outcome: try PackageFile(file).signature(), allowsSHA1: allowSHA1,
                asksRevocation: !crl.isEmpty
            ) { certificate, others in store.judge(certificate, with: others, at: instant) }
            if output.json {
                try Console.printJSON(report)
            } else {
                Self.show(report)
            }
            if report.verdict != .valid { throw ExitCode(1) }
        }

        private func trustStore() throws(Refusal) -> TrustStore {
            var certificates: [Certificate] = []
            var lists: [RevocationList] = []
            for path in trust + crl {
                do throws(ParsingProblem) {
                    let bytes = try RegularFile.read(path, maxBytes: PEMBlocks.maxBytes)
                    if trust.contains(path) {
                        certificates += try Certificate.all(in: bytes)
                    } else {
                        lists += try RevocationList.all(in: bytes)
                    }
                } catch {
                    throw Refusal(.fileUnreadable, "\(path): \(error.description)")
                }
            }
            return TrustStore(
                roots: certificates.filter(\.facts.isSelfIssued),
                intermediates: certificates.filter { !$0.facts.isSelfIssued }, lists: lists)
        }

        private static func show(_ report: SignatureReport) {
            print("\(report.file): \(report.verdict.words)")
            if let signer = report.signer {
                print("  \(signer.subject)")
                print("  số chứng thư \(signer.serial), cấp bởi \(signer.issuer)")
                print("  \(signer.algorithm), \(signer.key)")
            }
            for finding in report.findings {
                let mark = finding.severity == .error ? "lỗi" : "cảnh báo"
                let detail = finding.detail.isEmpty ? "" : " (\(finding.detail))"
                print("  dòng \(finding.line): \(mark) [\(finding.code.rawValue)] \(finding.sentenceVi)\(detail)")
            }
        }
    }
}

/// What `truc package verify --json` shows. The keys are stable.
struct SignatureReport: Encodable {
    enum Verdict: String, Encodable {
        case absent, dummy, invalid, untrusted, undetermined, valid

        var words: String {
            switch self {
            case .absent: "không có chữ ký (absent)"
            case .dummy: "chữ ký mẫu, không kiểm tra được (dummy)"
            case .invalid: "chữ ký không hợp lệ (invalid)"
            case .untrusted: "chữ ký đúng, chứng thư không được tin cậy (untrusted)"
            case .undetermined: "chữ ký đúng, chưa xác định được chứng thư (undetermined)"
            case .valid: "chữ ký hợp lệ (valid)"
            }
        }
    }

    struct Signer: Encodable {
        let subject: String
        let issuer: String
        let serial: String
        let notBefore: String
        let notAfter: String
        let algorithm: String
        let key: String
    }

    let file: String
    private(set) var verdict: Verdict
    private(set) var signer: Signer?
    private(set) var findings: [PackageCheckReport.Line] = []

    /// - Parameters:
    ///   - asksRevocation: whether there is anything to ask it of.
    ///   - judge: whether a certificate is to be believed; the others came with it.
    init(
        file: String, outcome: SignatureOutcome, allowsSHA1: Bool, asksRevocation: Bool,
        judge: (Certificate, [Certificate]) -> CertificateVerdict
    ) {
        self.file = file
        switch outcome {
        case .absent:
            verdict = .absent
            add(Finding(.signatureMissing, line: 0, element: "Signature"))
        case .dummy(let finding):
            verdict = .dummy
            add(finding)
        case .invalid(let finding):
            verdict = .invalid
            add(finding)
        case .intact(let signature):
            verdict = .invalid
            read(signature, allowsSHA1: allowsSHA1, asksRevocation: asksRevocation, judge)
        }
    }

    private mutating func read(
        _ signature: PackageSignature, allowsSHA1: Bool, asksRevocation: Bool,
        _ judge: (Certificate, [Certificate]) -> CertificateVerdict
    ) {
        let certificate: Certificate
        do throws(ParsingProblem) {
            certificate = try Certificate(der: signature.certificate)
        } catch {
            return add(
                Finding(.signatureKeyInvalid, line: signature.line, element: "Signature", detail: error.reason))
        }
        let facts = certificate.facts
        signer = Signer(
            subject: facts.subject.text, issuer: facts.issuer.text, serial: facts.serial,
            notBefore: facts.notBefore.iso8601, notAfter: facts.notAfter.iso8601,
            algorithm: "\(signature.algorithm)", key: "\(signature.key.kind)")
        // One that cannot be read helps no chain.
        let others = signature.otherCertificates.compactMap { try? Certificate(der: $0) }
        func note(_ code: Finding.Code, _ details: [String]) {
            for detail in details {
                add(Finding(code, line: signature.line, element: "Signature", detail: detail))
            }
        }
        let judgement = judge(certificate, others)
        switch judgement {
        case .valid: verdict = .valid
        case .untrusted:
            verdict = .untrusted
            note(.signatureUntrusted, judgement.vietnamese)
        case .undetermined:
            verdict = asksRevocation ? .undetermined : .valid
            note(.signatureUndetermined, judgement.vietnamese)
        }
        if signature.isObsolete {
            if !allowsSHA1 { verdict = .invalid }
            note(.signatureObsolete, ["\(signature.algorithm)"])
        }
    }

    private mutating func add(_ finding: Finding) { findings.append(PackageCheckReport.Line(finding)) }
}
