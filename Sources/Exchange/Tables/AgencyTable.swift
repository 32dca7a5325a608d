// SPDX-License-Identifier: Apache-2.0

/// Agencies as a file: what an export writes, an import reads back without a change.
///
/// The first line is the heading. `aliases` and `successors` hold identifiers with blanks between them; behind a successor
/// `+pending` and `+default` say what it takes. Instants are `yyyy-MM-dd` (the day's beginning in Vietnam) or ISO 8601.
/// An empty `from` is the beginning of the exchange, an empty `until` no end.
public struct AgencyTable: Sendable {
    public static let heading = [
        "code", "name", "parent", "system", "mail", "aliases", "from", "until", "tolerated", "successors",
    ]
    /// Longest name, as of `OrganName` in a package.
    public static let maxName = 200

    public struct Line: Sendable, Equatable {
        public struct Successor: Sendable, Equatable {
            public let code: AgencyID
            public let takesPending: Bool
            public let isDefault: Bool

            public init(code: AgencyID, takesPending: Bool, isDefault: Bool) {
                self.code = code
                self.takesPending = takesPending
                self.isDefault = isDefault
            }
        }

        /// Counted from 1; 0 for one that is yet to be written.
        public let line: Int
        public let code: AgencyID
        public let name: String
        public let parent: AgencyID?
        public let system: SystemID?
        public let mail: String?
        public let aliases: [AgencyID]
        public let from: Instant
        public let until: Instant?
        public let tolerated: Instant?
        public let successors: [Successor]

        public init(
            line: Int = 0, code: AgencyID, name: String, parent: AgencyID?, system: SystemID?, mail: String?,
            aliases: [AgencyID], from: Instant, until: Instant?, tolerated: Instant?, successors: [Successor]
        ) {
            self.line = line
            self.code = code
            self.name = name
            self.parent = parent
            self.system = system
            self.mail = mail
            self.aliases = aliases
            self.from = from
            self.until = until
            self.tolerated = tolerated
            self.successors = successors
        }
    }

    /// In their order; empty when anything is wrong.
    public let lines: [Line]
    public let findings: [TableFinding]

    public init(reading bytes: [UInt8]) {
        let text = TableText(reading: bytes)
        guard text.findings.isEmpty, let first = text.rows.first else {
            (lines, findings) = ([], text.findings)
            return
        }
        guard first.fields == Self.heading else {
            (lines, findings) = ([], [TableFinding(.heading, line: first.line, Self.heading.joined(separator: ","))])
            return
        }
        var findings: [TableFinding] = []
        var lines: [Line] = []
        var places: [String: Int] = [:]
        for row in text.rows.dropFirst() {
            guard row.fields.count == Self.heading.count else {
                findings.append(TableFinding(.fields, line: row.line))
                continue
            }
            guard let line = Self.line(row, &findings) else { continue }
            for form in [line.code] + line.aliases {
                if let before = places.updateValue(row.line, forKey: form.text) {
                    findings.append(TableFinding(.repeated, line: row.line, "\(form), \(before)"))
                }
            }
            lines.append(line)
        }
        if lines.isEmpty, findings.isEmpty { findings.append(TableFinding(.noLines)) }
        self.findings = findings
        self.lines = findings.isEmpty ? lines : []
    }

    private static func line(_ row: TableText.Row, _ findings: inout [TableFinding]) -> Line? {
        var reader = Reader(row: row)
        let code = reader.id(0)
        let name = reader.name(1)
        let parent = reader.idIfPresent(2)
        let system = reader.systemIfPresent(3)
        let mail = row.fields[4].isEmpty ? nil : row.fields[4]
        let aliases = reader.ids(5)
        let from = reader.instantIfPresent(6) ?? AgencyRecord.earliest
        let until = reader.instantIfPresent(7)
        let tolerated = reader.instantIfPresent(8)
        let successors = reader.successors(9)
        if let until, until <= from { reader.found(.badInstant, 7) }
        if let tolerated, until.map({ tolerated <= $0 }) ?? true { reader.found(.badInstant, 8) }
        if until == nil, !successors.isEmpty { reader.found(.badWord, 9) }
        if let parent, parent.text == code?.text { reader.found(.itself, 2) }
        if successors.contains(where: { $0.code.text == code?.text }) { reader.found(.itself, 9) }
        findings += reader.findings
        guard reader.findings.isEmpty, let code, let name else { return nil }
        return Line(
            line: row.line, code: code, name: name, parent: parent, system: system, mail: mail, aliases: aliases,
            from: from, until: until, tolerated: tolerated, successors: successors)
    }

