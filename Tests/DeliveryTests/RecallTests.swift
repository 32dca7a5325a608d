// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct RecallTests {
    private static func delivery(_ state: DeliveryState, seen isSeen: Bool) -> SeenDelivery {
        SeenDelivery(life: DeliveryLife(state: state, failures: 0), isSeen: isSeen)
    }

    /// Every state of one delivery, unseen and seen.
    @Test(arguments: [
        (DeliveryState.waiting, RecallDecision.withdrawn), (.held, .withdrawn), (.expired, .withdrawn),
        (.withdrawn, .withdrawn), (.processing, .owed), (.delivered, .owed), (.refused, .owed),
    ])
    func `what nobody has seen is withdrawn, whatever else was seen must be cancelled`(
        state: DeliveryState, unseen: RecallDecision
    ) {
        #expect(RecallDecision.decide(known: nil, deliveries: [Self.delivery(state, seen: false)]) == unseen)
        let seen = RecallDecision.decide(known: nil, deliveries: [Self.delivery(state, seen: true)])
        #expect(seen == (state == .withdrawn ? .withdrawn : .owed))
    }

    @Test func `one thing that was seen among many is enough`() {
        let deliveries = [Self.delivery(.waiting, seen: false), Self.delivery(.waiting, seen: true)]
        #expect(RecallDecision.decide(known: nil, deliveries: deliveries) == .owed)
        #expect(RecallDecision.decide(known: nil, deliveries: [deliveries[0], deliveries[0]]) == .withdrawn)
    }

    @Test func `who does not have the document is told and marked`() {
        #expect(RecallDecision.decide(known: nil, deliveries: []) == .notARecipient)
        #expect(RecallDecision.notARecipient.isDelivered)
    }

    @Test func `a second recall changes nothing, and goes only to who has read the first`() {
        for outcome in RecallOutcome.allCases {
            let decision = RecallDecision.decide(known: outcome, deliveries: [Self.delivery(.waiting, seen: false)])
            #expect(decision == .repeated(isDelivered: outcome != .withdrawn))
            #expect(decision.isDelivered == (outcome != .withdrawn))
        }
    }

    @Test(arguments: [
        ([RecallDecision.withdrawn], StatusEffect.applied), ([.owed, .notARecipient], .applied),
        ([.repeated(isDelivered: true)], .repeated), ([.repeated(isDelivered: false), .notARecipient], .repeated),
        ([.repeated(isDelivered: true), .owed], .applied), ([.notARecipient, .notARecipient], .notARecipient),
        ([], .notARecipient),
    ])
    func `what it did as a whole`(decisions: [RecallDecision], effect: StatusEffect) {
        #expect(RecallDecision.effect(of: decisions) == effect)
    }

    @Test func `only 15 ends the duty, and nothing opens it again`() {
        for outcome in RecallOutcome.allCases {
            for status in DocumentStatus.allCases {
                let after = outcome.answered(status)
                switch (outcome.isOpen, status) {
                case (true, .changeAgreed): #expect(after == .cancelled)
                case (true, .changeDeclined): #expect(after == (outcome == .owed ? .declined : nil))
                default: #expect(after == nil, "\(outcome) \(status)")
                }
            }
        }
        #expect(RecallOutcome.allCases.filter(\.isOpen) == [.owed, .declined])
    }
}
