// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Synchronization

/// Bounds the packages that are on their way in, over all systems: each may hold `PackageLimits.headerBytes` of
/// memory before it is known whether it is wanted.
///
/// The last of the places are kept for systems that have few: a few systems whose packages come in slowly, or never
/// to an end, do not keep the others out.
final class IntakeGate: Sendable {
    /// After how long to try again when there is no place. Most packages are in within that time.
    static let retryAfter: Duration = .seconds(2)

    /// One place in so many is kept.
    static let keptShare = 4
    /// Packages of a system that may take a kept place.
    static let fewPlaces = 4

    private let limit: Int
    /// Packages on their way in, by system.
    private let running = Mutex<[SystemID: Int]>([:])
    private let gauge = Gauge(label: Metric.intakes.rawValue)

    init(limit: Int) { self.limit = limit }

    /// Takes a place, for as long as somebody keeps the pass.
    ///
    /// - Throws: `Refusal(.overloaded)`.
    func admit(_ system: SystemID) throws(Refusal) -> AdmissionPass {
        let (isAdmitted, total) = running.withLock { running in
            let total = running.values.reduce(0, +)
            let own = running[system, default: 0]
            guard total < (own < Self.fewPlaces ? limit : limit - limit / Self.keptShare) else { return (false, total) }
            running[system] = own + 1
            gauge.record(total + 1)
            return (true, total)
        }
        guard isAdmitted else {
            throw Refusal(.overloaded, "\(total) packages are on their way in", retryAfter: Self.retryAfter)
        }
        return AdmissionPass { [self] in
            running.withLock { running in
                let own = running[system, default: 1] - 1
                running[system] = own > 0 ? own : nil
                gauge.record(running.values.reduce(0, +))
            }
        }
    }
}
