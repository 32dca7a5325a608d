// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Store

/// Shows in the database that the hub serves, so that the times in which it did not are known: they count against no
/// office.
public struct LifeSign: Sendable {
    /// Between two signs; several fit into `Database.maxSilence`.
    static let interval: Duration = .seconds(10)

    private let database: Database
    private let clocks: any ClockSource
    private let logger: Logger

    init(database: Database, clocks: any ClockSource, logger: Logger) {
        self.database = database
        self.clocks = clocks
        self.logger = logger
    }

    /// Shows it until its task is cancelled. A database that is away is told of elsewhere; that time becomes a
    /// downtime.
    public func run() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            await show()
            try? await clock.sleep(for: Self.interval)
        }
    }

    /// One sign.
    func show() async {
        guard let ended = try? await database.showLife(at: clocks.now()) else { return }
        logger.notice("the hub did not serve", metadata: ["from": "\(ended.from)", "to": "\(ended.to)"])
    }
}
