// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import TestKit
import Testing

@testable import Hub

/// What senders are told of an agency, from what is known of it.
@Suite struct DirectoryEntryTests {
    private static let limit = 256 << 20

    private func entry(
        _ key: AgencyKey = Province.finance, _ standing: AgencyStanding? = nil, policy: String? = nil
    ) throws -> DirectoryEntry {
        let registry = try Province.snapshot()
        let activated = try policy.map { name in
            ActivatedPolicy(
                profile: try #require(KnownPolicies.named(name)).profile, digest: "00", from: .earliest)
        }
        let records = RegistryRecords(
            version: 1, systems: registry.systemRecords, agencies: registry.agencyRecords,
            policies: PolicyTimeline([activated].compactMap(\.self)))
        let snapshot = RegistrySnapshot(records)
        return DirectoryEntry(
            try #require(snapshot.agency(key)), standing, in: snapshot, maxPackageBytes: Self.limit,
            at: try Province.today)
    }

    @Test func `health, from endpoint, list and last pick-up`() throws {
        let now = try Province.today
        func ago(_ seconds: Int) -> Instant { now.advanced(by: .seconds(-seconds)) }
        func pulls(waiting: Instant?, pickedUp: Instant?) -> AgencyStanding {
            AgencyStanding(endpoint: nil, pickedUpAt: pickedUp, waitingSince: waiting)
        }
        func pushes(_ endpoint: AgencyStanding.Endpoint) -> AgencyStanding {
            AgencyStanding(endpoint: endpoint, pickedUpAt: ago(90_000), waitingSince: ago(80_000))
        }
        for (standing, delivery, health, since) in [
            (nil, .pull, .delivering, nil), (pulls(waiting: nil, pickedUp: nil), .pull, .delivering, nil),
            (pulls(waiting: ago(3_599), pickedUp: nil), .pull, .delivering, nil),
            (pulls(waiting: ago(3_600), pickedUp: nil), .pull, .notCollected, ago(3_600)),
            (pulls(waiting: ago(9_000), pickedUp: ago(9_001)), .pull, .notCollected, ago(9_000)),
            // What was picked up and is not confirmed stands in the list as well.
            (pulls(waiting: ago(9_000), pickedUp: ago(9_000)), .pull, .delivering, nil),
            (pushes(.open), .push, .delivering, nil), (pushes(.failing(since: ago(7))), .push, .failing, ago(7)),
            (pushes(.suspended(since: ago(8))), .push, .suspended, ago(8)),
        ] as [(AgencyStanding?, DirectoryEntry.Delivery, DirectoryEntry.Health, Instant?)] {
            let entry = try entry(Province.finance, standing)
            #expect(entry.delivery == delivery && entry.health == health && entry.since == since)
            #expect(entry.lastPickUp == standing?.pickedUpAt)
        }
        let unconnected = try entry(Province.withoutSystem, pulls(waiting: ago(9_000), pickedUp: nil))
        #expect(unconnected.delivery == .none && unconnected.health == .none && unconnected.since == nil)
    }

    @Test func `limits are the hub's, and those of the policy in force where it binds the agency`() throws {
        let open = try entry()
        #expect(open.maxPackageBytes == Self.limit && open.maxFileBytes == Self.limit / 4 * 3)
        #expect(open.fileFormats.isEmpty)
        let name = "ninh-binh-161-2025"
        let profile = try #require(KnownPolicies.named(name)).profile
        // It binds the provinces that it names; H52 is none of them.
        #expect(try entry(policy: name).policy == nil)
        let foreign = try entry(policy: name)
        #expect(foreign.fileFormats.isEmpty && foreign.maxFileBytes == open.maxFileBytes)
        #expect(foreign.signature == .notRequired)
        var general = profile
        general.ownProvinces = nil
        let registry = RegistrySnapshot(
            RegistryRecords(
                version: 1, systems: [], agencies: try Province.snapshot().agencyRecords,
                policies: PolicyTimeline([ActivatedPolicy(profile: general, digest: "00", from: .earliest)])))
        let bound = DirectoryEntry(
            try #require(registry.agency(Province.finance)), nil, in: registry, maxPackageBytes: Self.limit,
            at: try Province.today)
        #expect(bound.policy == profile.name)
        #expect(bound.fileFormats == profile.fileFormats?.value ?? [])
        #expect(bound.signature == profile.signature?.value ?? .notRequired)
        let largest = [profile.fileMaxBytes?.value, profile.filesMaxBytes?.value].compactMap(\.self).min()
        #expect(bound.maxFileBytes == largest ?? Self.limit / 4 * 3)
    }
}
