// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exchange

@Suite struct KnownPoliciesTests {
    @Test func allAreReadAndHaveTheirOwnNames() {
        #expect(
            KnownPolicies.all.map(\.profile.name) == [
                "quoc-gia", "moc-chau-09-2016", "son-la-2588-2018", "son-la-quy-che-2021", "vinh-long-2022",
                "ninh-binh-161-2025",
            ])
        for document in KnownPolicies.all {
            #expect(PolicyDocument.read(Array(document.text.utf8)) == .success(document))
            #expect(KnownPolicies.named(document.profile.name) == document)
            // Article or appendix, for every value.
            for line in document.profile.lines where line.rule != .passingPhrases {
                #expect(
                    line.source.contains("Điều") || line.source.contains("Phụ lục"), "\(document.profile.name) \(line)")
            }
            #expect(document.profile.priorityValues?.value == Urgency.allCases.map(\.rawValue))
        }
    }

    private func profile(_ name: String) throws -> PolicyProfile { try #require(KnownPolicies.named(name)).profile }

    @Test func theNumbersAreThoseOfTheDecisions() throws {
        let mocChau = try profile("moc-chau-09-2016")
        #expect(mocChau.filesMaxBytes?.value == 25 << 20 && mocChau.signature?.value == .notRequired)
        #expect(mocChau.filesMaxBytes?.source.contains("Điều 3.3") == true)
        #expect(
            mocChau.fileFormats?.value.contains("zip") == true && mocChau.fileFormats?.value.contains("rar") == false)
        #expect(mocChau.heldKeywords?.source.contains("Điều 7.1") == true)

        let ninhBinh = try profile("ninh-binh-161-2025")
        #expect(ninhBinh.fileMaxBytes?.value == 50 << 20 && ninhBinh.fileNameMaxCharacters?.value == 50)
        #expect(ninhBinh.fileNamePlain?.value == true && ninhBinh.ownProvinces?.value == ["H42", "H25", "H40"])
        #expect(ninhBinh.fileMaxBytes?.source.contains("Điều 8.4") == true)
        #expect(ninhBinh.from == Instant(vietnam: try CalendarDate(iso8601: "2025-12-10")))

        let vinhLong = try profile("vinh-long-2022")
        #expect(vinhLong.filesMaxBytes?.value == 100 << 20 && vinhLong.fileFormats?.value.contains("rar") == true)
        #expect(vinhLong.filesMaxBytes?.source.contains("Điều 4.3") == true)
        #expect(vinhLong.from == Instant(vietnam: try CalendarDate(iso8601: "2022-03-10")))

        let sonLa = try profile("son-la-2588-2018")
        #expect(sonLa.signature?.value == .required && sonLa.signature?.source.contains("Điều 10.1.a") == true)
        #expect(sonLa.filesMaxBytes == nil && sonLa.fileMaxBytes == nil)

        let national = try profile("quoc-gia")
        #expect(national.ownProvinces == nil && national.fileFormats == nil && national.signature?.value == .advised)
        #expect(national.collectionAlerts?.value[.immediate]?.agency == .seconds(900))
    }
}

@Suite struct PolicyTimelineTests {
    private func activated(_ name: String, _ second: Int64) -> ActivatedPolicy {
        ActivatedPolicy(
            profile: PolicyProfile(name: name, title: name, from: .earliest), digest: name,
            from: Instant(microseconds: second * 1_000_000))
    }

    private func inForce(_ timeline: PolicyTimeline, _ second: Int64) -> String? {
        timeline.inForce(at: Instant(microseconds: second * 1_000_000))?.profile.name
    }

    @Test func inForceIsWhatBeganLast() {
        let timeline = PolicyTimeline([activated("a", 10), activated("c", 30), activated("b", 20)])
        #expect([9, 10, 19, 20, 29, 30, 99].map { inForce(timeline, $0) } == [nil, "a", "a", "b", "b", "c", "c"])
        // Taken back: the same instant, activated later.
        let back = PolicyTimeline([activated("a", 10), activated("c", 30), activated("a", 30)])
        #expect([10, 30].map { inForce(back, $0) } == ["a", "a"])
        #expect(inForce(PolicyTimeline([]), 5) == nil)
    }
}
