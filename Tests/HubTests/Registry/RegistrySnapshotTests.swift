// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

@Suite struct RegistrySnapshotTests {
    @Test func whoAnswersForAnAgencyThatHasEnded() throws {
        let registry = try Province.snapshot()
        func answering(_ key: AgencyKey, _ registry: RegistrySnapshot) throws -> [AgencyKey] {
            registry.answering(for: try #require(registry.agency(key)), at: try Province.today).map(\.key)
        }
        #expect(try answering(Province.finance, registry) == [Province.finance])
        #expect(try answering(Province.closed, registry) == [Province.successor])
        // Through one that has ended itself.
        #expect(try answering(Province.former, registry) == [Province.successor])
        #expect(try answering(Province.split, registry) == [Province.finance, Province.successor])
        #expect(try answering(Province.ended, registry) == [Province.ended])
        // Its system is gone: the agency above it is asked.
        let orphan = try #require(registry.agency(Province.ended))
        let below = AgencyRecord(
            key: orphan.key, code: orphan.code, name: orphan.name, parent: Province.finance, system: nil,
            validUntil: orphan.validUntil, version: 1, changedAt: orphan.changedAt)
        let without = RegistrySnapshot(
            RegistryRecords(
                version: 1, systems: registry.systemRecords,
                agencies: registry.agencyRecords.map { $0.key == below.key ? below : $0 }))
        #expect(try answering(Province.ended, without) == [Province.finance])
    }

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
        #expect(
            registry.agencies(of: one).sorted() == [
                Province.construction, Province.closed, Province.ended, Province.split, Province.splitWithDefault,
            ])
        #expect(registry.speaks(one, for: Province.construction))
        #expect(!registry.speaks(one, for: Province.finance))
        #expect(!registry.speaks(one, for: Province.withoutSystem))
        #expect(!registry.speaks(one, for: AgencyKey(99)))
        #expect(registry.agencies(of: try SystemID(parsing: "nobody")) == [])
        #expect(registry.system(one)?.name == "Một")
        #expect(registry.agencyRecords.map(\.key) == registry.agencyRecords.map(\.key).sorted())
    }

    @Test func aSystemAnswersForThoseWhosePlaceItsAgenciesHaveTaken() throws {
        let registry = try Province.snapshot()
        let (one, two) = (try SystemID(parsing: "one"), try SystemID(parsing: "two"))
        let today = try Province.today
        let before = Instant(vietnam: try CalendarDate(iso8601: "2026-02-28"), hour: 10)
        let own = registry.agencies(of: two)
        #expect(registry.answered(by: two, at: before) == own)
        #expect(registry.received(by: two, at: before) == own)
        #expect(
            Set(registry.answered(by: two, at: today)).subtracting(own)
                == [Province.closed, Province.former, Province.split, Province.splitWithDefault])
        #expect(registry.answered(by: two, at: today).count == own.count + 4)
        // `one` speaks for `closed` still, and so for what that has taken.
        #expect(Set(registry.answered(by: one, at: today)).subtracting(registry.agencies(of: one)) == [Province.former])
        #expect(
            Set(registry.predecessors(of: Province.successor, at: today)) == [
                Province.closed, Province.former, Province.split, Province.splitWithDefault,
            ])
        #expect(registry.successors(of: Province.former, at: today) == [Province.closed, Province.successor])
        #expect(registry.successors(of: Province.closed, at: before).isEmpty)
    }

    @Test func whatIsPendingIsOnlyTheTakers() throws {
        let records = try Province.snapshot().agencyRecords
        // `finance` takes what is pending, another system's agency the rest.
        let three = try SystemID(parsing: "three")
        let changed = records.map { agency in
            guard agency.key == Province.successor else { return agency }
            return AgencyRecord(
                key: agency.key, code: agency.code, name: agency.name, system: three, version: 1,
                changedAt: agency.changedAt)
        }
        let registry = RegistrySnapshot(RegistryRecords(version: 1, systems: [], agencies: changed))
        let today = try Province.today
        #expect(registry.answered(by: three, at: today).contains(Province.split))
        #expect(!registry.received(by: three, at: today).contains(Province.split))
        #expect(registry.received(by: try SystemID(parsing: "two"), at: today).contains(Province.split))
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
