// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension Database {
    /// Most deliveries of one batch of `settleEndpoints`: bounds how long what is confirmed or claimed meanwhile may wait.
    public static let maxBacklogBatch = 5_000

    /// Carries an agency's packages to this address from now on, those that wait already included.
    ///
    /// An earlier endpoint of the agency is removed: nothing is carried there any more, what is on its way ends. What waits
    /// is put on its way in batches when the endpoint is there, and acceptances stop for none of it; where the caller falls,
    /// the hubs go on.
    /// - Parameter url: judged already by who calls.
    /// - Returns: the new endpoint, and how many deliveries wait for it.
    /// - Throws: `Refusal`: `.agencyNotFound`, `.recipientNoSystem` for one that no system speaks for: nobody's secret
    ///   would sign.
    public func setEndpoint(
        of agency: AgencyID, url: String, actor: String, at now: Instant
    ) async throws -> (endpoint: EndpointKey, waiting: Int) {
        let endpoint = try await addEndpoint(of: agency, url: url, actor: actor, at: now)
        while try await settleEndpoints(at: now) != nil {}
        let waiting = try await run { connection in
            try connection.query(EndpointStatements.countPending, [.int8(try connection.agencyKey(agency))])
                .only().decode("waiting", as: Int64.self)
        }
        return (endpoint, Int(waiting))
    }

    /// `setEndpoint` without what waits already.
    func addEndpoint(of agency: AgencyID, url: String, actor: String, at now: Instant) async throws -> EndpointKey {
        try await run { connection in
            try connection.transaction {
                let key = try connection.beginEndpointChange(agency)
                guard try !connection.query(EndpointStatements.speaker, [.int8(key)]).isEmpty else {
                    throw Refusal(.recipientNoSystem, agency.text)
                }
                try connection.removeEndpoint(of: key, at: now)
                let endpoint = try connection.query(
                    EndpointStatements.add, [.int8(key), .text(url), .timestamptz(now)]
                ).only().decode("id", as: Int64.self)
                try connection.record(
                    .endpointSet, actor, now,
                    ["agency": .string(agency.text), "endpoint": .number(Int(endpoint)), "url": .string(url)])
                return EndpointKey(endpoint)
            }
        }
    }

    /// Puts on its way what waited for agencies when their endpoints were set, and takes off the queue what was on its way
    /// to endpoints that were removed: one batch of it.
    ///
    /// - Returns: the endpoints for which there is something now; nil when nothing was left to be done.
    public func settleEndpoints(at now: Instant, batch: Int = maxBacklogBatch) async throws -> Set<EndpointKey>? {
        try await run { connection in
            guard try !connection.query(EndpointStatements.unsettled).isEmpty else { return nil }
            return try connection.transaction {
                // No endpoint comes or goes meanwhile.
                try connection.pipeline([(EndpointStatements.settleAlone, []), (QueueStatements.holdEndpoints, [])])
                guard let row = try connection.query(EndpointStatements.unsettled).first else { return nil }
                return try connection.settle(row, at: now, batch: batch)
            }
        }
    }

    /// Lets an agency pull again: nothing is carried to it any more.
    ///
    /// - Throws: `Refusal`: `.agencyNotFound`, `.endpointNotFound`.
    public func removeEndpoint(of agency: AgencyID, reason: String, actor: String, at now: Instant) async throws {
        try await run { connection in
            try connection.transaction {
                let key = try connection.beginEndpointChange(agency)
                guard let removed = try connection.removeEndpoint(of: key, at: now) else {
                    throw Refusal(.endpointNotFound, agency.text)
                }
                try connection.record(
                    .endpointRemoved, actor, now,
                    ["agency": .string(agency.text), "endpoint": .number(Int(removed)), "reason": .string(reason)])
            }
        }
        while try await settleEndpoints(at: now) != nil {}
    }

    /// Stops carrying packages to an agency's endpoint, or goes on. What waits for it goes on waiting.
    ///
    /// - Returns: false when it was so already; nothing is recorded then.
    /// - Throws: `Refusal`: `.agencyNotFound`, `.endpointNotFound`.
    public func setSuspended(
        _ isSuspended: Bool, endpointOf agency: AgencyID, reason: String, actor: String, at now: Instant
    ) async throws -> Bool {
        try await run { connection in
            try connection.transaction {
                let key = try connection.beginEndpointChange(agency)
                let changed = try connection.query(
                    EndpointStatements.setState,
                    [
                        .int8(key), .text(isSuspended ? "suspended" : "open"),
                        .optional(isSuspended ? reason : nil) { .text($0) }, .timestamptz(now),
                    ])
                guard let row = changed.first else {
                    if try connection.query(EndpointStatements.exists, [.int8(key)]).isEmpty {
                        throw Refusal(.endpointNotFound, agency.text)
                    }
                    return false
                }
                try connection.record(
                    isSuspended ? .endpointSuspended : .endpointResumed, actor, now,
                    [
                        "agency": .string(agency.text), "reason": .string(reason),
                        "endpoint": .number(Int(try row.decode("id", as: Int64.self))),
                    ])
                return true
            }
        }
    }

    /// Every endpoint with what waits for it, by the agencies' identifiers. Linear in what waits.
    public func endpoints() async throws -> [ListedEndpoint] {
        try await run { connection in
            try connection.query(EndpointStatements.list).map { row in
                ListedEndpoint(
                    key: EndpointKey(try row.decode("id", as: Int64.self)), agency: try row.decode("code"),
                    url: try row.decode("url"),
                    isSuspended: try row.decode("state", as: String.self) == "suspended",
                    reason: try row.decodeIfPresent("reason"), failingAt: try row.decodeIfPresent("failing_at"),
                    waiting: Int(try row.decode("waiting", as: Int64.self)), oldest: try row.decodeIfPresent("oldest"))
            }
        }
    }
}

