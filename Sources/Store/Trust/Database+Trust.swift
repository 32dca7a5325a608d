// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

extension Database {
    /// Most items that are listed, what is in force first.
    public static let maxListedTrust = 4_000
    /// Most lists of one issuer that are read: the newest. Older ones tell of certificates that have expired since.
    static let maxListsOfIssuer = 32
    /// Most bytes of lists that are read at once, the newest first.
    static let maxListBytes = 64 << 20

    /// Puts items into the trust store. Those that are in it already stay as they are.
    ///
    /// - Parameters:
    ///   - items: judged already by who calls.
    ///   - reason: written to the history; of at least one character.
    /// - Returns: those that are new.
    /// - Throws: `Refusal(.trustStoreFull)`; nothing is added then.
    public func addTrust(
        _ items: [TrustItem], reason: String, actor: String, at now: Instant
    ) async throws -> [TrustItem] {
        try await run { connection in
            try connection.transaction {
                // One at a time, so that two commands cannot fill it together.
                try connection.query(TrustStatements.lock)
                var added: [TrustItem] = []
                for item in items {
                    let row: [PostgresValue] = [
                        .text(item.kind.rawValue), .text(item.fingerprint.bytes.hex), .bytea(item.der),
                        .text(item.name),
                        .timestamptz(item.from), .optional(item.until) { .timestamptz($0) }, .timestamptz(now),
                        .text(actor), .text(reason),
                    ]
                    if try !connection.query(TrustStatements.add, row).isEmpty { added.append(item) }
                }
                let counts = try connection.query(TrustStatements.count).only()
                guard try counts.decode("roots", as: Int64.self) <= Int64(TrustStore.maxRoots),
                    try counts.decode("intermediates", as: Int64.self) <= Int64(TrustStore.maxIntermediates)
                else { throw Refusal(.trustStoreFull) }
                guard !added.isEmpty else { return [] }
                let (sql, parameters) = HistoryRow.statement(
                    added.map { item in
                        HistoryRow(
                            at: now, event: .trustAdded, actor: actor,
                            detail: TrustStatements.detail(
                                item.kind, item.name, item.fingerprint.bytes.hex, reason: reason))
                    })
                try connection.query(sql, parameters)
                return added
            }
        }
    }

    /// Takes an item out of the trust store; its row stays.
    ///
    /// - Parameter prefix: the beginning of its SHA-256, in hexadecimal, of at least 8 digits.
    /// - Throws: `Refusal(.trustNotFound)` where it means none, or several.
    public func removeTrust(
        _ prefix: String, reason: String, actor: String, at now: Instant
    ) async throws -> TrustRecord {
        try await run { connection in
            try connection.transaction {
                try connection.query(TrustStatements.lock)
                let found = try connection.query(TrustStatements.find, [.text(prefix.lowercased())])
                guard found.count == 1, prefix.utf8.count >= TrustStatements.minPrefix, let row = found.first else {
                    throw Refusal(.trustNotFound, found.count > 1 ? "\(prefix) means \(found.count) items" : prefix)
                }
                let record = try TrustRecord(row: row)
                try connection.query(TrustStatements.remove, [.text(record.fingerprint), .timestamptz(now)])
                let (sql, parameters) = HistoryRow.statement([
                    HistoryRow(
                        at: now, event: .trustRemoved, actor: actor,
                        detail: TrustStatements.detail(record.kind, record.name, record.fingerprint, reason: reason))
                ])
                try connection.query(sql, parameters)
                return record
            }
        }
    }

    /// What the trust store holds and held, what is in force first; at most `maxListedTrust`.
    public func trustRecords() async throws -> [TrustRecord] {
        try await run { connection in
            try connection.query(TrustStatements.all, [.int8(Int64(Self.maxListedTrust))]).map(TrustRecord.init(row:))
        }
    }

    /// The trust store in force.
    ///
    /// - Throws: `Refusal(.trustFileInvalid)` for an item that this version of the program cannot read.
    public func trustStore() async throws -> TrustStore {
        try await run { connection in
            var (roots, intermediates, lists): ([Certificate], [Certificate], [RevocationList]) = ([], [], [])
            let limits: [PostgresValue] = [.int8(Int64(Self.maxListsOfIssuer)), .int8(Int64(Self.maxListBytes))]
            for row in try connection.query(TrustStatements.inForce, limits) {
                let der: [UInt8] = try row.decode("der")
                do {
                    switch TrustItem.Kind(rawValue: try row.decode("kind")) {
                    case .root: roots.append(try Certificate(der: der))
                    case .intermediate: intermediates.append(try Certificate(der: der))
                    case .list, nil: lists.append(try RevocationList(der: der))
                    }
                } catch let problem as ParsingProblem {
                    throw Refusal(.trustFileInvalid, problem)
                }
            }
            return TrustStore(roots: roots, intermediates: intermediates, lists: lists)
        }
    }
}

extension TrustRecord {
    fileprivate init(row: PostgresRow) throws {
        kind = TrustItem.Kind(rawValue: try row.decode("kind")) ?? .list
        fingerprint = try row.decode("sha256")
        name = try row.decode("name")
        from = try row.decode("valid_from")
        until = try row.decodeIfPresent("valid_until")
        addedAt = try row.decode("added_at")
        actor = try row.decode("actor")
        reason = try row.decode("reason")
        removedAt = try row.decodeIfPresent("removed_at")
    }
}

private enum TrustStatements {
    /// Fewest digits of a fingerprint that name an item.
    static let minPrefix = 8

    static let lock = "SELECT pg_advisory_xact_lock(hashtext('truc.trust'))"
    static let add = """
        INSERT INTO trust_item (kind, sha256, der, name, valid_from, valid_until, added_at, actor, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (sha256) WHERE removed_at IS NULL DO NOTHING RETURNING id
        """
    static let count = """
        SELECT count(*) FILTER (WHERE kind = 'root') AS roots,
            count(*) FILTER (WHERE kind = 'intermediate') AS intermediates
        FROM trust_item WHERE removed_at IS NULL
        """
    static let columns = "kind, sha256, name, valid_from, valid_until, added_at, actor, reason, removed_at"
    /// Two are enough to know that it means more than one.
    static let find = """
        SELECT \(columns) FROM trust_item WHERE removed_at IS NULL AND starts_with(sha256, $1) ORDER BY id LIMIT 2
        """
    static let remove = "UPDATE trust_item SET removed_at = $2 WHERE sha256 = $1 AND removed_at IS NULL"
    static let all = """
        SELECT \(columns) FROM trust_item
        ORDER BY removed_at IS NOT NULL, array_position(ARRAY['root', 'intermediate', 'list'], kind), id DESC LIMIT $1
        """
    static let inForce = """
        SELECT kind, der FROM (
            SELECT id, kind, der, valid_from,
                row_number() OVER (PARTITION BY kind, name ORDER BY valid_from DESC, id DESC) AS place,
                sum(length(der)) OVER (PARTITION BY kind = 'list' ORDER BY valid_from DESC, id DESC) AS bytes
            FROM trust_item WHERE removed_at IS NULL
        ) AS item WHERE kind <> 'list' OR (place <= $1 AND bytes <= $2)
        ORDER BY valid_from DESC, id DESC
        """

    static func detail(
        _ kind: TrustItem.Kind, _ name: String, _ fingerprint: String, reason: String
    ) -> [String: JSONText] {
        [
            "kind": .string(kind.rawValue), "name": .string(name), "sha256": .string(fingerprint),
            "reason": .string(reason),
        ]
    }
}
