// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange

extension Database {
    /// Names who takes the places of agencies that have ended without anybody. From the moment at which it is written all
    /// holds that holds of every succession; what still waits for them is moved by `moveToSuccessors`.
    ///
    /// - Parameters:
    ///   - decision: that it rests on; written to the history.
    ///   - isTrial: decides everything and changes nothing.
    /// - Throws: `Refusal`: `.agencyNotFound`; `.registryInvalid` for an agency that has not ended or has successors;
    ///   `.successorUnfit`, `.successionUndecided`. Nothing is changed then.
    public func nameSuccessors(
        _ closings: [Succession.Closing], decision: Decision, actor: String, at now: Instant, isTrial: Bool = false
    ) async throws -> SuccessionOutcome {
        do {
            return try await run { connection in
                try connection.transaction {
                    try connection.query(QueueStatements.changeEndpoints)
                    let outcome = try connection.nameSuccessors(closings, decision: decision, actor: actor, at: now)
                    if isTrial { throw Trial(outcome: outcome) }
                    return outcome
                }
            }
        } catch let trial as Trial {
            return trial.outcome
        }
    }
}

/// Ends a transaction without its changes.
private struct Trial: Error {
    let outcome: SuccessionOutcome
}

extension PostgresConnection {
    fileprivate func nameSuccessors(
        _ closings: [Succession.Closing], decision: Decision, actor: String, at now: Instant
    ) throws -> SuccessionOutcome {
        try query(RegistryStatements.bumpVersion)
        // After the locks: whatever was accepted is before this instant.
        let present = max(now, .now())
        let agencies = try RegistryStatements.readAgencies(self)
        let resolved = try ResolvedSuccession.late(closings, agencies: agencies, at: present)
        let codes = Dictionary(agencies.map { ($0.key, $0.code.text) }, uniquingKeysWith: { first, _ in first })
        let keys = PostgresValue.int8s(resolved.map { $0.agency.key.value })
        let waiting = try countWaiting(keys)
        let rows = resolved.map { closing in
            HistoryRow(
                at: present, event: .successorNamed, actor: actor,
                detail: closing.detail(codes).merging(decision.detail) { first, _ in first })
        }
        try pipeline([
            (SuccessionStatements.touch, [keys]), SuccessionStatements.add(resolved), HistoryRow.statement(rows),
        ])
        return SuccessionOutcome(
            effective: present,
            agencies: resolved.map { closing in
                SuccessionOutcome.Agency(
                    key: closing.agency.key, code: closing.agency.code, successors: closing.successors,
                    waiting: waiting[closing.agency.key.value] ?? 0)
            })
    }
}
