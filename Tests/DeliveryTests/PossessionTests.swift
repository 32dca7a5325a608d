// SPDX-License-Identifier: Apache-2.0
import Delivery
import Testing

@Suite struct PossessionTests {
    @Test func `one sign is enough, and what is uncertain is said to be`() {
        for sign in 0..<3 {
            #expect(
                Possession.of(isFetched: sign == 0, isEntered: sign == 1, isCarried: false, hasSpoken: sign == 2)
                    == .has)
        }
        #expect(Possession.of(isFetched: false, isEntered: false, isCarried: true, hasSpoken: false) == .mayHave)
        #expect(Possession.of(isFetched: true, isEntered: false, isCarried: true, hasSpoken: false) == .has)
        #expect(Possession.of(isFetched: false, isEntered: false, isCarried: false, hasSpoken: false) == .hasNot)
    }
}
