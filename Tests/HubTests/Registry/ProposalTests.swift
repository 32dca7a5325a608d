// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

/// Who may ask for what. System `one` speaks for 000.00.13.H52 = H52.13, and for the closed 000.00.17.H52 = H52.17.
@Suite struct ProposalTests {
    private static let below = AgencyKey(8)

    /// The province with one more unit below `one`'s agency, spoken for by `speaker`.
    private func snapshot(speaker: String? = nil, to: String? = nil) throws -> RegistrySnapshot {
        let base = try Province.snapshot()
        let unit = AgencyRecord(
            key: Self.below, code: try AgencyID(parsing: "000.05.13.H52"), name: "Chi cục",
            system: try speaker.map { try SystemID(parsing: $0) },
            validUntil: try to.map { try CalendarDate(iso8601: $0).end },
            aliases: ["H52.13.05"], version: 8,
            changedAt: Instant(microseconds: 0))
        return RegistrySnapshot(
            RegistryRecords(version: 8, systems: [], agencies: base.agencyRecords + [unit]))
    }

    private func register(
        _ code: String, below parent: String? = nil, by system: String = "one", in registry: RegistrySnapshot? = nil
    ) throws -> AgencyKey? {
        let application = AgencyApplication(
            code: try AgencyID(parsing: code), parent: try parent.map { try AgencyID(parsing: $0) }, name: "Đội")
        let proposal = try (registry ?? snapshot()).proposal(
            toRegister: application, by: try SystemID(parsing: system), at: try Province.today)
        guard case .register(application, let key) = proposal else { return nil }
        return key
    }

    private func close(
        _ written: String, by system: String = "one", in registry: RegistrySnapshot? = nil
    ) throws -> AgencyProposal {
        try (registry ?? snapshot()).proposal(
            toClose: try AgencyID(parsing: written), by: try SystemID(parsing: system), at: try Province.today)
    }

    private func code(_ body: () throws -> some Any) -> Refusal.Code? {
        do { _ = try body() } catch { return (error as? Refusal)?.code }
        return nil
    }

    @Test(arguments: [
        ("000.06.13.H52", nil, Province.construction), ("H52.13.06", nil, Province.construction),
        ("001.00.13.H52", nil, Province.construction), ("H52.13.07.01", nil, Province.construction),
        ("000.06.13.H52", "H52.13", Province.construction), ("H52.13.05.02", nil, below),
        ("001.05.13.H52", "H52.13.05", below), ("001.05.13.H52", "000.00.13.H52", Province.construction),
    ])
    func belowOnesOwn(code: String, parent: String?, expected: AgencyKey) throws {
        #expect(try register(code, below: parent) == expected)
    }

    @Test(arguments: [
        // Others' branches, one's own agency, above it, the closed one, forms without levels.
        "000.06.14.H52", "H52.14.06", "000.00.20.H52", "H52", "000.00.00.H52", "000.00.13.H52", "H52.13",
        "000.06.17.H52", "H52.17.06", "H53.13.06", "H52.130", "0201001073", "Z01H52.13.06", "vxp.saas.03", "h52.13.06",
        // An alias without levels has nobody below it.
        "STC-H52.01",
    ])
    func notBelowOnesOwn(code: String) throws {
        #expect(self.code { try register(code) } == .agencyNotBelow)
    }

    @Test func neverAnIdentifierThatIsSomebodys() throws {
        for taken in ["000.05.13.H52", "H52.13.05"] {
            #expect(code { try register(taken) } == .agencyTaken)
            // Closed, it stays taken for ever.
            let closed = try snapshot(to: "2020-01-01")
            #expect(code { try register(taken, in: closed) } == .agencyTaken)
        }
    }

    @Test func theParentLiesBetween() throws {
        #expect(code { try register("000.06.13.H52", below: "H52.99") } == .agencyNotFound)
        for elsewhere in ["H52.14", "000.05.13.H52", TestAgency.hubCode] {
            #expect(code { try register("000.06.13.H52", below: elsewhere) } == .agencyNotBelow, "\(elsewhere)")
        }
        #expect(code { try register("H52.13.05.02", in: try snapshot(to: "2020-01-01")) } == .agencyClosed)
        // Who speaks for the unit alone may not ask under the agency above it.
        let unit = try snapshot(speaker: "three")
        #expect(try register("H52.13.05.02", by: "three", in: unit) == Self.below)
        #expect(code { try register("H52.13.05.02", below: "H52.13", by: "three", in: unit) } == .agencyNotBelow)
        #expect(code { try register("H52.13.06", by: "three", in: unit) } == .agencyNotBelow)
        #expect(code { try register("H52.13.06", by: "two") } == .agencyNotBelow)
    }

    @Test func closingIsForWhatIsBelow() throws {
        let listed = try AgencyID(parsing: "000.05.13.H52")
        for written in ["000.05.13.H52", "H52.13.05"] {
            #expect(try close(written) == .close(listed, Self.below))
            #expect(try close(written, in: snapshot(speaker: "two")) == .close(listed, Self.below))
            #expect(code { try close(written, by: "two") } == .agencyNotBelow)
            #expect(code { try close(written, by: "two", in: try snapshot(speaker: "two")) } == .agencyNotBelow)
            #expect(code { try close(written, in: try snapshot(to: "2027-01-01")) } == .agencyClosed)
        }
        for own in ["000.00.13.H52", "H52.13", "000.00.14.H52"] {
            #expect(code { try close(own) } == .agencyNotBelow)
        }
        for unknown in ["H52.13.06", TestAgency.hubCode, "TRUC"] {
            #expect(code { try close(unknown) } == .agencyNotFound)
        }
    }
}
