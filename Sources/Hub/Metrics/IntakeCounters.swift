// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange

/// Counts the packages that were given a receipt.
struct IntakeCounters: Sendable {
    private let new = Counter(label: Metric.acceptedPackages.rawValue, dimensions: [("result", "new")])
    private let repeated = Counter(label: Metric.acceptedPackages.rawValue, dimensions: [("result", "repeated")])
    private let bytes = Counter(label: Metric.acceptedBytes.rawValue)

    func count(_ receipt: Receipt, length: Int) {
        if receipt.isNew {
            new.increment()
            bytes.increment(by: length)
        } else {
            repeated.increment()
        }
    }
}
