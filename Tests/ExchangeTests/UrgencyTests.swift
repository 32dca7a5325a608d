// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct UrgencyTests {
    @Test func `codes 0 to 4, more urgent is greater`() {
        #expect(Urgency.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect(Urgency.allCases.sorted() == [.normal, .urgent, .veryUrgent, .immediate, .immediateTimed])
        #expect(Urgency.normal < .urgent)
        #expect(!(Urgency.urgent < .urgent))
    }

    @Test(arguments: [-1, 5, .min, .max])
    func `no other code is an urgency`(code: Int) {
        #expect(Urgency(rawValue: code) == nil)
    }

    @Test func `the names of the degrees: the three of NĐ 30, and the timed one of edXML`() {
        #expect(Urgency.allCases.map(\.vietnamese) == ["thường", "khẩn", "thượng khẩn", "hỏa tốc", "hỏa tốc hẹn giờ"])
    }
}
