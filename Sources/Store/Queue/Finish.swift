// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// The end of one claim, inside its transaction: what `Lease`, `DeliveryLife` and `RetrySchedule` decide is written.
struct Finish {
    let connection: PostgresConnection
    let claim: ClaimedDelivery
    let outcome: AttemptOutcome
    let node: NodeID
    let beganAt: Instant
    let endedAt: Instant
    let chance: Double

    init(
        _ connection: PostgresConnection, _ claim: ClaimedDelivery, _ outcome: AttemptOutcome, _ node: NodeID,
        _ beganAt: Instant, _ endedAt: Instant, _ chance: Double
    ) {
        self.connection = connection
        self.claim = claim
        self.outcome = outcome
        self.node = node
        self.beganAt = beganAt
        self.endedAt = endedAt
        self.chance = chance
    }

    func write() throws -> FinishedAttempt {
        // In this order everywhere: the delivery, then its row in the queue.
        let locked = try connection.pipeline([
            (QueueStatements.lockDelivery, [.uuid(claim.id.uuid)]), (QueueStatements.lockQueue, [.uuid(claim.id.uuid)]),
        ])
        guard let row = locked[0].first else { throw Refusal(.internalError, "a delivery vanished") }
        guard let state = DeliveryState(rawValue: try row.decode("state", as: String.self)) else {
            throw Refusal(.internalError, "unknown delivery state")
        }
        let life = DeliveryLife(state: state, failures: Int(try row.decode("failures", as: Int32.self)))
        let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        guard let queued = locked[1].first else {
            // Given up, or to be pulled, while it was on its way: what the recipient has after all counts.
            guard case .entered = outcome, case .become(let after) = life.decide(.entered) else { return try late() }
            try connection.pipeline([attempt(isLate: false)] + moved(after, package: package))
            return .counted(after.state, nextAt: nil)
        }
        guard try holds(queued) else { return try late() }
        let attempts = Int(try queued.decode("attempts", as: Int32.self))
        if case .failed = outcome, attempts != claim.attempt {
            // Somebody asked for a new beginning while this was on its way.
            try connection.pipeline([
                attempt(isLate: false),
                (QueueStatements.free, [.uuid(claim.id.uuid), .null, .int4(Int32(attempts))]),
            ])
            return .counted(state, nextAt: nil)
        }
        let next = try nextAttempt(queued, Urgency(rawValue: Int(try row.decode("urgency", as: Int16.self))) ?? .normal)
        var statements = [attempt(isLate: false)]
        if case .gone(let failure) = outcome { try suspendEndpoint(failure) }
        switch life.decide(kind(next)) {
        case .become(let after):
            statements += moved(after, package: package)
            try connection.pipeline(statements)
            return .counted(after.state, nextAt: nil)
        case .unchanged, .refuse:
            // Stopped meanwhile, or to be tried again.
            let count = isCounted ? claim.attempt : claim.attempt - 1
            statements.append(
                state.isPending || state == .held
                    ? (
                        QueueStatements.free,
                        [.uuid(claim.id.uuid), .optional(next) { .timestamptz($0) }, .int4(Int32(count))]
                    )
                    : (QueueStatements.leave, [.uuid(claim.id.uuid)]))
            try connection.pipeline(statements)
            return .counted(state, nextAt: next)
        }
    }

    private func late() throws -> FinishedAttempt {
        try connection.pipeline([attempt(isLate: true)])
        return .late
    }

    private func holds(_ row: PostgresRow) throws -> Bool {
        var lease = Lease(
            node: try row.decodeIfPresent("node", as: UUID.self).map(NodeID.init(uuid:)),
            token: try row.decode("token", as: Int64.self))
        return lease.finish(claim.token)
    }

    /// An endpoint that is gone says nothing of the delivery, which waits until the operator has looked.
    private var isCounted: Bool { if case .gone = outcome { false } else { true } }

    /// When it is tried again; nil: at once when the endpoint is open again, or never.
    private func nextAttempt(_ queued: PostgresRow, _ urgency: Urgency) throws -> Instant? {
        guard case .failed(let failure) = outcome else { return nil }
        return RetrySchedule.of(urgency).next(
            after: claim.attempt, failedAt: endedAt, dueAt: try queued.decode("first_due", as: Instant.self),
            retryAfter: failure.retryAfter, chance: chance)
    }

    private func kind(_ next: Instant?) -> DeliveryLife.Attempt {
        switch outcome {
        case .entered: .entered
        case .refused: .refused
        case .gone: .failed
        case .failed: next == nil ? .failedForTheLastTime : .failed
        }
    }

    private var failure: AttemptFailure? { outcome.failure }

    private func attempt(isLate: Bool) -> PostgresStatement {
        (
            QueueStatements.addAttempt,
            [
                .uuid(claim.id.uuid), .int8(claim.token), .int8(claim.endpoint.value), .uuid(node.uuid),
                .int4(Int32(claim.attempt)), .timestamptz(beganAt), .timestamptz(endedAt), .text(outcome.name),
                .bool(isLate), .optional(failure) { .text($0.code.rawValue) },
                .optional(failure?.httpStatus) { .int4(Int32(clamping: $0)) }, .optional(failure) { .text($0.detail) },
            ]
        )
    }

    private func moved(_ after: DeliveryLife, package: PackageID) -> [PostgresStatement] {
        let event: HistoryRow.Event =
            switch after.state {
            case .delivered: .deliveryDelivered
            case .refused: .deliveryRefused
            default: .deliveryExpired
            }
        var detail: [String: JSONText] = [
            "attempt": .number(claim.attempt), "endpoint": .number(Int(claim.endpoint.value)),
        ]
        // What the last attempt met is the reason of an expiry, too; the code says which of the two it is.
        let code: Refusal.Code? = after.state == .expired ? .deliveryExpired : failure?.code
        if let failure {
            detail["code"] = .string(failure.code.rawValue)
            detail["detail"] = .string(failure.detail)
        }
        let well: [PostgresStatement] =
            after.state == .delivered ? [(QueueStatements.setWell, [.int8(claim.endpoint.value)])] : []
        return well + [
            (
                QueueStatements.move,
                [
                    .uuid(claim.id.uuid), .text(after.state.rawValue), .int4(Int32(after.failures)),
                    .timestamptz(endedAt), .optional(code) { .text($0.rawValue) },
                    .optional(failure) { .text("\($0.code.rawValue) \($0.detail)") },
                ]
            ),
            (QueueStatements.leave, [.uuid(claim.id.uuid)]),
            HistoryRow.statement([
                HistoryRow(
                    at: endedAt, event: event, package: package, delivery: claim.id, actor: HistoryRow.hubActor,
                    detail: detail)
            ]),
        ]
    }

    private func suspendEndpoint(_ failure: AttemptFailure) throws {
        let suspended = try connection.query(
            QueueStatements.suspend,
            [.int8(claim.endpoint.value), .text("\(failure.code.rawValue) \(failure.detail)"), .timestamptz(endedAt)])
        guard !suspended.isEmpty else { return }
        try connection.pipeline([
            (RegistryStatements.bumpVersion, []),
            HistoryRow.statement([
                HistoryRow(
                    at: endedAt, event: .endpointSuspended, delivery: claim.id, actor: HistoryRow.hubActor,
                    detail: [
                        "endpoint": .number(Int(claim.endpoint.value)), "code": .string(failure.code.rawValue),
                    ])
            ]),
        ])
    }
}
