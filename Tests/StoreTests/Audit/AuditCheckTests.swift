// SPDX-License-Identifier: Apache-2.0
import AuditLog
import Delivery
import Exchange
import Foundation
import Synchronization
import TestKit
import Testing
import Trust

@testable import Store

/// What a superuser does behind the hub's back is named.
@Suite(.timeLimit(.minutes(3))) struct AuditCheckTests {
    private final class Findings: Sendable {
        private let all = Mutex<[AuditFinding]>([])
        func add(_ finding: AuditFinding) { all.withLock { $0.append(finding) } }
        var list: [AuditFinding] { all.withLock { $0 } }
    }

    private func check(_ bench: AcceptBench) async throws -> (AuditCheckSummary, [AuditFinding]) {
        let findings = Findings()
        let summary = try await bench.database.checkAuditLog { findings.add($0) }
        return (summary, findings.list)
    }

    /// A hub that has seen a little of everything that makes rows.
    private func bench() async throws -> AcceptBench {
        let bench = try await AcceptBench()
        let answered = try DocumentID(parsing: "000.00.14.H52,2026/01/02,7/STC")
        for number in 0..<4 {
            let acceptance = try bench.acceptance("VB-\(number)", to: [.finance, .treasury]) { envelope in
                envelope.links = [
                    Envelope.Link(relation: .respondsTo, documentID: answered, agencies: ["H52.14 \"é\n"])
                ]
                envelope.codeNumber = "12"
                envelope.signerName = "Nguyễn Văn Mẫu"
                envelope.warnings = ["b", "a \"ngoặc\"\u{1}"]
                envelope.dueDate = CalendarDate(year: 2026, month: 12, day: 1)
            }
            #expect(try await bench.store.accept(acceptance).isAccepted)
        }
        _ = try await bench.store.accept(bench.acceptance("VB-0", to: [.stranger]))
        _ = try await bench.store.accept(bench.acceptance("VB-4", unknown: ["không có"]))
        _ = try await bench.store.accept(bench.status(.accepted, of: "VB-1"))
        _ = try await bench.store.accept(bench.status(.recallRequested, of: "VB-2", from: .construction, to: .finance))
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.text(of: line.id)
        return bench
    }

    @Test func `an untouched database is whole, whether leaves have places or not`() async throws {
        let bench = try await bench()
        let (before, none) = try await check(bench)
        #expect(before.isWhole && none == [], "\(none)")
        let events = try await bench.count("history")
        #expect(before.size == 0 && before.waiting == events)
        let tables = ["package", "package_key", "content", "attachment", "package_link", "delivery"]
        var rows: Int64 = 0
        for table in tables { rows += try await bench.count(table) }
        #expect(before.rows == rows && rows > 40)
        _ = try await AuditSequencer(bench.database).round()
        _ = try await bench.store.accept(bench.acceptance("VB-9"))
        let (after, still) = try await check(bench)
        #expect(after.isWhole && still == [], "\(still)")
        #expect(after.size == Int(before.waiting) && after.waiting > 0 && after.waiting < 5)
        #expect(after.root == (try await bench.database.auditState().root))
        await bench.close()
    }

    private func tamper(_ bench: AcceptBench, _ sql: String) async throws {
        try await onConnection(to: bench.owner) { connection in
            try connection.query("SET session_replication_role = replica")
            let tag = try connection.query(sql).commandTag
            #expect(!tag.hasSuffix(" 0"), "\(sql): \(tag)")
        }
    }

    /// One of each kind of row, and what is to be found: kind, table, columns.
    static let edits: [(sql: String, kind: AuditFinding.Kind, table: String, columns: [String])] = [
        (
            "UPDATE package SET subject = 'khác' WHERE document_id = 'VB-1' AND kind = 'document'", .changed, "package",
            ["subject"]
        ),
        (
            "UPDATE package SET signer_name = NULL WHERE document_id = 'VB-1' AND kind = 'document'", .changed,
            "package", ["signer_name"]
        ),
        (
            "UPDATE package SET signer_position = 'Chủ tịch' WHERE document_id = 'VB-1' AND kind = 'document'",
            .changed, "package", ["signer_position"]
        ),
        (
            "UPDATE package SET accepted_at = accepted_at - interval '1 microsecond', urgency = 4 WHERE document_id = 'VB-3'",
            .changed, "package", ["accepted_at", "urgency"]
        ),
        (
            "UPDATE package SET code_number = '13', due_date = due_date + 1 WHERE document_id = 'VB-3'", .changed,
            "package", ["code_number", "due_date"]
        ),
        ("UPDATE package SET warnings = '[]' WHERE document_id = 'VB-3'", .changed, "package", ["warnings"]),
        ("UPDATE package SET sha256 = sha256('x') WHERE document_id = 'VB-3'", .changed, "package", ["sha256"]),
        ("DELETE FROM package WHERE document_id = 'VB-3'", .removed, "package", []),
        (
            "UPDATE attachment SET name = normalize(name, NFD) WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')",
            .changed, "attachment", ["name"]
        ),
        (
            "UPDATE attachment SET length = 8 WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')",
            .changed, "attachment", ["length"]
        ),
        (
            "DELETE FROM attachment WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')", .removed,
            "attachment", []
        ),
        (
            "INSERT INTO attachment SELECT package_id, 7, name, declared_type, detected_type, length, sha256 FROM attachment LIMIT 1",
            .inserted, "attachment", []
        ),
        (
            "UPDATE content SET length = 1 WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')",
            .changed, "content", ["length"]
        ),
        (
            "DELETE FROM content WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')", .removed,
            "content", []
        ),
        (
            "UPDATE package_link SET agencies = '[]' WHERE package_id = (SELECT id FROM package WHERE document_id = 'VB-3')",
            .changed, "package_link", ["agencies"]
        ),
        (
            "UPDATE package_key SET meaning = sha256('x') WHERE identity = 'document:VB-3'", .changed, "package_key",
            ["meaning"]
        ),
        ("DELETE FROM package_key WHERE identity = 'document:VB-3'", .removed, "package_key", []),
        (
            "INSERT INTO package_key SELECT agency_id, 'document:VB-x', package_id, meaning FROM package_key LIMIT 1",
            .inserted, "package_key", []
        ),
        (
            "UPDATE delivery SET recipient_written = 'H52.99' WHERE id = (SELECT min(id::text)::uuid FROM delivery)",
            .changed, "delivery", ["recipient_written"]
        ),
        (
            "UPDATE delivery SET created_at = created_at + interval '1 day' WHERE id = (SELECT min(id::text)::uuid FROM delivery)",
            .changed, "delivery", ["created_at"]
        ),
        ("DELETE FROM delivery WHERE id = (SELECT min(id::text)::uuid FROM delivery)", .removed, "delivery", []),
        (
            "INSERT INTO delivery SELECT gen_random_uuid(), package_id, document_package_id, NULL, 'lạ', message_type, 'undeliverable', 'x', NULL, 0, created_at, NULL, NULL, NULL, NULL, updated_at FROM delivery LIMIT 1",
            .inserted, "delivery", []
        ),
        ("UPDATE history SET actor = 'hub' WHERE event = 'package.fetched'", .changed, "history", ["actor"]),
        (
            "UPDATE history SET at = at + interval '1 microsecond', event = 'package.fetched' WHERE event = 'recall.asked' OR event = 'delivery.withdrawn'",
            .changed, "history", ["at", "event"]
        ),
        (
            "UPDATE history SET detail = detail || '{\"x\": 1}', request_id = NULL, delivery_id = NULL WHERE event = 'package.fetched'",
            .changed, "history", ["delivery", "detail", "request"]
        ),
        ("DELETE FROM history WHERE event = 'package.fetched'", .removed, "history", []),
        (
            "INSERT INTO history (id, at, event, actor) VALUES (gen_random_uuid(), now(), 'package.fetched', 'hub')",
            .inserted, "history", []
        ),
        (
            "INSERT INTO package SELECT (jsonb_populate_record(package, jsonb_build_object('id', gen_random_uuid()))).* FROM package LIMIT 1",
            .inserted, "package", []
        ),
        (
            "UPDATE audit_leaf SET leaf = leaf || ' ' WHERE history_id = (SELECT id FROM history WHERE event = 'package.fetched')",
            .changed, "audit_leaf", ["leaf"]
        ),
        (
            "DELETE FROM audit_leaf WHERE history_id = (SELECT id FROM history WHERE event = 'package.fetched')",
            .removed, "audit_leaf", []
        ),
        ("INSERT INTO audit_leaf VALUES (gen_random_uuid(), '{}', sha256('x'))", .inserted, "audit_leaf", []),
        ("DELETE FROM audit_sequence WHERE number = 3", .removed, "audit_sequence", []),
    ]

    @Test func `each thing that a superuser alters, takes away or puts in is named`() async throws {
        let bench = try await bench()
        _ = try await AuditSequencer(bench.database).round()
        for edit in Self.edits {
            // The edit is undone by putting back what was there: each is found by itself.
            let undo = try await Copy(of: edit.table, bench)
            try await tamper(bench, edit.sql)
            let (summary, findings) = try await check(bench)
            let expected = findings.filter {
                $0.kind == edit.kind && $0.table == edit.table && $0.columns == edit.columns
            }
            #expect(!expected.isEmpty && !summary.isWhole, "\(edit.sql): \(findings)")
            try await undo.restore(bench)
        }
        let (_, findings) = try await check(bench)
        #expect(findings == [])
        await bench.close()
    }

    /// A table as it was.
    private struct Copy {
        let table: String

        init(of table: String, _ bench: AcceptBench) async throws {
            self.table = table
            try await onConnection(to: bench.owner) { connection in
                try connection.query("DROP TABLE IF EXISTS kept")
                try connection.query("CREATE TABLE kept AS SELECT * FROM \(table)")
            }
        }

        func restore(_ bench: AcceptBench) async throws {
            try await onConnection(to: bench.owner) { [table] connection in
                try connection.query("SET session_replication_role = replica")
                try connection.query("DELETE FROM \(table)")
                try connection.query("INSERT INTO \(table) SELECT * FROM kept")
            }
        }
    }

    @Test func `a tree whose tiles were altered is named`() async throws {
        let bench = try await bench()
        try await bench.database.run { connection in
            let rows = (0..<300).map { _ in HistoryRow(at: .now(), event: .hubDowntime, actor: HistoryRow.hubActor) }
            _ = try connection.pipeline([HistoryRow.statement(rows)])
        }
        _ = try await AuditSequencer(bench.database).round()
        try await tamper(bench, "UPDATE audit_tile SET root = sha256('x')")
        let (summary, findings) = try await check(bench)
        #expect(!summary.isWhole && findings.map(\.kind) == [.brokenTree], "\(findings)")
        await bench.close()
    }

    @Test func `words of a package whose content was destroyed are not told, and nothing else is lost`() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", unknown: [])
        #expect(try await bench.store.accept(acceptance).isAccepted)
        let leaf: [[UInt8]] = try await bench.column(
            "SELECT leaf AS value FROM audit_leaf JOIN history ON id = history_id WHERE event = 'package.accepted'")
        let text = String(decoding: try #require(leaf.first), as: UTF8.self)
        #expect(text.contains("\"salted\"") && !text.contains("V/v") && !text.contains("văn bản.pdf"))
        try await tamper(bench, "UPDATE content SET wrapped_key = NULL, key_id = NULL")
        let (whole, none) = try await check(bench)
        #expect(whole.isWhole && whole.withoutSalt == 1 && none == [], "\(none)")
        try await tamper(bench, "UPDATE package SET subject = 'khác', type_name = 'khác'")
        let (_, findings) = try await check(bench)
        #expect(findings.map(\.columns) == [["type_name"]])
        await bench.close()
    }

    @Test func `every column of every table is evidence, or is said to be none`() async throws {
        let bench = try await AcceptBench()
        for table in EvidentialTable.all {
            let columns: [String] = try await bench.column(
                "SELECT column_name::text AS value FROM information_schema.columns WHERE table_name = $1",
                [.text(table.name)])
            let known = Set((table.key + table.values).map(\.name)).union(table.operational).union(table.later)
            #expect(known == Set(columns), "\(table.name)")
        }
        await bench.close()
    }

    @Test func `docs audit says which columns are evidence`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/audit.md"), encoding: .utf8)
        func cell(_ names: some Sequence<String>) -> String {
            let sorted = names.sorted()
            return sorted.isEmpty ? "–" : sorted.map { "`\($0)`" }.joined(separator: ", ")
        }
        for table in EvidentialTable.all {
            let fixed = table.values.filter { !$0.isSalted && !$0.isMoving }
            let cells = [
                "`\(table.name)`", cell(table.key.map(\.name)), cell(fixed.map(\.name)),
                cell(table.values.filter(\.isMoving).map(\.name)), cell(table.values.filter(\.isSalted).map(\.name)),
                cell(table.later), cell(table.operational),
            ]
            let line = "| \(cells.joined(separator: " | ")) |"
            #expect(text.contains(line), "docs/audit.md should have: \(line)")
        }
    }
}
