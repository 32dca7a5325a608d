// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// What the hub asks all day must find its rows by index, however long the tables have become.
///
/// PostgreSQL itself tells how many rows it has read by going through a table: none for the statements as they are,
/// prepared, with their real parameters, and often enough that their plans have settled.
@Suite(.timeLimit(.minutes(2))) struct PlanTests {
    /// Packages in the tables.
    private static let packages = 50_000
    /// PostgreSQL may settle on a general plan after five executions.
    private static let executions = 8

    private static let fill = """
        INSERT INTO agency (code, name, version) SELECT 'A' || n, 'Đơn vị ' || n, 1 FROM generate_series(1, 200) AS n;
        INSERT INTO agency_alias (written, agency_id) SELECT code, id FROM agency ON CONFLICT DO NOTHING;
        CREATE TEMP TABLE made AS SELECT n,
            ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS package,
            ('01900000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS delivery,
            (SELECT min(id) FROM agency) + n % 200 AS sender,
            (SELECT min(id) FROM agency) + (n * 7 + 1) % 200 AS recipient,
            now() - make_interval(secs => \(packages) - n) AS at, sha256(n::text::bytea) AS digest
            FROM generate_series(1, \(packages)) AS n;
        INSERT INTO package (id, kind, sender_agency_id, sender_written, document_id, document_key, code_number,
                code_notation, signature, sha256, meaning, accepted_at, request_id)
            SELECT package, 'document', sender, 'x', 'VB ' || n, 'VB ' || n, (n % 500)::text, 'CV-' || n, 'absent',
                digest, digest, at, package FROM made;
        INSERT INTO package_key SELECT sender, 'document:VB ' || n, package, digest FROM made;
        INSERT INTO content SELECT package, 'segments', 'seg', 1, digest, '\\x00', (SELECT id FROM wrapping_key) FROM made;
        INSERT INTO attachment SELECT package, 0, 'a', 'b', 'c', 1, digest FROM made;
        INSERT INTO package_link SELECT package, 0, 'responds-to', 'TL ' || n, 'TL ' || n, '[]' FROM made;
        INSERT INTO delivery (id, package_id, document_package_id, recipient_agency_id, recipient_written, message_type,
                state, created_at, updated_at, entered_at)
            SELECT delivery, package, package, recipient, 'y', 'edoc',
                CASE WHEN n % 21 = 0 THEN 'waiting' ELSE 'delivered' END, at, at, at FROM made;
        INSERT INTO document_status (document_package_id, recipient_agency_id, latest, latest_at, latest_package_id)
            SELECT package, recipient, '03', at, package FROM made;
        INSERT INTO history (id, at, event, package_id, actor, request_id)
            SELECT package, at, 'package.accepted', package, 'hub', package FROM made;
        DELETE FROM audit_pending;
        INSERT INTO audit_leaf SELECT package, 'x', digest FROM made;
        INSERT INTO audit_sequence SELECT n - 1, package FROM made;
        INSERT INTO audit_tile SELECT 0, n - 1, decode(repeat('ab', 8192), 'hex'), digest FROM made WHERE n <= \(packages) / 256;
        ANALYZE;
        """

    private static let tables = [
        "package", "package_key", "content", "attachment", "package_link", "delivery", "document_status", "history",
        "audit_leaf", "audit_sequence", "audit_tile",
    ]

    /// Rows read by going through a table, for each of the long ones; a partition counts for its table.
    private func readInSequence(_ bench: AcceptBench) async throws -> [String: Int64] {
        try await bench.sessionsHaveEnded()
        return try await onConnection(to: bench.owner) { connection -> [String: Int64] in
            var read: [String: Int64] = [:]
            for row in try connection.query(
                "SELECT relname::text AS name, seq_tup_read AS read FROM pg_stat_user_tables")
            {
                let name = try row.decode("name", as: String.self)
                let table = name.hasPrefix("history_") ? "history" : name
                if Self.tables.contains(table) { read[table, default: 0] += try row.decode("read", as: Int64.self) }
            }
            return read
        }
    }

    private struct Question: Sendable {
        let name: String
        let ask: @Sendable (Database, Store, Int) async throws -> Void
    }

    private func questions(_ bench: AcceptBench) async throws -> [Question] {
        let agencies: [Int64] = try await bench.column("SELECT id AS value FROM agency ORDER BY id LIMIT 3 OFFSET 20")
        let mine = agencies.map(AgencyKey.init)
        let filter = ListFilter(
            agencies: mine, messageType: .edoc, from: Instant.now().advanced(by: .seconds(-86_400)), to: .now())
        let waiting: [UUID] = try await bench.column(
            "SELECT id AS value FROM delivery WHERE recipient_agency_id = $1 AND state = 'waiting'",
            [.int8(agencies[0])])
        let delivery = try #require(waiting.first)
        let package: [UUID] = try await bench.column(
            "SELECT package_id AS value FROM delivery WHERE id = $1", [.uuid(delivery)])
        let traced = try #require(package.first)
        let system = try TestAgency.finance.systemID
        var questions = [
            Question(name: "pending") { database, _, _ in _ = try await database.pending(filter, after: nil) },
            Question(name: "count") { database, _, _ in _ = try await database.countPending(mine, .edoc) },
            Question(name: "sent") { database, _, _ in _ = try await database.sent(filter, package: nil, after: nil) },
            Question(name: "sent, one") { database, _, _ in
                _ = try await database.sent(filter, package: PackageID(uuid: traced), after: nil)
            },
            Question(name: "confirm") { database, _, _ in
                _ = try await database.confirm(
                    DeliveryID(uuid: delivery), .processing, description: nil, agencies: mine, system: system,
                    request: RequestID(), at: .now())
            },
            Question(name: "reading") { database, _, _ in
                _ = try await database.reading(ages: [60, 86_400], now: .now())
            },
            Question(name: "duties") { database, _, _ in
                _ = try await database.recallDuties(limit: 100)
                _ = try await database.returnDuties(limit: 100)
            },
            Question(name: "alerts") { database, _, number in
                _ = try await database.keepCollectionAlerts(
                    by: .standard, WorkingCalendar(), at: .now().advanced(by: .seconds(3_600 * number)))
                _ = try await database.openAlerts(limit: 100)
            },
            Question(name: "codes") { database, _, _ in
                _ = try await database.findRepeatedCodes(at: .now().advanced(by: .seconds(3_600)))
            },
            Question(name: "recall") { _, store, number in
                _ = try await store.accept(
                    bench.status(.recallRequested, of: "mới \(number)", from: .construction, to: .finance))
            },
            Question(name: "update") { _, store, number in
                _ = try await store.accept(bench.acceptance("mới \(number)", kind: .update, content: "cn \(number)"))
            },
            Question(name: "audit") { database, _, number in
                _ = try await AuditSequencer(database).round()
                _ = try await database.auditState()
                _ = try await database.auditInclusion(of: 77 * number, inTreeOf: 40_000)
                _ = try await database.auditLeaf(traced)
            },
            Question(name: "standings") { database, _, _ in _ = try await database.standings(of: mine) },
            Question(name: "in trouble") { database, _, _ in _ = try await database.deliveries(in: .held, limit: 100) },
            Question(name: "accept") { _, store, number in
                _ = try await store.accept(bench.acceptance("mới \(number)", unknown: ["không có \(number)"]))
            },
            Question(name: "resend") { _, store, number in
                let agency: TestAgency = number % 2 == 0 ? .treasury : .stranger
                _ = try await store.accept(bench.acceptance("mới 0", to: [agency]))
            },
            Question(name: "status") { _, store, number in
                _ = try await store.accept(bench.status(.accepted, of: "mới \(number)"))
            },
        ]
        for id in [
            "VB 77", "123/CV-123", traced.uuidString, delivery.uuidString, UUID().uuidString, "không có", "TL 5",
        ] {
            questions.append(Question(name: "trace \(id)") { database, _, _ in _ = try await database.trace(id) })
        }
        questions.append(
            Question(name: "destroy") { database, _, number in
                let package = PackageID(
                    uuid: try #require(UUID(uuidString: "01900000-0000-7000-8000-00000000000\(1 + number % 8)")))
                let decision = Decision(number: "1", date: Instant.now().vietnamDate)
                _ = try await database.destroyContent(of: package, on: decision, actor: "operator:test", at: .now())
            })
        questions.append(
            Question(name: "fetch") { database, _, _ in
                let refused = await refusal {
                    try await database.fetch(
                        id: UUID(), agencies: mine, system: system, request: RequestID(), at: .now())
                }
                guard refused == .packageNotFound else { throw Refusal(.internalError, "fetched") }
            })
        return questions
    }

    @Test func nothingThatIsAskedAllDayGoesThroughATable() async throws {
        let bench = try await AcceptBench()
        try await onConnection(to: bench.owner) { try $0.execute(Self.fill) }
        let questions = try await questions(bench)
        await bench.close()
        for question in questions {
            let before = try await readInSequence(bench)
            let database = try await TestHub.runtimeDatabase(bench.owner, logger: quietLogger)
            let store = Store(database: database, content: bench.store.content, logger: quietLogger)
            for number in 0..<Self.executions { try await question.ask(database, store, number) }
            await store.stop()
            await database.close()
            let after = try await readInSequence(bench)
            for table in Self.tables {
                let read = (after[table] ?? 0) - (before[table] ?? 0)
                #expect(read == 0, "\(question.name) went through \(table): \(read) rows")
            }
        }
    }

    // MARK: Beside a long backlog

    /// Deliveries that wait for one agency, whose endpoint does not answer, and then a few for another.
    private static let backlog = 30_000
    private static let few = 5
    /// Most rows that an answer about the few may read, each time, whatever the others have.
    private static let maxRows = 200

    /// All of the backlog is alike, as the statistics then say: what a planner that looks for "any" hopes to find at once.
    private static let fillBacklog = """
        INSERT INTO agency (code, name, version) VALUES
            ('X1', 'Đơn vị im lặng', 1), ('X2', 'Đơn vị khác', 1), ('X3', 'Đơn vị không có gì', 1);
        INSERT INTO agency_alias (written, agency_id) SELECT code, id FROM agency ON CONFLICT DO NOTHING;
        INSERT INTO endpoint (agency_id, url, created_at, changed_at, settling_after)
            SELECT id, 'https://' || code || '.example/', now(), now(), NULL FROM agency WHERE code LIKE 'X_';
        CREATE TEMP TABLE made AS SELECT n,
            ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS package,
            ('01900000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid AS delivery,
            (SELECT min(id) FROM agency) AS sender,
            (SELECT id FROM agency WHERE code = CASE WHEN n <= \(backlog) THEN 'X1' ELSE 'X2' END) AS recipient,
            now() - make_interval(secs => \(backlog + few) - n) AS at, sha256(n::text::bytea) AS digest
            FROM generate_series(1, \(backlog + few)) AS n;
        INSERT INTO package (id, kind, sender_agency_id, sender_written, document_id, document_key, signature, sha256,
                meaning, accepted_at, request_id)
            SELECT package, 'document', sender, 'x', 'VB ' || n, 'VB ' || n, 'absent', digest, digest, at, package
            FROM made;
        INSERT INTO content SELECT package, 'segments', 'seg', 1, digest, '\\x00', (SELECT id FROM wrapping_key) FROM made;
        INSERT INTO delivery (id, package_id, document_package_id, recipient_agency_id, recipient_written, message_type,
                state, created_at, updated_at)
            SELECT delivery, package, package, recipient, 'y', 'edoc', 'waiting', at, at FROM made;
        INSERT INTO queue (delivery_id, endpoint_id, rank, first_due)
            SELECT delivery, endpoint.id, 4, at FROM made JOIN endpoint ON endpoint.agency_id = made.recipient;
        ANALYZE;
        """

    /// Rows read by one session, by whatever way.
    private func rowsRead(_ bench: AcceptBench) async throws -> Int64 {
        try await bench.sessionsHaveEnded()
        let read: [Int64] = try await bench.column(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS value FROM pg_stat_user_tables")
        return try #require(read.first)
    }

    @Test func whatWaitsForOneAgencyMakesNoAnswerAboutAnotherLonger() async throws {
        let bench = try await AcceptBench()
        try await onConnection(to: bench.owner) { try $0.execute(Self.fillBacklog) }
        let other: [Int64] = try await bench.column("SELECT id AS value FROM agency WHERE code = 'X2'")
        let mine = other.map(AgencyKey.init)
        let endpoints: [Int64] = try await bench.column(
            """
            SELECT endpoint.id AS value FROM endpoint JOIN agency ON agency.id = agency_id
            WHERE code IN ('X2', 'X3') ORDER BY code DESC
            """)
        let (empty, endpoint) = (EndpointKey(try #require(endpoints.first)), EndpointKey(try #require(endpoints.last)))
        let node = NodeID()
        await bench.close()
        let filter = ListFilter(agencies: mine, messageType: .edoc)
        // What each answers with, so that it is known to have been asked for something.
        let questions: [(name: String, expected: Int, ask: @Sendable (Database) async throws -> Int)] = [
            ("pending", Self.few, { try await $0.pending(filter, after: nil).count }),
            ("count", Self.few, { try await $0.countPending(mine, .edoc) }),
            ("standings", 1, { try await $0.standings(of: mine).count }),
            ("work", 2, { try await $0.endpointsWithWork().count }),
            ("sweep", 0, { try await $0.sweep(at: .now()).endpoints.count }),
            ("settle", 0, { try await $0.settleEndpoints(at: .now())?.count ?? 0 }),
            ("overdue", 0, { try await $0.overdue(at: .now()).count }),
            ("move", 0, { try await $0.moveToSuccessors(at: .now()).count }),
            (
                "none to claim", 0,
                { try await $0.claim(empty, limit: 16, node: NodeID(), cursor: .init()).claimed.count }
            ),
            ("claim", Self.few, { try await $0.claim(endpoint, limit: 16, node: node, cursor: .init()).claimed.count }),
        ]
        for question in questions {
            let before = try await rowsRead(bench)
            let database = try await TestHub.runtimeDatabase(bench.owner, logger: quietLogger)
            for number in 0..<Self.executions {
                let answer = try await question.ask(database)
                // What was claimed is not there to be claimed again.
                #expect(answer == (question.name == "claim" && number > 0 ? 0 : question.expected), "\(question.name)")
            }
            await database.close()
            let read = (try await rowsRead(bench) - before) / Int64(Self.executions)
            #expect(read <= Self.maxRows, "\(question.name) read \(read) rows each time")
        }
    }

    /// The counter is one that counts.
    @Test func goingThroughATableIsSeen() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        await bench.close()
        let before = try await readInSequence(bench)
        _ = try await bench.column("SELECT count(*) AS value FROM package WHERE subject = 'x'", as: Int64.self)
        let after = try await readInSequence(bench)
        #expect((after["package"] ?? 0) > (before["package"] ?? 0))
    }
}
