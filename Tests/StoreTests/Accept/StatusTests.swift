// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct StatusTests {
    /// Latest and furthest word of each recipient of a document, as `code: latest/furthest`.
    private func said(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            """
            SELECT agency.code || ': ' || coalesce(latest, '-') || '/' || coalesce(furthest, '-') AS value
            FROM document_status JOIN agency ON agency.id = recipient_agency_id ORDER BY agency.code
            """)
    }

    private func effects(_ bench: AcceptBench) async throws -> [String] {
        try await bench.column(
            "SELECT status || ' ' || status_effect AS value FROM package WHERE kind = 'status' ORDER BY accepted_at, id"
        )
    }

    @Test func aRecipientsWordIsAppliedAndDelivered() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1", to: [.finance, .treasury]))
        #expect(try await bench.store.accept(bench.status(.arrived, of: "VB-1")).isAccepted)
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1")).isAccepted)
        #expect(try await bench.store.accept(bench.status(.arrived, of: "VB-1", from: .treasury)).isAccepted)
        #expect(try await said(bench) == ["000.00.14.H52: 03/03", "001.00.14.H52: 01/01"])
        #expect(try await effects(bench) == ["01 applied", "03 applied", "01 applied"])
        let lines = try await bench.pending(.construction, .status)
        #expect(lines.map(\.senderWritten) == ["000.00.14.H52", "000.00.14.H52", "001.00.14.H52"])
        #expect(try await bench.pending(.construction, .edoc).isEmpty)
        await bench.close()
    }

    @Test func goingBackHidesNothing() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        for (status, expected) in [
            (DocumentStatus.accepted, "03/03"), (.returned, "02/03"), (.completed, "06/06"), (.assigned, "04/06"),
            (.changeAgreed, "15/06"),
        ] {
            #expect(try await bench.store.accept(bench.status(status, of: "VB-1")).isAccepted)
            #expect(try await said(bench) == ["000.00.14.H52: \(expected)"])
        }
        await bench.close()
    }

    @Test func theSameWordAgainIsRecordedAsRepeated() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        for note in ["một", "hai"] {
            #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1", note: note)).isAccepted)
        }
        #expect(try await effects(bench) == ["03 applied", "03 repeated"])
        #expect(try await bench.pending(.construction, .status).count == 2)
        let words: [String] = try await bench.column("SELECT latest_description AS value FROM document_status")
        #expect(words == ["một"])
        await bench.close()
    }

    @Test func aWordAboutNothingKnownIsDeliveredAndMarked() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-khác")).isAccepted)
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1", from: .stranger)).isAccepted)
        // Of that id, but of another agency's document: not the one that was sent.
        #expect(try await bench.store.accept(bench.status(.accepted, of: "VB-1", to: .treasury)).isAccepted)
        #expect(try await effects(bench) == ["03 unknown-document", "03 not-a-recipient", "03 unknown-document"])
        #expect(try await said(bench) == [])
        #expect(try await bench.pending(.construction, .status).count == 2)
        await bench.close()
    }

    @Test func thirteenIsTheSendersWordToARecipient() async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(bench.acceptance("VB-1"))
        _ = try await bench.store.accept(bench.status(.accepted, of: "VB-1"))
        let ask = try bench.status(.recallRequested, of: "VB-1", from: .construction, to: .finance)
        #expect(try await bench.store.accept(ask).isAccepted)
        #expect(try await said(bench) == ["000.00.14.H52: 03/03"])
        #expect(try await bench.pending(.finance, .status).count == 1)
        // Who is not the sender asks nothing back.
        let foreign = try bench.status(.recallRequested, of: "VB-1", from: .stranger, to: .finance)
        #expect(try await bench.store.accept(foreign).isAccepted)
        #expect(try await effects(bench).last == "13 unknown-document")
        let elsewhere = try bench.status(.recallRequested, of: "VB-1", from: .construction, to: .stranger)
        #expect(try await bench.store.accept(elsewhere).isAccepted)
        #expect(try await effects(bench).last == "13 not-a-recipient")
        await bench.close()
    }

    @Test func manyWordsOnTwoNodesAreEachCountedOnce() async throws {
        let bench = try await AcceptBench()
        let other = try bench.secondStore()
        let documents = (0..<8).map { "VB-\($0)" }
        for document in documents {
            _ = try await bench.store.accept(bench.acceptance(document, to: [.finance, .treasury]))
        }
        let words: [DocumentStatus] = [.arrived, .accepted, .assigned, .inProgress, .completed]
        try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
            for number in 0..<160 {
                let store = number % 2 == 0 ? bench.store : other
                // The two nodes come to the documents from opposite ends.
                let document = number % 2 == 0 ? documents[number / 2 % 8] : documents[7 - number / 2 % 8]
                let status = try bench.status(
                    words[number % words.count], of: document, from: number % 3 == 0 ? .treasury : .finance,
                    note: "\(number)")
                group.addTask { try await store.accept(status) }
            }
            for try await result in group { #expect(result.isAccepted) }
        }
        #expect(try await bench.count("package WHERE kind = 'status'") == 160)
        #expect(try await bench.count("package WHERE status_effect IN ('applied', 'repeated')") == 160)
        #expect(try await bench.pending(.construction, .status).count == 160)
        // Each latest word is that of the package that it names, and the furthest is the furthest of all that was said.
        let wrong: [String] = try await bench.column(
            """
            SELECT said.latest AS value FROM document_status AS said
            JOIN package ON package.id = said.latest_package_id
            JOIN package AS document ON document.id = said.document_package_id
            WHERE package.status <> said.latest OR package.status_effect <> 'applied' OR said.furthest <> (
                SELECT max(status) FROM package AS word WHERE word.document_key = document.document_key
                    AND word.kind = 'status' AND word.sender_agency_id = said.recipient_agency_id)
            """)
        #expect(wrong == [])
        #expect(try await bench.count("document_status") == 16)
        await other.stop()
        await bench.close()
        try await bench.sessionsHaveEnded()
        let deadlocks: [Int64] = try await bench.column(
            "SELECT deadlocks AS value FROM pg_stat_database WHERE datname = current_database()")
        #expect(deadlocks == [0])
    }

    @Test func theHubsNoticeIsNobodysWord() async throws {
        let bench = try await AcceptBench()
        let acceptance = try bench.acceptance("VB-1", unknown: ["000.00.99.H52", "lạ"])
        #expect(try await bench.store.accept(acceptance).isAccepted)
        let lines = try await bench.pending(.construction, .status)
        #expect(lines.map(\.senderWritten) == [TestAgency.hubCode])
        #expect(try await effects(bench) == ["02 hub-notice"])
        #expect(try await said(bench) == [])
        let refused: [String] = try await bench.column(
            """
            SELECT recipient_written || ' ' || refusal AS value FROM delivery WHERE state = 'undeliverable'
            ORDER BY recipient_written
            """)
        #expect(refused == ["000.00.99.H52 recipient.unknown", "lạ recipient.unknown"])
        let actors: [String] = try await bench.column(
            "SELECT DISTINCT actor AS value FROM history WHERE event = 'delivery.undeliverable'")
        #expect(actors == ["hub"])
        let notice = try #require(lines.first)
        #expect(try await bench.text(of: notice.id, for: .construction).hasPrefix("notice about"))
        await bench.close()
    }
}
