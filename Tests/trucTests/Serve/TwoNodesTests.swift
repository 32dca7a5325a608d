// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import VXPProtocol

/// Two hubs that share a database and have the same keys, and nothing else.
@Suite(.serialized, .timeLimit(.minutes(4))) struct TwoNodesTests {
    private static let arguments = ["--set", "content-backend=chunks"]
    /// An agency that is registered while both serve.
    private static let newcomer = "000.00.19.H52"

    /// The same province at two nodes.
    private func nodes() async throws -> (Province, Province) {
        let first = try await Province.open(
            databaseURL: try await TestCluster.shared().freshDatabase(), arguments: Self.arguments)
        return (first, try await first.beside(arguments: Self.arguments))
    }

    @Test func `what one takes the other lists, hands out and takes the confirmation of`() async throws {
        let (first, second) = try await nodes()
        let from = try Sample.agency(Province.construction)
        let packages = try (0..<12).map { number in
            // One that fits into a transaction, and one that does not.
            try Sample.document("4\(number)", content: Array(repeating: 0x61, count: number == 5 ? 2_000_000 : 2_000))
        }
        let senders = [try first.client(Province.construction), try second.client(Province.construction)]
        try await withThrowingTaskGroup(of: Int.self) { tasks in
            for (number, package) in packages.enumerated() {
                tasks.addTask { try await senders[number % 2].send(package, from: from).status }
            }
            for try await status in tasks { #expect(status == 200) }
        }
        let receivers = [try first.client(Province.justice), try second.client(Province.justice)]
        let lines = try await receivers[0].received()
        #expect(lines.count == packages.count)
        #expect(try await receivers[1].received().map(\.docId) == lines.map(\.docId))
        var fetched: Set<[UInt8]> = []
        for (number, line) in lines.enumerated() {
            fetched.insert(try await receivers[number % 2].fetch(line.docId))
            #expect(try await receivers[(number + 1) % 2].confirm(line.docId, .done).status == 200)
        }
        #expect(fetched == Set(packages))
        for receiver in receivers { #expect(try await receiver.received().isEmpty) }

        // One dies; the other goes on with everything.
        try await first.hub.kill()
        #expect(try await senders[1].send(try Sample.document("60"), from: from).status == 200)
        #expect(try await receivers[1].received().count == 1)
        try await second.hub.stop()
    }

    @Test func `a package that is sent to both at once is one package`() async throws {
        let (first, second) = try await nodes()
        let from = try Sample.agency(Province.construction)
        let clients = [try first.client(Province.construction), try second.client(Province.construction)]
        let package = try Sample.document("61")
        let receipts = try await withThrowingTaskGroup(of: String?.self) { tasks in
            for number in 0..<8 {
                tasks.addTask { try await clients[number % 2].send(package, from: from).reply.docID }
            }
            return try await tasks.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(receipts.count == 1 && !receipts.contains(nil))
        for node in [first, second] { #expect(try await node.client(Province.justice).received().count == 1) }
        for node in [first, second] { try await node.hub.stop() }
    }

    @Test func `a change of the registry at one holds at the other`() async throws {
        let (first, second) = try await nodes()
        let from = try Sample.agency(Province.construction)
        let sender = try second.client(Province.construction)
        let early = try await sender.send(try Sample.document("71", to: [Self.newcomer]), from: from)
        #expect(try early.reply.code?.hasPrefix("recipient.") == true)
        let added = try await first.hub.command(
            "agency", "add", Self.newcomer, "--name", "Sở mới", "--system", Province.systemID(Province.health))
        #expect(added.status == 0, "\(added.errors)")
        // From the next request on, at both.
        #expect(try await sender.send(try Sample.document("72", to: [Self.newcomer]), from: from).status == 200)
        for node in [first, second] { #expect(try await node.client(Province.health).received().count == 1) }
        // One for which nothing was accepted yet: an end before that is refused.
        let short = "000.00.77.H52"
        let founded = try await first.hub.command(
            "agency", "add", short, "--name", "Sở ngắn ngày", "--system", Province.systemID(Province.health))
        #expect(founded.status == 0, "\(founded.errors)")
        let closed = try await second.hub.command("agency", "close", short, "--last-day", "2026-01-01")
        #expect(closed.status == 0, "\(closed.errors)")
        let late = try await first.client(Province.construction).send(
            try Sample.document("73", to: [short]), from: from)
        #expect(try late.reply.code == "recipient.closed")
        for node in [first, second] { try await node.hub.stop() }
    }
}
