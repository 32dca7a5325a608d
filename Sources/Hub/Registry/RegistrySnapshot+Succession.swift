// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Who answers for agencies that have ended: those that have taken their places, and whoever has taken theirs.
extension RegistrySnapshot {
    /// What somebody wants of an agency that may have ended.
    public enum Matter: Sendable {
        /// To send something new there.
        case newDocument
        /// To say something of what was sent before: a status, a recall, an update.
        case knownDocument
    }

    /// Where a matter of an agency is taken to at an instant.
    public enum Heir: Equatable, Sendable {
        /// The agency itself while it is open, else the one that has taken its place.
        case agency(AgencyKey)
        /// It has ended, several have taken its place, and none of them takes what is sent to it.
        case several([AgencyKey])
        /// It has ended, or the last of those that took its place has, and none has taken that place.
        case nobody(AgencyKey)
    }

    public func heir(of agency: AgencyRecord, in matter: Matter, at now: Instant) -> Heir {
        var current = agency
        var seen: Set<AgencyKey> = []
        while current.hasEnded(by: now) {
            guard seen.insert(current.key).inserted, !current.successors.isEmpty else { return .nobody(current.key) }
            let next = current.successors.first { matter == .newDocument ? $0.isDefault : $0.takesPending }
            guard let next else { return .several(current.successors.map(\.agency)) }
            guard let successor = self.agency(next.agency) else { return .nobody(current.key) }
            current = successor
        }
        return .agency(current.key)
    }

    /// The ended agencies whose place one has taken, directly or through others.
    public func predecessors(of agency: AgencyKey, at now: Instant) -> [AgencyKey] {
        reach([agency], by: precededBy, at: now)
    }

    /// Those that have taken the place of an agency that has ended, and of those that have ended too.
    public func successors(of agency: AgencyKey, at now: Instant) -> [AgencyKey] {
        var found: [AgencyKey] = []
        var next = [agency]
        while let key = next.popLast() {
            guard let record = self.agency(key), record.hasEnded(by: now) else { continue }
            for successor in record.successors where !found.contains(successor.agency) {
                found.append(successor.agency)
                next.append(successor.agency)
            }
        }
        return found
    }

    /// The open agencies that get, or have got, what is sent to an agency that has ended: by what they take pending and by
    /// default.
    func present(of agency: AgencyKey, at now: Instant) -> [AgencyKey] {
        var seen: Set<AgencyKey> = [agency]
        var found: [AgencyKey] = []
        var next = [agency]
        while let key = next.popLast() {
            guard let record = self.agency(key) else { continue }
            guard record.hasEnded(by: now) else {
                found.append(key)
                continue
            }
            for heir in record.successors where heir.takesPending || heir.isDefault {
                if seen.insert(heir.agency).inserted { next.append(heir.agency) }
            }
        }
        return found
    }

    /// Who answers for what an agency had: itself while it is open; then those that have taken its place; without any its own
    /// system, which still speaks for it; without that, whoever is to be asked: the nearest open agency above.
    public func answering(for agency: AgencyRecord, at now: Instant) -> [AgencyRecord] {
        guard agency.hasEnded(by: now) else { return [agency] }
        var answering: [AgencyRecord] = []
        for key in successors(of: agency.key, at: now) {
            if let heir = self.agency(key), heir.isOpen(at: now), speaksNow(heir) { answering.append(heir) }
        }
        if !answering.isEmpty { return answering }
        if speaksNow(agency) { return [agency] }
        var above = agency.parent.flatMap { self.agency($0) }
        for _ in 0..<Self.maxTreeDepth {
            guard let current = above else { break }
            if current.isOpen(at: now), speaksNow(current) { return [current] }
            above = current.parent.flatMap { self.agency($0) }
        }
        return []
    }

    private func speaksNow(_ agency: AgencyRecord) -> Bool {
        agency.system.flatMap { system($0) }.map { !$0.isDisabled } ?? false
    }

    /// The agencies for which a system may read and speak: its own, and those whose place one of them has taken.
    public func answered(by system: SystemID, at now: Instant) -> [AgencyKey] {
        let own = agencies(of: system)
        return own + reach(own, by: precededBy, at: now)
    }

    /// The agencies whose pending deliveries are a system's: its own, and those from which one of them takes them.
    public func received(by system: SystemID, at now: Instant) -> [AgencyKey] {
        let own = agencies(of: system)
        return own + reach(own, by: takesFrom, at: now)
    }

    private func reach(
        _ start: [AgencyKey], by edges: [AgencyKey: [AgencyKey]], at now: Instant
    ) -> [AgencyKey] {
        guard !edges.isEmpty else { return [] }
        var seen = Set(start)
        var found: [AgencyKey] = []
        var next = start
        while let key = next.popLast() {
            for before in edges[key] ?? [] where agency(before)?.hasEnded(by: now) == true {
                guard seen.insert(before).inserted else { continue }
                found.append(before)
                next.append(before)
            }
        }
        return found
    }
}
