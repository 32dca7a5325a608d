// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Trust

extension Database {
    /// Most deliveries whose time has come that are made ready in one statement.
    static let maxSweep = 1_000
    /// Most deliveries of one look at what is overdue.
    static let maxOverdue = 50

    /// Most claims, and most ends of claims, in one transaction.
    static let maxClaimLot = 32
    static let maxFinishLot = 32

    /// Takes deliveries for an endpoint, the most urgent first and the oldest first within. Claims that come at the same
    /// time share a statement.
    ///
    /// - Parameter cursor: from where to look; moved past what was taken.
    /// - Returns: at most `limit`; fewer when there are no more behind the cursor, or another node holds them.
    public func claim(
        _ endpoint: EndpointKey, limit: Int, node: NodeID, cursor: ClaimCursor
    ) async throws -> (claimed: [ClaimedDelivery], cursor: ClaimCursor) {
        let asked = ContinuousClock.now
        defer { claimTimes.record(asked.duration(to: .now)) }
        let claimed = try await claims.answer(
            ClaimRequest(endpoint: endpoint, limit: limit, node: node, cursor: cursor)
        ) { requests in
            do {
                var claimed: [EndpointKey: [ClaimedDelivery]] = [:]
                // One, but for the moment at which it was taken for dead and has become another.
                for (node, requests) in Dictionary(grouping: requests, by: \.node) {
                    claimed.merge(try await self.claim(requests, by: node)) { $1 }
                }
                return requests.map { .success(claimed[$0.endpoint] ?? []) }
            } catch {
                return requests.map { _ in .failure(error) }
            }
        }
        var next = cursor
        next.took(claimed)
        return (claimed, next)
    }

    /// One statement for claims at different endpoints by one node.
    func claim(_ requests: [ClaimRequest], by node: NodeID) async throws -> [EndpointKey: [ClaimedDelivery]] {
        let lines = requests.flatMap { request in (0..<ClaimCursor.ranks).map { (request, $0) } }
        return try await run { [keys] connection in
            let rows = try connection.query(
                QueueStatements.claim,
                [
                    .int8s(lines.map(\.0.endpoint.value)), .int8s(lines.map { Int64($0.0.limit) }),
                    .int2s(lines.map(\.1)), .uuids(lines.map { $0.0.cursor.after[Int($0.1)] }), .uuid(node.uuid),
                ])
            FaultPoint.claimAfterCommit.pass()
            return Dictionary(grouping: try rows.map { try ClaimedDelivery(row: $0, keys) }, by: \.endpoint)
        }
    }

    /// Ends a claim: the attempt is recorded, and what follows from it is written in the same transaction, which ends that
    /// come at the same time share.
    ///
    /// - Parameters:
    ///   - chance: a random number from 0 to 1, which moves the next attempt.
    ///   - beganAt, endedAt: of the attempt, by this node's clock.
    ///   - retries: those of the policy in force.
    public func finish(
        _ claim: ClaimedDelivery, _ outcome: AttemptOutcome, node: NodeID, beganAt: Instant, endedAt: Instant,
        chance: Double, retries: RetrySchedules = .standard
    ) async throws -> FinishedAttempt {
        let ended = EndedAttempt(
            claim: claim, outcome: outcome, node: node, beganAt: beganAt, endedAt: endedAt, chance: chance,
            retries: retries)
        let finished = try await finishes.answer(ended) { await self.finish($0) }
        if case .counted(.delivered, _) = finished, case .entered = outcome { confirmations.count(.delivered) }
        return finished
    }

    /// What fails together is tried one by one: the fault of one must not keep the others from being written.
    func finish(_ ended: [EndedAttempt]) async -> [Result<FinishedAttempt, any Error>] {
        do {
            return try await run { connection in
                try connection.transaction {
                    let finished = try FinishTransaction(connection: connection).write(ended)
                    FaultPoint.finishBeforeCommit.pass()
                    return finished.map { .success($0) }
                }
            }
        } catch {
            if ended.count == 1 { return [.failure(error)] }
            var results: [Result<FinishedAttempt, any Error>] = []
            for ended in ended { results += await finish([ended]) }
            return results
        }
    }

    /// Gives back what was claimed and not carried: it counts as no attempt.
    public func abandon(_ claim: ClaimedDelivery) async throws {
        try await run { connection in
            try connection.transaction {
                let found = try connection.query(QueueStatements.lockQueue, [.uuids([claim.id.uuid])])
                guard let row = found.first, try row.decode("token", as: Int64.self) == claim.token else { return }
                let attempts = try row.decode("attempts", as: Int32.self)
                try connection.query(
                    QueueStatements.free, [.uuid(claim.id.uuid), .null, .int4(max(attempts - 1, 0))])
            }
        }
    }

