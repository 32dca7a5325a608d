// SPDX-License-Identifier: Apache-2.0

/// Further written forms of identifiers, as a file: lines of `written,code`, where `code` is any form that is known.
public struct AliasTable: Sendable {
    public struct Line: Sendable, Equatable {
        public let line: Int
        public let written: AgencyID
        public let code: AgencyID
    }

    /// In their order; empty when anything is wrong.
    public let lines: [Line]
    public let findings: [TableFinding]

    public init(reading bytes: [UInt8]) {
        let text = TableText(reading: bytes)
        var findings = text.findings
        var lines: [Line] = []
        var places: [String: Int] = [:]
        for row in text.rows {
            guard row.fields.count == 2 else {
                findings.append(TableFinding(.fields, line: row.line))
                continue
            }
            var ids: [AgencyID] = []
            for field in row.fields {
                guard let id = try? AgencyID(parsing: field) else {
                    findings.append(TableFinding(.badID, line: row.line, field))
                    break
                }
                ids.append(id)
            }
            guard ids.count == 2 else { continue }
            if let before = places.updateValue(row.line, forKey: ids[0].text) {
                findings.append(TableFinding(.repeated, line: row.line, "\(ids[0]), \(before)"))
            }
            lines.append(Line(line: row.line, written: ids[0], code: ids[1]))
        }
        self.findings = findings
        self.lines = findings.isEmpty ? lines : []
    }

    /// One line of such a file.
    public static func text(_ written: String, _ code: AgencyID) -> String { TableText.line([written, code.text]) }
}
