// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Store

/// Gives what happened its place in the audit log, behind it. One on each node; of all of them one works at a time.
public struct Auditing: Sendable {
    /// Between two looks: an event can be proved within two seconds, whatever is going on.
    static let interval: Duration = .milliseconds(500)
    /// After a look it rests at least as long as the look took: never more than half of one connection's time.
    static let restFactor = 1

    private let sequencer: AuditSequencer
    private let logger: Logger

    init(database: Database, logger: Logger) {
        sequencer = AuditSequencer(database)
        self.logger = logger
    }

    /// Until its task is cancelled.
    public func run() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let took = await clock.measure { await look() }
            try? await clock.sleep(for: max(Self.interval, took * Self.restFactor))
        }
    }

    /// Places all that waits.
    func look() async {
        do {
            while try await sequencer.round().isMore, !Task.isCancelled {}
        } catch is CancellationError {} catch {
            logger.warning("the audit log does not go on", metadata: ["error": "\(error)"])
        }
    }
}
