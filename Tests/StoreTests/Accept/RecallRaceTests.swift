// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// Recalls against what else moves at the same time: carriers, resends, answers, other nodes.
@Suite(.timeLimit(.minutes(3))) struct RecallRaceTests {
    private func recall(
        _ document: String, to recipients: [TestAgency] = [.finance], _ bench: AcceptBench, version: Int64? = nil,
        note: String = UUID().uuidString
    ) throws -> Acceptance {
        try bench.acceptance(
            document, to: recipients, kind: .recall, content: "thu hồi \(document) \(note)", meaning: note,
            version: version)
    }

    @Test func `what waits for its carrier leaves the queue, what is being carried is owed`() async throws {
        let bench = try await QueueBench()
        let ids = try await bench.accept(3)
        let version = try await bench.database.registryVersion()
        let claimed = try #require(try await bench.claim(1).first)
        #expect(claimed.id == ids[0])
        for number in 0..<2 {
            let asked = try recall("VB-\(number)", bench.accepting, version: version)
            #expect(try await bench.accepting.store.accept(asked).isAccepted)
        }
        #expect(try await bench.state(ids[1]) == .withdrawn)
        #expect(try await bench.accepting.count("recall WHERE outcome = 'owed'") == 1)
        // The one carried, its recall, and the document that nobody recalled.
        #expect(try await bench.accepting.count("queue") == 3)
        #expect(try await bench.finish(claimed, .entered) == .counted(.delivered, nextAt: nil))
        // An attempt that has ended, however it ended, may have shown it.
        let carried = try #require(try await bench.claim(1).first)
        try await bench.finish(carried, .failed(AttemptFailure(.pushTimeout)))
        #expect(
            try await bench.accepting.store.accept(recall("VB-2", bench.accepting, version: version)).isAccepted)
        #expect(try await bench.accepting.count("recall WHERE outcome = 'owed'") == 2)
        await bench.close()
    }

    @Test func `the same recall handed in for one recipient after the other`() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.finance, .treasury]))
        _ = try await bench.fetch(try #require(try await bench.pending(.treasury).first).id.uuid, by: .treasury)
        let first = try recall("VB-1", bench, note: "một")
        #expect(try await bench.store.accept(first).isAccepted)
        let second = try recall("VB-1", to: [.treasury], bench, note: "một")
        #expect(
            try await bench.store.accept(second)
                == .known(first.id, at: first.package.envelope.acceptedAt, added: 1))
        let outcomes: [String] = try await bench.column("SELECT outcome AS value FROM recall ORDER BY outcome")
        #expect(outcomes == ["owed", "withdrawn"])
        #expect(try await bench.pending(.finance).isEmpty)
        #expect(try await bench.pending(.treasury).count == 2)
        await bench.close()
    }

    /// Whatever order two nodes find: nobody is added to a document after its recall, no update slips through, and nobody
    /// waits for another for ever.
    @Test func `recalls, updates, further recipients and answers on two nodes`() async throws {
        let bench = try await AcceptBench()
        let other = try bench.secondStore()
        let documents = (0..<12).map { "VB-\($0)" }
        for document in documents {
            _ = try await bench.store.accept(bench.acceptance(document, meaning: document))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<240 {
                let store = number % 2 == 0 ? bench.store : other
                // The two nodes come to the documents from opposite ends.
                let position = number / 10 % documents.count
                let document = documents[number % 2 == 0 ? position : documents.count - 1 - position]
                let acceptance =
                    switch number % 5 {
                    case 0: try recall(document, bench, note: "\(number)")
                    case 1: try bench.status(.recallRequested, of: document, from: .construction, to: .finance)
                    case 2:
                        try bench.acceptance(
                            document, kind: .update, content: "cập nhật \(number)", meaning: "\(number)")
                    case 3:
                        try bench.acceptance(
                            document, to: [.finance, .treasury], content: "rộng \(number)", meaning: document)
                    default: try bench.status(.changeAgreed, of: document)
                    }
                group.addTask {
                    // An update that came together with a recall is decided anew, as `IntakeSession` does.
                    var result = try await store.accept(acceptance)
                    while case .registryChanged = result { result = try await store.accept(acceptance) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bench.count("recall") == Int64(documents.count))
        // Time-ordered ids tell no order of commits; what was withdrawn or cancelled must not stand in the list.
        #expect(
            try await bench.count(
                """
                delivery JOIN package ON package.id = delivery.package_id
                JOIN recall ON recall.recipient_agency_id = delivery.recipient_agency_id
                    AND recall.document_package_id = coalesce(package.about_package_id, delivery.document_package_id)
                WHERE package.kind IN ('document', 'update') AND recall.outcome IN ('withdrawn', 'cancelled')
                    AND delivery.state IN ('waiting', 'processing', 'held')
                """) == 0)
        #expect(try await bench.count("recall WHERE outcome = 'cancelled' AND answer_package_id IS NULL") == 0)
        await other.stop()
        await bench.close()
        try await bench.sessionsHaveEnded()
        let deadlocks: [Int64] = try await bench.column(
            "SELECT deadlocks AS value FROM pg_stat_database WHERE datname = current_database()")
        #expect(deadlocks == [0])
    }
}
