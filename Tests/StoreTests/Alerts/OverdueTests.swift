// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(3))) struct OverdueTests {
    private let today = Instant.now().vietnamDate

    /// The statement of the list and `DueStanding` say the same of every state, word and recall.
    @Test func `the list holds what is overdue by the rule, and nothing else`() async throws {
        let bench = try await AcceptBench()
        let words: [StatusRecord?] =
            DocumentStatus.allCases.map { StatusRecord(latest: $0, furthest: $0.progress == nil ? nil : $0) } + [
                nil, StatusRecord(latest: .assigned, furthest: .completed),
                StatusRecord(latest: .returned, furthest: .accepted),
            ]
        var expected: Set<String> = []
        var number = 0
        for state in [DeliveryState.waiting, .delivered, .held, .refused, .expired, .withdrawn] {
            for word in words {
                for recall in [RecallOutcome.owed, nil] {
                    number += 1
                    let sent = try bench.acceptance("VB-\(number)") { $0.dueDate = today.adding(days: -1) }
                    _ = try await bench.store.accept(sent)
                    try await onConnection(to: bench.owner) { connection in
                        try connection.query(
                            """
                            UPDATE delivery SET state = $2, entered_at = now(), refusal = 'push.refused' WHERE package_id = $1
                            """, [.uuid(sent.id.uuid), .text(state.rawValue)])
                        if let word {
                            try connection.query(
                                """
                                INSERT INTO document_status (document_package_id, recipient_agency_id, latest, furthest)
                                SELECT package_id, recipient_agency_id, $2, $3 FROM delivery WHERE package_id = $1
                                """,
                                [
                                    .uuid(sent.id.uuid), .text(word.latest.rawValue),
                                    .optional(word.furthest) { .text($0.rawValue) },
                                ])
                        }
                        if let recall {
                            try connection.query(
                                """
                                INSERT INTO recall (document_package_id, recipient_agency_id, recall_package_id, outcome, asked_at)
                                SELECT package_id, recipient_agency_id, package_id, $2, now() FROM delivery WHERE package_id = $1
                                """, [.uuid(sent.id.uuid), .text(recall.rawValue)])
                        }
                    }
                    let standing = DueStanding.of(
                        due: today.adding(days: -1), said: word, recall: recall, state: state, today: today)
                    if standing == .overdue { expected.insert("VB-\(number)") }
                }
            }
        }
        let listed = try await bench.database.overdueDocuments(today: today, limit: 1_000)
        #expect(Set(listed.map(\.documentID)) == expected && !expected.isEmpty)
        #expect(try await bench.database.countOverdue(today: today) == expected.count)
        #expect(try await bench.database.countOverdue(today: today, limit: 3) == 3)
        await bench.close()
    }

    @Test func `from the day after, for thirty days, the longest overdue first`() async throws {
        let bench = try await AcceptBench()
        for days in [0, 1, 30, 31, -1] as [Int64] {
            _ = try await bench.store.accept(
                bench.acceptance("VB \(days)") { $0.dueDate = today.adding(days: -days) })
        }
        _ = try await bench.store.accept(bench.acceptance("không hạn"))
        let listed = try await bench.database.overdueDocuments(today: today, limit: 10)
        #expect(listed.map(\.documentID) == ["VB 30", "VB 1"])
        #expect(try await bench.database.overdueDocuments(today: today, limit: 1).count == 1)
        let due = try await bench.database.trace("VB 1")?.packages.first?.dueDate
        #expect(due == today.adding(days: -1))
        await bench.close()
    }

    /// A count that takes too long is given up, and what else is read is read.
    @Test func `no count keeps the others from being told`() async throws {
        let bench = try await AcceptBench()
        let lock = try PostgresConnection(connectionString: bench.owner, applicationName: "truc-test")
        try lock.query("BEGIN")
        try lock.query("LOCK TABLE document_status IN ACCESS EXCLUSIVE MODE")
        #expect(try await bench.database.reading(ages: [60], now: .now()).held == 0)
        #expect(try await bench.database.countOpenAlerts() == AlertCount())
        #expect(await refusal { try await bench.database.countOverdue(today: today) } == .overloaded)
        try lock.query("ROLLBACK")
        #expect(try await bench.database.countOverdue(today: today) == 0)
        await bench.close()
    }
}
