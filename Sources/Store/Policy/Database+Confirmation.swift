// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Takes a sender's word on a document of its own that awaits it; on all of its recipients alike.
    ///
    /// - Parameters:
    ///   - package: the receipt's id.
    ///   - agencies: for which the system speaks.
    /// - Returns: how many deliveries it moved; none when the word was said before.
    /// - Throws: `Refusal`: `.documentFrozen` and `.packageSealed` for what was recalled or sealed meanwhile;
    ///   `.packageNotFound`, the same whether there is no such id, it is somebody else's, or its sender
    ///   was never asked.
    public func take(
        _ word: SenderWord, on package: PackageID, description: String?, agencies: [AgencyKey], system: SystemID,
        request: RequestID, at now: Instant
    ) async throws -> Int {
        try await run { connection in
            try connection.transaction {
                let mine: [PostgresValue] = [.uuid(package.uuid), .int8s(agencies.map { $0.value })]
                let results = try connection.pipeline([
                    (QueueStatements.holdEndpoints, []), (ConfirmationStatements.lock, mine),
                ])
                let held = results[1]
                if held.isEmpty {
                    guard try connection.query(ConfirmationStatements.wasAsked, mine).isEmpty else { return 0 }
                    throw Refusal(.packageNotFound)
                }
                var statements: [PostgresStatement] = []
                for row in held {
                    if word == .confirm {
                        let id = DeliveryID(uuid: try row.decode("id", as: UUID.self))
                        try RecallGuard.check(id, connection)
                        try SealGuard.check(id, connection)
                    }
                    statements += try Self.moved(row, word, description, system, request, now)
                }
                if word == .confirm {
                    let ids = try held.map { DeliveryID(uuid: try $0.decode("id", as: UUID.self)) }
                    statements.append(CollectionStatements.begin(.word, of: ids, at: now))
                }
                try connection.pipeline(statements)
                return held.count
            }
        }
    }

    private static func moved(
        _ row: PostgresRow, _ word: SenderWord, _ description: String?, _ system: SystemID, _ request: RequestID,
        _ now: Instant
    ) throws -> [PostgresStatement] {
        let id = DeliveryID(uuid: try row.decode("id", as: UUID.self))
        let life = DeliveryLife(state: .held, failures: Int(try row.decode("failures", as: Int32.self)))
        // Held since it was accepted: nobody has seen it.
        guard case .become(let after) = life.decide(word == .confirm ? .release : .withdraw, isSeen: false) else {
            throw Refusal(.confirmationConflict, id.description)
        }
        let urgency = Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal
        return [
            QueueStatements.move([DeliveryMove(id: id, after: after, at: now)]),
            word == .confirm
                ? (QueueStatements.enter, [.uuid(id.uuid), .int2(ClaimCursor.rank(urgency)), .timestamptz(now)])
                : (QueueStatements.leave, [.uuids([id.uuid])]),
            HistoryRow.statement([
                HistoryRow(
                    at: now, event: word == .confirm ? .deliveryConfirmedBySender : .deliveryDeclinedBySender,
                    package: PackageID(uuid: try row.decode("package_id", as: UUID.self)), delivery: id,
                    actor: system.text, request: request, detail: ["description": .string(description ?? "")])
            ]),
        ]
    }
}

enum ConfirmationStatements {
    /// Whether a delivery awaits its sender's word.
    static let isAwaited = """
        (delivery.state = 'held' AND delivery.refusal IS NOT DISTINCT FROM '\(Refusal.Code.confirmationNeeded.rawValue)')
        """

    /// Those of the document of which the package is the first or a further one, in the order of their ids.
    static let lock = """
        SELECT delivery.id, delivery.package_id, delivery.failures, package.urgency
        FROM delivery JOIN package ON package.id = delivery.package_id
        WHERE delivery.document_package_id IN (
                SELECT coalesce(first_package_id, id) FROM package WHERE id = $1 AND sender_agency_id = ANY ($2))
            AND \(isAwaited)
        ORDER BY delivery.id FOR NO KEY UPDATE OF delivery
        """

    static let wasAsked = """
        SELECT 1 AS asked FROM package JOIN history ON history.package_id = package.id
        WHERE package.id = $1 AND package.sender_agency_id = ANY ($2) AND history.event IN (
            '\(HistoryRow.Event.deliveryConfirmedBySender.rawValue)',
            '\(HistoryRow.Event.deliveryDeclinedBySender.rawValue)')
        LIMIT 1
        """
}
