// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

extension Database {
    /// Makes sure that key file and database belong together, and reads the keys.
    ///
    /// A key that stands in the file only was prepared for a rotation: nothing is wrapped with it before `rotateKey`.
    /// - Parameter mayCreate: makes a file with a first key when there is none and the database knows of none.
    /// - Throws: `Refusal`: `.keyRingMissing`, `.keyRingMismatch`, `.keyRingUnusable`.
    public func openKeys(mayCreate: Bool) async throws {
        try await run { [keys] connection in
            if try KeyStatements.open(connection, keys) { return }
            try connection.transaction {
                try connection.query(KeyStatements.lock)
                // Another node may have been first.
                if try KeyStatements.open(connection, keys) { return }
                try KeyStatements.begin(connection, keys, mayCreate: mayCreate)
            }
        }
    }
}

extension Database {
    /// Makes sure that what is wrapped now could be opened after a restart: that the key file is still there and has every
    /// key that the database knows.
    ///
    /// - Throws: as `openKeys`.
    public func verifyKeys() async throws {
        try await run { [keys] connection in
            let recorded = try KeyStatements.recorded(connection)
            guard keys.fileExists else { throw Refusal(.keyRingMissing, keys.path) }
            try KeyStatements.check(recorded, try keys.onDisk())
        }
    }
}

enum KeyStatements {
    /// Whoever changes the key file or the registry does it under this row's lock.
    static let lock = "SELECT only_row FROM hub FOR UPDATE"
    static let all = """
        SELECT hub.registry_version, key.id, key.check_value FROM hub LEFT JOIN wrapping_key AS key ON true
        """
    private static let record = "INSERT INTO wrapping_key (id, check_value, created_at) VALUES ($1, $2, $3)"

    static func recorded(_ connection: PostgresConnection) throws -> RecordedKeys {
        try recorded(try connection.query(all))
    }

    /// What `all` found.
    static func recorded(_ rows: PostgresRows) throws -> RecordedKeys {
        var recorded = RecordedKeys()
        for row in rows {
            recorded.version = try row.decode("registry_version", as: Int64.self)
            guard let text = try row.decodeIfPresent("id", as: String.self) else { continue }
            guard let id = WrappingKeyID(text) else { throw Refusal(.internalError, "wrapping_key \(text)") }
            recorded.checkValues[id] = try row.decode("check_value", as: [UInt8].self)
        }
        return recorded
    }

    /// - Throws: `Refusal(.keyRingMismatch)` when a key that the database knows is not in the file, or is another.
    static func check(_ recorded: RecordedKeys, _ keys: WrappingKeys) throws(Refusal) {
        for (id, checkValue) in recorded.checkValues {
            guard let key = keys.key(id) else { throw Refusal(.keyRingMismatch, "\(id) is not in the file") }
            guard constantTimeEquals(key.checkValue, checkValue) else {
                throw Refusal(.keyRingMismatch, "\(id) is another key in the file")
            }
        }
    }

    /// Reads the file and compares it with what the database knows.
    ///
    /// - Returns: false, with nothing done, when the database knows of no key.
    static func open(_ connection: PostgresConnection, _ ring: KeyRing) throws -> Bool {
        let recorded = try recorded(connection)
        guard !recorded.ids.isEmpty else { return false }
        guard ring.fileExists else { throw Refusal(.keyRingMissing, ring.path) }
        try check(recorded, try ring.reread())
        try ring.adopt(recorded)
        return true
    }

    /// The first keys of this database: those of the file, else a new one. Under the lock.
    static func begin(_ connection: PostgresConnection, _ ring: KeyRing, mayCreate: Bool) throws {
        if !ring.fileExists {
            guard mayCreate else { throw Refusal(.keyRingMissing, "\(ring.path): truc serve makes the first one") }
            try ring.replace(with: WrappingKeys([WrappingKey(createdAt: .now())]))
        }
        let inFile = try ring.reread().keys
        let now = Instant.now()
        for key in inFile { try connection.pipeline(add(key, actor: HistoryRow.hubActor, at: now)) }
        try ring.adopt(try recorded(connection))
    }

    /// Makes a key known to the database.
    static func add(_ key: WrappingKey, actor: String, at now: Instant) -> [PostgresStatement] {
        [
            (record, [.text(key.id.text), .bytea(key.checkValue), .timestamptz(key.createdAt)]),
            HistoryRow.statement([
                HistoryRow(at: now, event: .keyAdded, actor: actor, detail: ["key": .string(key.id.text)])
            ]),
        ]
    }
}
