// SPDX-License-Identifier: Apache-2.0
import Exchange

/// When a delivery is tried again, and how long at all.
public struct RetrySchedule: Equatable, Sendable {
    /// How long after each failed attempt the next one comes; after the last of them, always as long as that.
    public let delays: [Duration]
    /// How long after it was due for the first time a delivery is tried.
    public let lifetime: Duration
    /// The part of a delay that chance moves it by, up or down: many that failed together do not come back together.
    public static let jitter = 0.2

    /// - Precondition: none; without delays the next attempt comes after `lifetime`.
    public init(delays: [Duration], lifetime: Duration) {
        self.delays = delays
        self.lifetime = lifetime
    }

    public init(_ terms: RetryTerms) { self.init(delays: terms.delays, lifetime: terms.lifetime) }

    /// Three days, at first by seconds: a restart of the other side costs nobody an hour.
    public static let ordinary = RetrySchedule(
        delays: [
            .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1_800), .seconds(3_600), .seconds(7_200),
            .seconds(14_400), .seconds(28_800),
        ], lifetime: .seconds(3 * 86_400))

    /// The same three days, but never more than five minutes without a try: for hỏa tốc and above the clock is minutes.
    public static let immediate = RetrySchedule(
        delays: [.seconds(5), .seconds(15), .seconds(30), .seconds(60), .seconds(120), .seconds(300)],
        lifetime: .seconds(3 * 86_400))

    /// When the attempt after a failed one comes.
    ///
    /// The last attempt is made when `lifetime` ends, so that an endpoint that comes back shortly before that is not missed.
    /// - Parameters:
    ///   - attempt: number of the failed attempt, from 1.
    ///   - failedAt: when it ended.
    ///   - dueAt: when the delivery was due for the first time.
    ///   - retryAfter: how long the endpoint asked to be left alone; a shorter delay gives way to it.
    ///   - chance: a random number from 0 to 1.
    /// - Returns: nil when no time is left.
    public func next(
        after attempt: Int, failedAt: Instant, dueAt: Instant, retryAfter: Duration?, chance: Double
    ) -> Instant? {
        let end = dueAt.advanced(by: lifetime)
        guard failedAt < end else { return nil }
        let number = min(max(attempt, 1), max(delays.count, 1)) - 1
        let delay = delays.isEmpty ? lifetime : delays[number]
        let moved = delay * (1 + Self.jitter * (2 * min(max(chance, 0), 1) - 1))
        return min(failedAt.advanced(by: max(moved, retryAfter ?? .zero)), end)
    }
}

/// The schedules that are in force together: by urgency.
public struct RetrySchedules: Equatable, Sendable {
    public let ordinary: RetrySchedule
    /// Of hỏa tốc and above.
    public let immediate: RetrySchedule

    /// Where the policy in force names none.
    public static let standard = RetrySchedules(ordinary: .ordinary, immediate: .immediate)

    public init(ordinary: RetrySchedule, immediate: RetrySchedule) {
        self.ordinary = ordinary
        self.immediate = immediate
    }

    /// Those of a profile, or else the standard ones.
    public init(_ profile: PolicyProfile) {
        guard let rule = profile.retrySchedule?.value else {
            self = .standard
            return
        }
        self.init(ordinary: RetrySchedule(rule.ordinary), immediate: RetrySchedule(rule.immediate))
    }

    /// Beyond this nothing is tried by any of them.
    public var longestLifetime: Duration { max(ordinary.lifetime, immediate.lifetime) }

    /// The schedule of a document's urgency.
    public func of(_ urgency: Urgency) -> RetrySchedule { urgency >= .immediate ? immediate : ordinary }
}
