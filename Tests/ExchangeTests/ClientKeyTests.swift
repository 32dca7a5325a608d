// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct ClientKeyTests {
    private static let digits = String(repeating: "0aF", count: 21) + "9"

    @Test func `64 hexadecimal digits of either case are one key`() throws {
        let key = try ClientKey(parsing: Self.digits)
        #expect(key.text == Self.digits.lowercased() && "\(key)" == key.text)
        #expect(try ClientKey(parsing: Self.digits.uppercased()) == key)
    }

    @Test(arguments: [
        ("", 0), (String(digits.dropLast()), 63), (digits + "0", 64), ("g" + digits.dropFirst(), 0),
        (digits.dropLast() + "\u{664}", 63), (" " + digits, 0),
    ])
    func `what is no key is refused at its place`(text: String, offset: Int) {
        #expect { try ClientKey(parsing: text) } throws: { ($0 as? ParsingProblem)?.offset == offset }
    }
}
