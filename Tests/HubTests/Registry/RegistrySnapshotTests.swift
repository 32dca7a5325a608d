// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

@Suite struct RegistrySnapshotTests {
    @Test func namesAreEqualByTheAliasTableOnly() throws {
        let registry = try Province.snapshot()
        #expect(registry.version == 7)
        #expect(registry.agency(named: "H52.13")?.key == Province.construction)
        #expect(registry.agency(named: "000.00.13.H52")?.key == Province.construction)
        #expect(registry.agency(named: "h52.13") == nil)
        #expect(registry.agency(named: "H52.16") == nil)
        // Looks the same and is another character.
        #expect(registry.agency(named: "STC\u{2010}H52") == nil)
        #expect(registry.agency(named: "H52\u{FF0E}13") == nil)
        #expect(registry.hub?.key == Province.hub)
    }

    @Test func aSystemSpeaksForItsAgenciesClosedOnesIncluded() throws {
        let registry = try Province.snapshot()
        let one = try SystemID(parsing: "one")
        #expect(registry.agencies(of: one).sorted() == [Province.construction, Province.closed])
        #expect(registry.speaks(one, for: Province.construction))
        #expect(!registry.speaks(one, for: Province.finance))
        #expect(!registry.speaks(one, for: Province.withoutSystem))
        #expect(!registry.speaks(one, for: AgencyKey(99)))
        #expect(registry.agencies(of: try SystemID(parsing: "nobody")) == [])
        #expect(registry.system(one)?.name == "Một")
        #expect(registry.agencyRecords.map(\.key) == registry.agencyRecords.map(\.key).sorted())
    }

    @Test func outsideIsATreeOfWhichNobodyIsRegistered() throws {
        let registry = try Province.snapshot()
        #expect(registry.isOutside("000.00.13.H26"))
        #expect(!registry.isOutside("000.00.99.H52"))
        #expect(!registry.isOutside("không phải mã"))
        let empty = RegistrySnapshot(RegistryRecords(version: 1, systems: [], agencies: []))
        #expect(empty.isOutside("000.00.13.H52"))
        #expect(empty.hub == nil)
    }
}
