// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Store

/// What `Delivering` knows and decides: pure.
struct DispatchState {
    /// A claim that brings less than was asked for looks from the beginning next time, but not more often than this: what
    /// a long snapshot keeps in the index must not be walked for every claim.
    static let rescanInterval = Duration.seconds(1)
    /// Where there is always more, the beginning is looked at this often: something older may have become free.
    static let longestWalk = Duration.seconds(10)

    private var dispatcher: Dispatcher
    private var cursors: [EndpointKey: (cursor: ClaimCursor, since: Instant)] = [:]

    init(maxInFlight: Int) { dispatcher = Dispatcher(maxInFlight: maxInFlight) }

    /// Deliveries on their way, those included that were asked for and not yet claimed.
    var inFlight: Int { dispatcher.inFlight }

    /// - Returns: what others must know of an endpoint.
    mutating func take(
        _ event: Delivering.Event, at now: Instant
    ) -> (endpoint: EndpointKey, change: DestinationHealth.Change)? {
        switch event {
        case .due(let endpoints): dispatcher.work(at: endpoints)
        case .freed(let endpoints):
            for endpoint in endpoints { cursors[endpoint] = nil }
            dispatcher.work(at: endpoints)
        case .endpoints(let records): take(records)
        case .claimed(let claim, let claimed, let endpoint, let cursor):
            dispatcher.claimed(claim, claimed.count)
            // Nothing was looked for.
            if endpoint != nil { take(cursor, of: claim, found: claimed.count, at: now) }
        case .finished(let endpoint, let outcome, _):
            return dispatcher.finished(endpoint, outcome, at: now).map { (endpoint, $0) }
        case .ticked, .stop: break
        }
        return nil
    }

    /// What is to be claimed now, and from where.
    mutating func claims(at now: Instant) -> [(Dispatcher.Claim, ClaimCursor)] {
        dispatcher.claims(at: now).map { ($0, cursors[$0.endpoint]?.cursor ?? ClaimCursor()) }
    }

    private mutating func take(_ cursor: ClaimCursor, of claim: Dispatcher.Claim, found: Int, at now: Instant) {
        let since = cursors[claim.endpoint]?.since ?? now
        let walked = now.duration(since: since)
        let isAtEnd = found < claim.limit && walked >= Self.rescanInterval
        guard isAtEnd || walked >= Self.longestWalk else { return cursors[claim.endpoint] = (cursor, since) }
        cursors[claim.endpoint] = nil
        dispatcher.work(at: [claim.endpoint])
    }

    private mutating func take(_ records: [EndpointRecord]) {
        for record in records where record.isSuspended != (dispatcher.health(of: record.key)?.state == .closed) {
            dispatcher.setClosed(record.key, record.isSuspended)
        }
    }
}
