// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How far the timestamp of a request may lie from the hub's clock.
public struct VXPTimestampWindow: Hashable, Sendable {
    /// How old it may be; nil is without limit.
    ///
    /// An SDK object takes its timestamp once and repeats it for as long as it lives, hours or days: a limit here
    /// breaks such clients. Replay is harmless without it, because accepting the same package twice is one acceptance.
    public let past: Duration?
    /// How far ahead of the hub's clock it may be.
    public let future: Duration

    /// What holds for a system for which nothing else is set: any age, five minutes ahead.
    public static let standard = VXPTimestampWindow(past: nil, future: .seconds(300))

    public init(past: Duration?, future: Duration) {
        self.past = past
        self.future = future
    }

    /// - Throws: `timestampInvalid` when the timestamp lies outside.
    public func check(_ timestamp: Instant, now: Instant) throws(Refusal) {
        let age = now.duration(since: timestamp)
        if age < .zero - future {
            throw Refusal(.timestampInvalid, "it is \(-age.components.seconds) s ahead of the hub's clock")
        }
        if let past, age > past {
            throw Refusal(.timestampInvalid, "it is \(age.components.seconds) s old")
        }
    }
}
