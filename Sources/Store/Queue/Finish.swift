// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

/// An attempt that has ended, as its node tells it.
struct EndedAttempt: Sendable {
    let claim: ClaimedDelivery
    let outcome: AttemptOutcome
    let node: NodeID
    /// By the node's clock.
    let beganAt: Instant
    let endedAt: Instant
    /// From 0 to 1, at random: moves the next attempt.
    let chance: Double
    /// By which the next attempt comes.
    var retries = RetrySchedules.standard
}

/// The ends of some claims, inside their transaction: what `Lease`, `DeliveryLife` and `RetrySchedule` decide is written.
struct FinishTransaction {
    let connection: PostgresConnection

    /// - Parameter ended: of different deliveries.
    func write(_ ended: [EndedAttempt]) throws -> [FinishedAttempt] {
        let ids = PostgresValue.uuids(ended.map(\.claim.id.uuid))
        if ended.contains(where: { if case .gone = $0.outcome { true } else { false } }) {
            try connection.query(RegistryStatements.holdVersion)
        }
        let locked = try connection.pipeline([
            (QueueStatements.lockDelivery, [ids]), (QueueStatements.lockQueue, [ids]),
        ])
        let deliveries = try Self.byID(locked[0], "id")
        let queued = try Self.byID(locked[1], "delivery_id")
        var effects = FinishEffects()
        let strays = ended.filter { queued[$0.claim.id.uuid] == nil }
        let owners = strays.isEmpty ? [:] : try owners(of: strays.map(\.claim.endpoint))
        let finished = try ended.map { ended in
            guard let delivery = deliveries[ended.claim.id.uuid] else {
                throw Refusal(.internalError, "a delivery vanished")
            }
            return try Finish(
                ended: ended, delivery: delivery, queued: queued[ended.claim.id.uuid],
                owner: owners[ended.claim.endpoint]
            ).decide(&effects)
        }
        try connection.pipeline(effects.statements)
        for (ended, failure) in effects.gone.sorted(by: { $0.0.claim.endpoint.value < $1.0.claim.endpoint.value }) {
            try connection.suspendEndpoint(
                ended.claim.endpoint, reason: "\(failure.code.rawValue) \(failure.detail)", delivery: ended.claim.id,
                at: ended.endedAt)
        }
        return finished
    }

    /// The agencies whose endpoints these are, removed ones too.
    private func owners(of endpoints: [EndpointKey]) throws -> [EndpointKey: AgencyKey] {
        var owners: [EndpointKey: AgencyKey] = [:]
        for row in try connection.query(QueueStatements.endpointOwners, [.int8s(endpoints.map(\.value))]) {
            owners[EndpointKey(try row.decode("id"))] = AgencyKey(try row.decode("agency_id"))
        }
        return owners
    }

    private static func byID(_ rows: PostgresRows, _ column: String) throws -> [UUID: PostgresRow] {
        try rows.reduce(into: [:]) { $0[try $1.decode(column, as: UUID.self)] = $1 }
    }
}

extension PostgresConnection {
    /// Nothing is carried there any more until the operator says so; what waits goes on waiting. An endpoint that is not
    /// open stays as it is.
    ///
    /// - Parameter delivery: at which it showed, where it was one.
    func suspendEndpoint(
        _ endpoint: EndpointKey, reason: String, delivery: DeliveryID? = nil, at now: Instant
    ) throws {
        try query(RegistryStatements.holdVersion)
        let suspended = try query(
            QueueStatements.suspend, [.int8(endpoint.value), .text(reason), .timestamptz(now)])
        guard !suspended.isEmpty else { return }
        try pipeline([
            (RegistryStatements.bumpVersion, []),
            HistoryRow.statement([
                HistoryRow(
                    at: now, event: .endpointSuspended, delivery: delivery, actor: HistoryRow.hubActor,
                    detail: ["endpoint": .number(Int(endpoint.value)), "reason": .string(reason)])
            ]),
        ])
    }
}

/// What the ends of some claims change, gathered so that each table is written once.
struct FinishEffects {
    fileprivate(set) var gone: [(EndedAttempt, AttemptFailure)] = []
    private var attempts: [[PostgresValue]] = []
    private var moves: [DeliveryMove] = []
    private var history: [HistoryRow] = []
    private var wellEndpoints: Set<Int64> = []
    private var wellAt = Instant.earliest
    private var left: [UUID] = []
    private var freed: [PostgresStatement] = []

    var statements: [PostgresStatement] {
        var statements = [QueueStatements.addAttempts.statement(attempts)]
        if !wellEndpoints.isEmpty {
            statements.append((QueueStatements.setWell, [.int8s(wellEndpoints.sorted()), .timestamptz(wellAt)]))
        }
        if !moves.isEmpty { statements.append(QueueStatements.move(moves)) }
        statements += freed
        if !left.isEmpty { statements.append((QueueStatements.leave, [.uuids(left)])) }
        if !history.isEmpty { statements.append(HistoryRow.statement(history)) }
        return statements
    }

    mutating func attempt(_ ended: EndedAttempt, isLate: Bool) {
        let (claim, failure) = (ended.claim, ended.outcome.failure)
        attempts.append([
            .uuid(claim.id.uuid), .int8(claim.token), .int8(claim.endpoint.value), .uuid(ended.node.uuid),
            .int4(Int32(claim.attempt)), .timestamptz(ended.beganAt), .timestamptz(ended.endedAt),
            .text(ended.outcome.name), .bool(isLate), .optional(failure) { .text($0.code.rawValue) },
            .optional(failure?.httpStatus) { .int4(Int32(clamping: $0)) }, .optional(failure) { .text($0.detail) },
        ])
        if !isLate, case .gone(let failure) = ended.outcome { gone.append((ended, failure)) }
    }

