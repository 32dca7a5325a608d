// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What a table would change in a registry: pure. It registers and corrects; it closes nothing, takes no written form
/// away, and leaves alone whatever it does not name.
public struct AgencyImport: Sendable {
    /// In the order of the file, those above before those below. Empty when anything is wrong.
    public let changes: [AgencyChange]
    public let findings: [TableFinding]

    /// - Parameter now: whether a parent is closed is judged by it.
    public init(_ table: AgencyTable, in registry: RegistrySnapshot, at now: Instant) {
        var reading = Reading(table, registry, now)
        for line in table.lines { reading.judge(line) }
        reading.judgeParents()
        reading.judgeSuccessors()
        let all = (table.findings + reading.findings).sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        findings = all
        changes = all.isEmpty ? reading.ordered() : []
    }

    /// Further written forms, each of an agency that is there.
    public init(_ table: AliasTable, in registry: RegistrySnapshot) {
        var findings = table.findings
        var changes: [AgencyChange] = []
        for line in table.lines {
            guard let agency = registry.agency(named: line.code.text) else {
                findings.append(TableFinding(.unknownAgency, line: line.line, line.code.text))
                continue
            }
            guard !agency.isHub else {
                findings.append(TableFinding(.isHub, line: line.line, line.code.text))
                continue
            }
            let owner = registry.agency(named: line.written.text)
            if let owner, owner.key != agency.key {
                findings.append(TableFinding(.taken, line: line.line, "\(line.written) → \(owner.code)"))
            } else if owner == nil {
                changes.append(
                    AgencyChange(
                        code: agency.code, kind: .changed, aliases: [line.written.text],
                        differences: ["aliases: + \(line.written)"]))
            }
        }
        self.findings = findings
        self.changes = findings.isEmpty ? changes : []
    }

    /// The table of a registry: one line for each agency but the hub's own, in the order of their identifiers.
    public static func table(of registry: RegistrySnapshot) -> [AgencyTable.Line] {
        registry.agencyRecords.filter { !$0.isHub }.sorted { $0.code.text < $1.code.text }.map { agency in
            var aliases: [AgencyID] = []
            for alias in agency.aliases { if let id = try? AgencyID(parsing: alias) { aliases.append(id) } }
            var heirs: [AgencyTable.Line.Successor] = []
            for heir in agency.successors {
                guard let code = registry.agency(heir.agency)?.code else { continue }
                heirs.append(
                    AgencyTable.Line.Successor(
                        code: code, takesPending: heir.takesPending, isDefault: heir.isDefault))
            }
            return AgencyTable.Line(
                code: agency.code, name: agency.name, parent: agency.parent.flatMap { registry.agency($0)?.code },
                system: agency.system, mail: agency.mail, aliases: aliases.sorted { $0.text < $1.text },
                from: agency.validFrom, until: agency.validUntil, tolerated: agency.toleratedUntil,
                successors: heirs.sorted { $0.code.text < $1.code.text })
        }
    }

    /// A table on its way into a registry.
    private struct Reading {
        let table: AgencyTable
        let registry: RegistrySnapshot
        let now: Instant
        var findings: [TableFinding] = []
        private var changes: [String: AgencyChange] = [:]
        /// The line of every form that the file registers.
        private let lines: [String: AgencyTable.Line]

        init(_ table: AgencyTable, _ registry: RegistrySnapshot, _ now: Instant) {
            self.table = table
            self.registry = registry
            self.now = now
            var lines: [String: AgencyTable.Line] = [:]
            for line in table.lines { for form in [line.code] + line.aliases { lines[form.text] = line } }
            self.lines = lines
        }

        mutating func judge(_ line: AgencyTable.Line) {
            let known = registry.agency(named: line.code.text)
            guard known?.isHub != true else { return found(.isHub, line, line.code.text) }
            for alias in line.aliases {
                if let owner = registry.agency(named: alias.text), owner.key != known?.key {
                    found(.taken, line, "\(alias) → \(owner.code)")
                }
            }
            if let system = line.system, registry.system(system) == nil {
                found(.unknownSystem, line, system.text)
            }
            for heir in line.successors where !isThere(heir.code) { found(.unknownAgency, line, heir.code.text) }
            if let known { correct(known, line) } else { register(line) }
        }

        private mutating func register(_ line: AgencyTable.Line) {
            changes[line.code.text] = AgencyChange(
                code: line.code, kind: .added, name: line.name, mail: line.mail, parent: line.parent,
                system: line.system, aliases: line.aliases.map(\.text), validFrom: line.from, validUntil: line.until,
                toleratedUntil: line.tolerated,
                successors: line.successors.map {
                    Succession.Successor($0.code, takesPending: $0.takesPending, isDefault: $0.isDefault)
                },
                differences: [])
        }

