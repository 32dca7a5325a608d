// SPDX-License-Identifier: Apache-2.0

/// What becomes of identifiers, as a file: lines of `old,new,takes`.
///
/// `new` is empty for one that nobody succeeds; several lines with the same `old` are its several successors. `takes`
/// says what this successor gets: `pending`, what still waits for the old one and what is said of its documents;
/// `default`, what is sent to the old identifier afterwards; both with a blank between them. With one successor it
/// may be left out, with several exactly one takes what is pending.
public struct SuccessionTable: Sendable {
    public struct Line: Sendable, Equatable {
        public let old: AgencyID
        public let new: AgencyID?
        public let takesPending: Bool
        public let isDefault: Bool
    }

    /// In their order; empty when anything is wrong.
    public let lines: [Line]
    public let findings: [TableFinding]

    public init(reading bytes: [UInt8]) {
        let text = TableText(reading: bytes)
        var findings = text.findings
        var lines: [Line] = []
        var firsts: [String: (line: Int, isOnly: Bool)] = [:]
        var pairs: Set<[String]> = []
        for row in text.rows {
            guard (2...3).contains(row.fields.count) else {
                findings.append(TableFinding(.fields, line: row.line))
                continue
            }
            guard let line = Self.line(row, &findings) else { continue }
            let isOnly = line.new == nil
            if let first = firsts[line.old.text], first.isOnly || isOnly {
                findings.append(TableFinding(.repeated, line: row.line, "\(line.old), \(first.line)"))
                continue
            }
            if firsts[line.old.text] == nil { firsts[line.old.text] = (row.line, isOnly) }
            guard pairs.insert([line.old.text, line.new?.text ?? ""]).inserted else {
                findings.append(TableFinding(.repeated, line: row.line, "\(line.old), \(line.new?.text ?? "")"))
                continue
            }
            lines.append(line)
        }
        findings += Self.undecided(lines, firsts.mapValues(\.line))
        self.findings = findings
        self.lines = findings.isEmpty ? lines : []
    }

    private static func line(_ row: TableText.Row, _ findings: inout [TableFinding]) -> Line? {
        guard let old = try? AgencyID(parsing: row.fields[0]) else {
            findings.append(TableFinding(.badID, line: row.line, row.fields[0]))
            return nil
        }
        var new: AgencyID?
        if !row.fields[1].isEmpty {
            guard let read = try? AgencyID(parsing: row.fields[1]) else {
                findings.append(TableFinding(.badID, line: row.line, row.fields[1]))
                return nil
            }
            new = read
        }
        guard new?.text != old.text else {
            findings.append(TableFinding(.itself, line: row.line, old.text))
            return nil
        }
        let words = row.fields.count > 2 ? row.fields[2].split(separator: " ").map(String.init) : []
        guard Set(words).isSubset(of: ["pending", "default"]), Set(words).count == words.count,
            new != nil || words.isEmpty
        else {
            findings.append(TableFinding(.badWord, line: row.line, row.fields[2]))
            return nil
        }
        return Line(
            old: old, new: new, takesPending: words.contains("pending"), isDefault: words.contains("default"))
    }

    /// Identifiers with several successors of which not exactly one takes what is pending, or more than one is the default.
    private static func undecided(_ lines: [Line], _ places: [String: Int]) -> [TableFinding] {
        var found: [TableFinding] = []
        for (old, heirs) in Dictionary(grouping: lines, by: \.old.text) where heirs.count > 1 {
            guard heirs.count(where: \.takesPending) != 1 || heirs.count(where: \.isDefault) > 1 else { continue }
            found.append(TableFinding(.badWord, line: places[old], old))
        }
        return found.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// One line of such a file.
    public static func text(_ old: AgencyID, _ new: AgencyID?, takes: String = "") -> String {
        TableText.line([old.text, new?.text ?? "", takes])
    }
}
