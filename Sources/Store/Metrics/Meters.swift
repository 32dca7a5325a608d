// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Delivery
import Exchange

extension CoreMetrics.Timer {
    func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        recordNanoseconds(overflow ? .max : nanoseconds + attoseconds / 1_000_000_000)
    }
}

/// Counts deliveries that their recipients moved on; a confirmation that is repeated moves nothing.
struct ConfirmationCounters: Sendable {
    private let counters: [DeliveryState: Counter]

    init() {
        // A delivery that its recipient reports as failed waits again.
        let outcomes: [(DeliveryState, String)] = [
            (.delivered, "delivered"), (.processing, "processing"), (.waiting, "failed"), (.held, "held"),
        ]
        counters = Dictionary(
            uniqueKeysWithValues: outcomes.map { state, outcome in
                (state, Counter(label: Metric.confirmations.rawValue, dimensions: [("outcome", outcome)]))
            })
    }

    func count(_ state: DeliveryState) { counters[state]?.increment() }
}