    mutating func free(_ claim: ClaimedDelivery, until next: Instant?, attempts: Int) {
        freed.append(
            (
                QueueStatements.free,
                [.uuid(claim.id.uuid), .optional(next) { .timestamptz($0) }, .int4(Int32(attempts))]
            ))
    }

    mutating func leave(_ claim: ClaimedDelivery) { left.append(claim.id.uuid) }

    mutating func move(_ ended: EndedAttempt, to after: DeliveryLife, package: PackageID) {
        let (claim, failure) = (ended.claim, ended.outcome.failure)
        let event: HistoryRow.Event =
            switch after.state {
            case .delivered where failure != nil: .replayFailed
            case .delivered: .deliveryDelivered
            case .refused: .deliveryRefused
            default: .deliveryExpired
            }
        var detail: [String: JSONText] = [
            "attempt": .number(claim.attempt), "endpoint": .number(Int(claim.endpoint.value)),
        ]
        if let failure {
            detail["code"] = .string(failure.code.rawValue)
            detail["detail"] = .string(failure.detail)
        }
        if failure == nil {
            wellEndpoints.insert(claim.endpoint.value)
            wellAt = max(wellAt, ended.endedAt)
        }
        moves.append(
            DeliveryMove(
                id: claim.id, after: after, at: ended.endedAt,
                // What the last attempt met is the reason of an expiry, too; the code says which of the two it is.
                code: isTimeOver(ended, after) ? .deliveryExpired : failure?.code,
                detail: failure.map { "\($0.code.rawValue) \($0.detail)" }))
        leave(claim)
        history.append(
            HistoryRow(
                at: ended.endedAt, event: event, package: package, delivery: claim.id, actor: HistoryRow.hubActor,
                detail: detail))
    }

    /// Whether it was given up because no time was left, and not because its endpoint refused it.
    private func isTimeOver(_ ended: EndedAttempt, _ after: DeliveryLife) -> Bool {
        if case .failed = ended.outcome { after.state == .expired || after.state == .delivered } else { false }
    }
}

/// The end of one claim.
private struct Finish {
    let ended: EndedAttempt
    /// Locked, as is the other.
    let delivery: PostgresRow
    /// Nil: it is not on its way any more.
    let queued: PostgresRow?
    /// Whose endpoint it was carried to; known where `queued` is nil.
    let owner: AgencyKey?

    private var claim: ClaimedDelivery { ended.claim }

    func decide(_ effects: inout FinishEffects) throws -> FinishedAttempt {
        guard let state = DeliveryState(rawValue: try delivery.decode("state", as: String.self)) else {
            throw Refusal(.internalError, "unknown delivery state")
        }
        let life = DeliveryLife(
            state: state, failures: Int(try delivery.decode("failures", as: Int32.self)),
            hasEntered: try delivery.decode("has_entered", as: Bool.self))
        let package = PackageID(uuid: try delivery.decode("package_id", as: UUID.self))
        guard let queued, try holds(queued) else {
            // Given up, or to be pulled, while it was on its way: what the recipient has after all counts. What has moved to
            // a successor meanwhile is the successor's, which does not have it.
            if queued == nil, try isOwners, case .entered = ended.outcome,
                case .become(let after) = life.decide(.entered)
            {
                effects.attempt(ended, isLate: false)
                effects.move(ended, to: after, package: package)
                return .counted(after.state, nextAt: nil)
            }
            effects.attempt(ended, isLate: true)
            return .late
        }
        effects.attempt(ended, isLate: false)
        let attempts = Int(try queued.decode("attempts", as: Int32.self))
        if case .failed = ended.outcome, attempts != claim.attempt {
            // Somebody asked for a new beginning while this was on its way.
            effects.free(claim, until: nil, attempts: attempts)
            return .counted(state, nextAt: nil)
        }
        let next = try nextAttempt(queued)
        switch life.decide(kind(next)) {
        case .become(let after):
            effects.move(ended, to: after, package: package)
            return .counted(after.state, nextAt: nil)
        case .unchanged, .refuse:
            // Stopped meanwhile, or to be tried again.
            if state.isPending || state == .held {
                effects.free(claim, until: next, attempts: isCounted ? claim.attempt : claim.attempt - 1)
            } else {
                effects.leave(claim)
            }
            return .counted(state, nextAt: next)
        }
    }

    private var isOwners: Bool {
        get throws { try owner?.value == delivery.decodeIfPresent("recipient_agency_id", as: Int64.self) }
    }

    private func holds(_ row: PostgresRow) throws -> Bool {
        var lease = Lease(
            node: try row.decodeIfPresent("node", as: UUID.self).map(NodeID.init(uuid:)),
            token: try row.decode("token", as: Int64.self))
        return lease.finish(claim.token)
    }

    /// An endpoint that is gone says nothing of the delivery, which waits until the operator has looked.
    private var isCounted: Bool { if case .gone = ended.outcome { false } else { true } }

    /// When it is tried again; nil: at once when the endpoint is open again, or never.
    private func nextAttempt(_ queued: PostgresRow) throws -> Instant? {
        guard case .failed(let failure) = ended.outcome else { return nil }
        let urgency = Urgency(rawValue: Int(try delivery.decode("urgency", as: Int16.self))) ?? .normal
        return ended.retries.of(urgency).next(
            after: claim.attempt, failedAt: ended.endedAt, dueAt: try queued.decode("first_due", as: Instant.self),
            retryAfter: failure.retryAfter, chance: ended.chance)
    }

    private func kind(_ next: Instant?) -> DeliveryLife.Attempt {
        switch ended.outcome {
        case .entered: .entered
        case .refused: .refused
        case .gone: .failed
        case .failed: next == nil ? .failedForTheLastTime : .failed
        }
    }
}
