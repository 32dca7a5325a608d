// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The agencies below each other, as they stand at an instant, in the order of their identifiers.
public struct AgencyTree: Sendable {
    /// Those above which none is shown.
    public let roots: [AgencyRecord]
    private let unitsByParent: [AgencyKey: [AgencyRecord]]

    /// - Parameter hasAll: closed agencies and those yet to be founded, too.
    public init(_ registry: RegistrySnapshot, at now: Instant, hasAll: Bool) {
        let shown = registry.agencyRecords.filter { !$0.isHub && (hasAll || $0.isOpen(at: now)) }
            .sorted { ($0.code.text, $0.key) < ($1.code.text, $1.key) }
        let keys = Set(shown.map(\.key))
        var units: [AgencyKey: [AgencyRecord]] = [:]
        var roots: [AgencyRecord] = []
        for agency in shown {
            if let parent = agency.parent, keys.contains(parent) {
                units[parent, default: []].append(agency)
            } else {
                roots.append(agency)
            }
        }
        self.roots = roots
        unitsByParent = units
    }

    public func units(of agency: AgencyKey) -> [AgencyRecord] { unitsByParent[agency] ?? [] }
}
