// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Store

/// Moves what waits for agencies that have ended to their successors, when the time comes and whenever something came to
/// wait there since: what an operator released, what a clock that was slow let in.
public struct SuccessionKeeper: Sendable {
    /// Between two looks. Until then the successor's system finds it in its list all the same.
    static let interval: Duration = .seconds(5)

    private let store: Store
    private let clocks: any ClockSource
    private let logger: Logger

    init(store: Store, clocks: any ClockSource, logger: Logger) {
        self.store = store
        self.clocks = clocks
        self.logger = logger
    }

    /// Until its task is cancelled.
    public func run() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            await look()
            try? await clock.sleep(for: Self.interval)
        }
    }

    /// One look.
    func look() async {
        do {
            let (count, endpoints) = try await store.database.moveToSuccessors(at: clocks.now())
            guard count > 0 else { return }
            store.due.signal(endpoints)
            logger.notice("deliveries moved to successors", metadata: ["count": "\(count)"])
        } catch {
            logger.warning("what waits could not be moved to successors", metadata: ["error": "\(error)"])
        }
    }
}
