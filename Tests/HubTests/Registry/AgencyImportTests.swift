// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

/// What tables would change, and what they may not.
@Suite struct AgencyImportTests {
    private static let heading = AgencyTable.heading.joined(separator: ",")

    private func plan(_ lines: String) throws -> AgencyImport {
        AgencyImport(
            AgencyTable(reading: Array("\(Self.heading)\n\(lines)\n".utf8)), in: try Province.snapshot(),
            at: try Province.today)
    }

    private func kinds(_ plan: AgencyImport) -> [String] {
        plan.findings.map { "\($0.kind.rawValue)@\($0.line ?? 0)" }
    }

    @Test func `what is exported changes nothing`() throws {
        let registry = try Province.snapshot()
        let text = AgencyTable.text(AgencyImport.table(of: registry))
        let table = AgencyTable(reading: Array(text.utf8))
        #expect(table.findings.isEmpty)
        #expect(table.lines.count == registry.agencyRecords.count - 1)
        let plan = AgencyImport(table, in: registry, at: try Province.today)
        #expect(plan.findings.isEmpty && plan.changes.isEmpty)
    }

    @Test func `new agencies come after those above them, and differences are told`() throws {
        let plan = try plan(
            """
            000.01.30.H52,Phòng,000.00.30.H52,one,,,,,,
            000.00.30.H52,Sở mới,000.00.13.H52,one,a@b.vn,H52.30,2027-01-01,,,
            000.00.14.H52,Đơn vị đổi tên,000.00.13.H52,two,,H52.14 STC-H52 TC,,,,
            """)
        #expect(plan.findings.isEmpty)
        #expect(plan.changes.map(\.code.text) == ["000.00.30.H52", "000.01.30.H52", "000.00.14.H52"])
        #expect(plan.changes.map(\.kind) == [.added, .added, .changed])
        #expect(
            plan.changes.last?.differences == [
                "name: Đơn vị 3 → Đơn vị đổi tên", "parent: - → 000.00.13.H52", "aliases: + TC",
            ])
        #expect(plan.changes.last?.aliases == ["TC"])
        let other = try self.plan("000.00.14.H52,Đơn vị 3,,one,a@b.vn,,,,,")
        #expect(other.changes.map(\.differences) == [["mail: - → a@b.vn", "system: two → one"]])
        let change = try #require(other.changes.first)
        #expect(change.mail == "a@b.vn" && change.system?.text == "one" && change.name == "Đơn vị 3")
        // From below to above, over more than one level.
        let deep = try self.plan(
            """
            00A.01.30.H52,Tổ,000.01.30.H52,one,,,,,,
            000.01.30.H52,Phòng,A30,one,,,,,,
            000.00.30.H52,Sở mới,,one,,A30,,,,
            """)
        #expect(deep.changes.map(\.code.text) == ["000.00.30.H52", "000.01.30.H52", "00A.01.30.H52"])
    }

    /// The province with a unit below an open agency, and one that is left below an agency that has ended.
    private func withUnits() throws -> RegistrySnapshot {
        let before = try Province.snapshot()
        func unit(_ key: Int64, _ code: String, below parent: AgencyKey) throws -> AgencyRecord {
            AgencyRecord(
                key: AgencyKey(key), code: try AgencyID(parsing: code), name: "Phòng", parent: parent,
                system: try SystemID(parsing: "one"), version: 7, changedAt: Instant(microseconds: 0))
        }
        return RegistrySnapshot(
            RegistryRecords(
                version: 7, systems: before.systemRecords,
                agencies: before.agencyRecords + [
                    try unit(30, "000.01.13.H52", below: Province.construction),
                    try unit(31, "000.01.20.H52", below: Province.ended),
                ]))
    }

    private func plan(_ lines: [AgencyTable.Line], in registry: RegistrySnapshot) throws -> AgencyImport {
        AgencyImport(
            AgencyTable(reading: Array(AgencyTable.text(lines).utf8)), in: registry, at: try Province.today)
    }

    @Test func `what stands below an agency that has ended is left there, and goes below no other that has`() throws {
        let registry = try withUnits()
        let lines = AgencyImport.table(of: registry)
        let same = try plan(lines, in: registry)
        #expect(same.findings.isEmpty && same.changes.isEmpty)
        let moved = try plan(
            lines.filter { $0.code.text == "000.01.13.H52" }.map {
                AgencyTable.Line(
                    code: $0.code, name: $0.name, parent: try AgencyID(parsing: "000.00.20.H52"), system: $0.system,
                    mail: nil, aliases: [], from: $0.from, until: nil, tolerated: nil, successors: [])
            }, in: registry)
        #expect(kinds(moved) == ["parent-closed@2"])
    }

    @Test func `parents that go in a circle through the registry, and one that is written otherwise`() throws {
        let registry = try withUnits()
        func read(_ line: String) throws -> AgencyImport {
            AgencyImport(
                AgencyTable(reading: Array("\(Self.heading)\n\(line)\n".utf8)), in: registry, at: try Province.today)
        }
        #expect(kinds(try read("000.00.13.H52,Đơn vị 2,000.01.13.H52,one,,H52.13,,,,")) == ["parent-cycle@2"])
        // The same parent under its other form is no difference.
        let same = try read("000.01.13.H52,Phòng,H52.13,one,,,,,,")
        #expect(same.findings.isEmpty && same.changes.isEmpty)
    }

    /// One column at a time, of an agency that has all of them.
    @Test func `each column that an import leaves as it is is named by itself`() throws {
        let registry = try Province.snapshot()
        let line = try #require(AgencyImport.table(of: registry).first { $0.code.text == "000.00.17.H52" })
        let day = Duration.seconds(86_400)
        let heir = try #require(line.successors.first)
        let other = AgencyTable.Line.Successor(
            code: try AgencyID(parsing: "000.00.14.H52"), takesPending: true, isDefault: true)
        func detail(
            from: Instant? = nil, until: Instant? = nil, tolerated: Instant? = nil,
            successors: [AgencyTable.Line.Successor]? = nil, hasSystem: Bool = true
        ) throws -> [String] {
            let altered = AgencyTable.Line(
                code: line.code, name: line.name, parent: line.parent, system: hasSystem ? line.system : nil,
                mail: line.mail, aliases: line.aliases, from: from ?? line.from, until: until ?? line.until,
                tolerated: tolerated ?? line.tolerated, successors: successors ?? line.successors)
            let plan = try plan([altered], in: registry)
            #expect(plan.changes.isEmpty)
            return plan.findings.map { "\($0.kind.rawValue): \($0.detail)" }
        }
        #expect(try detail() == [])
        #expect(try detail(from: line.from.advanced(by: day)) == ["not-changed-by-import: from"])
        #expect(
            try detail(until: #require(line.until).advanced(by: day)) == ["not-changed-by-import: until"])
        #expect(
            try detail(tolerated: #require(line.tolerated).advanced(by: day)) == ["not-changed-by-import: tolerated"])
        for successors in [[], [other], [heir, other]] {
            let told = try detail(
                successors: successors.count < 2
                    ? successors
                    : [
                        .init(code: heir.code, takesPending: true, isDefault: true),
                        .init(code: other.code, takesPending: false, isDefault: false),
                    ])
            #expect(told == ["not-changed-by-import: successors"])
        }
        #expect(try detail(hasSystem: false) == ["not-changed-by-import: system"])
    }

    @Test(arguments: [
        ("000.00.30.H52,A,,three,,,,,,", "unknown-system@2"),
        ("000.00.30.H52,A,000.00.99.H52,,,,,,,", "unknown-agency@2"),
        ("000.00.30.H52,A,000.00.20.H52,,,,,,,", "parent-closed@2"),
        ("000.00.30.H52,A,,,,H52.13,,,,", "identifier-taken@2"),
        ("H52.13,A,,,,,,,,", "identifier-taken@2"), ("\(TestAgency.hubCode),A,,,,,,,,", "hub-entry@2"),
        ("000.00.30.H52,A,\(TestAgency.hubCode),,,,,,,", "hub-entry@2"),
        ("000.00.13.H52,A,,,,,,,,", "not-changed-by-import@2"),
        ("000.00.13.H52,A,,one,,,2020-01-01,,,", "not-changed-by-import@2"),
        ("000.00.13.H52,A,,one,,,,2027-01-01,,", "not-changed-by-import@2"),
        ("000.00.20.H52,A,,one,,,,,,", "not-changed-by-import@2"),
        ("000.00.30.H52,A,000.00.31.H52,,,,,,,\n000.00.31.H52,B,000.00.30.H52,,,,,,,", "parent-cycle@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,000.00.99.H52", "unknown-agency@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,\(TestAgency.hubCode)", "hub-entry@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,TRUC", "hub-entry@2"),
        ("000.00.30.H52,A,,,,A30,,2026-01-01,,A30", "itself@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,000.00.16.H52", "successor-unfit@2"),
        ("000.00.30.H52,A,,,,,,2026-03-01,,000.00.17.H52", "successor-unfit@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,000.00.19.H52", "successor-unfit@2"),
        ("000.00.30.H52,A,,,,,,2026-01-01,,000.00.13.H52+pending H52.13", "successor-repeated@2"),
        (
            "000.00.30.H52,A,,one,,,,2026-01-01,,000.00.31.H52\n000.00.31.H52,B,,one,,,,2026-01-01,,000.00.30.H52",
            "successor-cycle@2"
        ),
        (
            """
            000.00.30.H52,A,,one,,,,2026-01-01,,000.00.31.H52
            000.00.31.H52,B,,one,,B31,,2026-01-02,,000.00.13.H52+pending 000.00.32.H52
            000.00.32.H52,C,,one,,,,2026-01-03,,B31
            """, "successor-cycle@2"
        ),
        ("000.00.30.H52,A,,one,,,,2027-01-01,,\n000.00.31.H52,B,000.00.30.H52,one,,,,,,", "parent-closed@3"),
        ("000.00.30.H52,A,,one,,,,2027-01-01,,\n000.00.31.H52,B,000.00.30.H52,one,,,,2027-01-02,,", "parent-closed@3"),
    ])
    func `what a table may not change`(lines: String, finding: String) throws {
        let plan = try plan(lines)
        #expect(kinds(plan).first == finding)
        #expect(plan.changes.isEmpty)
    }

    @Test func `chains of successors, each open when the one before ends, and units that end with those above them`()
        throws
    {
        let plan = try plan(
            """
            000.00.30.H52,A,,one,,,,2025-01-01,,000.00.31.H52
            000.00.31.H52,B,,one,,,,2026-01-01,,000.00.17.H52+pending 000.00.13.H52+default
            000.00.32.H52,C,,one,,,,2027-01-01,,
            000.00.33.H52,D,000.00.32.H52,one,,,,2027-01-01,,
            """)
        #expect(plan.findings.isEmpty && plan.changes.count == 4, "\(plan.findings)")
    }

    @Test func `further written forms`() throws {
        let registry = try Province.snapshot()
        func read(_ text: String) -> AgencyImport { AgencyImport(AliasTable(reading: Array(text.utf8)), in: registry) }
        let plan = read("SXD,H52.13\nH52.13,000.00.13.H52\n")
        #expect(plan.changes.map(\.aliases) == [["SXD"]] && plan.changes.map(\.code.text) == ["000.00.13.H52"])
        for (text, finding) in [
            ("SXD,H52.99", "unknown-agency@1"), ("H52.14,H52.13", "identifier-taken@1"), ("SXD", "wrong-fields@1"),
            ("SXD,H52.13\nSXD,H52.14", "repeated@2"), ("S D,H52.13", "bad-identifier@1"),
            ("X,\(TestAgency.hubCode)", "hub-entry@1"),
        ] {
            #expect(kinds(read(text)) == [finding], "\(text)")
            #expect(read(text).changes.isEmpty)
        }
    }

    @Test func `every unit below an agency that ends is decided, and collisions are shown`() throws {
        func agency(_ key: Int64, _ code: String, _ name: String, below parent: Int64? = nil) throws -> AgencyRecord {
            AgencyRecord(
                key: AgencyKey(key), code: try AgencyID(parsing: code), name: name, parent: parent.map(AgencyKey.init),
                version: 1, changedAt: Instant(microseconds: 0))
        }
        let registry = RegistrySnapshot(
            RegistryRecords(
                version: 1, systems: [],
                agencies: [
                    try agency(1, "H25", "Hà Nam"), try agency(2, "H40", "Nam Định"), try agency(3, "H42", "Ninh Bình"),
                    try agency(4, "H25.13", "Sở Xây dựng", below: 1), try agency(5, "H40.13", "Sở Xây dựng", below: 2),
                    try agency(6, "H42.13", "Sở Xây dựng", below: 3), try agency(7, "H25.14", "Sở Nội vụ", below: 1),
                    try agency(8, "H42.14", "Sở Tài chính", below: 3), try agency(9, "H40.15", "Sở Y tế", below: 2),
                    try agency(10, "H42.15", "Sở Y tế", below: 3), try agency(11, "H25.13.01", "Phòng", below: 4),
                ]))
        func closing(_ old: String, _ new: String) throws -> Succession.Closing {
            Succession.Closing(
                try AgencyID(parsing: old), successors: [Succession.Successor(try AgencyID(parsing: new))])
        }
        let provinces = [try closing("H25", "H42"), try closing("H40", "H42")]
        let plan = SuccessionPlan(provinces, in: registry, at: .now())
        #expect(plan.undecided.map(\.agency.code.text) == ["H25.13", "H40.13", "H25.14", "H40.15", "H25.13.01"])
        #expect(
            plan.undecided.map { $0.proposal?.text } == ["H42.13", "H42.13", "H42.14", "H42.15", "H42.13.01"])
        #expect(plan.undecided.map(\.isCollision) == [true, true, true, false, false])
        #expect(plan.undecided[0].rivals.map(\.text) == ["H40.13"])
        #expect(plan.undecided[4].holder == nil)
        let all =
            try provinces + [
                closing("H25.13", "H42.13"), closing("H40.13", "H42.13"), closing("H25.14", "H42.14"),
                closing("H40.15", "H42.15"), Succession.Closing(AgencyID(parsing: "H25.13.01"), successors: []),
            ]
        #expect(SuccessionPlan(all, in: registry, at: .now()).undecided.isEmpty)
    }

    @Test func `a tree at an instant`() throws {
        let registry = try Province.snapshot()
        let now = try Province.today
        #expect(AgencyTree(registry, at: now, hasAll: false).roots.map(\.key).contains(Province.finance))
        #expect(!AgencyTree(registry, at: now, hasAll: false).roots.map(\.key).contains(Province.ended))
        #expect(AgencyTree(registry, at: now, hasAll: true).roots.count == registry.agencyRecords.count - 1)
    }
}
