// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct RepeatedCodeTests {
    private func accept(
        _ document: String, _ number: String?, _ notation: String?, from sender: TestAgency = .construction,
        year: Int = 2026, kind: PackageKind = .document, to recipients: [TestAgency] = [.finance], _ bench: AcceptBench
    ) async throws {
        let date = try CalendarDate(iso8601: "\(year)-03-05")
        let acceptance = try bench.acceptance(
            document, from: sender, to: recipients, kind: kind,
            content: "\(document) \(sender.code) \(recipients.count)"
        ) { envelope in
            envelope.codeNumber = number
            envelope.codeNotation = notation
            envelope.promulgationDate = date
        }
        _ = try await bench.store.accept(acceptance)
    }

    private var later: Instant { Instant.now().advanced(by: Database.codeDelay + .seconds(1)) }

    @Test func `the same number and notation of one sender in one year, under another id`() async throws {
        let bench = try await AcceptBench()
        try await accept("VB-1", "15", "SXD-VP", bench)
        // None of these repeats it.
        try await accept("VB-2", "16", "SXD-VP", bench)
        try await accept("VB-3", "15", "SXD-TC", bench)
        try await accept("VB-4", "15", "SXD-VP", year: 2025, bench)
        try await accept("VB-5", "15", "SXD-VP", from: .stranger, bench)
        try await accept("VB-6", nil, nil, bench)
        try await accept("VB-7", nil, nil, bench)
        try await accept("CN-1", "15", "SXD-VP", kind: .update, bench)
        try await accept("VB-1", "15", "SXD-VP", to: [.finance, .treasury], bench)
        #expect(try await bench.database.findRepeatedCodes(at: .now()) == (0, false))
        #expect(try await bench.database.findRepeatedCodes(at: later) == (0, false))
        // In the other form of the same letters.
        try await accept("VB-8", "15", "SXD-VP", bench)
        try await accept("VB-9", "15", "SXD-VP", bench)
        #expect(try await bench.database.findRepeatedCodes(at: later) == (2, false))
        #expect(try await bench.database.findRepeatedCodes(at: later) == (0, false))
        let found = try await bench.database.repeatedCodes(limit: 10)
        #expect(Set(found.map(\.documentID)) == ["VB-8", "VB-9"])
        #expect(found.allSatisfy { $0.otherDocumentID == "VB-1" && $0.code == "15/SXD-VP" })
        #expect(try await bench.count("history WHERE event = 'package.code-repeated'") == 2)
        // One word a day about one code.
        let notices = try await bench.database.dueAlertNotices(limit: 10, at: .latest)
        #expect(notices.map(\.addressee) == [.sender])
        for notice in notices {
            guard case .repeatedCode(let document, _) = notice.matter else {
                Issue.record("\(notice)")
                continue
            }
            #expect(document == "VB-1")
            try await bench.database.alertNoticeTold(notice)
        }
        #expect(try await bench.database.dueAlertNotices(limit: 10, at: .latest).isEmpty)
        try await accept("VB-10", "15", "SXD-VP", bench)
        #expect(try await bench.database.findRepeatedCodes(at: later) == (1, false))
        #expect(try await bench.database.dueAlertNotices(limit: 10, at: .latest).isEmpty)
        try await accept("VB-11", "15", "SXD-VP", bench)
        let tomorrow = later.advanced(by: .seconds(86_400))
        #expect(try await bench.database.findRepeatedCodes(at: tomorrow) == (1, false))
        #expect(try await bench.database.dueAlertNotices(limit: 10, at: .latest).count == 1)
        // Nothing is refused.
        #expect(try await bench.pending(.finance).count == 12)
        await bench.close()
    }

    @Test func `a letter in two forms is one letter, and two nodes find it once`() async throws {
        let bench = try await AcceptBench()
        try await accept("VB-1", "15", "Đề án-ế", bench)
        try await accept("VB-2", "15", "Đề án-e\u{302}\u{301}", bench)
        let now = later
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await bench.database.findRepeatedCodes(at: now).found } }
            return try await group.reduce(0, +)
        }
        #expect(found == 1)
        await bench.close()
    }

    /// One that gives all its documents the same number reads as many rows as any other.
    @Test func `a sender with one code for everything slows nobody`() async throws {
        let bench = try await AcceptBench()
        let sender = try bench.key(.construction)
        try await onConnection(to: bench.owner) { connection in
            try connection.query(
                """
                INSERT INTO package (id, kind, sender_agency_id, sender_written, document_id, document_key, code_number,
                    code_notation, signature, sha256, meaning, accepted_at, request_id, promulgation_date)
                SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'document', $1, 'x', 'VB ' || n,
                    'VB ' || n, '1', 'CV', 'absent', sha256(''), sha256(''), now(), gen_random_uuid(),
                    CASE WHEN n <= 10000 THEN date '2025-05-05' ELSE date '2026-05-05' END
                FROM generate_series(1, 20000) AS n
                """, [.int8(sender.value)])
            try connection.query(
                """
                UPDATE sweep_cursor SET after = ('01900000-0000-7000-8000-' || lpad(to_hex(19900), 12, '0'))::uuid
                WHERE name = 'codes'
                """)
            try connection.query("ANALYZE package")
        }
        func read() async throws -> Int64 {
            try await bench.sessionsHaveEnded()
            let read: [Int64] = try await bench.column(
                "SELECT idx_tup_fetch + seq_tup_read AS value FROM pg_stat_user_tables WHERE relname = 'package'")
            return try #require(read.first)
        }
        await bench.close()
        let before = try await read()
        let database = try await TestHub.runtimeDatabase(bench.owner, logger: quietLogger)
        #expect(try await database.findRepeatedCodes(at: later) == (100, true))
        let first = try await database.repeatedCodes(limit: 1).first
        await database.close()
        // The first of the same year, and not of the year before.
        #expect(first?.otherDocumentID == "VB 10001")
        let rows = try await read() - before
        // Each of a hundred, the first of its code, and what foreign keys and the list ask for.
        #expect(rows < 2_000, "\(rows) rows")
    }
}
