// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

@Suite struct ResendDecisionTests {
    @Test func `another meaning is a conflict whoever is addressed`() {
        #expect(
            ResendDecision.decide(
                sameMeaning: false, isDestroyed: false, isRecalled: true, isSealed: true, alreadyAddressed: [true])
                == .conflict)
        #expect(
            ResendDecision.decide(
                sameMeaning: false, isDestroyed: false, isRecalled: false, isSealed: false, alreadyAddressed: [])
                == .conflict)
    }

    @Test func `known recipients get nothing twice, new ones are added`() {
        func decision(
            _ alreadyAddressed: [Bool], isDestroyed: Bool = false, isRecalled: Bool = false, isSealed: Bool = false
        ) -> ResendDecision {
            ResendDecision.decide(
                sameMeaning: true, isDestroyed: isDestroyed, isRecalled: isRecalled, isSealed: isSealed,
                alreadyAddressed: alreadyAddressed)
        }
        #expect(decision([true, true]) == .firstReceipt)
        #expect(decision([true, false, false]) == .addRecipients([1, 2]))
        #expect(decision([true, true], isDestroyed: true) == .firstReceipt)
        #expect(decision([true, false], isDestroyed: true) == .destroyed)
        #expect(decision([true, true], isRecalled: true) == .firstReceipt)
        #expect(decision([true, false], isRecalled: true) == .frozen)
        #expect(decision([true, false], isDestroyed: true, isRecalled: true) == .frozen)
        #expect(decision([true, true], isSealed: true) == .firstReceipt)
        #expect(decision([true, false], isDestroyed: true, isRecalled: true, isSealed: true) == .sealed)
    }
}
