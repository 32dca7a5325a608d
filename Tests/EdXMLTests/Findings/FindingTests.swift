// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import EdXML

struct FindingTests {
    @Test func everyCodeHasItsOwnSentences() {
        let codes = Finding.Code.allCases
        #expect(Set(codes.map(\.vietnamese)).count == codes.count)
        #expect(Set(codes.map(\.english)).count == codes.count)
        for code in codes {
            #expect(code.vietnamese.hasSuffix(".") && code.english.hasSuffix("."))
            #expect(!code.english.contains("without description"))
            #expect(code.rawValue.split(separator: ".").count == 2)
        }
    }

    @Test func errorsPushWarningsOut() {
        var log = FindingLog(limit: 2)
        for _ in 0..<3 { log.add(.unknownElement, line: 1, element: "a", "x") }
        log.add(.malformed, line: 2, element: "a", "y")
        #expect(log.findings.map(\.code) == [.unknownElement, .malformed])
        #expect(log.omitted == 2)
        #expect(log.hasErrors && log.hasWarnings)
    }
}
