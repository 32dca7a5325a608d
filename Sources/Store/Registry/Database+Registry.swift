// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

/// An agency to be registered.
public struct NewAgency: Sendable {
    public let code: AgencyID
    public let name: String
    public let mail: String?
    public let parent: AgencyID?
    public let system: SystemID?
    public let aliases: [String]
    public let validFrom: Instant

    public init(
        code: AgencyID, name: String, mail: String? = nil, parent: AgencyID? = nil, system: SystemID? = nil,
        aliases: [String] = [], validFrom: Instant = AgencyRecord.earliest
    ) {
        self.code = code
        self.name = name
        self.mail = mail
        self.parent = parent
        self.system = system
        self.aliases = aliases
        self.validFrom = validFrom
    }
}

extension Database {
    /// The registry's version now: one indexed row.
    public func registryVersion() async throws -> Int64 {
        try await run { connection in
            guard let row = try connection.query(AcceptStatements.registryVersion).first else {
                throw Refusal(.internalError, "the table hub has no row")
            }
            return try row.decode("registry_version", as: Int64.self)
        }
    }

    /// The whole registry, of one version.
    public func registry() async throws -> RegistryRecords {
        try await run { [keys] connection in
            do {
                return try RegistryStatements.read(connection, keys)
            } catch let refusal as Refusal where refusal.code == .secretUnreadable {
                // Its key may have been retired since the snapshot, and the secret wrapped anew.
                return try RegistryStatements.read(connection, keys)
            }
        }
    }

    /// Registers a system.
    ///
    /// - Parameter system: with one secret.
    /// - Throws: `Refusal(.systemExists)`.
    public func addSystem(_ system: SystemRecord, actor: String) async throws {
        guard let secret = system.secrets.first, system.secrets.count == 1 else {
            throw Refusal(.registryInvalid, "a new system has one secret")
        }
        try await run { [keys] connection in
            try connection.transaction {
                try connection.query(RegistryStatements.bumpVersion)
                let added = try connection.query(
                    RegistryStatements.addSystem,
                    [
                        .text(system.id.text), .text(system.name),
                        .optional(system.timestampPastSeconds) { .int4(Int32(clamping: $0)) },
                        .int4(Int32(clamping: system.timestampFutureSeconds)),
                    ])
                guard !added.isEmpty else { throw Refusal(.systemExists, system.id.text) }
                let history = HistoryRow(
                    at: .now(), event: .systemAdded, actor: actor,
                    detail: ["system": .string(system.id.text), "name": .string(system.name)])
                _ = try connection.pipeline([
                    try SecretStatements.add(secret.bytes, number: 1, of: system.id, keys),
                    HistoryRow.statement([history]),
                ])
            }
        }
    }

    /// Registers an agency with all its written forms.
    ///
    /// - Throws: `Refusal`: `.agencyTaken` when a form belongs to an agency already, `.systemNotFound`, `.agencyNotFound`
    ///   for the parent, `.agencyClosed` when that has an end, be it a planned one.
    public func addAgency(_ agency: NewAgency, isHub: Bool = false, actor: String) async throws {
        try await run { connection in
            try connection.transaction {
                try connection.query(RegistryStatements.bumpVersion)
                try connection.add(agency, isHub: isHub, actor: actor)
            }
        }
    }
}

