// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Logging
import Store

/// Tells senders of deliveries that were given up after their package had been accepted: refused by the recipient's
/// endpoint, or expired. In the hub's own name, as of recipients that it cannot deliver to at all (house §4.9).
struct SenderNotices {
    /// Notices of one round.
    static let maxRound = 16

    let store: Store
    let voice: HubVoice
    let logger: Logger

    init(store: Store, registry: Registry, logger: Logger) {
        self.store = store
        self.logger = logger
        voice = HubVoice(store: store, registry: registry, logger: logger)
    }

    /// Tells what is due now, at most `maxRound`. One that cannot be told keeps no other from it.
    ///
    /// - Throws: when nothing could be found out.
    func tell() async throws {
        for notice in try await store.database.dueNotices(limit: Self.maxRound) {
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
