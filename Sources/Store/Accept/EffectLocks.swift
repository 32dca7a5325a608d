// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation

extension DocumentEffects {
    /// Locks at once what several packages of one transaction take back or end: deliveries in the order of their ids, then
    /// their rows in the queue. Document by document, two transactions could wait for each other. Under the locks of
    /// `DocumentWord`.
    ///
    /// A single one locks in that order by itself.
    func lockAhead(_ envelopes: [Envelope]) throws {
        let changing = envelopes.filter(\.changesDeliveries)
        guard changing.count > 1 else { return }
        var owners: [Int64] = []
        var identities: [String] = []
        for envelope in changing {
            let identity = Envelope.identity(envelope.subjectOfChange ?? envelope.documentID)
            for owner in envelope.family(of: envelope.status?.owner ?? envelope.sender) {
                owners.append(owner.value)
                identities.append(identity)
            }
        }
        let locked = try connection.query(
            RecallStatements.lockAhead, [.int8s(owners.map { $0 }), .texts(identities.map { $0 })]
        ).map { try $0.decode("id", as: UUID.self) }
        guard !locked.isEmpty else { return }
        try connection.query(RecallStatements.lockQueue, [.uuids(locked)])
    }
}

extension Envelope {
    /// Whether it may move deliveries of the document of which it speaks.
    fileprivate var changesDeliveries: Bool {
        switch kind {
        case .recall, .update: true
        case .status: status?.status == .recallRequested || status?.status == .changeAgreed
        case .document, .replacement: false
        }
    }
}
