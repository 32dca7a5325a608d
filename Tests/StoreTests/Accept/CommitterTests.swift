// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

/// The committer when the database stands still or dies.
@Suite(.timeLimit(.minutes(2))) struct CommitterTests {
    @Test func moreThanMayWaitIsRefusedAsOverload() async throws {
        let bench = try await AcceptBench()
        let holder = Holder()
        let owner = bench.owner
        let held = Task {
            try await onConnection(to: owner) { connection in
                try connection.execute("BEGIN; LOCK TABLE package_key IN ACCESS EXCLUSIVE MODE")
                holder.hold()
            }
        }
        await holder.isHolding()
        // The first batch may have taken up to `maxBatch` away before the lock stopped it.
        let surplus = 40
        let total = Committer.maxWaiting + Committer.maxBatch + surplus
        let acceptances = try (0..<total).map { try bench.acceptance("VB-\($0)") }
        let outcomes = try await withThrowingTaskGroup(of: Refusal.Code?.self) { group in
            for acceptance in acceptances {
                group.addTask { await refusal { try await bench.store.accept(acceptance) } }
            }
            var outcomes: [Refusal.Code?] = []
            while outcomes.count < surplus, let outcome = try await group.next() { outcomes.append(outcome) }
            #expect(outcomes.allSatisfy { $0 == .overloaded })
            holder.letGo()
            return try await group.reduce(into: outcomes) { $0.append($1) }
        }
        try await held.value
        let accepted = outcomes.filter { $0 == nil }.count
        #expect(outcomes.filter { $0 == .overloaded }.count == total - accepted)
        #expect((Committer.maxWaiting + 1...Committer.maxWaiting + Committer.maxBatch).contains(accepted))
        #expect(try await bench.count("package") == Int64(accepted))
        await bench.close()
    }

    @Test func contentThatWaitsInMemoryHasABoundOfItsOwn() async throws {
        let bench = try await AcceptBench()
        let holder = Holder()
        let owner = bench.owner
        let held = Task {
            try await onConnection(to: owner) { connection in
                try connection.execute("BEGIN; LOCK TABLE package_key IN ACCESS EXCLUSIVE MODE")
                holder.hold()
            }
        }
        await holder.isHolding()
        // Every one shares the same megabyte; what counts is what it says it is.
        let megabyte = [UInt8](repeating: 0x20, count: 1 << 20)
        let bytes = ContentBytes(megabyte)
        let fit = Committer.maxWaitingBytes >> 20
        let total = fit + Committer.maxBatch + 10
        let outcomes = try await withThrowingTaskGroup(of: Refusal.Code?.self) { group in
            for number in 0..<total {
                let plain = try bench.acceptance("VB-\(number)") { $0.sha256 = bytes.digest }
                let acceptance = Acceptance(
                    registryVersion: plain.registryVersion,
                    package: NewPackage(
                        envelope: plain.package.envelope, content: .memory(bytes),
                        deliveries: plain.package.deliveries))
                group.addTask { await refusal { try await bench.store.accept(acceptance) } }
            }
            var outcomes: [Refusal.Code?] = []
            while outcomes.count < 10, let outcome = try await group.next() { outcomes.append(outcome) }
            #expect(outcomes.allSatisfy { $0 == .overloaded })
            holder.letGo()
            return try await group.reduce(into: outcomes) { $0.append($1) }
        }
        try await held.value
        #expect((fit + 1...fit + Committer.maxBatch).contains(outcomes.filter { $0 == nil }.count))
        await bench.close()
    }

    /// What was acknowledged is there once, what was not may be sent again.
    @Test func aDatabaseThatIsKilledLosesNothingThatWasAcknowledged() async throws {
        let slot = await TestSlot.take()
        let cluster = try await PrivateCluster.open(
            dataDirectory: TestCluster.temporaryDirectory() + "/d", mode: .serve, logger: quietLogger)
        try await Schema.prepare(connectionString: cluster.connectionString, logger: quietLogger)
        let bench = try await AcceptBench(owner: cluster.connectionString, slot: slot)
        let total = 400
        let killed = Shared(false)
        let first = try await withThrowingTaskGroup(of: (Int, Refusal.Code?).self) { group in
            for number in 0..<total {
                let acceptance = try bench.acceptance("VB-\(number)")
                group.addTask { (number, await refusal { try await bench.store.accept(acceptance) }) }
            }
            var outcomes: [Int: Refusal.Code] = [:]
            for try await (number, code) in group {
                // As soon as the first are in, with most of them under way.
                if !killed.value, let server = cluster.serverPID {
                    killed.change { $0 = true }
                    kill(server, SIGKILL)
                }
                outcomes[number] = code
            }
            return outcomes
        }
        #expect(!first.isEmpty, "the server died too late")
        #expect(Set(first.values) == [.databaseUnavailable])

        for number in first.keys.sorted() {
            let acceptance = try bench.acceptance("VB-\(number)")
            // The server comes back by itself; until then every answer is a quick no.
            while await refusal({ try await bench.store.accept(acceptance) }) == .databaseUnavailable {
                await Task.yield()
            }
        }
        let lines = try await bench.pending(.finance)
        #expect(lines.count == total)
        #expect(try await bench.count("package") == Int64(total))
        var texts: Set<String> = []
        for line in lines { texts.insert(try await bench.text(of: line.id)) }
        #expect(texts == Set((0..<total).map { "<edXML>VB-\($0)</edXML>" }))
        await bench.close()
        await cluster.stop()
    }
}