        private mutating func correct(_ known: AgencyRecord, _ line: AgencyTable.Line) {
            guard known.code.text == line.code.text else { return found(.taken, line, "\(line.code) → \(known.code)") }
            let heirs = Set(
                known.successors.map { heir in
                    "\(registry.agency(heir.agency)?.code.text ?? "")\(heir.takesPending)\(heir.isDefault)"
                })
            let named = Set(
                line.successors.map { heir in
                    let code = registry.agency(named: heir.code.text)?.code.text ?? heir.code.text
                    return "\(code)\(heir.takesPending)\(heir.isDefault)"
                })
            if known.validFrom != line.from { found(.fixed, line, "from") }
            if known.validUntil != line.until { found(.fixed, line, "until") }
            if known.toleratedUntil != line.tolerated { found(.fixed, line, "tolerated") }
            if heirs != named { found(.fixed, line, "successors") }
            if known.system != nil, line.system == nil { found(.fixed, line, "system") }
            var differences: [String] = []
            func differ(_ column: String, _ before: String?, _ after: String?) {
                if before != after { differences.append("\(column): \(before ?? "-") → \(after ?? "-")") }
            }
            differ("name", known.name, line.name)
            differ("mail", known.mail, line.mail)
            differ("system", known.system?.text, line.system?.text)
            let parent = line.parent.map { registry.agency(named: $0.text)?.code.text ?? $0.text }
            differ("parent", known.parent.flatMap { registry.agency($0)?.code.text }, parent)
            let forms = Set([known.code.text] + known.aliases)
            let added = line.aliases.map(\.text).filter { !forms.contains($0) }
            differences += added.map { "aliases: + \($0)" }
            guard !differences.isEmpty else { return }
            changes[line.code.text] = AgencyChange(
                code: known.code, kind: .changed, name: line.name, mail: line.mail, parent: line.parent,
                system: line.system, aliases: added, validFrom: known.validFrom, differences: differences)
        }

        /// Who stands above whom, after the file.
        mutating func judgeParents() {
            for line in table.lines {
                guard let parent = line.parent else { continue }
                guard isThere(parent) else {
                    found(.unknownAgency, line, parent.text)
                    continue
                }
                let known = registry.agency(named: parent.text)
                if known?.isHub == true { found(.isHub, line, parent.text) }
                let end = known?.validUntil ?? lines[parent.text]?.until
                let isEnded = line.until.map { $0 <= now } ?? false
                // An end that is planned counts: nobody would ask again what becomes of the unit then.
                let outlives = end.map { end in line.until.map { $0 > end } ?? true } ?? false
                if !isEnded, outlives, changes[line.code.text] != nil { found(.closedParent, line, parent.text) }
                if goesInACircle(line) { found(.cycle, line, parent.text) }
            }
        }

        /// Who takes the places of new agencies that come with their end: the rules are those of `Database.close`.
        mutating func judgeSuccessors() {
            let circling = circling()
            for line in table.lines where registry.agency(named: line.code.text) == nil {
                guard let end = line.until else { continue }
                var seen: Set<String> = []
                for heir in line.successors where isThere(heir.code) {
                    let code = listed(heir.code)
                    if code == line.code.text {
                        found(.itself, line, heir.code.text)
                    } else if registry.agency(named: code)?.isHub == true {
                        found(.isHub, line, heir.code.text)
                    } else if !seen.insert(code).inserted {
                        found(.successorTwice, line, heir.code.text)
                    } else if circling.contains(line.code.text), circling.contains(code) {
                        found(.successorCycle, line, heir.code.text)
                    } else if let reason = unfit(code, at: end) {
                        found(.successorUnfit, line, "\(heir.code): \(reason)")
                    }
                }
            }
        }

        /// Why nobody's place can be taken by an agency at an instant; nil when it can.
        private func unfit(_ code: String, at end: Instant) -> String? {
            let (known, line) = (registry.agency(named: code), lines[code])
            let (from, until) = known.map { ($0.validFrom, $0.validUntil) } ?? (line?.from ?? end, line?.until)
            if from > end || until.map({ $0 <= end }) == true { return "not open at \(end.iso8601)" }
            return known?.system ?? line?.system == nil ? "no system connects for it" : nil
        }

        /// The new agencies whose successors lead in a circle: those that are left when again and again whoever has no
        /// successor among those that are left is taken away. Linear.
        private func circling() -> Set<String> {
            var open: [String: Int] = [:]
            var before: [String: [String]] = [:]
            for line in table.lines {
                let heirs = Set(line.successors.map { listed($0.code) })
                open[line.code.text] = heirs.count
                for heir in heirs { before[heir, default: []].append(line.code.text) }
            }
            // Those of the registry lead into no circle, and no line changes them.
            var free = open.filter { $0.value == 0 }.map(\.key) + before.keys.filter { open[$0] == nil }
            while let code = free.popLast() {
                open[code] = nil
                for next in before[code] ?? [] {
                    guard let left = open[next] else { continue }
                    open[next] = left - 1
                    if left == 1 { free.append(next) }
                }
            }
            return Set(open.keys)
        }

        /// The identifier under which the registry, or the file, has a written form.
        private func listed(_ id: AgencyID) -> String {
            registry.agency(named: id.text)?.code.text ?? lines[id.text]?.code.text ?? id.text
        }

        private func goesInACircle(_ line: AgencyTable.Line) -> Bool {
            var seen: Set<String> = []
            var next: String? = line.code.text
            while let form = next {
                let code = lines[form]?.code.text ?? registry.agency(named: form)?.code.text ?? form
                guard seen.insert(code).inserted else { return true }
                if let named = lines[code] {
                    next = named.parent?.text
                } else {
                    next = registry.agency(named: code)?.parent.flatMap { registry.agency($0)?.code.text }
                }
            }
            return false
        }

        private func isThere(_ id: AgencyID) -> Bool {
            lines[id.text] != nil || registry.agency(named: id.text) != nil
        }

        private mutating func found(_ kind: TableFinding.Kind, _ line: AgencyTable.Line, _ detail: String) {
            findings.append(TableFinding(kind, line: line.line, detail))
        }

        /// New agencies after those above them.
        func ordered() -> [AgencyChange] {
            var done: Set<String> = []
            var result: [AgencyChange] = []
            for line in table.lines {
                var chain: [AgencyChange] = []
                var next: AgencyTable.Line? = line
                while let current = next, !done.contains(current.code.text) {
                    done.insert(current.code.text)
                    if let change = changes[current.code.text] { chain.append(change) }
                    next = current.parent.flatMap { lines[$0.text] }
                }
                result += chain.reversed()
            }
            return result
        }
    }
}
