// SPDX-License-Identifier: Apache-2.0
import Exchange

extension Database {
    /// Binds a system to a client's key: from the next request on its calls count only over a connection that has shown
    /// a certificate with this key, or with another one that it is bound to. Again the same changes nothing.
    ///
    /// - Throws: `Refusal`: `.systemNotFound`, `.registryInvalid` for more than `ClientKey.maxPerSystem`.
    public func bindSystem(_ system: SystemID, to key: ClientKey, actor: String) async throws {
        try await changeKeys(of: system) { connection, keys in
            guard !keys.contains(key) else { return }
            guard keys.count < ClientKey.maxPerSystem else {
                throw Refusal(.registryInvalid, "\(system) is bound to \(ClientKey.maxPerSystem) keys already")
            }
            _ = try connection.pipeline([
                (ClientKeyStatements.add, [.text(system.text), .text(key.text)]),
                HistoryRow.statement([Self.row(.systemBound, system, key, actor)]),
            ])
        }
    }

    /// Undoes `bindSystem`. Without any key a system is bound to none, and its secret is all that it needs.
    ///
    /// - Returns: how many keys remain.
    /// - Throws: `Refusal`: `.systemNotFound`, `.registryInvalid` when it is not bound to this key.
    public func unbindSystem(_ system: SystemID, from key: ClientKey, actor: String) async throws -> Int {
        try await changeKeys(of: system) { connection, keys in
            guard keys.contains(key) else {
                throw Refusal(.registryInvalid, "\(system) is not bound to \(key)")
            }
            _ = try connection.pipeline([
                (ClientKeyStatements.remove, [.text(system.text), .text(key.text)]),
                HistoryRow.statement([Self.row(.systemUnbound, system, key, actor)]),
            ])
            return keys.count - 1
        }
    }

    private func changeKeys<Outcome: Sendable>(
        of system: SystemID,
        _ change: @escaping @Sendable (PostgresConnection, [ClientKey]) throws -> Outcome
    ) async throws -> Outcome {
        try await run { connection in
            try connection.transaction {
                try connection.query(RegistryStatements.bumpVersion)
                let known = try connection.query(RegistryStatements.systemExists, [.text(system.text)])
                guard !known.isEmpty else { throw Refusal(.systemNotFound, system.text) }
                let rows = try connection.query(ClientKeyStatements.ofSystem, [.text(system.text)])
                return try change(
                    connection, try rows.map { try ClientKey(parsing: try $0.decode("sha256", as: String.self)) })
            }
        }
    }

    private static func row(
        _ event: HistoryRow.Event, _ system: SystemID, _ key: ClientKey, _ actor: String
    ) -> HistoryRow {
        HistoryRow(
            at: .now(), event: event, actor: actor,
            detail: ["system": .string(system.text), "keySHA256": .string(key.text)])
    }
}

/// The keys of client certificates that systems are bound to.
enum ClientKeyStatements {
    static let all = "SELECT system_id, sha256 FROM system_client_key ORDER BY system_id, created_at, sha256"
    static let ofSystem = "SELECT sha256 FROM system_client_key WHERE system_id = $1"
    static let add = "INSERT INTO system_client_key (system_id, sha256) VALUES ($1, $2)"
    static let remove = "DELETE FROM system_client_key WHERE system_id = $1 AND sha256 = $2"

    /// The keys of each system that is bound to any.
    static func bySystem(_ rows: PostgresRows) throws -> [SystemID: [ClientKey]] {
        var keys: [SystemID: [ClientKey]] = [:]
        for row in rows {
            keys[try SystemID(parsing: try row.decode("system_id", as: String.self)), default: []].append(
                try ClientKey(parsing: try row.decode("sha256", as: String.self)))
        }
        return keys
    }
}
