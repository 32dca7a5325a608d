// SPDX-License-Identifier: Apache-2.0
import Exchange
import Trust

/// The secrets of the systems, wrapped.
enum SecretStatements {
    static let all = """
        SELECT system_id, number, wrapped, valid_until FROM system_secret ORDER BY system_id, number DESC
        """
    private static let insert = "INSERT INTO system_secret (system_id, number, wrapped, key_id) VALUES ($1, $2, $3, $4)"

    private static let select = """
        SELECT number, valid_until FROM system_secret WHERE system_id = $1 ORDER BY number DESC
        """
    static let endPresent = "UPDATE system_secret SET valid_until = $2 WHERE system_id = $1 AND valid_until IS NULL"
    static let removeEarlier = "DELETE FROM system_secret WHERE system_id = $1 AND valid_until IS NOT NULL"
    static let removeAll = "DELETE FROM system_secret WHERE system_id = $1"
    static let setDisabled = """
        UPDATE system SET disabled = $2 WHERE id = $1 RETURNING (
            SELECT before.disabled FROM system AS before WHERE before.id = system.id) AS disabled
        """

    /// Begins a change of a system's secrets: what it has, newest first.
    ///
    /// - Throws: `Refusal(.systemNotFound)`.
    static func held(
        _ connection: PostgresConnection, _ system: SystemID
    ) throws -> [(number: Int32, validUntil: Instant?)] {
        try connection.query(RegistryStatements.bumpVersion)
        let rows = try connection.query(select, [.text(system.text)])
        guard !rows.isEmpty else { throw Refusal(.systemNotFound, system.text) }
        return try rows.map {
            (try $0.decode("number", as: Int32.self), try $0.decodeIfPresent("valid_until", as: Instant.self))
        }
    }

    /// A secret is wrapped for its system and its number, and opens nowhere else.
    static func context(_ system: String, _ number: Int32) -> WrapContext {
        WrapContext(.systemSecret, row: "\(system)/\(number)")
    }

    static func add(
        _ secret: [UInt8], number: Int32, of system: SystemID, _ keys: KeyRing
    ) throws(Refusal) -> PostgresStatement {
        let wrapped = try keys.wrap(secret, context(system.text, number))
        return (
            insert, [.text(system.text), .int4(number), .bytea(wrapped.bytes), .text(wrapped.keyID.text)]
        )
    }

    /// The secrets of each system, newest first.
    ///
    /// - Throws: `Refusal(.secretUnreadable)` naming the system.
    static func unwrapped(_ rows: PostgresRows, _ keys: KeyRing) throws -> [String: [SystemSecret]] {
        var secrets: [String: [SystemSecret]] = [:]
        for row in rows {
            let system = try row.decode("system_id", as: String.self)
            let number = try row.decode("number", as: Int32.self)
            let bytes = try keys.unwrap(
                try row.decode("wrapped", as: [UInt8].self), context(system, number))
            secrets[system, default: []].append(
                SystemSecret(bytes, validUntil: try row.decodeIfPresent("valid_until", as: Instant.self)))
        }
        return secrets
    }
}
