// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

/// The files about agencies, read strictly: each wrong line with its number.
@Suite struct TableTests {
    private func kinds(_ findings: [TableFinding]) -> [String] {
        findings.map { "\($0.kind.rawValue)@\($0.line ?? 0)" }
    }

    @Test func `fields are read back as they were written`() {
        let rows = [
            ["a", "Sở \"X\", Y", "", " b "], ["#c", "", "", ""], ["", "", "", ""], ["một", "hai", "ba", "bốn"],
        ]
        let text = rows.map(TableText.line).joined()
        let read = TableText(reading: Array(("\u{FEFF}" + text).utf8))
        #expect(read.findings.isEmpty)
        #expect(read.rows.map(\.fields) == rows)
        #expect(read.rows.map(\.line) == [1, 2, 3, 4])
    }

    @Test(arguments: [
        ("", "no-lines@0"), ("# nur\n\n", "no-lines@0"), ("a,\"b\nc", "wrong-quotes@1"), ("a,b\"c", "wrong-quotes@1"),
        ("a\n\"b\"c,d", "wrong-quotes@2"), ("a,\u{1}", "bad-text@1"), ("a\u{202E}", "bad-text@1"),
    ])
    func `a line that cannot be read is named`(text: String, finding: String) {
        #expect(kinds(TableText(reading: Array(text.utf8)).findings).first == finding)
    }

    @Test func `a file has bounds`() {
        #expect(kinds(TableText(reading: [0xFF]).findings) == ["not-utf8@0"])
        let long = String(repeating: "a\n", count: TableText.maxLines)
        #expect(TableText(reading: Array(long.utf8)).findings.isEmpty)
        #expect(kinds(TableText(reading: Array((long + "a\nb").utf8)).findings) == ["too-many-lines@0"])
        let large = [UInt8](repeating: UInt8(ascii: "a"), count: TableText.maxBytes + 1)
        #expect(kinds(TableText(reading: large).findings) == ["file-too-large@0"])
    }

    @Test func `what becomes of identifiers`() throws {
        let table = SuccessionTable(
            reading: Array("# old,new,takes\nH25,H42\nH25.07,\nH52.20,H52.30,pending\nH52.20,H52.31,default\n".utf8))
        #expect(table.findings.isEmpty)
        #expect(table.lines.map(\.old.text) == ["H25", "H25.07", "H52.20", "H52.20"])
        #expect(table.lines.map { $0.new?.text } == ["H42", nil, "H52.30", "H52.31"])
        #expect(table.lines.map(\.takesPending) == [false, false, true, false])
        #expect(table.lines.map(\.isDefault) == [false, false, false, true])
    }

    @Test(arguments: [
        ("H25", "wrong-fields@1"), ("H25,H42,,", "wrong-fields@1"), ("H 25,H42", "bad-identifier@1"),
        ("H25,H 42", "bad-identifier@1"), ("H25,H25", "itself@1"), ("H25,H42,all", "bad-word@1"),
        ("H25,,pending", "bad-word@1"), ("H25,H42\nH25,", "repeated@2"), ("H25,\nH25,H42", "repeated@2"),
        ("H25,H42\nH25,H42", "repeated@2"), ("H1,H2\nH1,H3", "bad-word@1"),
        ("H1,H2,pending\nH1,H3,pending", "bad-word@1"), ("H1,H2,pending default\nH1,H3,default", "bad-word@1"),
    ])
    func `a wrong line of a table of successors`(text: String, finding: String) {
        let table = SuccessionTable(reading: Array(text.utf8))
        #expect(kinds(table.findings) == [finding])
        #expect(table.lines.isEmpty)
    }

    private static let heading = AgencyTable.heading.joined(separator: ",")

