// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(2))) struct DatabaseTraceTests {
    @Test func everyIDLeadsToTheWholeStory() async throws {
        let bench = try await AcceptBench()
        let documentID = "000.00.13.H52,2026/03/05,12/SXD-VP"
        let first = try bench.acceptance(documentID, content: "một", meaning: "m") {
            $0.codeNumber = "12"
            $0.codeNotation = "SXD-VP"
        }
        _ = try await bench.store.accept(first)
        let supplement = try bench.acceptance(
            documentID, to: [.finance, .treasury], unknown: ["000.00.99.H52"], content: "hai", meaning: "m")
        _ = try await bench.store.accept(supplement)
        let status = try bench.status(.accepted, of: documentID)
        _ = try await bench.store.accept(status)
        let recalled = try DocumentID(parsing: documentID)
        let recall = try bench.acceptance("000.00.13.H52,2026/03/06,13/SXD-TH", kind: .recall) {
            $0.links = [Envelope.Link(relation: .recalls, documentID: recalled)]
        }
        _ = try await bench.store.accept(recall)
        // Of no concern: it only answers.
        let answer = try bench.acceptance("VB-khác", from: .finance, to: [.construction]) {
            $0.links = [Envelope.Link(relation: .respondsTo, documentID: recalled)]
        }
        _ = try await bench.store.accept(answer)
        let line = try #require(try await bench.pending(.finance).first)
        _ = try await bench.fetch(line.id.uuid, by: .finance)

        for id in [
            documentID, " \(documentID) ", "12/SXD-VP", first.id.description, supplement.id.description,
            status.id.description, first.id.description.uppercased(), line.id.description,
            first.package.envelope.requestID.description, status.package.envelope.requestID.description,
        ] {
            let trace = try #require(try await bench.database.trace(id), "\(id)")
            let known = [first.id, supplement.id, status.id, recall.id]
            #expect(Set(trace.packages.map(\.id)).isSuperset(of: known), "\(id)")
            #expect(trace.packages.map(\.kind).filter { $0 == .status }.count == 2)
            #expect(!trace.packages.contains { $0.id == answer.id })
            #expect(trace.deliveries.count == 6)
            #expect(trace.statuses.map(\.record) == [StatusRecord(latest: .accepted, furthest: .accepted)])
            #expect(trace.history.map(\.at) == trace.history.map(\.at).sorted())
            #expect(trace.history.contains { $0.event == "package.fetched" && $0.delivery == line.id })
            #expect(!trace.isCut)
        }
        let own = try #require(try await bench.database.trace("000.00.13.H52,2026/03/06,13/SXD-TH"))
        #expect(own.packages.map(\.id) == [recall.id])
        await bench.close()
    }

    @Test(arguments: [
        "", " ", "12", "12/", "/", "không có", "00000000-0000-0000-0000-000000000000", "a'; DROP TABLE x",
    ])
    func nothingIsKnownUnderOtherTexts(text: String) async throws {
        let bench = try await AcceptBench()
        _ = try await bench.store.accept(
            bench.acceptance("VB-1") {
                $0.codeNumber = "12"; $0.codeNotation = "SXD"
            })
        #expect(try await bench.database.trace(text) == nil)
        await bench.close()
    }

    @Test func decomposedLettersAreTheSame() async throws {
        let bench = try await AcceptBench()
        let written = "số-báo-cáo"
        let acceptance = try bench.acceptance(written.decomposedStringWithCanonicalMapping) {
            $0.codeNumber = "7"
            $0.codeNotation = "BÁO-CÁO".decomposedStringWithCanonicalMapping
        }
        _ = try await bench.store.accept(acceptance)
        for id in [written, written.decomposedStringWithCanonicalMapping, "7/BÁO-CÁO"] {
            #expect(try await bench.database.trace(id)?.packages.map(\.id) == [acceptance.id], "\(id)")
        }
        #expect(try await bench.database.trace("7/BÁO-CÁO".decomposedStringWithCanonicalMapping) != nil)
        await bench.close()
    }

    @Test func overlongTextsAreCarriedAndFound() async throws {
        let bench = try await AcceptBench()
        var generator = SeededGenerator(seed: 7)
        let long = String(
            decoding: (0..<20_000).map { _ in UInt8.random(in: 33...126, using: &generator) }, as: UTF8.self)
        let acceptance = try bench.acceptance("VB-1", unknown: [long, long + "x"]) {
            $0.codeNumber = long.replacing("/", with: "_")
            $0.codeNotation = long
            $0.subject = long
        }
        #expect(try await bench.store.accept(acceptance).isAccepted)
        let trace = try #require(try await bench.database.trace("\(long.replacing("/", with: "_"))/\(long)"))
        #expect(trace.packages.contains { $0.id == acceptance.id })
        await bench.close()
    }
}
