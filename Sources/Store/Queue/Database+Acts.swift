// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension Database {
    /// Does with a delivery what an operator asks for, if its state allows it.
    ///
    /// - Parameters:
    ///   - reason: written to the history; of at least one character.
    ///   - agencies: of whoever asks: only what goes to one of them. Nil for an operator.
    ///   - isTrial: decides and changes nothing.
    /// - Returns: the state before and the state after; the same when it was so already.
    /// - Throws: `Refusal`: `.packageNotFound`, `.confirmationConflict` where it does not fit (also to hold what is kept back
    ///   for its sender's word or its scan, and would go on with that), `.documentFrozen`,
    ///   `.packageSealed`, `.malwareScanPending` and `.malwareScanImpossible` for what would go out although it was recalled,
    ///   is sealed, or is not scanned.
    public func order(
        _ act: DeliveryLife.Act, _ id: DeliveryID, reason: String, actor: String, of agencies: [AgencyKey]? = nil,
        request: RequestID? = nil, at now: Instant, isTrial: Bool = false
    ) async throws -> (before: DeliveryState, after: DeliveryState) {
        try await run { connection in
            try connection.transaction {
                let scan = try connection.query(ScanStatements.lockOfDelivery, [.uuid(id.uuid)])
                let locked = try connection.pipeline([
                    (QueueStatements.holdEndpoints, []), (QueueStatements.lockDelivery, [.uuids([id.uuid])]),
                    (QueueStatements.lockQueue, [.uuids([id.uuid])]), (QueueStatements.lostClaim, [.uuid(id.uuid)]),
                ])
                guard let row = locked[1].first else { throw Refusal(.packageNotFound, id.description) }
                let recipient = try row.decodeIfPresent("recipient_agency_id", as: Int64.self).map(AgencyKey.init)
                if let agencies, recipient.map(agencies.contains) != true { throw Refusal(.packageNotFound) }
                guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
                    throw Refusal(.internalError, "unknown delivery state")
                }
                let wasFetched = try row.decodeIfPresent("fetched_at", as: Instant.self) != nil
                let wasCarried = try row.decode("was_carried", as: Bool.self)
                // Claimed once, it may have been sent, whoever has heard of it.
                let wasClaimed =
                    try locked[2].contains { try $0.decode("token", as: Int64.self) > 0 } || !locked[3].isEmpty
                let life = DeliveryLife(
                    state: state, failures: Int(try row.decode("failures", as: Int32.self)),
                    hasEntered: try row.decode("has_entered", as: Bool.self))
                switch life.decide(act, isSeen: wasFetched || wasCarried || wasClaimed) {
                case .unchanged:
                    if act == .hold { try HoldGuard.check(id, connection) }
                    return (state, state)
                case .refuse: throw Refusal(.confirmationConflict, "\(id): \(state.rawValue) → \(act.rawValue)")
                case .become(let after):
                    if after.state == .waiting {
                        try RecallGuard.check(id, connection)
                        try SealGuard.check(id, connection)
                        try ScanGuard.check(scan, id)
                    }
                    guard !isTrial else { return (state, after.state) }
                    let order = Order(
                        act: act, id: id, reason: reason, actor: actor, request: request, now: now)
                    var statements = order.statements(
                        after, package: PackageID(uuid: try row.decode("package_id", as: UUID.self)),
                        urgency: Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal)
                    // Its recipient can speak of it from now on.
                    if after.state == .waiting, [.held, .refused, .expired].contains(state) {
                        statements.append(CollectionStatements.begin(.word, of: [id], at: now))
                    }
                    try connection.pipeline(statements)
                    if state == .held { try order.settleUpdates(after.state, connection) }
                    return (state, after.state)
                }
            }
        }
    }
}

/// Keeps an operator from taking for held by a word what goes on by itself.
private enum HoldGuard {
    /// - Throws: `Refusal(.confirmationConflict)`.
    static func check(_ id: DeliveryID, _ connection: PostgresConnection) throws {
        guard let row = try connection.query(HoldStatements.keptFor, [.uuid(id.uuid)]).first else { return }
        throw Refusal(
            .confirmationConflict,
            "\(id): \(try row.decode("refusal", as: String.self)) → hold; truc delivery expire, truc package seal")
    }
}

/// What an order writes.
private struct Order {
    let act: DeliveryLife.Act
    let id: DeliveryID
    let reason: String
    let actor: String
    let request: RequestID?
    let now: Instant

    func statements(_ after: DeliveryLife, package: PackageID, urgency: Urgency) -> [PostgresStatement] {
        let code: Refusal.Code? = act == .expire ? .deliveryExpired : nil
        return [
            QueueStatements.move([DeliveryMove(id: id, after: after, at: now, code: code, detail: reason)]),
            queue(after.state, urgency),
            HistoryRow.statement([
                HistoryRow(
                    at: now, event: event(after.state), package: package, delivery: id, actor: actor, request: request,
                    detail: ["reason": .string(reason)])
            ]),
        ]
    }

    /// What waited for a document goes when it goes, and is given up with it.
    func settleUpdates(_ after: DeliveryState, _ connection: PostgresConnection) throws {
        let kept = KeptDeliveries(connection: connection)
        switch after {
        case .waiting: try kept.releaseUpdates(of: id, at: now)
        case .expired: try kept.expireUpdates(of: id, reason: reason, actor: actor, request: request, at: now)
        case .processing, .delivered, .held, .refused, .withdrawn, .undeliverable: break
        }
    }

    private func queue(_ state: DeliveryState, _ urgency: Urgency) -> PostgresStatement {
        switch state {
        case .waiting, .processing:
            (QueueStatements.enter, [.uuid(id.uuid), .int2(ClaimCursor.rank(urgency)), .timestamptz(now)])
        // Who carries it at this moment may still say that it has arrived.
        case .held: (QueueStatements.park, [.uuid(id.uuid)])
        case .delivered, .refused, .expired, .withdrawn, .undeliverable:
            (QueueStatements.leaveUnended, [.uuids([id.uuid])])
        }
    }

    private func event(_ after: DeliveryState) -> HistoryRow.Event {
        switch act {
        case .hold: .deliveryHeld
        case .release: .deliveryReleased
        case .retry: .deliveryRetried
        // Its recipient had it before.
        case .expire where after == .delivered: .replayFailed
        case .expire: .deliveryExpired
        case .replay: .deliveryReplayed
        case .withdraw: .deliveryWithdrawn
        }
    }
}
