// SPDX-License-Identifier: Apache-2.0

/// A token bucket: `burst` calls at once, then one more each `interval`.
///
/// Kept as the one moment at which it is full again (virtual scheduling, as in ITU-T I.371), so that nothing has to be
/// filled while nobody calls. Pure; time is the span since any fixed moment.
struct TokenBucket: Equatable {
    private let interval: Duration
    private let capacity: Duration
    private var fullAt: Duration?

    /// - Parameters:
    ///   - perSecond: tokens that come in a second, at least 1.
    ///   - burst: tokens of a full bucket, at least 1. It is full at first.
    init(perSecond: Int, burst: Int) {
        interval = .seconds(1) / max(perSecond, 1)
        capacity = interval * max(burst, 1)
    }

    /// Takes a token.
    ///
    /// - Returns: nil when there was one, else how long until there is; nothing was taken then.
    mutating func take(_ now: Duration) -> Duration? {
        let next = max(fullAt ?? now, now) + interval
        let missing = next - now - capacity
        guard missing <= .zero else { return missing }
        fullAt = next
        return nil
    }
}
