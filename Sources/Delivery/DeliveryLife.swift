// SPDX-License-Identifier: Apache-2.0
import Exchange

/// The life of a delivery: pure decisions over what its recipient, its endpoint and the operator say.
///
/// It reads no clock and does no I/O; `Store` loads it under a row lock, asks, and writes what it is told.
public struct DeliveryLife: Equatable, Sendable {
    /// Failures that a recipient may report before the delivery is held for the operator, unless the operator says
    /// otherwise.
    public static let maxFailures = Settings().deliveryMaxFailures

    public let state: DeliveryState
    /// How often the recipient has reported a failure.
    public let failures: Int
    /// Whether the recipient has fetched the content since it last reported a failure (or never reported one). A client
    /// that repeats a report whose answer it lost must not be counted twice.
    public let isTriedAgain: Bool
    /// Whether the recipient has had it before: it is replayed, and whatever comes of that, it stays delivered.
    public let hasEntered: Bool

    public init(state: DeliveryState, failures: Int, isTriedAgain: Bool = true, hasEntered: Bool = false) {
        self.state = state
        self.failures = failures
        self.isTriedAgain = isTriedAgain
        self.hasEntered = hasEntered || state == .delivered
    }

    /// The same delivery in another state.
    func becoming(_ state: DeliveryState, failures: Int? = nil) -> DeliveryLife {
        DeliveryLife(state: state, failures: failures ?? self.failures, hasEntered: hasEntered)
    }

    /// Given up: what its recipient has had stays delivered, and only the replay has failed.
    private func givenUp(_ state: DeliveryState) -> DeliveryLife { becoming(hasEntered ? .delivered : state) }

    /// What a recipient's system says with `updateStatus`.
    public enum Confirmation: String, CaseIterable, Sendable {
        case processing
        case done
        case fail
    }

    /// How an attempt at its endpoint ended, as far as the delivery's life goes (`AttemptOutcome` without the reasons).
    public enum Attempt: String, CaseIterable, Sendable {
        /// The endpoint has it.
        case entered
        /// May go well another time.
        case failed
        /// The same, and no further time is left for it.
        case failedForTheLastTime
        /// The endpoint will never take it.
        case refused
    }

    /// What an operator, or who is entitled, asks for.
    public enum Act: String, CaseIterable, Sendable {
        /// Stop: out of the list and away from the endpoint, until `release`.
        case hold
        /// Back into the list, with the failures forgotten.
        case release
        /// Try now, and from the beginning: also what was refused or has expired.
        case retry
        /// Give up.
        case expire
        /// Once more although it was delivered: the same delivery with the same id.
        case replay
        /// Recalled by the sender.
        case withdraw
    }

    public enum Decision: Equatable, Sendable {
        /// Already so, or too late to matter: answer as the first time, write nothing.
        case unchanged
        /// Write this state, with one history row.
        case become(DeliveryLife)
        /// Does not fit: `delivery.state-conflict`.
        case refuse
    }

    /// What becomes of the delivery when the recipient says `confirmation`.
    ///
    /// `done` counts once and is final. A `fail` after a new attempt puts the delivery back into the list until `maxFailures`, then holds
    /// it. What was stopped or given up and the recipient has after all is taken as done.
    public func decide(_ confirmation: Confirmation, maxFailures: Int = maxFailures) -> Decision {
        switch (state, confirmation) {
        case (.waiting, .processing): .become(becoming(.processing))
        case (.processing, .processing): .unchanged
        case (.waiting, .done), (.processing, .done), (.held, .done), (.refused, .done), (.expired, .done):
            .become(becoming(.delivered))
        case (.delivered, .done), (.held, .fail): .unchanged
        case (.waiting, .fail) where !isTriedAgain: .unchanged
        case (.waiting, .fail), (.processing, .fail):
            .become(becoming(failures + 1 >= maxFailures ? .held : .waiting, failures: failures + 1))
        case (.delivered, .processing), (.delivered, .fail), (.held, .processing), (.refused, _), (.expired, _),
            (.withdrawn, _), (.undeliverable, _):
            .refuse
        }
    }

    /// What becomes of the delivery when an attempt at its endpoint ends. Never `refuse`: an end that changes nothing any
    /// more is recorded as an attempt and otherwise let go.
    public func decide(_ attempt: Attempt) -> Decision {
        switch (state, attempt) {
        // Whatever was decided while it was on its way: the recipient has it.
        case (.waiting, .entered), (.processing, .entered), (.held, .entered), (.refused, .entered),
            (.expired, .entered):
            .become(becoming(.delivered))
        case (.waiting, .refused), (.processing, .refused): .become(givenUp(.refused))
        case (.waiting, .failedForTheLastTime), (.processing, .failedForTheLastTime): .become(givenUp(.expired))
        case (.waiting, .failed), (.processing, .failed), (.held, _), (.refused, _), (.expired, _), (.delivered, _),
            (.withdrawn, _), (.undeliverable, _):
            .unchanged
        }
    }

    /// What becomes of the delivery when somebody entitled asks for `act`.
    ///
    /// - Parameter isSeen: whether the recipient may have seen it: listed, fetched, or carried to its endpoint. What may
    ///   have been seen is not withdrawn; its recipient gets the recall instead.
    public func decide(_ act: Act, isSeen: Bool) -> Decision {
        switch (state, act) {
        case (.waiting, .hold), (.processing, .hold): .become(becoming(.held))
        case (.held, .hold): .unchanged
        case (.held, .release), (.held, .retry), (.refused, .retry), (.expired, .retry), (.processing, .retry),
            (.waiting, .retry):
            .become(becoming(.waiting, failures: 0))
        case (.waiting, .replay), (.processing, .replay): .unchanged
        case (.delivered, .replay): .become(becoming(.waiting, failures: 0))
        case (.waiting, .expire), (.processing, .expire), (.held, .expire): .become(givenUp(.expired))
        case (.expired, .expire): .unchanged
        // What has expired may be tried again, so that it must be withdrawn, too.
        case (.waiting, .withdraw) where !isSeen && !hasEntered, (.held, .withdraw) where !isSeen && !hasEntered,
            (.expired, .withdraw) where !isSeen && !hasEntered:
            .become(becoming(.withdrawn))
        case (.withdrawn, .withdraw): .unchanged
        case (.waiting, _), (.processing, _), (.held, _), (.delivered, _), (.refused, _), (.expired, _),
            (.withdrawn, _), (.undeliverable, _):
            .refuse
        }
    }
}