    @Test func `agencies are read back as they were written`() throws {
        let instant = try Instant(iso8601: "2026-11-20T10:11:12.000013+07:00")
        let lines = [
            AgencyTable.Line(
                code: try AgencyID(parsing: "H52.13"), name: "Sở \"Xây dựng\", tỉnh Mẫu",
                parent: try AgencyID(parsing: "H52"), system: try SystemID(parsing: "qlvb"), mail: "a@b.vn",
                aliases: [try AgencyID(parsing: "000.00.13.H52"), try AgencyID(parsing: "SXD")],
                from: AgencyRecord.earliest, until: instant, tolerated: instant.advanced(by: .seconds(1)),
                successors: [
                    .init(code: try AgencyID(parsing: "H52.14"), takesPending: true, isDefault: false),
                    .init(code: try AgencyID(parsing: "H52.15"), takesPending: false, isDefault: true),
                ]),
            AgencyTable.Line(
                code: try AgencyID(parsing: "H52"), name: "UBND", parent: nil, system: nil, mail: nil, aliases: [],
                from: instant, until: nil, tolerated: nil, successors: []),
        ]
        let text = AgencyTable.text(lines)
        let table = AgencyTable(reading: Array(text.utf8))
        #expect(table.findings.isEmpty)
        #expect(AgencyTable.text(table.lines) == text)
        #expect(table.lines.map(\.line) == [2, 3])
        #expect(table.lines[0].until == instant && table.lines[0].successors == lines[0].successors)
    }

    @Test(arguments: [
        ("x y,Tên,,,,,,,,", "bad-identifier@2"), ("H1,,,,,,,,,", "bad-name@2"), ("H1,Tên,?,,,,,,,", "bad-identifier@2"),
        ("H1,Tên,,a b,,,,,,", "bad-identifier@2"), ("H1,Tên,,,,A ?,,,,", "bad-identifier@2"),
        ("H1,Tên,,,,,hôm nay,,,", "bad-instant@2"), ("H1,Tên,,,,,2026-01-02,2026-01-02,,", "bad-instant@2"),
        ("H1,Tên,,,,,,2026-01-02,2026-01-02,", "bad-instant@2"), ("H1,Tên,,,,,,,2026-01-02,", "bad-instant@2"),
        ("H1,Tên,,,,,,,,H2", "bad-word@2"), ("H1,Tên,,,,,,2026-01-02,,H2+all", "bad-word@2"),
        ("H1,Tên,,,,,,2026-01-02,,H2 H3", "bad-word@2"), ("H1,Tên,H1,,,,,,,", "itself@2"),
        ("H1,Tên,,,,,,2026-01-02,,H1", "itself@2"), ("H1,Tên,,,,,,", "wrong-fields@2"),
        ("H1,Tên,,,,H2,,,,\nH2,Tên,,,,,,,,", "repeated@3"),
    ])
    func `a wrong line of a table of agencies`(line: String, finding: String) {
        let table = AgencyTable(reading: Array("\(Self.heading)\n\(line)\n".utf8))
        #expect(kinds(table.findings) == [finding])
        #expect(table.lines.isEmpty)
    }

    @Test func `a table of agencies begins with its heading`() {
        #expect(kinds(AgencyTable(reading: Array("code,name\nH1,Tên\n".utf8)).findings) == ["wrong-heading@1"])
        #expect(kinds(AgencyTable(reading: Array(Self.heading.utf8)).findings) == ["no-lines@0"])
    }

    @Test func `every finding has words`() {
        for kind in TableFinding.Kind.allCases { #expect(!kind.vietnamese.isEmpty && !kind.english.isEmpty) }
    }

    @Test(
        arguments: [
            ("H25.13.05", "H25", "H42", "H42.13.05"),
            ("000.05.13.H25", "000.00.00.H25", "000.00.00.H42", "000.05.13.H42"),
            ("000.05.13.H25", "000.00.13.H25", "000.00.20.H42", "000.05.20.H42"), ("H25.13", "H26", "H42", nil),
            ("H25.13", "000.00.00.H25", "000.00.00.H42", nil), ("H25.13", "H25", "H42.1", nil),
            ("H25", "H25", "H42", nil),
        ] as [(String, String, String, String?)])
    func `a unit below another agency`(unit: String, old: String, new: String, expected: String?) throws {
        let moved = try AgencyID(parsing: unit).moved(from: AgencyID(parsing: old), to: AgencyID(parsing: new))
        #expect(moved?.text == expected)
    }
}
