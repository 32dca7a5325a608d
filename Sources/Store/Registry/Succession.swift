// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Agencies that end, all at one instant and on one decision, and who takes the place of each.
public struct Succession: Sendable, Equatable {
    /// Most agencies that end together.
    public static let maxClosings = 10_000

    /// The end of one agency: none takes its place, one or several.
    public struct Closing: Sendable, Equatable {
        /// Any written form of its identifier.
        public let agency: AgencyID
        public let successors: [Successor]

        public init(_ agency: AgencyID, successors: [Successor]) {
            self.agency = agency
            self.successors = successors
        }
    }

    /// One of those that take the place. The only one of a closing takes everything, whatever it says.
    public struct Successor: Sendable, Equatable {
        public let agency: AgencyID
        public let takesPending: Bool
        public let isDefault: Bool

        public init(_ agency: AgencyID, takesPending: Bool = false, isDefault: Bool = false) {
            self.agency = agency
            self.takesPending = takesPending
            self.isDefault = isDefault
        }
    }

    public let closings: [Closing]
    /// From then on they are closed; nil: from the moment at which it is written.
    public let effective: Instant?
    /// Until then packages that name a closed identifier as their sender are taken all the same.
    public let toleratedUntil: Instant?
    public let decision: Decision?

    public init(
        _ closings: [Closing], effective: Instant?, toleratedUntil: Instant? = nil, decision: Decision? = nil
    ) {
        self.closings = closings
        self.effective = effective
        self.toleratedUntil = toleratedUntil
        self.decision = decision
    }
}

/// What a succession did, or would do.
public struct SuccessionOutcome: Sendable, Equatable {
    public let effective: Instant
    public let agencies: [Agency]

    /// One agency that ends.
    public struct Agency: Sendable, Equatable {
        public let key: AgencyKey
        public let code: AgencyID
        public let successors: [AgencySuccessor]
        /// Deliveries that wait for it.
        public let waiting: Int
    }
}

/// A succession against the registry that is in force: pure.
struct ResolvedSuccession {
    /// Units below that are named in a refusal.
    static let maxNamed = 10

    struct Closing {
        let agency: AgencyRecord
        let successors: [AgencySuccessor]

        /// For the history.
        ///
        /// - Parameter codes: of all agencies.
        func detail(_ codes: [AgencyKey: String]) -> [String: JSONText] {
            [
                "agency": .string(agency.code.text),
                "successors": .strings(successors.map { codes[$0.agency] ?? "" }),
                "pendingTo": .strings(successors.filter(\.takesPending).map { codes[$0.agency] ?? "" }),
                "newTo": .strings(successors.filter(\.isDefault).map { codes[$0.agency] ?? "" }),
            ]
        }
    }

    let effective: Instant
    let toleratedUntil: Instant?
    let closings: [Closing]

    /// - Throws: `Refusal`: `.agencyNotFound`, `.agencyClosed`, `.registryInvalid`, `.successorUnfit`,
    ///   `.successionUndecided`, `.agencyHasUnits`.
    init(_ succession: Succession, agencies: [AgencyRecord], at now: Instant) throws(Refusal) {
        guard (1...Succession.maxClosings).contains(succession.closings.count) else {
            throw Refusal(.registryInvalid, "1 to \(Succession.maxClosings) agencies end together")
        }
        let effective = succession.effective ?? now
        let named = Self.named(agencies)
        let ending = Set(succession.closings.compactMap { named[$0.agency.text]?.key })
        guard ending.count == succession.closings.count else {
            throw Self.unnamed(succession.closings, named)
        }
        var closings: [Closing] = []
        for closing in succession.closings {
            guard let agency = named[closing.agency.text] else { throw Refusal(.agencyNotFound, closing.agency.text) }
            if let ended = agency.validUntil, ended <= now {
                throw Refusal(.agencyClosed, "\(agency.code), \(ended.iso8601)")
            }
            guard agency.validFrom < effective else {
                throw Refusal(.registryInvalid, "\(agency.code) is not yet valid at \(effective.iso8601)")
            }
            let successors = try Self.successors(of: closing, ending, named, at: effective)
            closings.append(Closing(agency: agency, successors: successors))
        }
        if let until = succession.toleratedUntil {
            guard until > effective else {
                throw Refusal(.registryInvalid, "tolerated until \(until.iso8601), which is before the end")
            }
        }
        let left = agencies.filter { agency in
            agency.parent.map(ending.contains) == true && !ending.contains(agency.key)
                && !agency.hasEnded(by: effective)
        }
        guard left.isEmpty else {
            let shown = left.prefix(Self.maxNamed).map { "\($0.code)" }.joined(separator: ", ")
            throw Refusal(.agencyHasUnits, left.count > Self.maxNamed ? "\(shown), … (\(left.count))" : shown)
        }
        // Else what ends later would go to one that is closed by then.
        let heirless = agencies.first { agency in
            agency.validUntil.map { $0 >= effective } == true && !ending.contains(agency.key)
                && agency.successors.contains { ending.contains($0.agency) }
        }
        if let heirless {
            throw Refusal(.successorUnfit, "\(heirless.code) ends later and names one of these as its successor")
        }
        self.effective = effective
        toleratedUntil = succession.toleratedUntil
        self.closings = closings
    }

