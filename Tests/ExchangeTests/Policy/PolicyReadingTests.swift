// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exchange

@Suite struct PolicyReadingTests {
    private func document(
        _ rules: String, name: String = "\"mau\"", from: String = "\"2026-01-01\"", more: String = ""
    ) -> [UInt8] {
        Array(#"{"name": \#(name), "title": "Quyết định mẫu", "from": \#(from)\#(more), "rules": {\#(rules)}}"#.utf8)
    }

    private func rule(_ key: String, _ value: String) -> String {
        #""\#(key)": {"value": \#(value), "source": "Điều 1"}"#
    }

    private static let terms =
        #"{"agency-minutes": 1, "superior-minutes": 2, "hub-minutes": 3, "working-time": true}"#

    private static let retries = #"{"delay-seconds": [5, 30], "lifetime-seconds": 600}"#
    private static let scan = #"{"scanner": "/run/clamav/clamd.ctl", "when-away": "hold"}"#

    private func problems(_ bytes: [UInt8]) -> [String] {
        if case .failure(let problems) = PolicyDocument.read(bytes) { problems.all.map(\.description) } else { [] }
    }

    @Test func everyRuleIsReadWithItsArticle() throws {
        let rules = [
            rule("own-provinces", #"["H42", "H25"]"#), rule("file-max-bytes", "100"), rule("files-max-bytes", "200"),
            rule("file-name-max-characters", "50"), rule("file-name-plain", "true"), rule("file-formats", #"["pdf"]"#),
            rule("signature", #""required""#), rule("priority-values", "[0, 1]"), rule("secret-marks", #"["MẬT"]"#),
            rule("held-keywords", #"["đơn tố cáo"]"#), rule("passing-phrases", #"["bí mật"]"#),
            rule("collection-alerts", "{\"normal\": \(Self.terms), \"immediate\": \(Self.terms)}"),
            rule("malware-scan", Self.scan),
            rule("retry-schedule", "{\"ordinary\": \(Self.retries), \"immediate\": \(Self.retries)}"),
        ]
        let bytes = document(rules.joined(separator: ","))
        let read = try PolicyDocument.read(bytes).get()
        let profile = read.profile
        #expect(read.text == String(decoding: bytes, as: UTF8.self))
        #expect(profile.name == "mau" && profile.title == "Quyết định mẫu")
        #expect(profile.from == Instant(vietnam: try CalendarDate(iso8601: "2026-01-01")))
        #expect(profile.ownProvinces == Sourced(["H42", "H25"], source: "Điều 1"))
        #expect(profile.fileMaxBytes?.value == 100 && profile.filesMaxBytes?.value == 200)
        #expect(profile.fileNameMaxCharacters?.value == 50 && profile.fileNamePlain?.value == true)
        #expect(profile.fileFormats?.value == ["pdf"] && profile.signature?.value == .required)
        #expect(profile.priorityValues?.value == [0, 1] && profile.secretMarks?.value == ["MẬT"])
        #expect(profile.heldKeywords?.value == ["đơn tố cáo"] && profile.passingPhrases?.value == ["bí mật"])
        let alerts = try #require(profile.collectionAlerts?.value)
        let terms = CollectionTerms(
            agency: .seconds(60), superior: .seconds(120), hub: .seconds(180), isWorkingTime: true)
        #expect(alerts == [.normal: terms, .immediate: terms])
        #expect(
            profile.malwareScan?.value
                == MalwareScanRule(scanner: .socket(path: "/run/clamav/clamd.ctl"), whenAway: .hold))
        let retries = RetryTerms(delays: [.seconds(5), .seconds(30)], lifetime: .seconds(600))
        #expect(profile.retrySchedule?.value == RetryRule(ordinary: retries, immediate: retries))
        // Whatever there is to lay down is shown with its article.
        #expect(profile.lines.map(\.rule) == PolicyRule.allCases)
        #expect(Set(profile.lines.map(\.source)) == ["Điều 1"])
    }

    @Test func whatIsUnknownIsRefusedWithTheNearest() {
        #expect(
            problems(document(rule("file-max-byte", "1"), more: #", "titel": "x""#))
                == [
                    "rules.file-max-byte: is not known; did you mean file-max-bytes?",
                    "titel: is not known; did you mean title?",
                ])
        #expect(
            problems(document(#""signature": {"value": "required", "sourse": "x", "source": "y"}"#))
                == ["rules.signature.sourse: is not known; did you mean source?"])
        #expect(
            problems(document(rule("collection-alerts", #"{"normall": 1}"#)))
                == ["rules.collection-alerts.value.normall: is not known; did you mean normal?"])
    }

    @Test(arguments: [
        ("file-max-bytes", "0"), ("file-max-bytes", "-1"), ("file-max-bytes", "1099511627777"),
        ("file-max-bytes", "\"1\""), ("files-max-bytes", "true"), ("file-name-max-characters", "256"),
        ("file-name-plain", "1"), ("file-formats", "[]"), ("file-formats", #"["PDF"]"#), ("file-formats", #"[".pdf"]"#),
        ("file-formats", #"["pdf","pdf"]"#), ("file-formats", "\"pdf\""), ("signature", "\"maybe\""),
        ("priority-values", "[10]"), ("priority-values", "[]"), ("priority-values", "[\"1\"]"),
        ("secret-marks", #"["--"]"#), ("secret-marks", #"[""]"#), ("held-keywords", #"["a\nb"]"#),
        ("own-provinces", #"["42"]"#), ("own-provinces", #"["H42.01"]"#), ("collection-alerts", "5"),
        ("collection-alerts", #"{"normal": 5}"#), ("collection-alerts", #"{"normal": {"agency-minutes": 1}}"#),
        ("collection-alerts", "{\"normal\": \(terms.replacing("3", with: "0"))}"),
        ("collection-alerts", "{\"normal\": \(terms.replacing("3", with: "43201"))}"),
        ("collection-alerts", "{\"normal\": \(terms.replacing("true", with: "1"))}"),
        ("malware-scan", "\"/run/clamav/clamd.ctl\""), ("malware-scan", #"{"scanner": "/run/clamd"}"#),
        ("malware-scan", scan.replacing("/run/clamav/clamd.ctl", with: "run/clamd")),
        ("malware-scan", scan.replacing("/run/clamav/clamd.ctl", with: "localhost:0")),
        ("malware-scan", scan.replacing("/run/clamav/clamd.ctl", with: "/" + String(repeating: "a", count: 107))),
        ("malware-scan", scan.replacing("hold", with: "off")),
        ("retry-schedule", "{\"ordinary\": \(retries)}"),
        ("retry-schedule", "{\"ordinary\": \(retries.replacing("30", with: "601")), \"immediate\": \(retries)}"),
        ("retry-schedule", "{\"ordinary\": \(retries.replacing("5, 30", with: "")), \"immediate\": \(retries)}"),
        ("retry-schedule", "{\"ordinary\": \(retries.replacing("5,", with: "0,")), \"immediate\": \(retries)}"),
        ("retry-schedule", "{\"ordinary\": \(retries), \"immediate\": \(retries.replacing("600", with: "59"))}"),
        ("held-keywords", "[" + (0...200).map { "\"từ \($0)\"" }.joined(separator: ",") + "]"),
    ])
    func everyValueHasItsBounds(key: String, value: String) {
        let found = problems(document(rule(key, value)))
        #expect(found.count == 1 && found.first?.hasPrefix("rules.\(key)") == true, "\(found)")
    }

    @Test func whatIsMissingIsNamed() {
        #expect(
            problems(Array("{}".utf8))
                == ["from: is missing", "name: is missing", "rules: is missing", "title: is missing"])
        #expect(problems(document(#""signature": {"source": "x"}"#)) == ["rules.signature.value: is missing"])
        #expect(
            problems(document(#""signature": {"value": "advised"}"#)) == ["rules.signature.source: is missing"])
        #expect(problems(document(#""signature": "advised""#)) == ["rules.signature: must be an object"])
        #expect(problems(Array("[]".utf8)) == ["must be an object"])
        #expect(problems(document(rule("passing-phrases", #"["bí mật"]"#))).count == 1)
    }

    @Test func namesDaysAndBytesAreStrict() {
        for name in ["\"\"", "\"Mau\"", "\"mau 1\"", "1", "\"" + String(repeating: "a", count: 65) + "\""] {
            #expect(problems(document("", name: name)).allSatisfy { $0.hasPrefix("name") }, "\(name)")
            #expect(!problems(document("", name: name)).isEmpty, "\(name)")
        }
        for from in ["\"2026-02-30\"", "\"hôm nay\"", "2026"] {
            #expect(problems(document("", from: from)).map { $0.prefix(5) } == ["from:"], "\(from)")
        }
        #expect(problems(document("", from: "\"2026-01-01T08:00:00+07:00\"")) == [])
        #expect(problems([0xFF]) == ["is not UTF-8"])
        #expect(problems(Array(repeating: 0x20, count: PolicyDocument.maxBytes + 1)) == ["has more than 65536 bytes"])
        #expect(problems(Array("{\"name\":1,\"name\":2}".utf8)).first?.contains("has a key twice") == true)
    }

    @Test func textsAreComposed() throws {
        let decomposed = "đơn tố cáo".decomposedStringWithCanonicalMapping
        let profile = try PolicyDocument.read(document(rule("held-keywords", "[\"\(decomposed)\"]"))).get().profile
        #expect(
            Array(profile.heldKeywords?.value.first?.unicodeScalars ?? "".unicodeScalars)
                == Array("đơn tố cáo".unicodeScalars))
    }
}
