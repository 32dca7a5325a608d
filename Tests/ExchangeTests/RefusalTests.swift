// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@Suite struct RefusalTests {
    @Test func `a detail is one line of at most 500 scalars`() {
        let long = Refusal(.packageInvalid, String(repeating: "đ", count: 501))
        #expect(long.detail == String(repeating: "đ", count: 500))
        let stacked = Refusal(.packageInvalid, "e" + String(repeating: "\u{301}", count: 1_000_000))
        #expect((stacked.detail?.unicodeScalars.count ?? 0) == Refusal.maxDetailLength)
        let forged = Refusal(.packageInvalid, "x\r\nlevel=error\u{1B}[2J\u{2028}\u{202E}y\tz\u{0}")
        #expect(forged.detail == "x  level=error [2J  y z ")
    }

    @Test func `a wait is said in whole seconds, from one to an hour`() {
        for (wait, said) in [
            (Duration.seconds(-1), 1), (.zero, 1), (.milliseconds(1), 1), (.milliseconds(1_001), 2),
            (.seconds(3_600), 3_600), (.milliseconds(3_600_001), 3_600), (.seconds(Int64.max), 3_600),
        ] {
            #expect(Refusal(.tooManyRequests, retryAfter: wait).retryAfterSeconds == said, "\(wait)")
        }
        #expect(Refusal(.tooManyRequests).retryAfterSeconds == nil)
    }

    @Test func `a refusal reads as code and detail`() {
        #expect(Refusal(.recipientUnknown).description == "recipient.unknown")
        #expect(Refusal(.recipientUnknown, "H53.99").description == "recipient.unknown: H53.99")
        #expect(
            Refusal(.recipientUnknown, ParsingProblem("AgencyID", "is empty")).detail
                == "AgencyID: is empty (at character 1)")
        #expect(Refusal(.recipientUnknown) != Refusal(.recipientUnknown, "H53.99"))
        #expect(Refusal(.recipientUnknown).entry.vxp == "18")
    }
}

@Suite struct RefusalCatalogueTests {
    @Test func `codes are unique and have one shape`() {
        #expect(Set(Refusal.Code.allCases.map(\.rawValue)).count == Refusal.Code.allCases.count)
        for code in Refusal.Code.allCases {
            #expect(isCodeShaped(code.rawValue), "\(code.rawValue)")
            #expect(Refusal.Code(rawValue: code.rawValue) == code)
        }
    }

    @Test(arguments: ["", "auth", "auth.", ".x", "Auth.x", "auth.x_y", "auth.x--y", "auth.x-", "auth.x.y", "auth.é"])
    func `the check of the shape can fail`(text: String) {
        #expect(!isCodeShaped(text))
    }

    @Test(arguments: Refusal.Code.allCases)
    func `each surface can say it`(code: Refusal.Code) {
        let entry = code.entry
        // The codes that clients of the provincial and national hubs know; 0 is success.
        #expect(["10", "15", "18", "19", "20", "21", "22", "23"].contains(entry.vxp))
        #expect((400...599).contains(entry.http))
        switch entry.class {
        case .transient:
            // A client that only looks at the HTTP status must come to the same end: try again.
            #expect([400, 408, 429].contains(entry.http) || (500...599).contains(entry.http))
        case .caller, .permanent:
            #expect((400...499).contains(entry.http), "a 5xx tells a client to try again, which is in vain here")
        case .operatorDuty:
            break
        }
    }

    @Test(arguments: Refusal.Code.allCases)
    func `each has its sentences in both languages`(code: Refusal.Code) {
        let entry = code.entry
        let sentences = [entry.vietnamese, entry.english, entry.remedyVietnamese, entry.remedyEnglish]
        for sentence in sentences {
            #expect(sentence.count > 5)
            #expect(sentence.hasSuffix(".") && !sentence.hasSuffix(".."), "\(sentence)")
            #expect(!sentence.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
        #expect(Set(sentences).count == 4, "no sentence stands for another")
        #expect(isVietnamese(entry.vietnamese))
        for sentence in [entry.english, entry.remedyEnglish] {
            #expect(!isVietnamese(sentence.replacing("Trục", with: "")), "\(sentence)")
        }
    }

    @Test func `what a sentence says tells the codes apart`() {
        #expect(Set(Refusal.Code.allCases.map(\.entry.english)).count == Refusal.Code.allCases.count)
        #expect(Set(Refusal.Code.allCases.map(\.entry.vietnamese)).count == Refusal.Code.allCases.count)
    }

    /// `area.words-with-dashes` in lower-case letters.
    private func isCodeShaped(_ text: String) -> Bool { text.wholeMatch(of: #/[a-z]+\.[a-z]+(-[a-z]+)*/#) != nil }

    /// Whether a letter occurs that Vietnamese has and English has not.
    private func isVietnamese(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.isAlphabetic && !$0.isASCII }
    }
}
