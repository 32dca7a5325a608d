// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// What operators get to see at once, exactly at each bound and one beyond.
@Suite(.timeLimit(.minutes(2))) struct BoundTests {
    private func execute(_ sql: String, _ bench: AcceptBench) async throws {
        try await onConnection(to: bench.owner) { connection in try connection.execute(sql) }
    }

    @Test func aTraceHasSoManyPackages() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        func say(_ count: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    let word = try bench.status(.accepted, of: "VB-1")
                    group.addTask { _ = try await bench.store.accept(word) }
                }
                try await group.waitForAll()
            }
        }
        try await say(Database.maxTracedPackages - 1)
        let whole = try #require(try await bench.database.trace("VB-1"))
        #expect(whole.packages.count == Database.maxTracedPackages && !whole.isCut)
        try await say(1)
        let cut = try #require(try await bench.database.trace("VB-1"))
        #expect(cut.packages.count == Database.maxTracedPackages && cut.isCut)
        await bench.close()
    }

    @Test func aTraceHasSoManyEvents() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let own = try #require(try await bench.database.trace("VB-1")).history.count
        for (more, isCut) in [(Database.maxTracedEvents - own, false), (1, true)] {
            try await execute(
                """
                INSERT INTO history SELECT (jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid()))).*
                FROM (SELECT history FROM history WHERE package_id IS NOT NULL LIMIT 1) AS original (one),
                    generate_series(1, \(more))
                """, bench)
            let trace = try #require(try await bench.database.trace("VB-1"))
            #expect(trace.history.count == Database.maxTracedEvents)
            #expect(trace.isCut == isCut)
        }
        await bench.close()
    }

    @Test func aTraceAndAListHaveSoManyDeliveries() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [], unknown: ["nơi nhận"]))
        let most = Database.maxTracedDeliveries
        #expect(most == Database.maxListed)
        let own = try #require(try await bench.database.trace("VB-1")).deliveries.count
        for (more, isCut) in [(most - own, false), (1, true)] {
            try await execute(
                """
                INSERT INTO delivery SELECT (jsonb_populate_record(one, jsonb_build_object(
                    'id', id, 'recipient_written', id))).*
                FROM (SELECT delivery FROM delivery WHERE recipient_agency_id IS NULL LIMIT 1) AS original (one),
                    (SELECT gen_random_uuid() AS id FROM generate_series(1, \(more))) AS fresh
                """, bench)
            let trace = try #require(try await bench.database.trace("VB-1"))
            #expect(trace.deliveries.count == most)
            #expect(trace.isCut == isCut)
        }
        try await execute(
            """
            INSERT INTO delivery SELECT (jsonb_populate_record(one, jsonb_build_object(
                'id', gen_random_uuid(), 'recipient_written', 'thêm'))).*
            FROM (SELECT delivery FROM delivery WHERE recipient_agency_id IS NULL LIMIT 1) AS original (one)
            """, bench)
        #expect(try await bench.database.deliveries(in: .undeliverable, limit: most - 1).count == most - 1)
        #expect(try await bench.database.deliveries(in: .undeliverable, limit: .max).count == Database.maxListed)
        await bench.close()
    }

    @Test func aListOfRequestsHasSoManyLines() async throws {
        let bench = try await AcceptBench()
        let (system, code) = (try SystemID(parsing: "qlvb.soxd"), try AgencyID(parsing: "H52.13.05"))
        let proposal = AgencyProposal.register(
            AgencyApplication(code: code, name: "Chi cục"), below: try bench.key(.construction))
        _ = try await bench.database.propose(proposal, by: system, request: RequestID(), at: .now())
        let first = try #require(try await bench.database.agencyRequests(in: .waiting, limit: 1).first)
        _ = try await bench.database.reject(first.number, reason: "x", actor: "operator:test", at: .now())
        try await execute(
            """
            INSERT INTO agency_request OVERRIDING SYSTEM VALUE
            SELECT (jsonb_populate_record(one, jsonb_build_object('id', 100 + step))).*
            FROM (SELECT agency_request FROM agency_request LIMIT 1) AS original (one),
                generate_series(1, \(Database.maxListedAgencyRequests)) AS step
            """, bench)
        let listed = try await bench.database.agencyRequests(in: .rejected, limit: .max)
        #expect(listed.count == Database.maxListedAgencyRequests)
        await bench.close()
    }

    /// Each is a label of a metric.
    @Test func theOldestAreToldOfSoManyAgencies() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        let most = DatabaseReading.maxAgencies
        for (agencies, told) in [(1..<most, most), (most..<most + 1, most)] {
            for number in agencies {
                try await bench.database.addAgency(
                    NewAgency(code: try AgencyID(parsing: "H52.\(1_000 + number)"), name: "Đơn vị \(number)"),
                    actor: "operator:test")
            }
            try await execute(
                """
                INSERT INTO delivery SELECT (jsonb_populate_record(one, jsonb_build_object(
                    'id', gen_random_uuid(), 'recipient_agency_id', agency.id))).*
                FROM (SELECT delivery FROM delivery LIMIT 1) AS original (one), agency
                WHERE agency.name LIKE 'Đơn vị %'
                ON CONFLICT DO NOTHING
                """, bench)
            let reading = try await bench.database.reading(ages: [60], now: .now())
            #expect(reading.oldest.count == told)
            #expect(reading.backlog.reduce(0, +) == agencies.upperBound)
        }
        await bench.close()
    }

    @Test func aLineHasTextsOfSoManyCharacters() async throws {
        let bench = try await AcceptBench()
        let most = SentDelivery.maxTextLength
        for length in [most, most + 1] {
            let text = String(repeating: "ế", count: length)
            _ = try await bench.store.accept(
                bench.acceptance("VB-\(length)", to: [], unknown: [text]) {
                    $0.subject = text
                    $0.codeNumber = text
                    $0.codeNotation = text
                })
        }
        let mine = ListFilter(agencies: [try bench.key(.construction)], messageType: .edoc)
        let sent = try await bench.database.sent(mine, package: nil, after: nil)
        let listed = try await bench.database.deliveries(in: .undeliverable, limit: 10)
        #expect(sent.count == 2 && listed.count == 2)
        let whole = String(repeating: "ế", count: most)
        for line in sent {
            #expect(
                [line.subject, line.codeNumber, line.codeNotation, line.recipientWritten].allSatisfy { $0 == whole })
        }
        #expect(listed.allSatisfy { $0.recipientWritten == whole })
        await bench.close()
    }
}
