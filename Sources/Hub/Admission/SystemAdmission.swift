// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What one connected system may ask of the hub, so that one that runs wild does not take the others' share.
public struct SystemLimits: Sendable, Equatable {
    /// Calls of one system that are worked on at a time, until the last byte of the answer. A QLVB works through its
    /// packages with a handful of threads; a hub for few large systems may allow more.
    public var concurrent: Int
    /// Calls of one system in a second, sustained. Two hundred are 720 000 packages in an hour.
    public var perSecond: Int
    /// Calls that may come at once after a rest: a QLVB that was off for a night sends and fetches in one go.
    public var burst: Int

    /// What a full burst is in terms of the rate, in seconds.
    public static let burstSeconds = 5

    public init(_ settings: Settings = Settings()) {
        concurrent = settings.systemConcurrent
        perSecond = settings.systemRate
        burst = settings.systemRate * Self.burstSeconds
    }
}

/// Which calls of which system go on: the decisions of `SystemGate`. Pure; time is the span since any fixed moment.
///
/// It remembers each system that ever called, of which there are no more than the registry has, because only calls that
/// were authenticated are counted.
struct SystemAdmission {
    enum Decision: Equatable {
        case admit
        /// Too many at a time.
        case refuseConcurrent
        /// Too many in a while; the next would be taken after this time.
        case refuseRate(retryAfter: Duration)
    }

    private struct Load {
        var running = 0
        var bucket: TokenBucket
    }

    private let limits: SystemLimits
    private var loads: [SystemID: Load] = [:]

    init(limits: SystemLimits) { self.limits = limits }

    /// A call came; when admitted, `end` is owed.
    mutating func begin(_ system: SystemID, now: Duration) -> Decision {
        var load = loads[system] ?? Load(bucket: TokenBucket(perSecond: limits.perSecond, burst: limits.burst))
        guard load.running < limits.concurrent else { return .refuseConcurrent }
        let missing = load.bucket.take(now)
        if missing == nil { load.running += 1 }
        loads[system] = load
        return missing.map { .refuseRate(retryAfter: $0) } ?? .admit
    }

    /// An admitted call has ended.
    mutating func end(_ system: SystemID) {
        guard let load = loads[system], load.running > 0 else { return }
        loads[system]?.running = load.running - 1
    }

    /// Calls of a system that are going on.
    func running(_ system: SystemID) -> Int { loads[system]?.running ?? 0 }
}
