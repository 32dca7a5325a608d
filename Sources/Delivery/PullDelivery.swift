// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Where a delivery stands. The names are those of the column `delivery.state` and of `--json`.
public enum DeliveryState: String, CaseIterable, Sendable, Codable {
    /// In the recipient's list, untouched or given back.
    case waiting
    /// In the list; the recipient's system has said that it is at it.
    case processing
    /// The recipient's system has confirmed it. It has *entered* (QĐ 2588 Điều 10.4.b). Final.
    case delivered
    /// Failed at the recipient too often; out of the list until an operator releases it.
    case held
    /// No recipient that the hub could give it to. Final, and the hub's own word: never the recipient's refusal.
    case undeliverable

    /// Whether the recipient's list shows it.
    public var isPending: Bool { self == .waiting || self == .processing }
}

/// The life of a delivery that its recipient pulls: pure decisions over the recipient's confirmations.
///
/// It reads no clock and does no I/O; `Store` loads it under a row lock, asks, and writes what it is told.
public struct PullDelivery: Equatable, Sendable {
    /// Failures that a recipient may report before the delivery is held for the operator, unless the operator says
    /// otherwise.
    public static let maxFailures = Settings().deliveryMaxFailures

    public let state: DeliveryState
    /// How often the recipient has reported a failure.
    public let failures: Int
    /// Whether the recipient has fetched the content since it last reported a failure (or never reported one). A client
    /// that repeats a report whose answer it lost must not be counted twice.
    public let isTriedAgain: Bool

    public init(state: DeliveryState, failures: Int, isTriedAgain: Bool = true) {
        self.state = state
        self.failures = failures
        self.isTriedAgain = isTriedAgain
    }

    /// What a recipient's system says with `updateStatus`.
    public enum Confirmation: String, CaseIterable, Sendable {
        case processing
        case done
        case fail
    }

    public enum Decision: Equatable, Sendable {
        /// Already so: answer as the first time, write nothing.
        case unchanged
        /// Write this state, with one history row.
        case become(PullDelivery)
        /// Does not fit: `delivery.state-conflict`.
        case refuse
    }

    /// What becomes of the delivery when the recipient says `confirmation`.
    ///
    /// `done` counts once and is final. A `fail` after a new attempt puts the delivery back into the list until `maxFailures`, then holds
    /// it. A held delivery that the recipient has after all is taken as done; nothing else moves it but the operator.
    public func decide(_ confirmation: Confirmation, maxFailures: Int = maxFailures) -> Decision {
        switch (state, confirmation) {
        case (.waiting, .processing): .become(PullDelivery(state: .processing, failures: failures))
        case (.processing, .processing): .unchanged
        case (.waiting, .done), (.processing, .done), (.held, .done):
            .become(PullDelivery(state: .delivered, failures: failures))
        case (.delivered, .done), (.held, .fail): .unchanged
        case (.waiting, .fail) where !isTriedAgain: .unchanged
        case (.waiting, .fail), (.processing, .fail):
            .become(PullDelivery(state: failures + 1 >= maxFailures ? .held : .waiting, failures: failures + 1))
        case (.delivered, .processing), (.delivered, .fail), (.held, .processing), (.undeliverable, _): .refuse
        }
    }
}
