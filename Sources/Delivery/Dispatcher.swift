// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Decides for which endpoint deliveries are claimed next, and how many: pure, one on each node.
///
/// Endpoints with work take turns, and each gets an equal part of what is free, as far as its own window goes: a
/// destination with a hundred thousand packages waits behind nobody and nobody waits behind it.
public struct Dispatcher: Sendable {
    /// Most deliveries of one claim.
    public static let maxClaim = 16

    /// What the shell does next: claim at most `limit` deliveries for the endpoint, and tell `claimed` how many there were.
    public struct Claim: Equatable, Sendable {
        public let endpoint: EndpointKey
        public let limit: Int

        public init(endpoint: EndpointKey, limit: Int) {
            self.endpoint = endpoint
            self.limit = limit
        }
    }

    private struct Destination {
        var health = DestinationHealth()
        /// Something may be due there.
        var hasWork = false
        var isClaiming = false
    }

    /// Deliveries of `maxInFlight` that are kept for endpoints that are well and have nothing on its way: one for each, so
    /// that many which hang at the same time hold nobody up.
    private let reserve: Int
    private let maxInFlight: Int
    private var destinations: [EndpointKey: Destination] = [:]
    /// Whose turn it is: endpoints in a ring.
    private var ring: [EndpointKey] = []
    private var turn = 0
    /// Claimed and not finished, and asked for and not yet claimed.
    public private(set) var inFlight = 0

    /// - Parameter maxInFlight: most deliveries that are on their way at once, to all endpoints together.
    public init(maxInFlight: Int) {
        self.maxInFlight = maxInFlight
        reserve = maxInFlight / 4
    }

    /// Something may be due at these endpoints.
    public mutating func work(at endpoints: some Sequence<EndpointKey>) {
        for endpoint in endpoints {
            if destinations[endpoint] == nil { ring.append(endpoint) }
            destinations[endpoint, default: Destination()].hasWork = true
        }
    }

    /// What is to be claimed now; what is asked for here is taken as on its way until `claimed` says otherwise.
    public mutating func claims(at now: Instant) -> [Claim] {
        var claims: [Claim] = []
        let wanting = ring.indices.map { ring[(turn + $0) % ring.count] }.filter { endpoint in
            guard let destination = destinations[endpoint] else { return false }
            return destination.hasWork && !destination.isClaiming && destination.health.room(at: now) > 0
        }
        for (number, endpoint) in wanting.enumerated() {
            guard inFlight < maxInFlight else { break }
            let free = maxInFlight - reserve - inFlight
            let health = destinations[endpoint]?.health ?? DestinationHealth()
            guard free > 0 || health.isProven && health.inFlight == 0 else { continue }
            let share = max(free / (wanting.count - number), 1)
            let limit = min(share, health.room(at: now), Self.maxClaim)
            destinations[endpoint]?.hasWork = false
            destinations[endpoint]?.isClaiming = true
            destinations[endpoint]?.health.started(limit)
            inFlight += limit
            claims.append(Claim(endpoint: endpoint, limit: limit))
        }
        // The next turn begins behind the last who got something.
        if let last = claims.last, let position = ring.firstIndex(of: last.endpoint) {
            turn = (position + 1) % ring.count
        }
        return claims
    }

    /// A claim has brought `count` deliveries, which are on their way now. Fewer than asked for: there are no more.
    public mutating func claimed(_ claim: Claim, _ count: Int) {
        destinations[claim.endpoint]?.isClaiming = false
        destinations[claim.endpoint]?.health.abandoned(claim.limit - count)
        inFlight -= claim.limit - count
        if count == claim.limit { destinations[claim.endpoint]?.hasWork = true }
    }

    /// One has come back.
    ///
    /// - Returns: what others must know of it.
    public mutating func finished(
        _ endpoint: EndpointKey, _ outcome: AttemptOutcome, at now: Instant
    ) -> DestinationHealth.Change? {
        inFlight -= 1
        let change = destinations[endpoint]?.health.finished(outcome, at: now)
        // What did not go well may still be there when the endpoint is tried again.
        if change != nil { destinations[endpoint]?.hasWork = true }
        return change
    }

    /// The operator has stopped an endpoint, or lets it go on.
    public mutating func setClosed(_ endpoint: EndpointKey, _ isClosed: Bool) {
        if destinations[endpoint] == nil { work(at: [endpoint]) }
        if isClosed {
            _ = destinations[endpoint]?.health.close()
        } else {
            destinations[endpoint]?.health.resume()
            destinations[endpoint]?.hasWork = true
        }
    }

    /// How an endpoint does, as far as this node knows.
    public func health(of endpoint: EndpointKey) -> DestinationHealth? { destinations[endpoint]?.health }

    /// The next instant at which `claims` may bring something without anything having happened.
    public var wakes: Instant? {
        destinations.values.filter { $0.hasWork && !$0.isClaiming }.compactMap(\.health.wakes).min()
    }
}
