// SPDX-License-Identifier: Apache-2.0
import Exchange

/// How far the recall of a document has come at one recipient. The raw value is the column `recall.outcome`.
///
/// Whoever has a document that is recalled *must* cancel it and say so (QĐ 28/2018/QĐ-TTg Điều 9.2, NĐ 30/2020/NĐ-CP
/// Điều 18.4.b): only "agreed" (15) ends that duty.
public enum RecallOutcome: String, CaseIterable, Sendable, Codable {
    /// Nobody there had seen the document, and nobody will. Final.
    case withdrawn
    /// The recipient has seen it, has got the recall, and owes an answer.
    case owed
    /// The recipient answered that it will not (16). It owes the cancellation as before.
    case declined
    /// The recipient has cancelled the document (15). Its content is not handed to it any more. Final.
    case cancelled

    /// Whether the recipient still owes the cancellation.
    public var isOpen: Bool { self == .owed || self == .declined }

    /// What it becomes when the recipient says `status`; nil when nothing changes.
    public func answered(_ status: DocumentStatus) -> RecallOutcome? {
        switch (self, status) {
        case (.owed, .changeAgreed), (.declined, .changeAgreed): .cancelled
        case (.owed, .changeDeclined): .declined
        default: nil
        }
    }
}

/// What a recall (business type 1, or status 13: the two mean the same) does at one recipient that it names. Pure;
/// decided under the locks of the document and of its deliveries there.
public enum RecallDecision: Equatable, Sendable {
    /// Nobody there has seen anything of the document: all of it is withdrawn. The recall is not delivered either; to a
    /// system that never had the document it could only tell what was in it.
    case withdrawn
    /// Something of it was seen: the recall is delivered, and an answer is owed.
    case owed
    /// Recalled before. Delivered once more where there is somebody to read it.
    case repeated(isDelivered: Bool)
    /// The document did not go there: the recall is delivered, and marked when this is so of all whom it names.
    case notARecipient

    /// - Parameters:
    ///   - known: how far an earlier recall has come there; nil without one.
    ///   - deliveries: of the document and of its updates to this recipient.
    public static func decide(known: RecallOutcome?, deliveries: [SeenDelivery]) -> RecallDecision {
        if let known { return .repeated(isDelivered: known != .withdrawn) }
        guard !deliveries.isEmpty else { return .notARecipient }
        let isUnseen = deliveries.allSatisfy { $0.life.decide(.withdraw, isSeen: $0.isSeen) != .refuse }
        return isUnseen ? .withdrawn : .owed
    }

    /// Whether the recall itself goes to this recipient.
    public var isDelivered: Bool {
        switch self {
        case .withdrawn, .repeated(isDelivered: false): false
        case .owed, .repeated(isDelivered: true), .notARecipient: true
        }
    }

    /// What it writes of this recipient; nil when that is written already, or there is nothing to recall.
    public var outcome: RecallOutcome? {
        switch self {
        case .withdrawn: .withdrawn
        case .owed: .owed
        case .repeated, .notARecipient: nil
        }
    }

    /// What the recall did as a whole.
    public static func effect(of decisions: [RecallDecision]) -> StatusEffect {
        if decisions.contains(.withdrawn) || decisions.contains(.owed) { return .applied }
        return decisions.allSatisfy { $0 == .notARecipient } ? .notARecipient : .repeated
    }
}

/// A delivery, and whether its recipient may have seen what is in it: fetched, or carried to its endpoint. A
/// recipient that has said anything of the document has it, by whatever way it came.
public struct SeenDelivery: Equatable, Sendable {
    public let life: DeliveryLife
    public let isSeen: Bool

    public init(life: DeliveryLife, isSeen: Bool) {
        self.life = life
        self.isSeen = isSeen
    }
}
