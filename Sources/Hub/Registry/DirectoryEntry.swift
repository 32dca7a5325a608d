// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// What a sender should know of an agency before it sends: the rules, and how the exchange with it goes. No address and no
/// reason is in it: every connected system may read it.
public struct DirectoryEntry: Sendable, Equatable, Encodable {
    /// How an agency gets what is sent to it.
    public enum Delivery: String, Sendable, Encodable, CaseIterable {
        /// Its system asks for it.
        case pull
        /// The hub carries it to its system.
        case push
        /// No system connects for it: what is sent to it is refused.
        case none
    }

    /// Whether that works.
    public enum Health: String, Sendable, Encodable, CaseIterable {
        case delivering
        /// No attempt at its endpoint goes well; it is tried again.
        case failing
        /// The operator, or its endpoint itself, has stopped what is carried there; it waits.
        case suspended
        /// Something has waited in its list for `quiet` and longer, and nothing was picked up since it came there.
        case notCollected = "not-collected"
        /// There is no way to it.
        case none
    }

    /// How long something may wait in a list until its agency counts as one that does not collect. The hub's own and no
    /// policy's: it tells whether a system still asks, of which no decision says anything (docs/vxp.md).
    public static let quiet = Duration.seconds(3_600)

    /// Largest package that the hub takes, in bytes.
    public let maxPackageBytes: Int
    /// Largest file that may be in one, in bytes: as the policy says, and never more than what base64 leaves of a package.
    public let maxFileBytes: Int
    /// Endings of file names, in lower case; empty for any.
    public let fileFormats: [String]
    public let signature: SignatureRule
    /// Name of the policy in force, whose rules these are; nil where it does not bind the agency.
    public let policy: String?
    public let delivery: Delivery
    public let health: Health
    /// Since when it is so, where that is not well.
    public let since: Instant?
    /// When its system last got a package, to the minute.
    public let lastPickUp: Instant?

    /// - Parameters:
    ///   - standing: nil for an agency of which the database knows nothing.
    ///   - maxPackageBytes: of the hub's settings.
    public init(
        _ agency: AgencyRecord, _ standing: AgencyStanding?, in registry: RegistrySnapshot, maxPackageBytes: Int,
        at now: Instant
    ) {
        let policy = registry.policy(at: now).profile
        let rules = registry.isBound(agency, by: policy) ? policy : nil
        let unpacked = maxPackageBytes / 4 * 3
        self.maxPackageBytes = maxPackageBytes
        maxFileBytes = min(unpacked, rules?.fileMaxBytes?.value ?? unpacked, rules?.filesMaxBytes?.value ?? unpacked)
        fileFormats = rules?.fileFormats?.value ?? []
        signature = rules?.signature?.value ?? .notRequired
        self.policy = rules?.name
        lastPickUp = standing?.pickedUpAt
        guard agency.system != nil else {
            (delivery, health, since) = (.none, .none, nil)
            return
        }
        switch standing?.endpoint {
        case .open: (delivery, health, since) = (.push, .delivering, nil)
        case .failing(let instant): (delivery, health, since) = (.push, .failing, instant)
        case .suspended(let instant): (delivery, health, since) = (.push, .suspended, instant)
        case nil:
            delivery = .pull
            guard let waiting = standing?.waitingSince, waiting.advanced(by: Self.quiet) <= now,
                standing?.pickedUpAt.map({ $0 < waiting }) ?? true
            else {
                (health, since) = (.delivering, nil)
                return
            }
            (health, since) = (.notCollected, waiting)
        }
    }

    /// The entries of agencies, by one look into the database.
    ///
    /// - Throws: `Refusal(.databaseUnavailable)`.
    public static func all(
        of agencies: [AgencyRecord], in registry: RegistrySnapshot, _ database: Database, maxPackageBytes: Int,
        at now: Instant
    ) async throws -> [(agency: AgencyRecord, entry: DirectoryEntry)] {
        let standings = try await database.standings(of: agencies.map(\.key))
        return agencies.map { agency in
            let entry = DirectoryEntry(
                agency, standings[agency.key], in: registry, maxPackageBytes: maxPackageBytes, at: now)
            return (agency, entry)
        }
    }
}
