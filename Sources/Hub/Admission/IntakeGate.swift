// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Synchronization

/// Bounds the packages that are on their way in, over all systems: each may hold `IntakeSession.maxUnjudged` bytes of
/// memory before it is known whether it is wanted.
final class IntakeGate: Sendable {
    /// After how long to try again when there is no place. Most packages are in within that time.
    static let retryAfter: Duration = .seconds(2)

    private let limit: Int
    private let running = Mutex(0)
    private let gauge = Gauge(label: Metric.intakes.rawValue)

    init(limit: Int) { self.limit = limit }

    /// Takes a place, for as long as somebody keeps the pass.
    ///
    /// - Throws: `Refusal(.overloaded)`.
    func admit() throws(Refusal) -> AdmissionPass {
        let isAdmitted = running.withLock { running in
            guard running < limit else { return false }
            running += 1
            gauge.record(running)
            return true
        }
        guard isAdmitted else {
            throw Refusal(.overloaded, "\(limit) packages are on their way in", retryAfter: Self.retryAfter)
        }
        return AdmissionPass { [self] in
            running.withLock { running in
                running -= 1
                gauge.record(running)
            }
        }
    }
}