/// Changes of the registry, each inside the transaction of whoever has more to write with it.
extension PostgresConnection {
    /// Whoever calls it has made a new version of the registry in this transaction.
    func add(
        _ agency: NewAgency, isHub: Bool = false, allowsClosedParent: Bool = false, actor: String
    ) throws {
        if let system = agency.system {
            let known = try query(RegistryStatements.systemExists, [.text(system.text)])
            guard !known.isEmpty else { throw Refusal(.systemNotFound, system.text) }
        }
        let parent = try agency.parent.map { try allowsClosedParent ? agencyKey($0) : openAgencyKey($0) }
        let forms = Set([agency.code.text] + agency.aliases).sorted()
        for form in forms {
            let taken = try query(RegistryStatements.agencyByAlias, [.text(form)])
            if let row = taken.first {
                throw Refusal(.agencyTaken, "\(form) → \(try row.decode("code", as: String.self))")
            }
        }
        let added = try query(
            RegistryStatements.addAgency,
            [
                .text(agency.code.text), .text(agency.name), .optional(agency.mail) { .text($0) },
                .optional(parent) { .int8($0) }, .optional(agency.system) { .text($0.text) }, .bool(isHub),
                .timestamptz(agency.validFrom),
            ])
        guard let key = try added.first?.decode("id", as: Int64.self) else {
            throw Refusal(.agencyTaken, agency.code.text)
        }
        let history = HistoryRow(
            at: .now(), event: .agencyAdded, actor: actor,
            detail: [
                "agency": .string(agency.code.text), "name": .string(agency.name),
                "aliases": .strings(agency.aliases), "system": .string(agency.system?.text ?? ""),
            ])
        _ = try pipeline([
            (RegistryStatements.addAliases, [.int8(key), .texts(forms.map { $0 })]),
            HistoryRow.statement([history]),
        ])
    }

    /// An agency below which others may be registered: open, and without an end. At a planned one, too, a unit of which
    /// its plan says nothing would be left below a closed agency.
    private func openAgencyKey(_ written: AgencyID) throws -> Int64 {
        let key = try agencyKey(written)
        let ended = try query(RegistryStatements.end, [.int8(key)])
        if let row = ended.first {
            throw Refusal(
                .agencyClosed, "\(written), \(try row.decode("valid_until", as: Instant.self).iso8601)")
        }
        return key
    }

    func agencyKey(_ written: AgencyID) throws -> Int64 {
        let found = try query(RegistryStatements.agencyByAlias, [.text(written.text)])
        guard let row = found.first else { throw Refusal(.agencyNotFound, written.text) }
        return try row.decode("agency_id")
    }
}

/// What is read and written of the registry.
enum RegistryStatements {
    /// Before anything of an endpoint is changed: its version is to change with it, and whoever changes the registry locks
    /// it first.
    static let holdVersion = "SELECT FROM hub FOR NO KEY UPDATE"
    static let systems = """
        SELECT id, name, disabled, timestamp_past_seconds, timestamp_future_seconds FROM system ORDER BY id
        """
    static let agencies = """
        SELECT id, code, name, mail, parent_id, system_id, is_hub, valid_from, valid_until, tolerated_until,
            version, changed_at
        FROM agency ORDER BY id
        """
    static let successors = """
        SELECT agency_id, successor_id, takes_pending, is_default FROM agency_successor ORDER BY agency_id, successor_id
        """
    static let end = "SELECT valid_until FROM agency WHERE id = $1 AND valid_until IS NOT NULL"
    static let aliases = "SELECT written, agency_id FROM agency_alias ORDER BY written"
    static let addSystem = """
        INSERT INTO system (id, name, timestamp_past_seconds, timestamp_future_seconds)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id
        """
    static let systemExists = "SELECT id FROM system WHERE id = $1"
    static let agencyByAlias = """
        SELECT agency_id, agency.code FROM agency_alias JOIN agency ON agency.id = agency_id WHERE written = $1
        """
    static let addAgency = """
        INSERT INTO agency (code, name, mail, parent_id, system_id, is_hub, valid_from, version)
        SELECT $1, $2, $3, $4, $5, $6, $7, registry_version FROM hub ON CONFLICT DO NOTHING RETURNING id
        """
    static let addAliases = """
        INSERT INTO agency_alias (written, agency_id) SELECT written, $1 FROM unnest($2::text[]) AS written
        """
    /// First of every change: the row's lock makes changes come one after the other, so that what one finds free stays
    /// so.
    static let bumpVersion = "UPDATE hub SET registry_version = registry_version + 1 RETURNING registry_version"

