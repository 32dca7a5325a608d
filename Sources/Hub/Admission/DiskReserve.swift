// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Store
import Synchronization

/// Refuses packages before the disk is full, so that what was accepted can still be handed out and confirmed: both
/// write history.
final class DiskReserve: Sendable {
    /// How long the disk is believed to have room. What comes in meanwhile is counted. That it has none is not said of
    /// what it told a moment ago: room that was made is found at once.
    static let reuse: Duration = .seconds(1)

    private let account: Account
    private let check: CoalescedCheck<Refusal?>

    /// - Parameters:
    ///   - reserve: bytes that stay free.
    ///   - now: time since any fixed moment.
    ///   - measure: asks the disk for the bytes that are free.
    init(
        reserve: Int, now: @escaping @Sendable () -> Duration,
        measure: @escaping @Sendable () async -> Result<Int64, Refusal>
    ) {
        let account = Account(SpaceLedger(reserve: Int64(reserve)))
        self.account = account
        check = CoalescedCheck(reuse: Self.reuse, now: now) { await account.look(measure) }
    }

    convenience init(reserve: Int, content: ContentStore) {
        let origin = ContinuousClock.now
        self.init(reserve: reserve, now: { origin.duration(to: .now) }) {
            do throws(ContentError) { return .success(try await content.freeBytes()) } catch {
                return .failure(error.refusal)
            }
        }
    }

    /// Sets the space for a package aside, for as long as somebody keeps the pass.
    ///
    /// - Throws: `Refusal(.storageFull)`, or why the disk does not tell.
    func admit(_ bytes: Int, of system: SystemID? = nil) async throws(Refusal) -> AdmissionPass {
        try await look()
        do { return try account.admit(Int64(bytes), system) } catch {
            if let refusal = await check.newFinding() { throw refusal }
            return try account.admit(Int64(bytes), system)
        }
    }

    /// Asks the disk unless it was asked a moment ago.
    func look() async throws(Refusal) {
        if let refusal = await check.finding() { throw refusal }
    }

    private final class Account: Sendable {
        private let ledger: Mutex<SpaceLedger>
        private let free = Gauge(label: Metric.contentFree.rawValue)

        init(_ ledger: SpaceLedger) {
            self.ledger = Mutex(ledger)
            Gauge(label: Metric.contentReserve.rawValue).record(ledger.reserve)
        }

        func look(_ measure: @Sendable () async -> Result<Int64, Refusal>) async -> Refusal? {
            ledger.withLock { $0.ask() }
            switch await measure() {
            case .failure(let refusal): return refusal
            case .success(let bytes):
                ledger.withLock { $0.measured(bytes) }
                free.record(bytes)
                return nil
            }
        }

        func admit(_ bytes: Int64, _ system: SystemID?) throws(Refusal) -> AdmissionPass {
            let (isAdmitted, left, reserve) = ledger.withLock { ($0.admit(bytes, of: system), $0.left, $0.reserve) }
            guard isAdmitted else {
                throw Refusal(
                    .storageFull, "\(bytes) bytes are too many: \(left) are left, \(reserve) of them are kept back")
            }
            return AdmissionPass { [self] in ledger.withLock { $0.settle(bytes, of: system) } }
        }
    }
}