    /// Makes ready what waits for a time that has come.
    ///
    /// - Returns: the endpoints that have work now, and whether there may be more of it.
    public func sweep(at now: Instant) async throws -> (endpoints: Set<EndpointKey>, isMore: Bool) {
        try await run { connection in
            let rows = try connection.query(
                QueueStatements.sweep, [.timestamptz(now), .int8(Int64(Self.maxSweep))])
            return (try EndpointKey.set(rows), rows.count == Self.maxSweep)
        }
    }

    /// Deliveries that nobody carries although their time is over: behind an endpoint that was away or suspended all the
    /// while. At most `maxOverdue`.
    public func overdue(
        at now: Instant, retries: RetrySchedules = .standard
    ) async throws -> [DeliveryID] {
        try await run { connection in
            try connection.query(
                QueueStatements.overdue,
                [
                    .timestamptz(now.advanced(by: .zero - retries.longestLifetime)),
                    .int8(Int64(Self.maxOverdue)),
                ]
            ).map { DeliveryID(uuid: try $0.decode("delivery_id", as: UUID.self)) }
        }
    }

    /// The open endpoints for which something is ready.
    public func endpointsWithWork() async throws -> Set<EndpointKey> {
        try await run { try EndpointKey.set($0.query(QueueStatements.endpointsWithWork)) }
    }

    /// Remembers that an endpoint has begun to fail, or that it is well again; for whoever looks.
    public func setFailing(_ endpoint: EndpointKey, isFailing: Bool, at now: Instant) async throws {
        _ = try await run { connection in
            try connection.query(
                QueueStatements.setFailing, [.int8(endpoint.value), .bool(isFailing), .timestamptz(now)])
        }
    }

    /// The hub's own decision to carry nothing more to an endpoint until the operator has looked.
    public func suspendEndpoint(_ endpoint: EndpointKey, reason: String, at now: Instant) async throws {
        try await run { connection in
            try connection.transaction { try connection.suspendEndpoint(endpoint, reason: reason, at: now) }
        }
    }

    // MARK: Nodes

    /// Makes this node known; call `beat` from now on.
    public func enter(_ node: NodeID, name: String) async throws {
        _ = try await run { connection in
            try connection.query(
                QueueStatements.addNode,
                [.uuid(node.uuid), .int8(Lease.nodeLifetime.components.seconds), .text(name)])
        }
    }

    /// Says that this node lives: one row, and it waits for nobody else's.
    ///
    /// - Returns: whether the others still take it for alive.
    public func beat(_ node: NodeID) async throws -> Bool {
        try await run { connection in
            try !connection.query(
                QueueStatements.beat, [.uuid(node.uuid), .int8(Lease.nodeLifetime.components.seconds)]
            ).isEmpty
        }
    }

    /// Frees what those carried that have fallen silent. A long one must not make a node that lives look dead: apart from
    /// `beat`.
    ///
    /// - Returns: the endpoints for which something was freed.
    public func freeSilent() async throws -> Set<EndpointKey> {
        try await run { connection in
            try connection.transaction {
                let results = try connection.pipeline([
                    (QueueStatements.removeDead, []), (QueueStatements.freeCarriedByNobody, []),
                ])
                return try EndpointKey.set(results[1])
            }
        }
    }

    /// Takes this node off the list; what it still carries is free.
    public func leave(_ node: NodeID) async throws {
        _ = try await run { connection in
            try connection.pipeline([
                (QueueStatements.removeNode, [.uuid(node.uuid)]), (QueueStatements.freeCarriedByNobody, []),
            ])
        }
    }
}

extension EndpointKey {
    static func set(_ rows: PostgresRows) throws -> Set<EndpointKey> {
        Set(try rows.map { EndpointKey(try $0.decode("endpoint_id", as: Int64.self)) })
    }
}

extension ClaimedDelivery {
    init(row: PostgresRow, _ keys: KeyRing) throws {
        guard let type = MessageType(rawValue: try row.decode("message_type", as: String.self)),
            let sha256 = SHA256Digest(bytes: try row.decode("package_sha256", as: [UInt8].self))
        else { throw Refusal(.internalError, "unknown message type") }
        let package = PackageID(uuid: try row.decode("package_id", as: UUID.self))
        // One that cannot be read must not stop the others of the claim.
        let content: Result<StoredContent, Refusal>
        do {
            guard let stored = try StoredContent(of: package, row: row, keys) else {
                throw Refusal(.contentDestroyed, "\(package)")
            }
            content = .success(stored)
        } catch {
            content = .failure(error as? Refusal ?? Refusal(.internalError, "\(package): \(error)"))
        }
        self.init(
            id: DeliveryID(uuid: try row.decode("delivery_id", as: UUID.self)), packageID: package, messageType: type,
            endpoint: EndpointKey(try row.decode("endpoint_id", as: Int64.self)),
            token: try row.decode("token", as: Int64.self),
            attempt: Int(try row.decode("attempts", as: Int32.self)), rank: try row.decode("rank", as: Int16.self),
            sha256: sha256, content: content)
    }
}
