// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// What an import does to one agency.
public struct AgencyChange: Sendable, Equatable {
    public enum Kind: String, Sendable, Codable {
        case added
        case changed
    }

    /// As the hub lists it.
    public let code: AgencyID
    public let kind: Kind
    /// Nil where only written forms are added.
    public let name: String?
    public let mail: String?
    public let parent: AgencyID?
    public let system: SystemID?
    /// Written forms that it gets.
    public let aliases: [String]
    public let validFrom: Instant
    /// Of one that is registered with its end.
    public let validUntil: Instant?
    public let toleratedUntil: Instant?
    public let successors: [Succession.Successor]
    /// For people: what is different, one sentence a column.
    public let differences: [String]

    public init(
        code: AgencyID, kind: Kind, name: String? = nil, mail: String? = nil, parent: AgencyID? = nil,
        system: SystemID? = nil, aliases: [String], validFrom: Instant = AgencyRecord.earliest,
        validUntil: Instant? = nil, toleratedUntil: Instant? = nil, successors: [Succession.Successor] = [],
        differences: [String]
    ) {
        self.code = code
        self.kind = kind
        self.name = name
        self.mail = mail
        self.parent = parent
        self.system = system
        self.aliases = aliases
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.toleratedUntil = toleratedUntil
        self.successors = successors
        self.differences = differences
    }
}

extension Database {
    /// Registers and corrects agencies, all or nothing, and writes down from which file.
    ///
    /// - Parameters:
    ///   - changes: those above before those below.
    ///   - version: of the registry by which they were decided.
    ///   - file: digest of the file that they were read from.
    /// - Returns: false when the registry is of another version; nothing is changed then.
    /// - Throws: `Refusal`: as `addAgency`; nothing is changed then.
    public func importAgencies(
        _ changes: [AgencyChange], basedOn version: Int64, file: SHA256Digest, decision: Decision?, actor: String,
        at now: Instant
    ) async throws -> Bool {
        try await run { connection in
            try connection.transaction {
                let current = try connection.query(ImportStatements.lockVersion).only()
                guard try current.decode("registry_version", as: Int64.self) == version else { return false }
                try connection.query(RegistryStatements.bumpVersion)
                for change in changes { try connection.apply(change, actor: actor) }
                // After all of them are there: a successor may stand below in the file.
                for change in changes where change.kind == .added && change.validUntil != nil {
                    try connection.end(change)
                }
                var detail: [String: JSONText] = [
                    "fileSHA256": .string(file.hex), "added": .number(changes.count { $0.kind == .added }),
                    "changed": .strings(changes.filter { $0.kind == .changed }.map(\.code.text)),
                ]
                if let decision {
                    detail["decision"] = .string(decision.number)
                    detail["decisionDate"] = .string(decision.date.iso8601)
                }
                let (sql, parameters) = HistoryRow.statement([
                    HistoryRow(at: now, event: .agenciesImported, actor: actor, detail: detail)
                ])
                try connection.query(sql, parameters)
                return true
            }
        }
    }
}

extension PostgresConnection {
    fileprivate func apply(_ change: AgencyChange, actor: String) throws {
        if change.kind == .added, let name = change.name {
            return try add(
                NewAgency(
                    code: change.code, name: name, mail: change.mail, parent: change.parent, system: change.system,
                    aliases: change.aliases, validFrom: change.validFrom),
                // What ends with its parent is registered below it all the same.
                allowsClosedParent: change.validUntil != nil, actor: actor)
        }
        let key = try agencyKey(change.code)
        if let name = change.name {
            try query(
                ImportStatements.change,
                [
                    .int8(key), .text(name), .optional(change.mail) { .text($0) },
                    .optional(try change.parent.map(agencyKey)) { .int8($0) },
                    .optional(change.system) { .text($0.text) },
                ])
        } else {
            try query(ImportStatements.touch, [.int8(key)])
        }
        guard !change.aliases.isEmpty else { return }
        try query(RegistryStatements.addAliases, [.int8(key), .texts(change.aliases.map { $0 })])
    }

    fileprivate func end(_ change: AgencyChange) throws {
        let key = try agencyKey(change.code)
        try query(
            ImportStatements.end,
            [
                .int8(key), .optional(change.validUntil) { .timestamptz($0) },
                .optional(change.toleratedUntil) { .timestamptz($0) },
            ])
        for heir in change.successors {
            try query(
                ImportStatements.addSuccessor,
                [.int8(key), .int8(try agencyKey(heir.agency)), .bool(heir.takesPending), .bool(heir.isDefault)])
        }
    }
}

private enum ImportStatements {
    static let lockVersion = "SELECT registry_version FROM hub FOR UPDATE"
    static let change = """
        UPDATE agency SET name = $2, mail = $3, parent_id = $4, system_id = $5, version = registry_version,
            changed_at = clock_timestamp()
        FROM hub WHERE id = $1
        """
    static let touch = """
        UPDATE agency SET version = registry_version, changed_at = clock_timestamp() FROM hub WHERE id = $1
        """
    static let end = "UPDATE agency SET valid_until = $2, tolerated_until = $3 WHERE id = $1"
    static let addSuccessor = """
        INSERT INTO agency_successor (agency_id, successor_id, takes_pending, is_default) VALUES ($1, $2, $3, $4)
        """
}
