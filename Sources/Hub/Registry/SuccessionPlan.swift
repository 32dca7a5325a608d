// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What becomes of agencies that end, and of the units below them: pure, by one registry.
///
/// Level by level nothing is taken for granted: a unit below an agency that ends needs a line of its own, because the
/// same sub-code may mean another office elsewhere.
public struct SuccessionPlan: Sendable {
    /// A unit below an agency that ends, of which nothing is said.
    public struct Undecided: Sendable {
        public let agency: AgencyRecord
        /// What its identifier would be below the successor, where that can be told.
        public let proposal: AgencyID?
        /// Who has that identifier already.
        public let holder: AgencyRecord?
        /// Other units that would get the same one.
        public let rivals: [AgencyID]

        /// Whether its own name stands against the proposal, or another unit's claim.
        public var isCollision: Bool { !rivals.isEmpty || holder.map { $0.name != agency.name } ?? false }
    }

    public let closings: [Succession.Closing]
    /// In the order of their registration.
    public let undecided: [Undecided]

    public init(_ closings: [Succession.Closing], in registry: RegistrySnapshot, at effective: Instant) {
        self.closings = closings
        var heirs: [AgencyKey: AgencyRecord?] = [:]
        for closing in closings {
            guard let agency = registry.agency(named: closing.agency.text) else { continue }
            let only = closing.successors.count == 1 ? closing.successors.first : nil
            heirs[agency.key] = .some(only.flatMap { registry.agency(named: $0.agency.text) })
        }
        var found: [(agency: AgencyRecord, proposal: AgencyID?)] = []
        for agency in registry.agencyRecords {
            guard !agency.isHub, heirs[agency.key] == nil, !agency.hasEnded(by: effective),
                let above = Self.closingAncestor(of: agency, heirs, registry)
            else { continue }
            found.append((agency, Self.proposal(for: agency, below: above, heirs[above.key] ?? nil, in: registry)))
        }
        undecided = found.map { agency, proposal in
            let rivals = found.filter { $0.agency.key != agency.key && $0.proposal != nil && $0.proposal == proposal }
            return Undecided(
                agency: agency, proposal: proposal, holder: proposal.flatMap { registry.agency(named: $0.text) },
                rivals: rivals.map(\.agency.code))
        }
    }

    private static func closingAncestor(
        of agency: AgencyRecord, _ heirs: [AgencyKey: AgencyRecord?], _ registry: RegistrySnapshot
    ) -> AgencyRecord? {
        var seen: Set<AgencyKey> = [agency.key]
        var next = agency.parent
        while let key = next, seen.insert(key).inserted, let above = registry.agency(key) {
            if heirs[key] != nil { return above }
            next = above.parent
        }
        return nil
    }

    /// The first of its possible identifiers that somebody has, else the first.
    private static func proposal(
        for unit: AgencyRecord, below old: AgencyRecord, _ new: AgencyRecord?, in registry: RegistrySnapshot
    ) -> AgencyID? {
        guard let new else { return nil }
        var possible: [AgencyID] = []
        for own in forms(of: unit) {
            for before in forms(of: old) {
                for after in forms(of: new) {
                    if let moved = own.moved(from: before, to: after) { possible.append(moved) }
                }
            }
        }
        return possible.first { registry.agency(named: $0.text) != nil } ?? possible.first
    }

    private static func forms(of agency: AgencyRecord) -> [AgencyID] {
        var forms = [agency.code]
        for alias in agency.aliases {
            if let form = try? AgencyID(parsing: alias) { forms.append(form) }
        }
        return forms
    }
}
