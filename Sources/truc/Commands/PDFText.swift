// SPDX-License-Identifier: Apache-2.0
import Exchange
import PDFSignatures
import Trust

/// What is told of a PDF's signatures, as people and programs read it.
enum PDFText {
    enum Outcome: String, Encodable { case good, undetermined, bad }

    static func outcome(of report: PDFSignatureReport) -> Outcome {
        guard report.problem == nil, report.isWhollyCovered, report.signatures.allSatisfy(\.isIntact) else {
            return .bad
        }
        let verdicts = report.signatures.map { ($0.judgement?.verdict ?? $0.stamp?.verdict)?.code }
        if verdicts.allSatisfy({ $0 == "valid" }) { return .good }
        return verdicts.allSatisfy { $0 == "valid" || $0 == "undetermined" } ? .undetermined : .bad
    }

    /// A report in JSON.
    struct Shown: Encodable {
        struct Signature: Encodable {
            let field: String
            let kind: PDFSignature.Kind
            let subFilter: String?
            let reason: String?
            let location: String?
            let isIntact: Bool
            let coversFile: Bool
            let coveredLength: Int
            let revision: Int?
            /// Codes of what is wrong with it.
            let faults: [String]
            let signer: Signer?
            let digest: String?
            let claimedTime: Instant?
            let at: Instant?
            let timeBasis: SignatureJudgement.TimeBasis?
            let timeStamp: Stamp?
        }

        struct Signer: Encodable {
            let subject: String
            let issuer: String
            let serial: String
            let kind: SignerKind
            let verdict: String?
            let reasons: [String]
        }

        struct Stamp: Encodable {
            let at: Instant?
            let authority: String?
            let isBelieved: Bool
            let reasons: [String]
        }

        let outcome: Outcome
        let length: Int
        let revisions: Int
        let isWhollyCovered: Bool
        let strayMarks: Int
        let problem: String?
        let signatures: [Signature]

        init(_ report: PDFSignatureReport) {
            outcome = PDFText.outcome(of: report)
            length = report.length
            revisions = report.revisions
            isWhollyCovered = report.isWhollyCovered
            strayMarks = report.strayMarks
            problem = report.problem?.code
            signatures = report.signatures.map(Self.signature)
        }

        private static func signature(_ signature: PDFSignature) -> Signature {
            let judgement = signature.judgement
            let signer = judgement.map { judgement in
                Signer(
                    subject: judgement.signer.subject.text, issuer: judgement.signer.issuer.text,
                    serial: judgement.signer.facts.serial, kind: SignerKind(of: judgement.signer),
                    verdict: judgement.verdict.code, reasons: judgement.verdict.english)
            }
            return Signature(
                field: signature.field, kind: signature.kind, subFilter: signature.subFilter, reason: signature.reason,
                location: signature.location, isIntact: signature.isIntact, coversFile: signature.coversFile,
                coveredLength: signature.coveredLength, revision: signature.revision,
                faults: PDFText.faults(of: signature).map(\.code), signer: signer,
                digest: judgement?.digest.rawValue, claimedTime: judgement?.claimedTime, at: judgement?.at,
                timeBasis: judgement?.timeBasis, timeStamp: (judgement?.stamp ?? signature.stamp).map(stamp))
        }

        private static func stamp(_ stamp: SignatureJudgement.Stamp) -> Stamp {
            Stamp(
                at: stamp.at, authority: stamp.authority?.subject.text, isBelieved: stamp.isBelieved,
                reasons: stamp.fault.map { [$0.english] } ?? stamp.verdict?.english ?? [])
        }
    }

    fileprivate static func faults(of signature: PDFSignature) -> [(code: String, vietnamese: String)] {
        let cms = [signature.cmsFault, signature.judgement?.fault, signature.stamp?.fault].compactMap { $0 }
        return (signature.fault.map { [($0.rawValue, $0.vietnamese)] } ?? []) + cms.map { ($0.code, $0.vietnamese) }
    }

    static func lines(_ report: PDFSignatureReport, file: String) -> [String] {
        var lines = ["\(file): \(report.signatures.count) chữ ký, \(report.revisions) lần lưu"]
        if let problem = report.problem {
            lines.append("  lỗi [\(problem.code)] \(TrustText.safe(problem.vietnamese))")
        }
        for signature in report.signatures { lines += self.lines(signature, of: report) }
        if report.strayMarks > 0 {
            lines.append(
                "  \(report.strayMarks) dấu vết chữ ký không thuộc biểu mẫu của tệp (đã gỡ, hoặc của tệp nhúng)")
        }
        if !report.signatures.isEmpty, report.problem == nil {
            lines.append(
                report.isWhollyCovered
                    ? "  toàn bộ tệp được chữ ký phủ; không có gì thêm sau chữ ký cuối"
                    : "  KHÔNG có chữ ký còn nguyên vẹn nào phủ toàn bộ tệp: đã bị thêm hoặc sửa sau khi ký")
        }
        return lines
    }

    private static func lines(_ signature: PDFSignature, of report: PDFSignatureReport) -> [String] {
        let kind = signature.kind == .timeStamp ? "dấu thời gian" : "chữ ký"
        var lines = [
            "  \(kind) «\(TrustText.safe(signature.field))»: \(signature.isIntact ? "nguyên vẹn" : "KHÔNG hợp lệ")"
        ]
        if let revision = signature.revision {
            lines.append(
                signature.coversFile
                    ? "    phủ toàn bộ tệp"
                    : "    phủ \(signature.coveredLength) byte đầu: lần lưu \(revision)/\(report.revisions)")
        }
        for fault in faults(of: signature) { lines.append("    lỗi [\(fault.code)] \(fault.vietnamese)") }
        if let judgement = signature.judgement {
            let who =
                switch SignerKind(of: judgement.signer) {
                case .person: "cá nhân"
                case .agency: "cơ quan, tổ chức"
                case .unclear: "chưa rõ cá nhân hay cơ quan"
                }
            let basis =
                switch judgement.timeBasis {
                case .timeStamp: "theo dấu thời gian"
                case .claimed: "theo lời người ký"
                case .seen: "lúc kiểm tra"
                }
            lines.append("    \(TrustText.safe(judgement.signer.subject.text)) (\(who))")
            lines.append("    lúc \(judgement.at.iso8601) (\(basis)): \(TrustText.state(judgement.verdict))")
            lines += judgement.verdict.vietnamese.map { "      - \(TrustText.safe($0))" }
        }
        if let stamp = signature.judgement?.stamp ?? signature.stamp {
            let authority = stamp.authority.map { TrustText.safe($0.subject.text) } ?? "–"
            let at = stamp.at?.iso8601 ?? "–"
            lines.append("    dấu thời gian \(at) của \(authority): \(stamp.isBelieved ? "tin cậy" : "KHÔNG tin cậy")")
            let reasons = stamp.fault.map { [$0.vietnamese] } ?? stamp.verdict?.vietnamese ?? []
            if !stamp.isBelieved { lines += reasons.map { "      - \(TrustText.safe($0))" } }
        }
        return lines
    }
}
