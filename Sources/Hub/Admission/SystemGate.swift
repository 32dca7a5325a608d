// SPDX-License-Identifier: Apache-2.0
import Exchange
import Synchronization

/// Lets calls of systems in, each system within its own limits.
public final class SystemGate: Sendable {
    /// After how long a system that has too many calls going on may try again.
    static let concurrentRetryAfter: Duration = .seconds(1)

    private let limits: SystemLimits
    private let admission: Mutex<SystemAdmission>
    private let origin = ContinuousClock.now

    init(limits: SystemLimits) {
        self.limits = limits
        admission = Mutex(SystemAdmission(limits: limits))
    }

    /// Lets a call of an authenticated system in. It counts as going on for as long as somebody keeps the pass.
    ///
    /// - Throws: `Refusal(.tooManyRequests)` with the time after which to try again.
    public func admit(_ system: SystemID) throws(Refusal) -> AdmissionPass {
        let now = origin.duration(to: .now)
        switch admission.withLock({ $0.begin(system, now: now) }) {
        case .admit:
            return AdmissionPass { [self] in admission.withLock { $0.end(system) } }
        case .refuseConcurrent:
            throw Refusal(
                .tooManyRequests, "\(limits.concurrent) calls of \(system) at a time",
                retryAfter: Self.concurrentRetryAfter)
        case .refuseRate(let retryAfter):
            throw Refusal(
                .tooManyRequests, "\(limits.perSecond) calls of \(system) a second", retryAfter: retryAfter)
        }
    }
}

/// The right to go on. What it stands for is given back when the last reference goes, so that no way out of a call, not
/// even an answer that is never written, can keep it.
public final class AdmissionPass: Sendable {
    private let giveBack: @Sendable () -> Void

    init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

    deinit { giveBack() }
}
