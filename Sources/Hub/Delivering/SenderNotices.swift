// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Logging
import Store

/// Tells senders of deliveries that were given up after their package had been accepted: refused by the recipient's
/// endpoint, or expired. In the hub's own name, as of recipients that it cannot deliver to at all (house §4.9).
struct SenderNotices {
    /// Notices that are read at once.
    static let maxRound = 16
    /// Most times in a row that notices are read, as long as there are more: then what else is promised has its turn.
    static let maxRounds = 32

    let store: Store
    let voice: HubVoice
    let logger: Logger

    init(store: Store, registry: Registry, logger: Logger) {
        self.store = store
        self.logger = logger
        voice = HubVoice(store: store, registry: registry, logger: logger)
    }

    /// Tells what is due now, at most `maxRound` times `maxRounds`. One that cannot be told keeps no other from it: the
    /// next call goes on after it, and it has its turn again when all others had theirs.
    ///
    /// - Parameter last: what an earlier call has returned.
    /// - Returns: up to where it came; nil at the end.
    /// - Throws: when nothing could be found out.
    func tell(after last: DeliveryID?) async throws -> DeliveryID? {
        var last = last
        for _ in 0..<Self.maxRounds {
            let due = try await store.database.dueNotices(limit: Self.maxRound, after: last)
            await tell(due)
            last = due.count == Self.maxRound ? due.last?.delivery : nil
            if last == nil || Task.isCancelled { break }
        }
        return last
    }

    private func tell(_ due: [DueNotice]) async {
        for notice in due {
            do {
                try await tell(notice)
            } catch {
                logger.warning(
                    "push: a sender could not be told yet",
                    metadata: ["delivery": "\(notice.delivery)", "error": "\(error)"])
            }
        }
    }

    private func tell(_ due: DueNotice) async throws {
        let refused = Receipt.RefusedRecipient(written: due.recipientWritten, refusal: Refusal(due.refusal))
        let isDone = try await voice.say(about: due.subject) { registry, subject in
            try HubNotice(about: [refused], of: subject, registry: registry)
        }
        // Else the next round decides again.
        if isDone { try await store.database.noticeSent(due) }
    }
}
