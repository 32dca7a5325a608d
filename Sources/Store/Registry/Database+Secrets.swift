// SPDX-License-Identifier: Apache-2.0
import Exchange

extension Database {
    /// Gives a system a new secret; the present one is taken beside it until an instant.
    ///
    /// - Parameters:
    ///   - oldUntil: until then the old secret is taken; not after `now` to refuse every old one at once.
    ///   - now: the instant of the change.
    /// - Throws: `Refusal`: `.systemNotFound`; `.secretOverlap` while an earlier overlap lasts and `oldUntil` would make
    ///   one more secret valid than `SystemRecord.maxSecrets`.
    public func rotateSecret(
        of system: SystemID, to secret: [UInt8], oldUntil: Instant, actor: String, at now: Instant
    ) async throws {
        try await run { [keys] connection in
            try connection.transaction {
                let held = try SecretStatements.held(connection, system)
                let isOverlapping = oldUntil > now
                let earlier = held.compactMap(\.validUntil).filter { $0 > now }.max()
                if isOverlapping, let earlier {
                    throw Refusal(.secretOverlap, "\(system.text): until \(earlier.iso8601)")
                }
                // An earlier one whose time is over goes either way.
                let ending: [PostgresStatement] =
                    isOverlapping
                    ? [
                        (SecretStatements.removeEarlier, [.text(system.text)]),
                        (SecretStatements.endPresent, [.text(system.text), .timestamptz(oldUntil)]),
                    ]
                    : [(SecretStatements.removeAll, [.text(system.text)])]
                var detail: [String: JSONText] = ["system": .string(system.text)]
                if isOverlapping { detail["oldUntil"] = .string(oldUntil.iso8601) }
                let number = (held.map(\.number).max() ?? 0) + 1
                _ = try connection.pipeline(
                    ending + [
                        try SecretStatements.add(secret, number: number, of: system, keys),
                        HistoryRow.statement([
                            HistoryRow(at: now, event: .secretRotated, actor: actor, detail: detail)
                        ]),
                    ])
            }
        }
    }

    /// Ends the overlap after a rotation: from the next request on only the present secret is taken.
    ///
    /// - Returns: false when no earlier secret was valid any more; nothing is recorded then.
    /// - Throws: `Refusal(.systemNotFound)`.
    public func endSecretOverlap(of system: SystemID, actor: String, at now: Instant) async throws -> Bool {
        try await run { connection in
            try connection.transaction {
                let held = try SecretStatements.held(connection, system)
                let isOverlapping = held.contains { $0.validUntil.map { $0 > now } ?? false }
                var statements: [PostgresStatement] = [(SecretStatements.removeEarlier, [.text(system.text)])]
                if isOverlapping {
                    statements.append(
                        HistoryRow.statement([
                            HistoryRow(
                                at: now, event: .secretOverlapEnded, actor: actor,
                                detail: ["system": .string(system.text)])
                        ]))
                }
                _ = try connection.pipeline(statements)
                return isOverlapping
            }
        }
    }

    /// Refuses a system's calls from the next request on, or takes them again. What waits for it stays.
    ///
    /// - Returns: false when it was so already; nothing is recorded then.
    /// - Throws: `Refusal(.systemNotFound)`.
    public func setDisabled(
        _ isDisabled: Bool, system: SystemID, reason: String?, actor: String, at now: Instant
    ) async throws -> Bool {
        try await run { connection in
            try connection.transaction {
                try connection.query(RegistryStatements.bumpVersion)
                let changed = try connection.query(
                    SecretStatements.setDisabled, [.text(system.text), .bool(isDisabled)])
                guard let row = changed.first else { throw Refusal(.systemNotFound, system.text) }
                guard try row.decode("disabled", as: Bool.self) != isDisabled else { return false }
                var detail: [String: JSONText] = ["system": .string(system.text)]
                if let reason { detail["reason"] = .string(reason) }
                let (sql, parameters) = HistoryRow.statement([
                    HistoryRow(
                        at: now, event: isDisabled ? .systemDisabled : .systemEnabled, actor: actor, detail: detail)
                ])
                try connection.query(sql, parameters)
                return true
            }
        }
    }
}
