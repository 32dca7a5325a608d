// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store

/// A hub that can do its work.
public struct Readiness: Sendable, Equatable {
    /// What its operator should see to all the same, in plain sentences.
    public let warnings: [String]
}

/// Finds out whether the hub can take packages: by doing it, and by comparing clocks.
struct ReadinessCheck: Sendable {
    /// How long a finding is told again: each check syncs the disk, and anybody may ask.
    static let reuse: Duration = .seconds(1)

    private let check: CoalescedCheck<Result<Readiness, Refusal>>

    init(store: Store, disk: DiskReserve, clocks: any ClockSource, maxDrift: Duration) {
        let origin = ContinuousClock.now
        check = CoalescedCheck(reuse: Self.reuse, now: { origin.duration(to: .now) }) {
            await Self.find(store, disk, clocks, maxDrift)
        }
    }

    func readiness() async throws(Refusal) -> Readiness { try await check.finding().get() }

    private static func find(
        _ store: Store, _ disk: DiskReserve, _ clocks: any ClockSource, _ maxDrift: Duration
    ) async -> Result<Readiness, Refusal> {
        do {
            try await store.probe()
            try await store.database.verifyKeys()
            _ = try await disk.admit(0)
            let offset = try await store.database.clockOffset { clocks.now() }
            let problems = ClockProblem.all(
                isSynchronised: clocks.isSynchronised(), database: offset, maxDrift: maxDrift)
            for case .drift(let offset) in problems {
                throw Refusal(.clockWrong, ClockProblem.drift(offset).description)
            }
            return .success(Readiness(warnings: problems.map(\.description)))
        } catch let refusal as Refusal {
            return .failure(refusal)
        } catch {
            return .failure(Refusal(.internalError, "\(error)"))
        }
    }
}
