// SPDX-License-Identifier: Apache-2.0
import Exchange

/// When no daemon served: recorded by the first that lives again, so that no office answers for it.
extension Database {
    /// Longest time between two signs of life for which the hub still counts as having served.
    public static let maxSilence: Duration = .seconds(60)
    /// Most downtimes that are told at a time, the latest.
    public static let maxDowntimes = 1_000

    /// Shows that a daemon lives. Where none has for longer than `maxSilence`, that was a downtime, and it is written
    /// down.
    ///
    /// - Parameter now: of the clock that also tells when packages are accepted; one that goes back is not believed.
    /// - Returns: the downtime that has ended.
    @discardableResult
    public func showLife(at now: Instant) async throws -> HubDowntime? {
        try await run { connection in
            try connection.transaction {
                let seen = try connection.query(DowntimeStatements.lock).only()
                    .decodeIfPresent("seen_at", as: Instant.self)
                if let seen, now <= seen { return nil }
                try connection.query(DowntimeStatements.seen, [.timestamptz(now)])
                guard let seen, now.duration(since: seen) > Self.maxSilence else { return nil }
                let row = HistoryRow(
                    at: now, event: .hubDowntime, actor: HistoryRow.hubActor,
                    detail: ["from": .string(seen.iso8601), "to": .string(now.iso8601)])
                _ = try connection.pipeline([
                    (DowntimeStatements.add, [.timestamptz(seen), .timestamptz(now)]), HistoryRow.statement([row]),
                ])
                return HubDowntime(from: seen, to: now)
            }
        }
    }

    /// The downtimes that ended after an instant, the one that lasts at `now` among them; in order.
    public func downtimes(since: Instant, now: Instant) async throws -> [HubDowntime] {
        try await run { connection in
            let results = try connection.pipeline([
                (DowntimeStatements.since, [.timestamptz(since), .int8(Int64(Self.maxDowntimes))]),
                (DowntimeStatements.last, []),
            ])
            let ended = try results[0].map {
                HubDowntime(from: try $0.decode("began_at"), to: try $0.decode("ended_at"))
            }
            let seen = try results[1].only().decodeIfPresent("seen_at", as: Instant.self)
            guard let seen, now.duration(since: seen) > Self.maxSilence else { return ended.reversed() }
            return ended.reversed() + [HubDowntime(from: seen, to: now)]
        }
    }
}

private enum DowntimeStatements {
    static let last = "SELECT seen_at FROM hub_life"
    static let lock = "SELECT seen_at FROM hub_life FOR UPDATE"
    static let seen = "UPDATE hub_life SET seen_at = $1"
    static let add = "INSERT INTO hub_downtime (began_at, ended_at) VALUES ($1, $2)"
    static let since = """
        SELECT began_at, ended_at FROM hub_downtime WHERE ended_at > $1 ORDER BY ended_at DESC LIMIT $2
        """
}
