// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Trust

/// What a key of the key file is for.
public enum WrappingKeyUse: String, Sendable, Encodable {
    /// Made, and in the file; the next rotation begins with it.
    case prepared
    /// Wraps from now on.
    case wrapping
    /// Opens what was wrapped with it, until that is wrapped anew.
    case opening
}

/// A key as `Database.wrappingKeys` lists it.
public struct ListedWrappingKey: Sendable {
    public let id: WrappingKeyID
    public let createdAt: Instant
    public let use: WrappingKeyUse
    /// How many things are wrapped with it.
    public let wrapped: Int
}

/// What came of wrapping anew.
public struct Rewrapped: Sendable, Equatable {
    /// Most things that are named.
    static let maxNamed = 10

    public fileprivate(set) var rewrapped = 0
    /// How many no key opens; they hold the key that is named in their row.
    public fileprivate(set) var unreadable = 0
    /// The first of those.
    public fileprivate(set) var named: [String] = []

    fileprivate mutating func add(_ other: Rewrapped) {
        rewrapped += other.rewrapped
        unreadable += other.unreadable
        named = Array((named + other.named).prefix(Self.maxNamed))
    }

    /// Counts what `rewrap` gives, and what it cannot open.
    fileprivate mutating func take(_ rewrap: () throws -> PostgresStatement) throws -> PostgresStatement? {
        do {
            let statement = try rewrap()
            rewrapped += 1
            return statement
        } catch let refusal as Refusal where refusal.code == .secretUnreadable {
            unreadable += 1
            if named.count < Self.maxNamed { named.append(refusal.detail ?? "") }
            return nil
        }
    }
}

/// How far wrapping anew has come with one key: the secrets first, then the contents.
enum RewrapPosition: Sendable {
    case secrets(after: String, Int32)
    case contents(after: UUID)
}

extension Database {
    /// Most things that are wrapped anew in one transaction.
    static let maxRewrapBatch = 200

    /// The keys of the file, oldest first.
    public func wrappingKeys() async throws -> [ListedWrappingKey] {
        try await run { [keys] connection in
            let recorded = try KeyStatements.recorded(connection)
            var counts: [String: Int] = [:]
            for row in try connection.query(RewrapStatements.counts) {
                counts[try row.decode("key_id", as: String.self)] = Int(try row.decode("count", as: Int64.self))
            }
            let inFile = try keys.reread()
            let newest = inFile.newest(among: recorded.ids)?.id
            let prepared = Set(inFile.prepared(recorded.ids).map(\.id))
            try keys.adopt(recorded)
            return inFile.keys.filter { recorded.ids.contains($0.id) || prepared.contains($0.id) }.map { key in
                ListedWrappingKey(
                    id: key.id, createdAt: key.createdAt,
                    use: key.id == newest ? .wrapping : prepared.contains(key.id) ? .prepared : .opening,
                    wrapped: counts[key.id.text] ?? 0)
            }
        }
    }

    /// Puts the key of the next rotation into the file, where nothing uses it yet: so that the file can be carried to the
    /// other nodes first.
    ///
    /// - Returns: that key, the same one when it was there already.
    /// - Throws: `Refusal`: `.keyTooMany`, `.keyRingUnusable`.
    public func prepareKey(at now: Instant) async throws -> WrappingKeyID {
        try await run { [keys] connection in
            try connection.transaction {
                try connection.query(KeyStatements.lock)
                let recorded = try KeyStatements.recorded(connection)
                let prepared = try KeyStatements.prepare(keys, recorded, at: now)
                try keys.adopt(recorded)
                return prepared.id
            }
        }
    }

    /// Wraps with another key from now on: the prepared one, else a new one. The keys before it go on opening what they
    /// wrapped.
    ///
    /// - Parameter onlyPrepared: takes no key of which there is certainly no copy yet: what is wrapped with it would be
    ///   lost with this one file.
    /// - Throws: as `prepareKey`; `Refusal(.keyNotPrepared)`.
    public func rotateKey(actor: String, at now: Instant, onlyPrepared: Bool = false) async throws -> WrappingKeyID {
        try await run { [keys] connection in
            let (key, recorded) = try connection.transaction {
                try connection.query(KeyStatements.lock)
                try connection.query(RegistryStatements.bumpVersion)
                let recorded = try KeyStatements.recorded(connection)
                if onlyPrepared, try keys.reread().prepared(recorded.ids).isEmpty { throw Refusal(.keyNotPrepared) }
                let key = try KeyStatements.prepare(keys, recorded, at: now)
                try connection.pipeline(KeyStatements.add(key, actor: actor, at: now))
                return (key, try KeyStatements.recorded(connection))
            }
            try keys.adopt(recorded)
            return key.id
        }
    }

