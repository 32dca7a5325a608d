// SPDX-License-Identifier: Apache-2.0
import Testing

/// docs/compliance.md answers every article of the regulations, and the tests that it names exist.
@Suite struct ComplianceTests {
    private static let regulation = Regulation(title: "Quyết định 1/QĐ-MẪU", decision: [0], articles: [2, 0, 1])

    private static let sound = """
        # Mẫu
        1 văn bản, 4 điều, 5 dòng: 2 có, 1 chưa, 2 không thuộc trục

        ## Quyết định 1/QĐ-MẪU về một việc

        | Điều | Yêu cầu | Kết luận | Cách làm | Bài kiểm thử |
        |---|---|---|---|---|
        | QĐ Điều 1 | ban hành | không thuộc trục | hiệu lực | – |
        | Điều 1.1 | toàn vẹn | có | băm | `A/b c`<br>`D/e` |
        | Điều 1.2.a | ký số | chưa | Thiếu: kiểm tra | `A/b c` |
        | Điều 1.2.b–d | gửi | có | gửi | `D/e` |
        | Điều 2–3 | kinh phí | không thuộc trục | của tỉnh | – |
        """

    private func check(_ text: String) -> [String] {
        ComplianceDocument(parsing: text).check(tests: ["A/b c", "D/e"], regulations: [Self.regulation])
            .map(\.description)
    }

    @Test func `the table of articles is whole and true`() throws {
        let document = ComplianceDocument(parsing: try Repository.text(of: ComplianceDocument.path))
        let tests = TestNames.all(in: try Repository.swift(under: "Tests"))
        #expect(tests.count > 1_000)
        for violation in document.check(tests: tests, regulations: Regulation.all) { Issue.record("\(violation)") }
    }

    @Test func `a sound table has no violations`() { #expect(check(Self.sound) == []) }

    @Test(arguments: [
        ("`D/e` |\n| Điều 1.2.a", "`D/f` |\n| Điều 1.2.a", ":9: Điều 1.1 there is no test D/f"),
        ("`A/b c`<br>`D/e`", "A/b c<br>`D/e`", ":9: no test: A/b c"),
        ("`A/b c`<br>`D/e`", "`mẫu`", ":9: no test: `mẫu`"),
        ("`A/b c`<br>`D/e`", "–", ":9: Điều 1.1 names no test"),
        ("| của tỉnh |", "|  |", ":12: Điều 2–3 gives no reason"),
        ("| của tỉnh |", "| – |", ":12: Điều 2–3 gives no reason"),
        ("| của tỉnh | – |", "| của tỉnh | `D/e` |", ":12: Điều 2–3 names tests for what is not the hub's"),
        ("| kinh phí |", "| |", ":12: Điều 2–3 does not say what is asked"),
        ("Thiếu: kiểm tra", "kiểm tra", ":10: Điều 1.2.a does not say what is missing"),
        ("| chưa |", "| rồi |", ":10: Điều 1.2.a has no verdict"),
        ("| Điều 2–3 |", "| Điều 2 |", ":1: Điều 3.1 of Quyết định 1/QĐ-MẪU is missing"),
        ("| Điều 2–3 |", "| Điều 3 |", ":1: Điều 2 of Quyết định 1/QĐ-MẪU is missing"),
        ("| Điều 1.1 |", "| Điều 1.2 |", ":10: Điều 1.2 of Quyết định 1/QĐ-MẪU is told twice"),
        ("| Điều 1.2.b–d |", "| Điều 1.2.a |", ":11: Điều 1.2 of Quyết định 1/QĐ-MẪU is told twice"),
        ("| Điều 2–3 |", "| Điều 1–3 |", ":12: Điều 1.1 of Quyết định 1/QĐ-MẪU is told twice"),
        ("| QĐ Điều 1 |", "| QĐ Điều 2 |", ":8: there is no QĐ Điều 2 in Quyết định 1/QĐ-MẪU"),
        ("| Điều 1.1 |", "| Điều 1.3 |", ":9: there is no Điều 1.3 in Quyết định 1/QĐ-MẪU"),
        ("| Điều 1.1 |", "| Khoản 1 |", ":9: there is no Khoản 1 in Quyết định 1/QĐ-MẪU"),
        ("| Điều 2–3 | kinh phí |", "| Điều 2–3 |", ":12: 4 cells, not 5"),
        ("QĐ-MẪU về", "QĐ-KHÁC về", ":1: an unknown regulation: Quyết định 1/QĐ-KHÁC về một việc"),
        (
            "2 có, 1", "3 có, 1",
            ":1: the head does not say: 1 văn bản, 4 điều, 5 dòng: 2 có, 1 chưa, 2 không thuộc trục"
        ),
    ])
    func `what is wrong is named with its line`(find: String, replacement: String, violation: String) {
        #expect(Self.sound.contains(find))
        #expect(check(Self.sound.replacing(find, with: replacement)).contains(ComplianceDocument.path + violation))
    }

    @Test(arguments: [
        "Điều", "Điều 0x", "điều 1", "Điều 3–1", "Điều 1.3–2", "Điều 1.", "Điều 1.2.", "Điều 1–2.1", "Điều 1.a",
        "Điều 1234", "QĐ 1",
    ])
    func `what is no article is not read as one`(text: String) {
        #expect(ComplianceArticles(parsing: text) == nil)
    }

    @Test func `the regulations have as many articles as the document says`() {
        #expect(Regulation.all.map(\.articleCount) == [22, 13, 18, 23, 29, 23])
    }

    @Test func `tests are found with their suites`() {
        let text = """
            @Suite(.serialized) struct First {
                enum Way: CaseIterable { case one }
                private struct Page { func load() {} }
                // @Test func comment() {}
                let kind = Kind.class
                @Test func plain() { let a = [1].map { $0 } }
                @Test(arguments: Way.allCases.filter { $0 == .one })
                func `with (odd) {words}, struct and func`(way: Way) async throws {}
                func helper() {}
            }
            extension Second {
                class func make() {}
                @Test func `of an extension`() { struct Inner { var b = "@Test func text() {}" } }
                @Test func afterwards() {}
            }
            @Test func alone() {}
            """
        #expect(
            TestNames.all(in: [SwiftSource(path: "", text: text)]) == [
                "First/plain", "First/with (odd) {words}, struct and func", "Second/of an extension",
                "Second/afterwards", "/alone",
            ])
    }
}