    /// The fields of one row, and what is wrong with them.
    private struct Reader {
        let row: TableText.Row
        var findings: [TableFinding] = []

        init(row: TableText.Row) { self.row = row }

        mutating func found(_ kind: TableFinding.Kind, _ column: Int) {
            findings.append(
                TableFinding(kind, line: row.line, "\(AgencyTable.heading[column]): \(row.fields[column])"))
        }

        mutating func id(_ column: Int) -> AgencyID? {
            if let id = try? AgencyID(parsing: row.fields[column]) { return id }
            found(.badID, column)
            return nil
        }

        mutating func idIfPresent(_ column: Int) -> AgencyID? { row.fields[column].isEmpty ? nil : id(column) }

        mutating func name(_ column: Int) -> String? {
            let name = row.fields[column]
            if !name.isEmpty, name.count <= AgencyTable.maxName { return name }
            found(.badName, column)
            return nil
        }

        mutating func systemIfPresent(_ column: Int) -> SystemID? {
            guard !row.fields[column].isEmpty else { return nil }
            if let id = try? SystemID(parsing: row.fields[column]) { return id }
            found(.badID, column)
            return nil
        }

        mutating func instantIfPresent(_ column: Int) -> Instant? {
            let text = row.fields[column]
            if text.isEmpty { return nil }
            if let day = try? CalendarDate(iso8601: text) { return Instant(vietnam: day) }
            if let instant = try? Instant(iso8601: text) { return instant }
            found(.badInstant, column)
            return nil
        }

        mutating func ids(_ column: Int) -> [AgencyID] {
            var ids: [AgencyID] = []
            for word in row.fields[column].split(separator: " ") {
                if let id = try? AgencyID(parsing: word) { ids.append(id) } else { found(.badID, column) }
            }
            return ids
        }

        mutating func successors(_ column: Int) -> [Line.Successor] {
            var heirs: [Line.Successor] = []
            for word in row.fields[column].split(separator: " ") {
                let parts = word.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
                let marks = Set(parts.dropFirst())
                guard let code = try? AgencyID(parsing: parts[0]) else {
                    found(.badID, column)
                    continue
                }
                guard marks.isSubset(of: ["pending", "default"]), marks.count == parts.count - 1 else {
                    found(.badWord, column)
                    continue
                }
                heirs.append(
                    Line.Successor(
                        code: code, takesPending: marks.contains("pending"), isDefault: marks.contains("default")))
            }
            // The only one takes everything, as everywhere.
            if heirs.count == 1, let only = heirs.first {
                return [Line.Successor(code: only.code, takesPending: true, isDefault: true)]
            }
            let isDecided =
                Set(heirs.map(\.code.text)).count == heirs.count && heirs.count(where: \.isDefault) <= 1
                && (heirs.isEmpty || heirs.count(where: \.takesPending) == 1)
            if !isDecided { found(.badWord, column) }
            return heirs
        }
    }

    /// The file that says what these lines say.
    public static func text(_ lines: [Line]) -> String {
        TableText.line(heading) + lines.map { TableText.line(fields($0)) }.joined()
    }

    private static func fields(_ line: Line) -> [String] {
        let heirs = line.successors.map { heir in
            heir.code.text + (heir.takesPending ? "+pending" : "") + (heir.isDefault ? "+default" : "")
        }
        return [
            line.code.text, line.name, line.parent?.text ?? "", line.system?.text ?? "", line.mail ?? "",
            line.aliases.map(\.text).joined(separator: " "), line.from.exact, line.until?.exact ?? "",
            line.tolerated?.exact ?? "", heirs.joined(separator: " "),
        ]
    }
}

extension Instant {
    /// The day where it is the beginning of one, else to the microsecond: what is read back is the same instant.
    fileprivate var exact: String {
        if Instant(vietnam: vietnamDate) == self { return vietnamDate.iso8601 }
        let micros = (microseconds % 1_000_000 + 1_000_000) % 1_000_000
        let seconds = iso8601.prefix(19)
        return "\(seconds).\(padded(Int(micros), 6))+07:00"
    }
}
