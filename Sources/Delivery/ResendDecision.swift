// SPDX-License-Identifier: Apache-2.0
import Exchange

/// What to do with a package whose identity is already taken: pure, decided under the identity's lock.
public enum ResendDecision: Equatable, Sendable {
    /// The same document again: the first receipt is the answer.
    case firstReceipt
    /// The same document, with recipients that did not have it: these are added (by position in the new package).
    case addRecipients([Int])
    /// Recipients that did not have it, for a document whose content was destroyed by decision: it must not come back.
    case destroyed
    /// Recipients that did not have it, for a document that was recalled: it is frozen (NĐ 30/2020/NĐ-CP Phụ lục VI,
    /// III.8.a).
    case frozen
    /// Recipients that did not have it, for a document that is sealed: nobody gets it.
    case sealed
    /// Another document under the same id.
    case conflict

    /// - Parameters:
    ///   - sameMeaning: whether header and attachments mean the same as the first package's.
    ///   - isDestroyed: whether the document's content was destroyed.
    ///   - isRecalled: whether the document was recalled from anybody.
    ///   - isSealed: whether the document is sealed.
    ///   - alreadyAddressed: for each recipient of the new package, whether the document has a delivery to it.
    public static func decide(
        sameMeaning: Bool, isDestroyed: Bool, isRecalled: Bool, isSealed: Bool, alreadyAddressed: [Bool]
    ) -> ResendDecision {
        guard sameMeaning else { return .conflict }
        let added = alreadyAddressed.indices.filter { !alreadyAddressed[$0] }
        if added.isEmpty { return .firstReceipt }
        if isSealed { return .sealed }
        if isRecalled { return .frozen }
        return isDestroyed ? .destroyed : .addRecipients(added)
    }
}
