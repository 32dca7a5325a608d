// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import Trust

extension ActivatedPolicy {
    /// In force where nothing was activated.
    public static let national: ActivatedPolicy = {
        let document = KnownPolicies.national
        return ActivatedPolicy(profile: document.profile, digest: document.digest, from: .earliest)
    }()
}

extension RegistrySnapshot {
    /// How far up an agency's tree is looked.
    static let maxTreeDepth = 35

    /// Whether a profile binds an agency, or only warns of what comes from it.
    ///
    /// The registry has no mark for "our own": who is connected may also be a ministry's office in the province or a
    /// neighbour. So the level-1 group of its identifiers decides, in any registered form, and else that of the agencies
    /// above it: a company of the province has none of its own. A profile that names no group binds whoever is registered.
    func isBound(_ agency: AgencyRecord, by profile: PolicyProfile) -> Bool {
        guard let own = profile.ownProvinces?.value else { return true }
        var next: AgencyRecord? = agency
        for _ in 0..<Self.maxTreeDepth {
            guard let current = next else { return false }
            let groups = levelOneGroups(current)
            if !groups.isEmpty { return groups.contains(where: own.contains) }
            next = current.parent.flatMap { self.agency($0) }
        }
        return false
    }

    private func levelOneGroups(_ agency: AgencyRecord) -> [String] {
        ([agency.code] + agency.aliases.compactMap { try? AgencyID(parsing: $0) }).compactMap(\.levelOne)
    }
}
