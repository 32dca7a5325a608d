// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How far the database's clock is ahead of ours.
public struct ClockOffset: Sendable, Equatable {
    /// Negative where the database's is behind.
    public let offset: Duration
    /// By how much `offset` may be wrong: half of the time that the question took.
    public let uncertainty: Duration

    /// - Parameters:
    ///   - asked: our clock when the question left.
    ///   - told: what the database's clock showed.
    ///   - answered: our clock when the answer came.
    public init(asked: Instant, told: Instant, answered: Instant) {
        let roundTrip = answered.duration(since: asked)
        offset = told.duration(since: asked) - roundTrip / 2
        uncertainty = max(roundTrip, .zero - roundTrip) / 2
    }

    public init(_ offset: Duration, uncertainty: Duration = .zero) {
        self.offset = offset
        self.uncertainty = uncertainty
    }
}

extension Database {
    /// Compares the database's clock with ours.
    ///
    /// - Parameter now: our clock, read when the question leaves and when the answer is there; a wait for a connection
    ///   does not count.
    public func clockOffset(by now: @escaping @Sendable () -> Instant) async throws -> ClockOffset {
        try await run { connection in
            let asked = now()
            let told = try connection.query("SELECT clock_timestamp() AS told").only().decode("told", as: Instant.self)
            return ClockOffset(asked: asked, told: told, answered: now())
        }
    }
}