    /// Wraps everything with the newest key that is wrapped with another, `maxRewrapBatch` at a time. An interrupted one
    /// is taken up by calling it again. What no key opens is left as it is and told.
    public func rewrap(actor: String, at now: Instant) async throws -> Rewrapped {
        var total = Rewrapped()
        let older = try await wrappingKeys().filter { $0.use == .opening }
        for key in older {
            var position: RewrapPosition? = .secrets(after: "", 0)
            while let next = position {
                let batch = try await run { [keys] connection in
                    try connection.transaction {
                        try RewrapStatements.rewrapBatch(connection, keys, key.id, next, actor: actor, at: now)
                    }
                }
                total.add(batch.rewrapped)
                position = batch.next
            }
        }
        return total
    }

    /// Forgets a key: the database first, then the file. Whatever was wrapped with it, in an old copy of the database
    /// say, opens from then on only with an old copy of the file.
    ///
    /// - Throws: `Refusal`: `.keyNotFound`, `.keyInUse` for the one that wraps and for one that still opens something.
    public func retireKey(_ id: WrappingKeyID, actor: String, at now: Instant) async throws {
        try await run { [keys] connection in
            try connection.transaction {
                try connection.query(KeyStatements.lock)
                try connection.query(RegistryStatements.bumpVersion)
                let recorded = try KeyStatements.recorded(connection)
                guard recorded.ids.contains(id) else { throw Refusal(.keyNotFound, id.text) }
                guard try keys.reread().newest(among: recorded.ids)?.id != id else {
                    throw Refusal(.keyInUse, "\(id): wraps")
                }
                try KeyStatements.forget(connection, id)
                let (sql, parameters) = HistoryRow.statement([
                    HistoryRow(at: now, event: .keyRetired, actor: actor, detail: ["key": .string(id.text)])
                ])
                try connection.query(sql, parameters)
            }
            // Not before the commit: a file without a key that the database knows would stop the next start.
            try connection.transaction {
                try connection.query(KeyStatements.lock)
                let recorded = try KeyStatements.recorded(connection)
                try KeyStatements.tidy(keys, recorded)
                try keys.adopt(recorded)
            }
        }
    }
}

extension KeyStatements {
    static let delete = "DELETE FROM wrapping_key WHERE id = $1"

    /// The key of the next rotation: the one that stands ready in the file, else a new one, put there. Under the lock.
    static func prepare(
        _ ring: KeyRing, _ recorded: RecordedKeys, at now: Instant
    ) throws(Refusal) -> WrappingKey {
        let inFile = try ring.reread()
        if let ready = inFile.prepared(recorded.ids).last { return ready }
        let kept = inFile.only(recorded.ids)
        guard kept.keys.count < WrappingKeys.maxKeys else {
            throw Refusal(.keyTooMany, "\(WrappingKeys.maxKeys)")
        }
        let key = WrappingKey(createdAt: now)
        try ring.replace(with: kept.adding(key))
        return key
    }

    /// Takes out of the file what was retired. Under the lock.
    static func tidy(_ ring: KeyRing, _ recorded: RecordedKeys) throws(Refusal) {
        let inFile = try ring.reread()
        let prepared = inFile.prepared(recorded.ids)
        let kept = inFile.only(recorded.ids.union(prepared.map(\.id)))
        if kept != inFile { try ring.replace(with: kept) }
    }

    /// - Throws: `Refusal(.keyInUse)` when something references it.
    static func forget(_ connection: PostgresConnection, _ id: WrappingKeyID) throws {
        do {
            try connection.query(delete, [.text(id.text)])
        } catch {
            guard error.isForeignKeyViolation else { throw error }
            throw Refusal(.keyInUse, "\(id): opens what is wrapped with it")
        }
    }
}

