// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct DutyContactTests {
    @Test(arguments: ["0225 000 0000", "+84 225.000-0000", "113"])
    func `numbers as people write them`(text: String) throws {
        #expect(try PhoneNumber(parsing: text).text == text)
    }

    @Test(arguments: [
        "", "12", "+", " 113", "113\n", "0225+000", "1234567890123456", "không có",
        "1" + String(repeating: "-", count: 40),
    ])
    func `and what is none`(text: String) {
        #expect(throws: ParsingProblem.self) { try PhoneNumber(parsing: text) }
    }
}
