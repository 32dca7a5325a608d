// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct DatabaseTrustTests {
    private struct Items {
        let authority: TestAuthority
        let root: Certificate
        let between: Certificate
        let signer: Certificate

        init() async throws {
            let place = try TestCertificates()
            authority = try await TestAuthority(root: "/CN=Gốc Mẫu", in: place)
            let below = try await authority.authority("/CN=CA Mẫu")
            root = try Self.certificate(authority.pair)
            between = try Self.certificate(below.pair)
            signer = try Self.certificate(try await below.issue("/CN=Người ký"))
        }

        static func certificate(_ pair: TestCertificates.Pair) throws -> Certificate {
            try #require(
                try Certificate.all(in: [UInt8](try Data(contentsOf: URL(filePath: pair.certificate)))).first)
        }

        func list(from: Int, until: Int) async throws -> RevocationList {
            let path = try await authority.list(
                from: .now().advanced(by: .seconds(from * 86_400)), until: .now().advanced(by: .seconds(until * 86_400))
            )
            return try #require(try RevocationList.all(in: [UInt8](try Data(contentsOf: URL(filePath: path)))).first)
        }
    }

    @Test func `what is added is in force once, until it is removed, and its row stays`() async throws {
        let bench = try await AcceptBench()
        let items = try await Items()
        let list = try await items.list(from: -1, until: 7)
        let all: [TrustItem] = [.root(items.root), .intermediate(items.between), .list(list)]
        let now = Instant.now()
        let added = try await bench.database.addTrust(all, reason: "Thử", actor: "operator:a", at: now)
        #expect(added == all)
        #expect(try await bench.database.addTrust(all, reason: "Lại", actor: "operator:b", at: now) == [])
        let store = try await bench.database.trustStore()
        #expect(store == TrustStore(roots: [items.root], intermediates: [items.between], lists: [list]))
        #expect(try await bench.count("history WHERE event = 'trust.added'") == 3)
        let records = try await bench.database.trustRecords()
        #expect(records.map(\.kind) == [.root, .intermediate, .list])
        #expect(records.map(\.reason) == ["Thử", "Thử", "Thử"] && records.allSatisfy { $0.removedAt == nil })
        #expect(records[0].name == "CN=Gốc Mẫu" && records[0].until == items.root.facts.notAfter)
        #expect(records[2].until == list.nextUpdate)

        let print = items.root.fingerprint.bytes.hex
        for wrong in ["", String(print.prefix(7)), "zz" + print.dropFirst(2), "%%%%%%%%"] {
            await #expect(throws: Refusal.self, "\(wrong)") {
                try await bench.database.removeTrust(wrong, reason: "Bỏ", actor: "operator:a", at: now)
            }
        }
        let removed = try await bench.database.removeTrust(
            String(print.prefix(8)).uppercased(), reason: "Bỏ", actor: "operator:a", at: now)
        #expect(removed.fingerprint == print)
        #expect(try await bench.database.trustStore().roots == [])
        #expect(try await bench.count("history WHERE event = 'trust.removed'") == 1)
        #expect(try await bench.database.trustRecords().last?.removedAt != nil)
        // And it may come back.
        #expect(
            try await bench.database.addTrust([.root(items.root)], reason: "Lại", actor: "operator:a", at: now).count
                == 1)
        #expect(try await bench.database.trustStore().roots == [items.root])
        await bench.close()
    }

    @Test func `the newest lists of an issuer are read, the others stay where they are`() async throws {
        let bench = try await AcceptBench()
        let items = try await Items()
        var lists: [RevocationList] = []
        for day in 0...Database.maxListsOfIssuer {
            lists.append(try await items.list(from: day - 60, until: day - 53))
        }
        // In any order.
        _ = try await bench.database.addTrust(
            lists.reversed().map { .list($0) }, reason: "Thử", actor: "operator:a", at: .now())
        let store = try await bench.database.trustStore()
        #expect(store.lists == Array(lists.dropFirst().reversed()))
        #expect(try await bench.count("trust_item") == Int64(lists.count))
        await bench.close()
    }

    @Test func `there is a bound on roots, and what exceeds it is not added at all`() async throws {
        let bench = try await AcceptBench()
        let items = try await Items()
        try await onConnection(to: bench.owner) { connection in
            try connection.query(
                """
                INSERT INTO trust_item (kind, sha256, der, name, valid_from, added_at, actor, reason)
                SELECT 'root', lpad(to_hex(n), 64, '0'), '', 'x', now(), now(), 'operator:a', 'x'
                FROM generate_series(1, $1) AS n
                """, [.int4(Int32(TrustStore.maxRoots))])
        }
        await #expect(throws: Refusal(.trustStoreFull)) {
            try await bench.database.addTrust([.root(items.root)], reason: "Thử", actor: "operator:a", at: .now())
        }
        #expect(try await bench.count("trust_item") == Int64(TrustStore.maxRoots))
        _ = try await bench.database.removeTrust(
            String(repeating: "0", count: 63) + "1", reason: "Bỏ", actor: "operator:a", at: .now())
        #expect(
            try await bench.database.addTrust([.root(items.root)], reason: "Thử", actor: "operator:a", at: .now()).count
                == 1)
        // What this program cannot read stops it: half a trust store is none.
        await #expect(throws: Refusal.self) { try await bench.database.trustStore() }
        await bench.close()
    }

    @Test func `the daemon's role cannot rewrite it`() async throws {
        let bench = try await AcceptBench()
        for statement in [
            "UPDATE trust_item SET der = ''", "UPDATE trust_item SET reason = 'x'", "DELETE FROM trust_item",
            "TRUNCATE trust_item",
        ] {
            let state = try await onConnection(to: bench.owner) { connection -> String? in
                try connection.query("SET ROLE \(PrivateCluster.runtime)")
                do {
                    try connection.query(statement)
                    return nil
                } catch let error as PostgresError {
                    return error.sqlState
                }
            }
            #expect(state == "42501", "\(statement)")
        }
        await bench.close()
    }
}
