// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension Database {
    /// Carries an agency's packages to this address from now on, those that wait already included.
    ///
    /// An earlier endpoint of the agency is removed: nothing is carried there any more, what is on its way ends.
    /// - Parameter url: judged already by who calls.
    /// - Returns: the new endpoint, and how many deliveries wait for it.
    /// - Throws: `Refusal`: `.agencyNotFound`, `.recipientNoSystem` for one that no system speaks for: nobody's secret
    ///   would sign.
    public func setEndpoint(
        of agency: AgencyID, url: String, actor: String, at now: Instant
    ) async throws -> (endpoint: EndpointKey, waiting: Int) {
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
                let ranks = Int16(Urgency.allCases.count)
                let waiting = Int(
                    try connection.query(
                        EndpointStatements.enqueuePending,
                        [.int8(key), .int8(endpoint), .timestamptz(now), .int2(ranks)]
                    ).only().decode("waiting", as: Int64.self))
                try connection.record(
                    .endpointSet, actor, now,
                    [
                        "agency": .string(agency.text), "endpoint": .number(Int(endpoint)), "url": .string(url),
                        "waiting": .number(waiting),
                    ])
                return (EndpointKey(endpoint), waiting)
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
        let endpoint = try row.decode("id", as: Int64.self)
        try query(EndpointStatements.emptyQueue, [.int8(agency)])
        return endpoint
    }

    fileprivate func record(
        _ event: HistoryRow.Event, _ actor: String, _ now: Instant, _ detail: [String: JSONText]
    ) throws {
        let (sql, parameters) = HistoryRow.statement([HistoryRow(at: now, event: event, actor: actor, detail: detail)])
        try query(sql, parameters)
    }
}