extension PostgresConnection {
    /// Waits until no acceptance is under way that does not see the change, and lets none begin.
    fileprivate func beginEndpointChange(_ agency: AgencyID) throws -> Int64 {
        try query(QueueStatements.changeEndpoints)
        try query(RegistryStatements.bumpVersion)
        return try agencyKey(agency)
    }

    @discardableResult
    fileprivate func removeEndpoint(of agency: Int64, at now: Instant) throws -> Int64? {
        guard let row = try query(EndpointStatements.remove, [.int8(agency), .timestamptz(now)]).first else {
            return nil
        }
        return try row.decode("id", as: Int64.self)
    }

    /// One batch of what waits for an endpoint that was set or removed.
    fileprivate func settle(_ row: PostgresRow, at now: Instant, batch: Int) throws -> Set<EndpointKey> {
        let endpoint = try row.decode("id", as: Int64.self)
        if try row.decode("is_removed", as: Bool.self) {
            let left = try query(EndpointStatements.lockLeft, [.int8(endpoint), .int8(Int64(batch))]).map {
                try $0.decode("delivery_id", as: UUID.self)
            }
            try query(QueueStatements.leaveUnended, [.uuids(left)])
            if left.count < batch { try query(EndpointStatements.settled, [.int8(endpoint), .null]) }
            return []
        }
        let waiting = try query(
            EndpointStatements.lockBacklog,
            [
                .int8(try row.decode("agency_id", as: Int64.self)),
                .uuid(try row.decode("settling_after", as: UUID.self)), .int8(Int64(batch)),
            ]
        ).map { try $0.decode("id", as: UUID.self) }
        let last = waiting.count < batch ? nil : waiting.last
        try pipeline([
            (EndpointStatements.takeOver, [.uuids(waiting), .int8(endpoint), .timestamptz(now)]),
            (EndpointStatements.settled, [.int8(endpoint), .optional(last) { .uuid($0) }]),
        ])
        return waiting.isEmpty ? [] : [EndpointKey(endpoint)]
    }

    fileprivate func record(
        _ event: HistoryRow.Event, _ actor: String, _ now: Instant, _ detail: [String: JSONText]
    ) throws {
        let (sql, parameters) = HistoryRow.statement([HistoryRow(at: now, event: event, actor: actor, detail: detail)])
        try query(sql, parameters)
    }
}
