// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// To whom a written identifier leads: pure, by one registry snapshot on one day.
public enum Routing {
    public enum Destination: Equatable, Sendable {
        /// An open agency with a system that pulls for it.
        case agency(AgencyKey)
        /// Nobody, and why.
        case none(Refusal)
    }

    /// Resolves a recipient as a package names it.
    ///
    /// - Parameter acceptsClosed: for statuses, which a closed agency may still receive about its old documents
    ///   (QĐ 09/2025 closes codes but not the documents sent under them).
    public static func destination(
        of written: String, in registry: RegistrySnapshot, on day: CalendarDate, acceptsClosed: Bool
    ) -> Destination {
        guard let agency = registry.agency(named: written), !agency.isHub else {
            return .none(Refusal(registry.isOutside(written) ? .recipientNoRoute : .recipientUnknown, shown(written)))
        }
        if !agency.isOpen(on: day), !acceptsClosed {
            let successor = agency.successor.flatMap { registry.agency($0) }
            let closed = agency.validTo.map { "\(shown(written)) (\($0.iso8601))" } ?? shown(written)
            return .none(Refusal(.recipientClosed, successor.map { "\(closed) → \($0.code)" } ?? closed))
        }
        guard agency.system != nil else { return .none(Refusal(.recipientNoSystem, shown(written))) }
        return .agency(agency.key)
    }

    private static func shown(_ written: String) -> String {
        written.isEmpty ? "(OrganId trống)" : String(written.prefix(100))
    }
}
