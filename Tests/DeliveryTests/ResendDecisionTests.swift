// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

@Suite struct ResendDecisionTests {
    @Test func `another meaning is a conflict whoever is addressed`() {
        #expect(ResendDecision.decide(sameMeaning: false, alreadyAddressed: [true]) == .conflict)
        #expect(ResendDecision.decide(sameMeaning: false, alreadyAddressed: []) == .conflict)
    }

    @Test func `known recipients get nothing twice, new ones are added`() {
        #expect(ResendDecision.decide(sameMeaning: true, alreadyAddressed: [true, true]) == .firstReceipt)
        #expect(
            ResendDecision.decide(sameMeaning: true, alreadyAddressed: [true, false, false]) == .addRecipients([1, 2]))
    }
}
