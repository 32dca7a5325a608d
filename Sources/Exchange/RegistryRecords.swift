// SPDX-License-Identifier: Apache-2.0

/// The database's own number for an agency. The only thing by which two agencies are the same.
public struct AgencyKey: Hashable, Comparable, Sendable {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public static func < (left: AgencyKey, right: AgencyKey) -> Bool { left.value < right.value }
}

/// The database's own number for an endpoint of an agency. Endpoints are never given to another agency or address.
public struct EndpointKey: Hashable, Comparable, Sendable {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public static func < (left: EndpointKey, right: EndpointKey) -> Bool { left.value < right.value }
}

/// An HMAC key of a system. Nothing that prints it prints its bytes.
public struct SystemSecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let bytes: [UInt8]
    /// From then on it is refused; nil for the present one.
    public let validUntil: Instant?

    public init(_ bytes: [UInt8], validUntil: Instant? = nil) {
        self.bytes = bytes
        self.validUntil = validUntil
    }

    public var description: String { "SystemSecret" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A system as the database has it.
public struct SystemRecord: Sendable, Equatable {
    public let id: SystemID
    public let name: String
    /// The present secret and, for the overlap after a rotation, the one before: at most `maxSecrets`, newest first.
    public let secrets: [SystemSecret]
    public let isDisabled: Bool
    /// How old a request's timestamp may be, in seconds; nil for any age (the national SDK freezes it per object).
    public let timestampPastSeconds: Int?
    /// How far a request's timestamp may lie in the future, in seconds.
    public let timestampFutureSeconds: Int

    public init(
        id: SystemID, name: String, secrets: [SystemSecret], isDisabled: Bool = false, timestampPastSeconds: Int? = nil,
        timestampFutureSeconds: Int = SystemRecord.defaultTimestampFutureSeconds
    ) {
        self.id = id
        self.name = name
        self.secrets = secrets
        self.isDisabled = isDisabled
        self.timestampPastSeconds = timestampPastSeconds
        self.timestampFutureSeconds = timestampFutureSeconds
    }

    public static let defaultTimestampFutureSeconds = 300
    /// Secrets that are valid at one time.
    public static let maxSecrets = 2

    /// The secrets that are taken at an instant.
    public func secrets(at now: Instant) -> [[UInt8]] {
        secrets.filter { secret in secret.validUntil.map { now < $0 } ?? true }.map(\.bytes)
    }
}

/// Whatever prints a record (a log line, a failed test, `dump`) prints this, which has no secret in it.
extension SystemRecord: CustomStringConvertible, CustomReflectable {
    public var description: String { "SystemRecord(\(id), \(name))" }
    public var customMirror: Mirror { Mirror(self, children: ["id": id, "name": name, "isDisabled": isDisabled]) }
}

/// One of those that take the place of a closed agency.
public struct AgencySuccessor: Sendable, Hashable {
    public let agency: AgencyKey
    /// Gets what still waited for the closed one, and what is said of its old documents. Exactly one of them.
    public let takesPending: Bool
    /// Gets what is sent to the closed identifier from then on. At most one of them.
    public let isDefault: Bool

    public init(_ agency: AgencyKey, takesPending: Bool, isDefault: Bool) {
        self.agency = agency
        self.takesPending = takesPending
        self.isDefault = isDefault
    }
}

/// An agency as the database has it.
public struct AgencyRecord: Sendable, Equatable {
    public let key: AgencyKey
    /// The identifier under which the hub lists it.
    public let code: AgencyID
    public let name: String
    public let mail: String?
    public let parent: AgencyKey?
    /// The system that speaks for it; nil when none connects yet.
    public let system: SystemID?
    /// The hub's own entry: sender of the hub's messages.
    public let isHub: Bool
    public let validFrom: Instant
    /// From then on it is closed; nil while no end is known.
    public let validUntil: Instant?
    /// Until then packages that name the closed identifier as their sender are taken all the same.
    public let toleratedUntil: Instant?
    /// Who takes its place when it is closed; none, one or several.
    public let successors: [AgencySuccessor]
    /// Every other written form.
    public let aliases: [String]
    /// Version of the registry that its last change made.
    public let version: Int64
    public let changedAt: Instant

    public init(
        key: AgencyKey, code: AgencyID, name: String, mail: String? = nil, parent: AgencyKey? = nil,
        system: SystemID? = nil, isHub: Bool = false, validFrom: Instant = AgencyRecord.earliest,
        validUntil: Instant? = nil, toleratedUntil: Instant? = nil, successors: [AgencySuccessor] = [],
        aliases: [String] = [], version: Int64, changedAt: Instant
    ) {
        self.key = key
        self.code = code
        self.name = name
        self.mail = mail
        self.parent = parent
        self.system = system
        self.isHub = isHub
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.toleratedUntil = toleratedUntil
        self.successors = successors
        self.aliases = aliases
        self.version = version
        self.changedAt = changedAt
    }

    /// From when an agency is valid of which nothing else is said: exchange by QĐ 28/2018 began on that day (Điều 22).
    public static let earliest = Instant(microseconds: 1_546_275_600_000_000)

    public func isOpen(at now: Instant) -> Bool { validFrom <= now && !hasEnded(by: now) }

    /// Whether it is closed for good.
    public func hasEnded(by now: Instant) -> Bool { validUntil.map { $0 <= now } ?? false }

    /// The last day on which it is open, be it only for a part; nil while no end is known.
    public var lastDay: CalendarDate? { validUntil?.advanced(by: .microseconds(-1)).vietnamDate }
}

/// Where an agency's packages are carried to, as the database has it.
public struct EndpointRecord: Sendable, Equatable {
    public let key: EndpointKey
    public let agency: AgencyKey
    public let url: String
    /// Nothing is carried there until the operator resumes it.
    public let isSuspended: Bool

    public init(key: EndpointKey, agency: AgencyKey, url: String, isSuspended: Bool) {
        self.key = key
        self.agency = agency
        self.url = url
        self.isSuspended = isSuspended
    }
}

/// The whole registry at one version.
public struct RegistryRecords: Sendable, Equatable {
    public let version: Int64
    public let systems: [SystemRecord]
    public let agencies: [AgencyRecord]
    /// The keys of client certificates to which a system is bound; none for those that need no certificate.
    public let clientKeys: [SystemID: [ClientKey]]
    /// Where packages of agencies are carried to; none for an agency that pulls.
    public let endpoints: [EndpointRecord]
    /// Which policy profile is in force when; nothing before the first was activated.
    public let policies: PolicyTimeline

    public init(
        version: Int64, systems: [SystemRecord], agencies: [AgencyRecord], clientKeys: [SystemID: [ClientKey]] = [:],
        endpoints: [EndpointRecord] = [], policies: PolicyTimeline = PolicyTimeline([])
    ) {
        self.version = version
        self.systems = systems
        self.agencies = agencies
        self.clientKeys = clientKeys
        self.endpoints = endpoints
        self.policies = policies
    }
}