    /// Successors of agencies that have ended without any, decided as those of agencies that end.
    ///
    /// - Throws: `Refusal`: `.agencyNotFound`, `.registryInvalid`, `.successorUnfit`, `.successionUndecided`.
    static func late(
        _ closings: [Succession.Closing], agencies: [AgencyRecord], at now: Instant
    ) throws(Refusal) -> [Closing] {
        guard (1...Succession.maxClosings).contains(closings.count) else {
            throw Refusal(.registryInvalid, "1 to \(Succession.maxClosings) agencies at once")
        }
        let named = named(agencies)
        let ended = Set(closings.compactMap { named[$0.agency.text]?.key })
        guard ended.count == closings.count else { throw unnamed(closings, named) }
        var resolved: [Closing] = []
        for closing in closings {
            guard let agency = named[closing.agency.text] else { throw Refusal(.agencyNotFound, closing.agency.text) }
            guard agency.hasEnded(by: now) else {
                throw Refusal(.registryInvalid, "\(agency.code) has not ended: close it with its successor")
            }
            guard agency.successors.isEmpty else { throw Refusal(.registryInvalid, "\(agency.code) has a successor") }
            guard !closing.successors.isEmpty else {
                throw Refusal(.successionUndecided, "\(agency.code): no successor is named")
            }
            resolved.append(
                Closing(agency: agency, successors: try successors(of: closing, ended, named, at: now)))
        }
        return resolved
    }

    /// By every written form.
    private static func named(_ agencies: [AgencyRecord]) -> [String: AgencyRecord] {
        var named: [String: AgencyRecord] = [:]
        for agency in agencies where !agency.isHub {
            for form in [agency.code.text] + agency.aliases { named[form] = agency }
        }
        return named
    }

    private static func successors(
        of closing: Succession.Closing, _ ending: Set<AgencyKey>, _ named: [String: AgencyRecord], at effective: Instant
    ) throws(Refusal) -> [AgencySuccessor] {
        let isOnly = closing.successors.count == 1
        var successors: [AgencySuccessor] = []
        for successor in closing.successors {
            guard let agency = named[successor.agency.text] else {
                throw Refusal(.agencyNotFound, successor.agency.text)
            }
            let line = "\(closing.agency) → \(agency.code)"
            guard !ending.contains(agency.key), agency.isOpen(at: effective) else {
                throw Refusal(.successorUnfit, "\(line): not open at \(effective.iso8601)")
            }
            guard agency.system != nil else { throw Refusal(.successorUnfit, "\(line): no system connects for it") }
            guard !successors.contains(where: { $0.agency == agency.key }) else {
                throw Refusal(.successionUndecided, "\(line) is named twice")
            }
            successors.append(
                AgencySuccessor(
                    agency.key, takesPending: isOnly || successor.takesPending,
                    isDefault: isOnly || successor.isDefault))
        }
        if !successors.isEmpty, successors.count(where: \.takesPending) != 1 {
            throw Refusal(.successionUndecided, "\(closing.agency): exactly one successor takes what is pending")
        }
        guard successors.count(where: \.isDefault) <= 1 else {
            throw Refusal(.successionUndecided, "\(closing.agency): at most one successor is the default")
        }
        return successors
    }

    /// Why there are fewer agencies than closings.
    private static func unnamed(
        _ closings: [Succession.Closing], _ named: [String: AgencyRecord]
    ) -> Refusal {
        var seen: Set<AgencyKey> = []
        for closing in closings {
            guard let agency = named[closing.agency.text] else { return Refusal(.agencyNotFound, closing.agency.text) }
            guard seen.insert(agency.key).inserted else {
                return Refusal(.successionUndecided, "\(closing.agency) is closed twice")
            }
        }
        return Refusal(.internalError)
    }
}

extension Decision {
    /// For the history.
    var detail: [String: JSONText] { ["decision": .string(number), "decisionDate": .string(date.iso8601)] }
}