    /// All agencies; inside the transaction of whoever asks.
    static func readAgencies(_ connection: PostgresConnection) throws -> [AgencyRecord] {
        let results = try connection.pipeline([(agencies, []), (aliases, []), (successors, [])])
        var forms: [Int64: [String]] = [:]
        for row in results[1] {
            forms[try row.decode("agency_id", as: Int64.self), default: []].append(
                try row.decode("written", as: String.self))
        }
        var heirs: [Int64: [AgencySuccessor]] = [:]
        for row in results[2] {
            heirs[try row.decode("agency_id", as: Int64.self), default: []].append(
                AgencySuccessor(
                    AgencyKey(try row.decode("successor_id", as: Int64.self)),
                    takesPending: try row.decode("takes_pending", as: Bool.self),
                    isDefault: try row.decode("is_default", as: Bool.self)))
        }
        return try results[0].map { try AgencyRecord(row: $0, aliases: forms, successors: heirs) }
    }

    /// The whole registry in one snapshot.
    static func read(_ connection: PostgresConnection, _ keys: KeyRing) throws -> RegistryRecords {
        try connection.transaction(isolation: .repeatableRead) {
            let results = try connection.pipeline([
                (AcceptStatements.registryVersion, []), (RegistryStatements.systems, []),
                (SecretStatements.all, []), (KeyStatements.all, []), (ClientKeyStatements.all, []),
                (EndpointStatements.current, []), (PolicyStatements.timeline, []),
            ])
            guard let version = try results[0].first?.decode("registry_version", as: Int64.self) else {
                throw Refusal(.internalError, "the table hub has no row")
            }
            try keys.adopt(try KeyStatements.recorded(results[3]))
            let secrets = try SecretStatements.unwrapped(results[2], keys)
            return RegistryRecords(
                version: version, systems: try results[1].map { try SystemRecord(row: $0, secrets: secrets) },
                agencies: try readAgencies(connection),
                clientKeys: try ClientKeyStatements.bySystem(results[4]),
                endpoints: try results[5].map(EndpointRecord.init(row:)),
                policies: PolicyTimeline(try results[6].map(ActivatedPolicy.init(row:))))
        }
    }
}

extension SystemRecord {
    init(row: PostgresRow, secrets: [String: [SystemSecret]]) throws {
        let id = try row.decode("id", as: String.self)
        self.init(
            id: try SystemID(parsing: id), name: try row.decode("name", as: String.self),
            secrets: secrets[id] ?? [],
            isDisabled: try row.decode("disabled", as: Bool.self),
            timestampPastSeconds: try row.decodeIfPresent("timestamp_past_seconds", as: Int32.self).map(Int.init),
            timestampFutureSeconds: Int(try row.decode("timestamp_future_seconds", as: Int32.self)))
    }
}

extension AgencyRecord {
    fileprivate init(
        row: PostgresRow, aliases: [Int64: [String]], successors: [Int64: [AgencySuccessor]]
    ) throws {
        let key = try row.decode("id", as: Int64.self)
        let code = try row.decode("code", as: String.self)
        self.init(
            key: AgencyKey(key), code: try AgencyID(parsing: code), name: try row.decode("name", as: String.self),
            mail: try row.decodeIfPresent("mail", as: String.self),
            parent: try row.decodeIfPresent("parent_id", as: Int64.self).map(AgencyKey.init),
            system: try row.decodeIfPresent("system_id", as: String.self).map { try SystemID(parsing: $0) },
            isHub: try row.decode("is_hub", as: Bool.self),
            validFrom: try row.decode("valid_from", as: Instant.self),
            validUntil: try row.decodeIfPresent("valid_until", as: Instant.self),
            toleratedUntil: try row.decodeIfPresent("tolerated_until", as: Instant.self),
            successors: successors[key] ?? [],
            aliases: (aliases[key] ?? []).filter { $0 != code },
            version: try row.decode("version", as: Int64.self),
            changedAt: try row.decode("changed_at", as: Instant.self))
    }
}
