// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Synchronization

/// One line, or for a histogram the few that belong together.
struct Sample {
    var suffix = ""
    var labels: [(String, String)] = []
    let value: Double
}

/// One series of a family.
protocol Series: AnyObject, Sendable {
    var samples: [Sample] { get }
}

final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    /// What does not make it grow is left out. It stays where no number is left.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        var old = value.load(ordering: .relaxed)
        while true {
            let (sum, overflow) = old.addingReportingOverflow(amount)
            let (exchanged, original) = value.compareExchange(
                expected: old, desired: overflow ? .max : sum, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    var samples: [Sample] { [Sample(value: Double(value.load(ordering: .relaxed)))] }
}

/// The last value that was recorded.
final class GaugeSeries: Series, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    var samples: [Sample] { [Sample(value: Double(bitPattern: bits.load(ordering: .relaxed)))] }
}

final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    private struct State {
        /// One for each bound, and one for what is over all of them.
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// Nil for a family of another kind.
    init?(of kind: MetricEntry.Kind) {
        guard case .histogram(let bounds) = kind else { return nil }
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var samples: [Sample] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var samples: [Sample] = []
        var below: Int64 = 0
        for (count, bound) in zip(counts, bounds.map(Exposition.number) + ["+Inf"]) {
            below += count
            samples.append(Sample(suffix: "_bucket", labels: [("le", bound)], value: Double(below)))
        }
        samples.append(Sample(suffix: "_sum", value: sum))
        samples.append(Sample(suffix: "_count", value: Double(below)))
        return samples
    }
}
