// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct RedirectTests {
    private func decide(
        _ state: DeliveryState, to ground: Redirect.Ground?, bringsDocument: Bool = true, isSeen: Bool = false,
        isCarried: Bool = false, isKnown: Bool = false
    ) -> Redirect.Decision {
        Redirect(
            DeliveryLife(state: state, failures: 3), isSameAgency: ground == .sameAgency,
            isSuccessor: ground == .successor, hasConsent: ground == .consent, bringsDocument: bringsDocument,
            isSeen: isSeen, isCarried: isCarried, isKnown: isKnown
        ).decide()
    }

    @Test(arguments: DeliveryState.allCases)
    func `without a ground nothing goes anywhere`(_ state: DeliveryState) {
        #expect(decide(state, to: nil) == .refuse(.redirectForbidden))
        // An answer or a recall concerns whoever has the document, whatever its sender agrees to.
        #expect(decide(state, to: .consent, bringsDocument: false) == .refuse(.redirectForbidden))
    }

    @Test(arguments: Redirect.Ground.allCases)
    func `where, and never whether`(_ ground: Redirect.Ground) {
        for state in [DeliveryState.waiting, .refused, .expired] {
            let begun = DeliveryLife(state: .waiting, failures: 0)
            #expect(decide(state, to: ground) == .become(begun, ground), "\(state)")
            #expect(decide(state, to: ground, isCarried: true) == .refuse(.deliveryInFlight))
            #expect(decide(state, to: ground, isKnown: true) == .refuse(.redirectKnown))
        }
        #expect(decide(.held, to: ground) == .become(DeliveryLife(state: .held, failures: 3), ground))
        for state in [DeliveryState.delivered, .withdrawn, .undeliverable] {
            #expect(decide(state, to: ground) == .refuse(.confirmationConflict), "\(state)")
        }
    }

    @Test func `what was seen goes to a successor, and to no third one`() {
        let begun = DeliveryLife(state: .waiting, failures: 0)
        for ground in [Redirect.Ground.sameAgency, .successor] {
            #expect(decide(.waiting, to: ground, isSeen: true) == .become(begun, ground))
            #expect(decide(.processing, to: ground) == .become(begun, ground))
        }
        #expect(decide(.waiting, to: .consent, isSeen: true) == .refuse(.redirectSeen))
        #expect(decide(.processing, to: .consent) == .refuse(.redirectSeen))
        let replayed = Redirect(
            DeliveryLife(state: .waiting, failures: 0, hasEntered: true), isSameAgency: false, isSuccessor: false,
            hasConsent: true, bringsDocument: true, isSeen: false, isCarried: false, isKnown: false)
        #expect(replayed.decide() == .refuse(.redirectSeen))
    }
}
