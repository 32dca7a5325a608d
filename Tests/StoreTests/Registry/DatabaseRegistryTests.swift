// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseRegistryTests {
    private let actor = "operator:test"

    @Test func whatIsRegisteredIsReadBack() async throws {
        let bench = try await AcceptBench()
        let before = try await bench.database.registry()
        let system = SystemRecord(
            id: try SystemID(parsing: "qlvb.moi"), name: "QLVB mới", secrets: [SystemSecret([0, 1, 255])],
            timestampPastSeconds: 600,
            timestampFutureSeconds: 60)
        try await bench.database.addSystem(system, actor: actor)
        try await bench.database.addAgency(
            NewAgency(
                code: AgencyID(parsing: "001.00.13.H52"), name: "Chi cục Giám định", mail: "gd@example.vn",
                parent: AgencyID(parsing: "H52.13"), system: system.id, aliases: ["H52.13.01", "001.00.13.H52"]),
            actor: actor)
        let after = try await bench.database.registry()
        #expect(after.version == before.version + 2)
        #expect(after.version == (try await bench.database.registryVersion()))
        #expect(after.systems.first { $0.id == system.id } == system)
        let agency = try #require(after.agencies.first { $0.code.text == "001.00.13.H52" })
        #expect(agency.name == "Chi cục Giám định")
        #expect(agency.mail == "gd@example.vn")
        #expect(agency.parent == (try bench.key(.construction)))
        #expect(agency.system == system.id)
        #expect(agency.aliases == ["H52.13.01"])
        #expect(!agency.isHub)
        #expect(agency.version == after.version)
        #expect(after.agencies.allSatisfy { $0.version < after.version || $0.key == agency.key })
        #expect(agency.isOpen(at: .now()))
        let events: [String] = try await bench.column(
            "SELECT event || ' ' || actor AS value FROM history ORDER BY at DESC, id DESC LIMIT 2")
        #expect(Set(events) == ["registry.agency-added operator:test", "registry.system-added operator:test"])
        #expect(try await bench.count("history WHERE detail::text LIKE '%secret%'") == 0)
        await bench.close()
    }

    @Test func whatDoesNotFitIsRefusedAndWritesNothing() async throws {
        let bench = try await AcceptBench()
        let version = try await bench.database.registryVersion()
        func add(
            _ code: String, parent: String? = nil, system: String? = nil, aliases: [String] = [], isHub: Bool = false
        ) async -> Refusal.Code? {
            await refusal {
                try await bench.database.addAgency(
                    NewAgency(
                        code: AgencyID(parsing: code), name: "Mới", parent: parent.map { try AgencyID(parsing: $0) },
                        system: system.map { try SystemID(parsing: $0) }, aliases: aliases),
                    isHub: isHub, actor: actor)
            }
        }
        #expect(await add("000.00.13.H52") == .agencyTaken)
        #expect(await add("H52.13") == .agencyTaken)
        #expect(await add("000.00.77.H52", aliases: ["H52.13"]) == .agencyTaken)
        #expect(await add("000.00.77.H52", aliases: ["000.00.14.H52"]) == .agencyTaken)
        #expect(await add("000.00.77.H52", system: "nobody") == .systemNotFound)
        #expect(await add("000.00.77.H52", parent: "000.00.88.H52") == .agencyNotFound)
        #expect(await add("00.01.W00", isHub: true) == .agencyTaken)
        let repeated = await refusal {
            try await bench.database.addSystem(
                SystemRecord(id: SystemID(parsing: "qlvb.soxd"), name: "Khác", secrets: [SystemSecret([1])]),
                actor: actor)
        }
        #expect(repeated == .systemExists)
        #expect(try await bench.database.registry() == bench.registry)
        #expect(try await bench.database.registryVersion() == version)
        #expect(await add("000.00.77.H52") == nil)
        await bench.close()
    }

    @Test func anAgencyHasTheVersionOfItsLastChange() async throws {
        let bench = try await AcceptBench()
        let before = try await bench.database.registry()
        let code = try AgencyID(parsing: "H52.13")
        _ = try await bench.database.close(
            Succession(
                [Succession.Closing(code, successors: [])], effective: try CalendarDate(iso8601: "2026-12-31").end),
            actor: actor, at: .now())
        let after = try await bench.database.registry()
        for (old, new) in zip(before.agencies, after.agencies) {
            let isClosed = try new.key == bench.key(.construction)
            #expect(new.version == (isClosed ? before.version + 1 : old.version))
            #expect(isClosed ? new.changedAt > old.changedAt : new.changedAt == old.changedAt)
        }
        await bench.close()
    }

    @Test func anImportIsOneVersion() async throws {
        let bench = try await AcceptBench()
        let version = try await bench.database.registryVersion()
        let changes = try ["000.00.61.H52", "000.00.62.H52", "000.00.63.H52"].map { code in
            AgencyChange(
                code: try AgencyID(parsing: code), kind: .added, name: "Mới", aliases: [], differences: [])
        }
        let isDone = try await bench.database.importAgencies(
            changes, basedOn: version, file: SHA256Digest(of: [1]), decision: nil, actor: actor, at: .now())
        #expect(isDone)
        let after = try await bench.database.registry()
        #expect(after.version == version + 1)
        #expect(after.agencies.suffix(3).allSatisfy { $0.version == version + 1 })
        await bench.close()
    }

    private func record(_ code: String, _ bench: AcceptBench) async throws -> AgencyRecord {
        try #require(try await bench.database.registry().agencies.first { $0.code.text == code })
    }

    @Test func anImportCorrectsAndEndsAndAFailureChangesNothing() async throws {
        let bench = try await AcceptBench()
        let version = try await bench.database.registryVersion()
        let end = try Instant(iso8601: "2026-01-01T00:00:00+07:00")
        let system = try TestAgency.construction.systemID
        let construction = try TestAgency.construction.id
        let new = try AgencyID(parsing: "000.00.62.H52")
        let changes = [
            AgencyChange(
                code: try AgencyID(parsing: "000.00.61.H52"), kind: .added, name: "Sở cũ", aliases: ["H52.61"],
                validUntil: end, toleratedUntil: end.advanced(by: .seconds(86_400)),
                successors: [Succession.Successor(new, takesPending: true, isDefault: true)], differences: []),
            AgencyChange(
                code: new, kind: .added, name: "Sở mới", mail: "a@b.vn", parent: construction, system: system,
                aliases: [], differences: []),
            AgencyChange(
                code: try TestAgency.finance.id, kind: .changed, name: "Sở đổi tên", mail: "c@d.vn",
                parent: construction, system: system, aliases: ["TC"], differences: []),
            AgencyChange(
                code: try TestAgency.treasury.id, kind: .changed, aliases: ["KB"], differences: []),
        ]
        func run(_ changes: [AgencyChange], basedOn version: Int64) async throws -> Bool {
            try await bench.database.importAgencies(
                changes, basedOn: version, file: SHA256Digest(of: [1]),
                decision: Decision(number: "5/QĐ", date: try CalendarDate(iso8601: "2026-11-20")), actor: actor,
                at: .now())
        }
        #expect(try await !run(changes, basedOn: version - 1))
        #expect(try await bench.database.registryVersion() == version)
        #expect(try await run(changes, basedOn: version))
        let heir = try await record(new.text, bench)
        #expect(try heir.mail == "a@b.vn" && heir.system == system && heir.parent == bench.key(.construction))
        let ended = try await record("000.00.61.H52", bench)
        #expect(ended.validUntil == end && ended.toleratedUntil == end.advanced(by: .seconds(86_400)))
        #expect(ended.successors == [AgencySuccessor(heir.key, takesPending: true, isDefault: true)])
        #expect(ended.aliases == ["H52.61"])
        let changed = try await record(TestAgency.finance.code, bench)
        #expect(changed.name == "Sở đổi tên" && changed.mail == "c@d.vn" && changed.system == system)
        #expect(try changed.parent == bench.key(.construction) && changed.aliases.contains("TC"))
        let named = try await record(TestAgency.treasury.code, bench)
        #expect(try named.name == TestAgency.treasury.name && named.system == TestAgency.treasury.systemID)
        #expect(named.aliases.contains("KB") && named.version == version + 1)
        let told: [String] = try await bench.column(
            """
            SELECT concat_ws('|', detail->>'added', detail->>'changed', detail->>'decision') AS value FROM history
            WHERE event = 'registry.agencies-imported'
            """)
        #expect(told == ["2|[\"000.00.14.H52\", \"001.00.14.H52\"]|5/QĐ"])

        // The last of them cannot be: its written form is another's.
        let failing = [
            AgencyChange(
                code: try TestAgency.stranger.id, kind: .changed, name: "Khác", system: system, aliases: [],
                differences: []),
            AgencyChange(
                code: try AgencyID(parsing: "000.00.63.H52"), kind: .added, name: "Mới", aliases: ["TC"],
                differences: []),
        ]
        #expect(await refusal { try await run(failing, basedOn: version + 1) } == .agencyTaken)
        #expect(try await bench.database.registryVersion() == version + 1)
        #expect(try await record(TestAgency.stranger.code, bench).name == TestAgency.stranger.name)
        await bench.close()
    }

    @Test func noUnitIsRegisteredBelowAnAgencyWithAnEnd() async throws {
        let bench = try await AcceptBench()
        let end = Instant.now().advanced(by: .seconds(86_400))
        _ = try await bench.database.close(
            Succession([Succession.Closing(try TestAgency.stranger.id, successors: [])], effective: end),
            actor: actor, at: .now())
        let added = await refusal {
            try await bench.database.addAgency(
                NewAgency(
                    code: AgencyID(parsing: "000.01.15.H52"), name: "Chi cục", parent: TestAgency.stranger.id),
                actor: actor)
        }
        #expect(added == .agencyClosed)
        await bench.close()
    }

    @Test func racingForOneNameOneWins() async throws {
        let bench = try await AcceptBench()
        let outcomes = await withTaskGroup(of: Refusal.Code?.self) { group in
            for number in 0..<12 {
                group.addTask {
                    await refusal {
                        try await bench.database.addAgency(
                            NewAgency(
                                code: AgencyID(parsing: "0\(10 + number).00.13.H52"), name: "Mới \(number)",
                                aliases: ["H52.chung"]),
                            actor: "operator:test")
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == nil }.count == 1)
        #expect(outcomes.filter { $0 == .agencyTaken }.count == 11, "\(outcomes)")
        #expect(try await bench.database.registryVersion() == bench.registry.version + 1)
        await bench.close()
    }
}
