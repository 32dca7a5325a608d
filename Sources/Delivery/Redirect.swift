// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Sending a delivery another way than its sender addressed it: a pure decision. `Store` loads under locks what it rests
/// on, and writes what it says.
public struct Redirect: Sendable, Equatable {
    /// Why a delivery may go there; whom a document is for is its sender's word, and no operator's. The raw value is
    /// written to the history.
    public enum Ground: String, CaseIterable, Sendable, Codable {
        /// To the same agency, at the endpoint that it has now, or in its list.
        case sameAgency = "same-agency"
        /// To an agency that was decided to take the place of the one addressed, which has ended.
        case successor
        /// Its sender has agreed, and where it did is recorded.
        case consent
    }

    public enum Decision: Equatable, Sendable {
        /// Where it goes it is so; what is held stays as it is.
        case become(DeliveryLife, Ground)
        case refuse(Refusal.Code)
    }

    public let life: DeliveryLife
    public let isSameAgency: Bool
    /// Of an agency that has ended, or of its successor that has ended as well.
    public let isSuccessor: Bool
    public let hasConsent: Bool
    /// A whole document, or an update of one. What answers, recalls or reports concerns whoever has the document.
    public let bringsDocument: Bool
    /// Whether the agency that it would leave has fetched it, has said that it works on it, or has spoken of it.
    public let isSeen: Bool
    /// Whether a node carries it at this moment.
    public let isCarried: Bool
    /// Whether another delivery of the same document is for the agency that would get it.
    public let isKnown: Bool

    public init(
        _ life: DeliveryLife, isSameAgency: Bool, isSuccessor: Bool, hasConsent: Bool, bringsDocument: Bool,
        isSeen: Bool, isCarried: Bool, isKnown: Bool
    ) {
        self.life = life
        self.isSameAgency = isSameAgency
        self.isSuccessor = isSuccessor
        self.hasConsent = hasConsent
        self.bringsDocument = bringsDocument
        self.isSeen = isSeen
        self.isCarried = isCarried
        self.isKnown = isKnown
    }

    /// A redirect changes where, and never whether: what is held, whoever awaits a word on it, stays held. What was given up
    /// begins anew.
    public func decide() -> Decision {
        guard let ground else { return .refuse(.redirectForbidden) }
        let after: DeliveryLife
        switch life.state {
        case .waiting, .processing, .refused, .expired: after = life.becoming(.waiting, failures: 0)
        case .held: after = life
        case .delivered, .withdrawn, .undeliverable: return .refuse(.confirmationConflict)
        }
        // What an agency has seen stays with it, and with whoever takes its place; another one gets it from the sender.
        if ground == .consent, isSeen || life.hasEntered || life.state == .processing {
            return .refuse(.redirectSeen)
        }
        if isCarried { return .refuse(.deliveryInFlight) }
        if isKnown { return .refuse(.redirectKnown) }
        return .become(after, ground)
    }

    private var ground: Ground? {
        if isSameAgency { return .sameAgency }
        if isSuccessor { return .successor }
        return hasConsent && bringsDocument ? .consent : nil
    }
}
