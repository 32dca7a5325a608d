// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Logging
import Store

/// Tells senders of deliveries that were given up after their package had been accepted: refused by the recipient's
/// endpoint, or expired. In the hub's own name, as of recipients that it cannot deliver to at all (house §4.9).
///
/// A notice is a package like any other. Made twice, by two nodes or after a crash, it has the same bytes and is one.
struct SenderNotices {
    /// Notices of one round.
    static let maxRound = 16

    let store: Store
    let registry: Registry
    let logger: Logger

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
        let snapshot = try await registry.current()
        let refused = Receipt.RefusedRecipient(written: due.recipientWritten, refusal: Refusal(due.refusal))
        let notice = try HubNotice(
            about: [refused],
            of: HubNotice.Subject(
                package: due.package, sender: due.sender, senderWritten: due.senderWritten, documentID: due.documentID,
                codeNumber: due.codeNumber, codeNotation: due.codeNotation, promulgationDate: due.promulgationDate,
                at: due.at, request: RequestID(at: due.at)),
            registry: snapshot)
        switch try await store.accept(Acceptance(registryVersion: snapshot.version, package: notice.package)) {
        case .accepted, .known: try await store.database.noticeSent(due)
        // The next round decides again.
        case .registryChanged: break
        case .conflict, .destroyed, .frozen, .sealed:
            logger.error("push: a sender could not be told", metadata: ["delivery": "\(due.delivery)"])
            try await store.database.noticeSent(due)
        }
    }
}
