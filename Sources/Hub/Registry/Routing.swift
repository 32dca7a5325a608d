// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// To whom a written identifier leads: pure, by one registry snapshot at one instant.
public enum Routing {
    /// Successors that a refusal names.
    static let maxNamed = 10

    public enum Destination: Equatable, Sendable {
        /// An open agency with a system that pulls for it; or the one that has taken its place.
        case agency(AgencyKey)
        /// Nobody, and why.
        case none(Refusal)
    }

    /// Resolves a recipient as a package names it.
    ///
    /// What is said of documents that were sent before still reaches a closed agency that nobody has succeeded: QĐ
    /// 09/2025 closes codes but not the documents sent under them.
    public static func destination(
        of written: String, in registry: RegistrySnapshot, at now: Instant, matter: RegistrySnapshot.Matter
    ) -> Destination {
        guard let agency = registry.agency(named: written), !agency.isHub else {
            return .none(Refusal(registry.isOutside(written) ? .recipientNoRoute : .recipientUnknown, shown(written)))
        }
        switch registry.heir(of: agency, in: matter, at: now) {
        case .agency(let key):
            guard let heir = registry.agency(key), heir.system != nil else {
                return .none(Refusal(.recipientNoSystem, shown(written)))
            }
            // One that is yet to be founded gets nothing before.
            guard matter == .knownDocument || heir.isOpen(at: now) else {
                return .none(Refusal(.recipientClosed, "\(shown(written)) (\(heir.validFrom.iso8601))"))
            }
            return .agency(key)
        case .several(let keys):
            let named = keys.prefix(maxNamed).compactMap { registry.agency($0)?.code.text }
            return .none(Refusal(.recipientSplit, "\(shown(written)) → \(named.joined(separator: ", "))"))
        case .nobody(let key):
            guard let last = registry.agency(key), matter == .knownDocument else {
                let end = agency.lastDay.map { " (\($0.iso8601))" } ?? ""
                return .none(Refusal(.recipientClosed, shown(written) + end))
            }
            return last.system == nil ? .none(Refusal(.recipientNoSystem, shown(written))) : .agency(key)
        }
    }

    /// Beside the one to which matters of known documents go, those that have taken what was sent to a closed agency since
    /// its end: what is said of its documents may concern them as well.
    public static func further(of written: String, in registry: RegistrySnapshot, at now: Instant) -> [AgencyKey] {
        guard let agency = registry.agency(named: written), agency.hasEnded(by: now) else { return [] }
        return registry.present(of: agency.key, at: now).filter { registry.agency($0)?.system != nil }
    }

    private static func shown(_ written: String) -> String {
        written.isEmpty ? "(OrganId trống)" : String(written.prefix(100))
    }
}
