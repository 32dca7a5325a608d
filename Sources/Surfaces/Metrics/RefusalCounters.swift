// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange

/// Counts the refusals that callers are told, those in the middle of an answer too.
struct RefusalCounters: Sendable {
    /// Made when it is used for the first time, when the daemon has said where measurements go.
    static let shared = RefusalCounters()

    private let counters = Dictionary(
        uniqueKeysWithValues: Refusal.Code.allCases.map { code in
            (code, Counter(label: Metric.refusals.rawValue, dimensions: [("code", code.rawValue)]))
        })

    func count(_ code: Refusal.Code) { counters[code]?.increment() }
}
