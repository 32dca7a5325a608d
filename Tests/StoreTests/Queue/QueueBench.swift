// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// A bench with an endpoint for Finance, and two nodes that carry.
struct QueueBench: Sendable {
    let accepting: AcceptBench
    let endpoint: EndpointKey
    let one = NodeID()
    let two = NodeID()

    var database: Database { accepting.database }

    init() async throws {
        accepting = try await AcceptBench()
        endpoint = try await accepting.database.setEndpoint(
            of: AgencyID(parsing: TestAgency.finance.code), url: "https://qlvb.example/nhan", actor: "operator:test",
            at: .now()
        ).endpoint
        try await database.enter(one, name: "one")
        try await database.enter(two, name: "two")
    }

    func close() async { await accepting.close() }

    /// Accepts documents for Finance, in this order.
    @discardableResult
    func accept(_ count: Int, _ urgency: Urgency = .normal, prefix: String = "VB", at now: Instant = .now())
        async throws
        -> [DeliveryID]
    {
        let version = try await database.registryVersion()
        var ids: [DeliveryID] = []
        for number in 0..<count {
            let acceptance = try accepting.acceptance(
                "\(prefix)-\(number)", version: version, at: now.advanced(by: .milliseconds(number))
            ) { $0.urgency = urgency }
            _ = try await accepting.store.accept(acceptance)
            ids += acceptance.package.deliveries.map(\.id)
        }
        return ids
    }

    /// Accepts it as one that was decided by the registry that is in force.
    @discardableResult
    func accept(_ acceptance: Acceptance) async throws -> Acceptance {
        let present = Acceptance(
            registryVersion: try await database.registryVersion(), package: acceptance.package,
            notice: acceptance.notice)
        #expect(try await accepting.store.accept(present).isAccepted)
        return present
    }

    func claim(_ limit: Int = 10, by node: NodeID? = nil, from cursor: ClaimCursor = ClaimCursor()) async throws
        -> [ClaimedDelivery]
    {
        try await database.claim(endpoint, limit: limit, node: node ?? one, cursor: cursor).claimed
    }

    @discardableResult
    func finish(
        _ claim: ClaimedDelivery, _ outcome: AttemptOutcome, by node: NodeID? = nil, at now: Instant = .now()
    ) async throws -> FinishedAttempt {
        try await database.finish(claim, outcome, node: node ?? one, beganAt: now, endedAt: now, chance: 0.5)
    }

    /// The node falls silent: its time is over.
    func silence(_ node: NodeID) async throws {
        try await onConnection(to: accepting.owner) { connection in
            try connection.query(
                "UPDATE node SET alive_until = clock_timestamp() - interval '1 second' WHERE id = $1",
                [.uuid(node.uuid)])
        }
    }

    func state(_ id: DeliveryID) async throws -> DeliveryState? {
        let states: [String] = try await accepting.column(
            "SELECT state AS value FROM delivery WHERE id = $1", [.uuid(id.uuid)])
        return states.first.flatMap(DeliveryState.init(rawValue:))
    }

    func events(_ id: DeliveryID) async throws -> [String] {
        try await accepting.column(
            "SELECT event AS value FROM history WHERE delivery_id = $1 ORDER BY id", [.uuid(id.uuid)])
    }

    func order(_ act: DeliveryLife.Act, _ id: DeliveryID, isTrial: Bool = false) async throws {
        _ = try await database.order(
            act, id, reason: "theo đề nghị", actor: "operator:test", at: .now(), isTrial: isTrial)
    }
}
