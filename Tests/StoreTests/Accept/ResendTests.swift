// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Store

/// The same document or message once more (house §4.4).
@Suite(.timeLimit(.minutes(2))) struct ResendTests {
    @Test func theSameBytesGetTheFirstReceipt() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1")
        _ = try await bench.store.accept(first)
        let again = try bench.acceptance("VB-1")
        #expect(
            try await bench.store.accept(again) == .known(first.id, at: first.package.envelope.acceptedAt, added: 0))
        // Nothing but the history's word that it came again, under the id of the request that brought it.
        #expect(try await bench.written() == [1, 1, 1, 1, 0, 1, 0, 2])
        let repeated: [String] = try await bench.column(
            "SELECT package_id || ' ' || request_id AS value FROM history WHERE event = 'package.repeated'")
        #expect(repeated == ["\(first.id) \(again.package.envelope.requestID)"])
        await bench.close()
    }

    @Test func theSameMeaningInOtherBytesGetsTheFirstReceipt() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1", content: "<edXML>một</edXML>", meaning: "m")
        _ = try await bench.store.accept(first)
        let rebuilt = try bench.acceptance("VB-1", content: "<edXML><!--vết mới-->một</edXML>", meaning: "m")
        #expect(
            try await bench.store.accept(rebuilt) == .known(first.id, at: first.package.envelope.acceptedAt, added: 0))
        #expect(try await bench.count("package") == 1)
        let line = try #require(try await bench.pending(.finance).first)
        #expect(try await bench.text(of: line.id) == "<edXML>một</edXML>")
        await bench.close()
    }

    @Test func newRecipientsAreAddedWithTheBytesThatNameThem() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1", to: [.finance], content: "một", meaning: "m")
        _ = try await bench.store.accept(first)
        let wider = try bench.acceptance("VB-1", to: [.finance, .treasury], content: "hai", meaning: "m")
        let known = AcceptanceResult.known(first.id, at: first.package.envelope.acceptedAt, added: 1)
        #expect(try await bench.store.accept(wider) == known)
        let finance = try await bench.pending(.finance)
        #expect(finance.count == 1)
        #expect(try await bench.text(of: #require(finance.first).id) == "một")
        let treasury = try #require(try await bench.pending(.treasury).first)
        #expect(try await bench.text(of: treasury.id, for: .treasury) == "hai")
        #expect(
            try await bench.column(
                "SELECT first_package_id::text AS value FROM package WHERE id = $1", [.uuid(wider.id.uuid)])
                == [first.id.description])
        #expect(try await bench.count("history WHERE event = 'package.recipients-added'") == 1)

        // Once more, and nothing is new.
        let third = try bench.acceptance("VB-1", to: [.treasury], content: "ba", meaning: "m")
        #expect(
            try await bench.store.accept(third) == .known(first.id, at: first.package.envelope.acceptedAt, added: 0))
        #expect(try await bench.count("package") == 2)
        await bench.close()
    }

    @Test func anotherMeaningUnderTheSameIDIsAConflict() async throws {
        let bench = try await AcceptBench()
        let first = try bench.acceptance("VB-1", meaning: "một")
        _ = try await bench.store.accept(first)
        let other = try bench.acceptance("VB-1", to: [.treasury], meaning: "hai")
        #expect(try await bench.store.accept(other) == .conflict(with: first.id))
        #expect(try await bench.written() == [1, 1, 1, 1, 0, 1, 0, 2])
        #expect(try await bench.count("history WHERE event = 'package.conflict'") == 1)
        // Two agencies may use one id.
        #expect(try await bench.store.accept(bench.acceptance("VB-1", from: .stranger, meaning: "hai")).isAccepted)
        // A replacement is a document of its own, known by its id like any other.
        let replacement = try bench.acceptance("VB-1", kind: .replacement, meaning: "ba")
        #expect(try await bench.store.accept(replacement) == .conflict(with: first.id))
        await bench.close()
    }

    @Test func idsAreComparedInNFC() async throws {
        let bench = try await AcceptBench()
        let composed = try bench.acceptance("công văn số một", meaning: "m")
        #expect(try await bench.store.accept(composed).isAccepted)
        let decomposed = try bench.acceptance(
            "công văn số một".decomposedStringWithCanonicalMapping, content: "khác", meaning: "m")
        #expect(
            try await bench.store.accept(decomposed)
                == .known(composed.id, at: composed.package.envelope.acceptedAt, added: 0))
        await bench.close()
    }

    @Test(arguments: [PackageKind.recall, .update, .status])
    func messagesAreKnownByTheirBytes(kind: PackageKind) async throws {
        let bench = try await AcceptBench()
        func make(_ content: String) throws -> Acceptance {
            if kind == .status { return try bench.status(.accepted, of: "VB-1", note: content) }
            return try bench.acceptance("VB-1", kind: kind, content: content, meaning: content)
        }
        let first = try make("một")
        #expect(try await bench.store.accept(first).isAccepted)
        #expect(try await bench.store.accept(make("hai")).isAccepted)
        #expect(
            try await bench.store.accept(make("một"))
                == .known(first.id, at: first.package.envelope.acceptedAt, added: 0))
        #expect(try await bench.count("package") == 2)
        await bench.close()
    }

    @Test func duplicatesInOneBatchAreOnePackage() async throws {
        let bench = try await AcceptBench()
        let acceptances = try (0..<120).map { try bench.acceptance("VB-\($0 / 6)", content: "b \($0)", meaning: "m") }
        let results = try await withThrowingTaskGroup(of: (PackageID, AcceptanceResult).self) { group in
            for acceptance in acceptances {
                group.addTask { (acceptance.id, try await bench.store.accept(acceptance)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await Self.expectOnePackageEach(20, results, bench)
        await bench.close()
    }

    @Test func duplicatesOnTwoNodesAreOnePackage() async throws {
        let bench = try await AcceptBench()
        let other = try bench.secondStore()
        let results = try await withThrowingTaskGroup(of: (PackageID, AcceptanceResult).self) { group in
            for number in 0..<120 {
                let store = number % 2 == 0 ? bench.store : other
                // Each node meets them in another order.
                let document = number % 2 == 0 ? number / 2 % 30 : 29 - number / 2 % 30
                let acceptance = try bench.acceptance("VB-\(document)", content: "b \(number)", meaning: "m")
                group.addTask { (acceptance.id, try await store.accept(acceptance)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await Self.expectOnePackageEach(30, results, bench)
        await other.stop()
        await bench.close()
    }

    private static func expectOnePackageEach(
        _ documents: Int, _ results: [(id: PackageID, result: AcceptanceResult)], _ bench: AcceptBench
    ) async throws {
        let accepted = Set(results.filter { $0.result.isAccepted }.map(\.id))
        #expect(accepted.count == documents)
        for (_, result) in results {
            switch result {
            case .accepted(let id, _, _): #expect(accepted.contains(id))
            case .known(let id, _, let added, _):
                #expect(accepted.contains(id))
                #expect(added == 0)
            case .conflict, .destroyed, .frozen, .sealed, .registryChanged: Issue.record("\(result)")
            }
        }
        #expect(try await bench.pending(.finance).count == documents)
        #expect(try await bench.count("package") == Int64(documents))
    }

    @Test func racingAdditionsAddEachRecipientOnce() async throws {
        let bench = try await AcceptBench()
        let other = try bench.secondStore()
        _ = try await bench.store.accept(bench.acceptance("VB-1", meaning: "m"))
        let added = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                let store = number % 2 == 0 ? bench.store : other
                let acceptance = try bench.acceptance(
                    "VB-1", to: [.finance, .treasury, .stranger], unknown: ["000.00.99.H52"], content: "b \(number)",
                    meaning: "m")
                group.addTask {
                    guard case .known(_, _, let added, _) = try await store.accept(acceptance) else { return -1_000 }
                    return added
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(added == 3)
        #expect(try await bench.pending(.treasury).count == 1)
        #expect(try await bench.pending(.stranger).count == 1)
        #expect(try await bench.pending(.construction, .status).count == 1)
        #expect(try await bench.count("delivery WHERE state = 'undeliverable'") == 1)
        await other.stop()
        await bench.close()
    }

    @Test func aRecipientRegisteredMeanwhileGetsTheResend() async throws {
        let bench = try await AcceptBench()
        let new = "000.00.77.H52"
        _ = try await bench.store.accept(bench.acceptance("VB-1", unknown: [new], meaning: "m"))
        try await bench.database.addAgency(
            NewAgency(code: AgencyID(parsing: new), name: "Mới", system: TestAgency.stranger.systemID),
            actor: "operator:test")
        let registry = try await bench.database.registry()
        let key = try #require(registry.agencies.first { $0.code.text == new }).key
        let plain = try bench.acceptance("VB-1", content: "hai", meaning: "m", version: registry.version)
        let resend = Acceptance(
            registryVersion: registry.version,
            package: NewPackage(
                envelope: plain.package.envelope, content: plain.package.content,
                deliveries: plain.package.deliveries + [
                    NewDelivery(id: DeliveryID(), written: new, outcome: .waiting(key))
                ]))
        guard case .known(_, _, added: 1, _) = try await bench.store.accept(resend) else {
            Issue.record("the recipient was not added")
            return
        }
        #expect(
            try await bench.database.pending(ListFilter(agencies: [key], messageType: .edoc), after: nil).count == 1)
        await bench.close()
    }

    @Test func whatIsKnownLeavesNothingOfItsNotices() async throws {
        let bench = try await AcceptBench()
        for _ in 0..<3 { _ = try await bench.store.accept(bench.acceptance("VB-1", unknown: ["000.00.99.H52"])) }
        #expect(try await bench.pending(.construction, .status).count == 1)
        // Every identity stands for a package that is there.
        #expect(try await bench.count("package_key") == 2)
        #expect(
            try await bench.count("package_key WHERE NOT EXISTS (SELECT FROM package WHERE id = package_id)") == 0)
        await bench.close()
    }
}
