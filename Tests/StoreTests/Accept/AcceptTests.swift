// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct AcceptTests {
    @Test func onePackageIsWrittenWholeInOneTransaction() async throws {
        let bench = try await AcceptBench()
        let answered = try DocumentID(parsing: "000.00.14.H52,2026/01/02,7/STC")
        let acceptance = try bench.acceptance("VB-1", to: [.finance, .treasury]) { envelope in
            envelope.links = [Envelope.Link(relation: .respondsTo, documentID: answered, agencies: ["H52.14"])]
            envelope.urgency = .urgent
            envelope.codeNumber = "12"
            envelope.codeNotation = "SXD-VP"
            envelope.warnings = ["b", "a \"ngoặc\""]
        }
        let result = try await bench.store.accept(acceptance)
        let envelope = acceptance.package.envelope
        #expect(result == .accepted(acceptance.id, at: envelope.acceptedAt))
        #expect(try await bench.written() == [1, 1, 1, 1, 1, 2, 0, 1])

        for agency in [TestAgency.finance, .treasury] {
            let line = try #require(try await bench.pending(agency).first)
            #expect(line.state == .waiting)
            #expect(line.senderWritten == TestAgency.construction.code)
            #expect(line.recipientWritten == agency.code)
            #expect(try await bench.text(of: line.id, for: agency) == "<edXML>VB-1</edXML>")
        }
        let transactions: [String] = try await bench.column(
            """
            SELECT xmin::text AS value FROM package UNION ALL SELECT xmin::text FROM package_key
            UNION ALL SELECT xmin::text FROM content UNION ALL SELECT xmin::text FROM attachment
            UNION ALL SELECT xmin::text FROM package_link
            UNION ALL SELECT xmin::text FROM history WHERE event = 'package.accepted'
            """)
        #expect(transactions.count == 6)
        #expect(Set(transactions).count == 1)
        let detail: [String] = try await bench.column(
            "SELECT detail::text AS value FROM history WHERE event = 'package.accepted'")
        #expect(detail.first?.contains(envelope.sha256.hex) == true)
        let actors: [String] = try await bench.column(
            "SELECT actor || ' ' || request_id AS value FROM history WHERE package_id = $1", [.uuid(acceptance.id.uuid)]
        )
        #expect(actors.first == "qlvb.soxd \(envelope.requestID)")
        #expect(try await bench.column("SELECT agencies::text AS value FROM package_link") == [#"["H52.14"]"#])
        #expect(try await bench.column("SELECT warnings ->> 1 AS value FROM package") == ["a \"ngoặc\""])
        await bench.close()
    }

    @Test func manyAtOnceShareCommitsAndAreEachListedOnce() async throws {
        let bench = try await AcceptBench()
        let acceptances = try (0..<200).map { try bench.acceptance("VB-\($0)") }
        let results = try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
            for acceptance in acceptances { group.addTask { try await bench.store.accept(acceptance) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter(\.isAccepted).count == 200)
        #expect(results.count == 200)

        let lines = try await bench.pending(.finance)
        #expect(lines.count == 200)
        #expect(lines.map(\.id) == lines.map(\.id).sorted())
        var texts: Set<String> = []
        for line in lines { texts.insert(try await bench.text(of: line.id)) }
        #expect(texts == Set((0..<200).map { "<edXML>VB-\($0)</edXML>" }))
        let commits = try await bench.count("(SELECT DISTINCT xmin::text FROM package) AS transactions")
        // A batch forms while the one before it is committed; one alone is the first at most.
        #expect((200 / Int64(Committer.maxBatch)...100).contains(commits), "\(commits) transactions")
        await bench.close()
    }

    @Test func aDecisionByAnOldRegistryWritesNothing() async throws {
        let bench = try await AcceptBench()
        let old = try bench.acceptance("VB-1", unknown: ["000.00.99.H52"])
        try await bench.database.addSystem(
            SystemRecord(id: try SystemID(parsing: "new"), name: "Mới", secrets: [SystemSecret([1])]),
            actor: "operator:test")
        #expect(try await bench.store.accept(old) == .registryChanged)
        #expect(try await bench.written() == [0, 0, 0, 0, 0, 0, 0, 0])

        let version = try await bench.database.registryVersion()
        let acceptance = try bench.acceptance("VB-1", version: version)
        #expect(try await bench.store.accept(acceptance).isAccepted)
        // A resend that was decided by the old registry is decided anew too: its recipients may have changed.
        let resend = try bench.acceptance("VB-1", to: [.treasury])
        #expect(try await bench.store.accept(resend) == .registryChanged)
        #expect(try await bench.pending(.treasury).isEmpty)
        await bench.close()
    }

    @Test func oneOfABatchDecidedByAnOldRegistryDoesNotHinderTheOthers() async throws {
        let bench = try await AcceptBench()
        let outcomes = try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
            for number in 0..<40 {
                let version = number % 4 == 0 ? bench.registry.version - 1 : nil
                let acceptance = try bench.acceptance("VB-\(number)", version: version)
                group.addTask { try await bench.store.accept(acceptance) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .registryChanged }.count == 10)
        #expect(outcomes.filter(\.isAccepted).count == 30)
        #expect(try await bench.count("package") == 30)
        await bench.close()
    }

    @Test(arguments: [1, 5], ContentBackend.allCases)
    func aPoisonedPackageIsRefusedAlone(poisoned: Int, backend: ContentBackend) async throws {
        let bench = try await AcceptBench(backend)
        let outcomes = try await withThrowingTaskGroup(of: (Int, Refusal.Code?).self) { group in
            for number in 0..<24 {
                let isPoisoned = number < poisoned
                let acceptance = try bench.acceptance("VB-\(number)") { envelope in
                    // One that we cannot send and one that PostgreSQL refuses.
                    if isPoisoned, number % 2 == 0 { envelope.subject = "a\u{0}b" }
                    if isPoisoned, number % 2 == 1 { envelope.senderWritten = "x"; envelope.sender = AgencyKey(-1) }
                }
                group.addTask { (number, await refusal { try await bench.store.accept(acceptance) }) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes == Dictionary(uniqueKeysWithValues: (0..<poisoned).map { ($0, .internalError) }))
        let lines = try await bench.pending(.finance)
        #expect(lines.count == 24 - poisoned)
        #expect(try await bench.count("package") == Int64(24 - poisoned))
        #expect(try await bench.count("package_key") == Int64(24 - poisoned))
        // Sealed in the batch that failed, and once more alone.
        var texts: [String] = []
        for line in lines { texts.append(try await bench.text(of: line.id)) }
        #expect(Set(texts) == Set((poisoned..<24).map { "<edXML>VB-\($0)</edXML>" }))
        await bench.close()
    }

    @Test func contentThatCannotBeSyncedCommitsNothing() async throws {
        let bench = try await AcceptBench()
        bench.faults.failNext(.syncData, with: EIO)
        let refused = await refusal { try await bench.store.accept(try bench.acceptance("VB-1")) }
        #expect(refused == .storageUnavailable)
        #expect(try await bench.written() == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try await bench.store.accept(bench.acceptance("VB-1")).isAccepted)
        let line = try #require(try await bench.pending(.finance).first)
        #expect(try await bench.text(of: line.id) == "<edXML>VB-1</edXML>")
        await bench.close()
    }

    @Test func aFullDiskIsToldAsSuch() async throws {
        let bench = try await AcceptBench()
        bench.faults.failNext(.write, with: ENOSPC)
        #expect(await refusal { try await bench.store.accept(try bench.acceptance("VB-1")) } == .storageFull)
        #expect(try await bench.written() == [0, 0, 0, 0, 0, 0, 0, 0])
        await bench.close()
    }

    @Test func aCommitterThatStopsFinishesWhatItHasAndTakesNoMore() async throws {
        let bench = try await AcceptBench()
        let acceptances = try (0..<60).map { try bench.acceptance("VB-\($0)") }
        async let outcomes = withTaskGroup(of: Refusal.Code?.self) { group in
            for acceptance in acceptances {
                group.addTask { await refusal { try await bench.store.accept(acceptance) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        await bench.store.stop()
        let refusals = await outcomes
        #expect(refusals.allSatisfy { $0 == nil || $0 == .stopping })
        #expect(try await bench.count("package") == Int64(refusals.filter { $0 == nil }.count))
        #expect(await refusal { try await bench.store.accept(try bench.acceptance("VB-60")) } == .stopping)
        await bench.close()
    }
}