/// Wrapping anew what another key wrapped.
enum RewrapStatements {
    static let counts = """
        SELECT key_id, count(*) AS count FROM (
            SELECT key_id FROM system_secret UNION ALL SELECT key_id FROM content WHERE key_id IS NOT NULL) AS wrapped
        GROUP BY key_id
        """
    private static let staleSecrets = """
        SELECT system_id, number, wrapped FROM system_secret WHERE key_id = $1 AND (system_id, number) > ($2, $3)
        ORDER BY system_id, number LIMIT $4 FOR UPDATE
        """
    private static let updateSecret = """
        UPDATE system_secret SET wrapped = $3, key_id = $4 WHERE system_id = $1 AND number = $2
        """
    private static let staleContents = """
        SELECT package_id, wrapped_key FROM content WHERE key_id = $1 AND package_id > $2
        ORDER BY package_id LIMIT $3 FOR UPDATE
        """
    private static let updateContent = """
        UPDATE content SET wrapped_key = $2, key_id = $3 WHERE package_id = $1
        """

    /// One batch of what `key` wrapped, in the caller's transaction.
    ///
    /// - Returns: what came of it, and where the next begins; nil at the end.
    static func rewrapBatch(
        _ connection: PostgresConnection, _ ring: KeyRing, _ key: WrappingKeyID, _ position: RewrapPosition,
        actor: String, at now: Instant
    ) throws -> (rewrapped: Rewrapped, next: RewrapPosition?) {
        // Under the lock no rotation comes between the choice of the key and the commit.
        try connection.query(KeyStatements.lock)
        try ring.adopt(try KeyStatements.recorded(connection))
        var batch = Rewrapped()
        let next: RewrapPosition? =
            switch position {
            case .secrets(let system, let number):
                try rewrapSecrets(connection, ring, key, system, number, &batch)
            case .contents(let package): try rewrapContents(connection, ring, key, package, &batch)
            }
        if batch.rewrapped > 0 {
            let (sql, parameters) = HistoryRow.statement([
                HistoryRow(
                    at: now, event: .keyRewrapped, actor: actor,
                    detail: ["key": .string(key.text), "count": .number(batch.rewrapped)])
            ])
            try connection.query(sql, parameters)
        }
        return (batch, next)
    }

    private static func rewrapSecrets(
        _ connection: PostgresConnection, _ ring: KeyRing, _ key: WrappingKeyID, _ system: String, _ number: Int32,
        _ batch: inout Rewrapped
    ) throws -> RewrapPosition {
        let rows = try connection.query(
            staleSecrets, [.text(key.text), .text(system), .int4(number), .int8(Int64(Database.maxRewrapBatch))])
        var next = RewrapPosition.contents(after: ContentCheck.leastID)
        var statements: [PostgresStatement] = []
        for row in rows {
            let system = try row.decode("system_id", as: String.self)
            let number = try row.decode("number", as: Int32.self)
            let statement = try batch.take {
                let wrapped = try ring.rewrap(
                    try row.decode("wrapped", as: [UInt8].self), SecretStatements.context(system, number))
                return (
                    updateSecret, [.text(system), .int4(number), .bytea(wrapped.bytes), .text(wrapped.keyID.text)]
                )
            }
            if let statement { statements.append(statement) }
            if rows.count == Database.maxRewrapBatch { next = .secrets(after: system, number) }
        }
        try connection.pipeline(statements)
        return next
    }

    private static func rewrapContents(
        _ connection: PostgresConnection, _ ring: KeyRing, _ key: WrappingKeyID, _ package: UUID,
        _ batch: inout Rewrapped
    ) throws -> RewrapPosition? {
        let rows = try connection.query(
            staleContents, [.text(key.text), .uuid(package), .int8(Int64(Database.maxRewrapBatch))])
        var next: RewrapPosition?
        var statements: [PostgresStatement] = []
        for row in rows {
            let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
            let statement = try batch.take {
                let wrapped = try ring.rewrap(
                    try row.decode("wrapped_key", as: [UInt8].self), ContentKeys.context(package))
                return (updateContent, [.uuid(package.uuid), .bytea(wrapped.bytes), .text(wrapped.keyID.text)])
            }
            if let statement { statements.append(statement) }
            if rows.count == Database.maxRewrapBatch { next = .contents(after: package.uuid) }
        }
        try connection.pipeline(statements)
        return next
    }
}
