// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What is wrong with a table, as commands print it. The keys are stable.
struct TableReport: Encodable {
    let findings: [Finding]
    let omittedFindings: Int

    struct Finding: Encodable {
        let line: Int?
        let code: TableFinding.Kind
        let sentenceVi: String
        let sentenceEn: String
        let detail: String
    }

    init(_ findings: [TableFinding]) {
        let shown = findings.prefix(TableFinding.maxShown)
        self.findings = shown.map { finding in
            Finding(
                line: finding.line, code: finding.kind, sentenceVi: finding.kind.vietnamese,
                sentenceEn: finding.kind.english, detail: finding.detail)
        }
        omittedFindings = findings.count - shown.count
    }

    /// Prints every finding with its line and what to do about it.
    ///
    /// - Returns: the refusal that ends the command.
    static func refusal(_ findings: [TableFinding], _ path: String, _ output: OutputOptions) -> Refusal {
        let sorted = findings.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        if output.json {
            try? Console.printJSON(TableReport(sorted))
        } else {
            for finding in sorted.prefix(TableFinding.maxShown) {
                let place = finding.line.map { "dòng \($0)" } ?? "cả tệp"
                let detail = finding.detail.isEmpty ? "" : " (\(finding.detail))"
                print("  \(place): [\(finding.kind.rawValue)] \(finding.kind.vietnamese)\(detail)")
            }
            if sorted.count > TableFinding.maxShown { print("  … và \(sorted.count - TableFinding.maxShown) dòng nữa") }
        }
        let places = sorted.prefix(5).map { finding in
            finding.line.map { "line \($0): \(finding.kind.rawValue)" } ?? finding.kind.rawValue
        }
        return Refusal(.agencyFileInvalid, "\(path): \(places.joined(separator: ", "))")
    }
}
