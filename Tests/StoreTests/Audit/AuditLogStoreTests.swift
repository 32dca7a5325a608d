// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Delivery
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

/// What happens stands in the audit log as leaves, in the transaction in which it happens, and behind it in a tree.
@Suite(.timeLimit(.minutes(2))) struct AuditLogStoreTests {
    private struct Row: Sendable {
        let id: UUID
        let leaf: [UInt8]
        let hash: SHA256Digest
        let event: String
        let detail: String
        let members: [String: String]
    }

    /// The history with its leaves.
    private func rows(_ bench: AcceptBench) async throws -> [Row] {
        try await onConnection(to: bench.owner) { connection -> [Row] in
            try connection.query(
                """
                SELECT history.id, leaf.leaf, leaf.hash, history.event, history.detail::text AS detail, history.at,
                    history.actor, history.package_id, history.delivery_id, history.request_id
                FROM history JOIN audit_leaf AS leaf ON leaf.history_id = history.id
                """
            ).map { row in
                var members = [
                    "id": RequestID(uuid: try row.decode("id")).description, "event": try row.decode("event"),
                    "actor": try row.decode("actor"), "at": try row.decode("at", as: Instant.self).iso8601Microseconds,
                ]
                for name in ["package", "delivery", "request"] {
                    members[name] = try row.decodeIfPresent("\(name)_id", as: UUID.self).map {
                        RequestID(uuid: $0).description
                    }
                }
                return Row(
                    id: try row.decode("id"), leaf: try row.decode("leaf"), hash: try row.digest("hash"),
                    event: try row.decode("event"), detail: try row.decode("detail"), members: members)
            }
        }
    }

    @Test func `every row of the history is a leaf that says the same`() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", to: [.finance, .treasury], unknown: ["lạ \"\n\u{1}😀"])
        #expect(try await bench.store.accept(acceptance).isAccepted)
        #expect(try await bench.store.accept(acceptance).isKnown(acceptance.id))
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.text(of: line.id)
        let rows = try await rows(bench)
        #expect(Set(rows.map(\.event)).isSuperset(of: ["package.accepted", "package.repeated", "package.fetched"]))
        #expect(rows.count == Int(try await bench.count("history")))
        #expect(rows.count == Int(try await bench.count("audit_leaf")))
        #expect(rows.count == Int(try await bench.count("audit_pending")))
        for row in rows {
            #expect(row.hash == MerkleTree.leafHash(row.leaf))
            guard case .object(let members) = try CanonicalJSON(canonical: row.leaf) else {
                Issue.record("no object: \(row.event)")
                continue
            }
            for (name, value) in row.members { #expect(members[name] == .string(value), "\(row.event)") }
            let isTelling = members["changes"] != nil
            #expect(isTelling == (row.event == "package.accepted"))
            #expect(members["v"] == .integer(1) && members.count == row.members.count + (isTelling ? 3 : 2))
            // PostgreSQL writes its jsonb in another way; what it means is the same.
            let kept = try JSONSerialization.jsonObject(with: Data(row.detail.utf8)) as? NSDictionary
            let said = try JSONSerialization.jsonObject(with: Data(#require(members["detail"]).bytes)) as? NSDictionary
            #expect(kept == said && kept != nil, "\(row.event)")
        }
        await bench.close()
    }

    @Test func `what is rolled back leaves no leaf`() async throws {
        let bench = try await AcceptBench()
        let before = try await bench.count("audit_leaf")
        #expect(before == (try await bench.count("history")))
        await #expect(throws: (any Error).self) {
            try await bench.database.run { connection in
                try connection.transaction {
                    try connection.pipeline([
                        HistoryRow.statement([
                            HistoryRow(at: .now(), event: .hubDowntime, actor: HistoryRow.hubActor),
                            HistoryRow(at: .now(), event: .hubDowntime, actor: HistoryRow.hubActor),
                        ])
                    ])
                    #expect(
                        try connection.query("SELECT count(*) AS n FROM audit_leaf").only().decode("n") == before + 2)
                    throw Refusal(.stopping)
                }
            }
        }
        #expect(try await bench.count("audit_leaf") == before)
        #expect(try await bench.count("audit_pending") == before)
        await bench.close()
    }

    /// Writes rows of the history as the hub does.
    private func tell(_ count: Int, _ bench: AcceptBench) async throws {
        try await bench.database.run { connection in
            let rows = (0..<count).map { number in
                HistoryRow(
                    at: .now(), event: .hubDowntime, actor: HistoryRow.hubActor, detail: ["number": .number(number)])
            }
            _ = try connection.pipeline([HistoryRow.statement(rows)])
        }
    }

    /// The hashes in the order of their places.
    private func placed(_ bench: AcceptBench) async throws -> [SHA256Digest] {
        let hashes: [[UInt8]] = try await bench.column(
            "SELECT hash AS value FROM audit_sequence NATURAL JOIN audit_leaf ORDER BY number")
        return hashes.compactMap { SHA256Digest(bytes: $0) }
    }

    @Test func `leaves get places without a gap, and each can be proved in the tree of each size`() async throws {
        let bench = try await AcceptBench()
        let sequencer = AuditSequencer(bench.database)
        var roots: [Int: SHA256Digest] = [:]
        // Over the end of a tile, with a sequencer that goes on from what it remembers, and with one that must read it.
        for (count, isNew) in [(1, false), (250, false), (3, true), (300, false), (1, true), (256, true)] {
            try await tell(count, bench)
            let round = try await (isNew ? AuditSequencer(bench.database) : sequencer).round()
            #expect(round.count >= count && !round.isMore)
            let state = try await bench.database.auditState()
            #expect(state.waiting == 0 && state.waitingSince == nil)
            var edge = MerkleEdge()
            for hash in try await placed(bench) { _ = edge.append(hash) }
            #expect(edge.size == state.size && edge.root == state.root)
            roots[state.size] = state.root
        }
        let hashes = try await placed(bench)
        #expect(hashes.count > 811 && Set(hashes).count == hashes.count)
        #expect(Int64(hashes.count) == (try await bench.count("audit_leaf")))
        #expect(try await bench.count("audit_tile") == Int64(hashes.count / 256))
        for (size, root) in roots {
            #expect(try await bench.database.auditRoot(ofTreeOf: size) == root)
            for number in stride(from: 0, to: size, by: 97) {
                let proof = try await bench.database.auditInclusion(of: number, inTreeOf: size)
                #expect(proof.verify(leaf: hashes[number], root: root), "\(number) of \(size)")
            }
            let step = try await bench.database.auditConsistency(from: size, to: hashes.count)
            #expect(step.verify(firstRoot: root, secondRoot: try #require(roots[hashes.count])))
        }
        await bench.close()
    }

    @Test func `an event is found by its id, before it has a place and after`() async throws {
        let bench = try await AcceptBench()
        try await tell(2, bench)
        let ids: [UUID] = try await bench.column(
            "SELECT history_id AS value FROM audit_pending ORDER BY turn DESC LIMIT 1")
        let id = try #require(ids.first)
        let before = try #require(try await bench.database.auditLeaf(id))
        #expect(before.number == nil && before.hash == MerkleTree.leafHash(before.bytes))
        let waiting = try await bench.database.auditState()
        let events = try await bench.count("history")
        #expect(waiting.size == 0 && waiting.waiting == Int(events))
        #expect(waiting.root == MerkleTree.emptyRoot)
        let since = try #require(waiting.waitingSince)
        #expect(since > Instant.now().advanced(by: .seconds(-60)) && since <= .now())
        _ = try await AuditSequencer(bench.database).round()
        let after = try #require(try await bench.database.auditLeaf(id))
        #expect(after.number == waiting.waiting - 1 && after.bytes == before.bytes)
        #expect(try await bench.database.auditLeaf(UUID()) == nil)
        await bench.close()
    }

    @Test func `many sequencers beside many writers place each leaf once`() async throws {
        let bench = try await AcceptBench()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    for step in 0..<15 { try await tell(1 + (number + step) % 4, bench) }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    let sequencer = AuditSequencer(bench.database)
                    for _ in 0..<25 { _ = try await sequencer.round() }
                }
            }
            try await group.waitForAll()
        }
        while try await AuditSequencer(bench.database).round().count > 0 {}
        let numbers: [Int64] = try await bench.column("SELECT number AS value FROM audit_sequence ORDER BY number")
        #expect(numbers == Array(0..<(try await bench.count("history"))))
        #expect(try await bench.count("audit_pending") == 0)
        let state = try await bench.database.auditState()
        #expect(try await bench.database.auditRoot(ofTreeOf: state.size) == state.root)
        await bench.close()
    }

    /// Two changes of one row: the later one comes later in the tree, although its transaction began first.
    @Test func `who changes a row after another comes after it in the tree`() async throws {
        let bench = try await AcceptBench()
        let change = "UPDATE hub SET registry_version = registry_version"
        let rows = [1, 2].map { number in
            HistoryRow(
                at: .now(), event: .hubDowntime, actor: HistoryRow.hubActor, detail: ["number": .number(number)])
        }
        try await onConnection(to: bench.owner) { early in
            let late = try PostgresConnection(connectionString: bench.owner, applicationName: "truc-test")
            try early.query("BEGIN")
            // It has its transaction's number before the other begins.
            try early.query("SELECT pg_current_xact_id()")
            try late.query("BEGIN")
            try late.query(change)
            _ = try late.pipeline([HistoryRow.statement([rows[0]])])
            try late.query("COMMIT")
            try early.query(change)
            _ = try early.pipeline([HistoryRow.statement([rows[1]])])
            try early.query("COMMIT")
        }
        _ = try await AuditSequencer(bench.database).round()
        let told: [String] = try await bench.column(
            """
            SELECT history.detail ->> 'number' AS value FROM audit_sequence
            JOIN history ON history.id = audit_sequence.history_id WHERE event = 'hub.downtime' ORDER BY number
            """)
        #expect(told == ["1", "2"])
        await bench.close()
    }

    @Test(arguments: [
        ("audit_tile", "position = 1"),
        ("audit_leaf", "history_id = (SELECT history_id FROM audit_sequence ORDER BY number DESC LIMIT 1)"),
    ])
    func `what is missing from the tables of the tree is named and not papered over`(
        table: String, missing: String
    ) async throws {
        let bench = try await AcceptBench()
        try await tell(600, bench)
        _ = try await AuditSequencer(bench.database).round()
        let size = try await bench.database.auditState().size
        try await onConnection(to: bench.owner) { connection in
            try connection.query("ALTER TABLE \(table) DISABLE TRIGGER ALL")
            try connection.query("DELETE FROM \(table) WHERE \(missing)")
        }
        #expect(await refusal { try await bench.database.auditState() } == .auditLogBroken)
        try await tell(1, bench)
        #expect(await refusal { try await AuditSequencer(bench.database).round() } == .auditLogBroken)
        #expect(await refusal { try await bench.database.auditInclusion(of: 0, inTreeOf: size) } == .auditLogBroken)
        await bench.close()
    }

    @Test func `leaves, places and tiles cannot be changed, by the owner neither`() async throws {
        let bench = try await AcceptBench()
        try await tell(300, bench)
        _ = try await AuditSequencer(bench.database).round()
        for table in ["audit_leaf", "audit_sequence", "audit_tile"] {
            for statement in ["DELETE FROM \(table)", "TRUNCATE \(table)", "UPDATE \(table) SET \(column(table))"] {
                for role in [nil, PrivateCluster.runtime] {
                    let state = try await onConnection(to: bench.owner) { connection -> String? in
                        if let role { try connection.query("SET ROLE \(role)") }
                        do { try connection.query(statement) } catch let error as PostgresError {
                            return error.sqlState
                        }
                        return nil
                    }
                    #expect(state == "42501", "\(statement) as \(role ?? "owner")")
                }
            }
        }
        await bench.close()
    }

    private func column(_ table: String) -> String {
        table == "audit_tile" ? "position = position" : "history_id = history_id"
    }
}
