// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// The reading of a package as `truc package check --json` shows it. The keys are stable.
public struct PackageCheckReport: Encodable, Equatable, Sendable {
    public struct Line: Encodable, Equatable, Sendable {
        public let line: Int
        public let code: Finding.Code
        public let severity: Finding.Severity
        public let element: String
        public let detail: String
        public let sentenceVi: String
        public let sentenceEn: String

        public init(_ finding: Finding) {
            line = finding.line
            code = finding.code
            severity = finding.severity
            element = finding.element
            detail = finding.detail
            sentenceVi = finding.code.vietnamese
            sentenceEn = finding.code.english
        }

        enum CodingKeys: String, CodingKey {
            case line, code, severity, element, detail
            case sentenceVi = "sentence_vi"
            case sentenceEn = "sentence_en"
        }
    }

    public let file: String
    public let verdict: PackageReading.Verdict
    /// `new`, `recall`, `update`, `replacement` or `status`; nil when the header could not be read.
    public let kind: String?
    public let documentId: String?
    /// Of the whole file.
    public let sha256: String
    public let findings: [Line]
    /// Findings beyond the bound, which are counted and not listed.
    public let omittedFindings: Int

    public init(file: String, reading: PackageReading) {
        self.file = file
        verdict = reading.verdict
        kind =
            switch reading.header {
            case .document(let document): String(describing: document.kind)
            case .status: "status"
            case nil: nil
            }
        documentId = reading.header?.documentID.text
        sha256 = reading.digest.hex
        findings = reading.findings.map(Line.init)
        omittedFindings = reading.omittedFindings
    }
}
