// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// The registry at one version, in memory and indexed: what every decision reads. Immutable.
public struct RegistrySnapshot: Sendable {
    public let version: Int64
    private let systems: [SystemID: SystemRecord]
    private let agencies: [AgencyKey: AgencyRecord]
    private let keysByName: [String: AgencyKey]
    private let keysBySystem: [SystemID: [AgencyKey]]
    private let clientKeys: [SystemID: [ClientKey]]
    private let levelOnes: Set<String>
    /// For an agency those that it succeeds, whether they have ended yet or not.
    let precededBy: [AgencyKey: [AgencyKey]]
    /// For an agency those whose pending deliveries it takes.
    let takesFrom: [AgencyKey: [AgencyKey]]
    /// Where packages of agencies are carried to.
    public let endpoints: [EndpointRecord]
    /// The hub's own entry; nil before the hub has been set up.
    public let hub: AgencyRecord?
    private let policies: PolicyTimeline

    public init(_ records: RegistryRecords) {
        version = records.version
        systems = Dictionary(records.systems.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        agencies = Dictionary(records.agencies.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        var names: [String: AgencyKey] = [:]
        var bySystem: [SystemID: [AgencyKey]] = [:]
        var preceded: [AgencyKey: [AgencyKey]] = [:]
        var takes: [AgencyKey: [AgencyKey]] = [:]
        for agency in records.agencies {
            for successor in agency.successors {
                preceded[successor.agency, default: []].append(agency.key)
                if successor.takesPending { takes[successor.agency, default: []].append(agency.key) }
            }
            for name in [agency.code.text] + agency.aliases { names[name] = agency.key }
            if let system = agency.system { bySystem[system, default: []].append(agency.key) }
        }
        keysByName = names
        keysBySystem = bySystem
        precededBy = preceded
        takesFrom = takes
        clientKeys = records.clientKeys
        endpoints = records.endpoints
        policies = records.policies
        hub = records.agencies.first(where: \.isHub)
        levelOnes = Set(
            records.agencies.lazy.filter { !$0.isHub }
                .flatMap { agency in [agency.code] + agency.aliases.compactMap { try? AgencyID(parsing: $0) } }
                .compactMap(\.levelOne))
    }

    public var agencyRecords: [AgencyRecord] { agencies.values.sorted { $0.key < $1.key } }
    public var systemRecords: [SystemRecord] { systems.values.sorted { $0.id.text < $1.id.text } }

    public func system(_ id: SystemID) -> SystemRecord? { systems[id] }

    /// The keys of client certificates to which a system is bound; empty for one that needs no certificate.
    public func clientKeys(of system: SystemID) -> [ClientKey] { clientKeys[system] ?? [] }

    public func agency(_ key: AgencyKey) -> AgencyRecord? { agencies[key] }

    /// The policy in force at an instant: what was activated, else what holds in the whole country.
    public func policy(at instant: Instant) -> ActivatedPolicy { policies.inForce(at: instant) ?? .national }

    /// The agency with this written name: the alias table, and nothing else, decides.
    ///
    /// Every registered name is ASCII. Other texts are nobody's, even one that Swift takes for equal: KELVIN SIGN is
    /// canonically equivalent to `K`.
    public func agency(named written: String) -> AgencyRecord? {
        guard written.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        return keysByName[written].flatMap { agencies[$0] }
    }

    /// The agencies for which a system speaks, closed ones included: they may still read and report. What it may read
    /// besides is in `answered(by:at:)`.
    public func agencies(of system: SystemID) -> [AgencyKey] { keysBySystem[system] ?? [] }

    public func speaks(_ system: SystemID, for agency: AgencyKey) -> Bool {
        agencies[agency]?.system == system
    }

    /// Whether an identifier belongs to a tree of which the registry knows no member at all.
    ///
    /// The province is what is registered: an id below another level-1 agency is not a mistake but somebody whom only
    /// the national axis reaches.
    public func isOutside(_ written: String) -> Bool {
        guard let levelOne = (try? AgencyID(parsing: written))?.levelOne else { return false }
        return !levelOnes.contains(levelOne)
    }
}
