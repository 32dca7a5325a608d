// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

@Suite(.serialized, .timeLimit(.minutes(5))) struct ContentCommandTests {
    private struct Line: Decodable, Equatable {
        var finding: String
        var packageId: PackageID?
        var documentId: String?
        var place: String?
        var offset: Int64?
        var bytes: Int64?
        var packages: Int64?
        var damaged: Int64?
        var missing: Int64?
        var unreadable: Int64?
        var destroyed: Int64?
        var unreferencedBytes: Int64?
    }

    private func lines(_ outcome: CommandOutcome) throws -> [Line] {
        try outcome.output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// Inverts a byte in the middle of the package's own file.
    private func flip(_ path: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seek(toOffset: 1_000_000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 1_000_000)
        try file.write(contentsOf: Data([~byte]))
    }

    @Test func `beside a running hub, with a file damaged and then gone`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        let large = try Sample.document("52", content: [UInt8](repeating: 9, count: 2 << 20))
        let docID = try await sender.send(large, from: from).reply.docID
        #expect(try await sender.send(try Sample.document("51"), from: from).status == 200)

        let whole = try await province.hub.command("content", "check")
        #expect(whole.status == 0 && whole.output.contains("(all whole)"), "\(whole.output)\(whole.errors)")
        #expect(whole.output.contains("Đã kiểm tra 2 gói tin"))

        let folder = province.hub.dataDirectory + "/content/large"
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        let file = folder + "/" + (try #require(names.first { $0.hasSuffix(".edxml") }))
        try flip(file)
        let damaged = try await province.hub.command("content", "check", "--json")
        #expect(damaged.status == 2)
        let found = try lines(damaged)
        let line = try #require(found.first { $0.finding == "damaged" })
        #expect(line.packageId?.description == docID)
        #expect(line.documentId == (try Sample.documentID("52").text))
        let summary = try #require(found.last)
        #expect(summary.finding == "summary" && summary.packages == 2)
        #expect(summary.damaged == 1 && summary.missing == 0 && summary.unreadable == 0)

        let text = try await province.hub.command("content", "check")
        #expect(text.status == 2 && text.output.contains("hỏng (damaged): gói tin \(docID ?? "?")"), "\(text.output)")

        try FileManager.default.moveItem(atPath: file, toPath: province.hub.dataDirectory + "/content/spool/left")
        let missing = try lines(try await province.hub.command("content", "check", "--json"))
        #expect(missing.first { $0.packageId != nil }?.finding == "missing")
        let left = try #require(missing.first { $0.place == "spool/left" })
        let sealed = Int64(FrameLayout.sealedLength(plaintextLength: large.count))
        #expect(left.finding == "unreferenced" && left.offset == 0 && left.bytes == sealed)
        #expect(missing.last?.missing == 1 && (missing.last?.unreferencedBytes ?? 0) >= Int64(large.count))
        #expect(try await province.hub.stop() == 0)
    }

    @Test func `a destroyed content is gone for both sides, and everything else of it is still told`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)
        let docID = try #require(try await sender.send(try Sample.document("53"), from: from).reply.docID)
        func destroy(_ output: String...) async throws -> CommandOutcome {
            try await CommandOutcome.run(
                ["content", "destroy", docID, "--decision", "45/QĐ-VP", "--date", "2026-11-20"] + output,
                environment: ["TRUC_DATA_DIR": province.hub.dataDirectory])
        }
        let early = try await destroy()
        #expect(early.status == 1 && early.errors.contains("[content.awaited]"), "\(early.errors)")

        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.call(.getEdoc, [.docID(line.docId)]).reply.isSuccess)
        _ = try await receiver.confirm(line.docId, .done)
        let done = try await destroy("--json")
        #expect(done.status == 0 && done.output.contains(docID), "\(done.output)\(done.errors)")
        for (client, id) in [(receiver, line.docId), (sender, docID)] {
            let answer = try await client.call(.getEdoc, [.docID(id)])
            #expect(answer.status == 410 && answer.text.contains("content.destroyed"), "\(answer.text)")
        }
        let again = try await destroy()
        #expect(again.status == 0 && again.output.contains("đã bị hủy từ trước"))
        let trace = try await province.hub.command("trace", docID)
        #expect(trace.output.contains("content.destroyed") && trace.output.contains("45/QĐ-VP"), "\(trace.output)")
        let check = try await province.hub.command("content", "check")
        #expect(check.status == 0 && check.output.contains("(destroyed): 1"), "\(check.output)")
        #expect(try await province.hub.stop() == 0)
    }

    @Test func `a node that keeps chunks, and a directory that is not the hub's`() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(databaseURL: database, arguments: ["--set", "content-backend=chunks"])
        let from = try Sample.agency(Province.construction)
        #expect(
            try await province.client(Province.construction).send(try Sample.document("61"), from: from).status == 200)
        let whole = try await province.hub.command("content", "check", "--json")
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try lines(whole).map(\.finding) == ["summary"])
        #expect(try await province.hub.stop() == 0)

        let directory = try TestCluster.temporaryDirectory()
        try FileManager.default.copyItem(
            atPath: province.hub.dataDirectory + "/keyring", toPath: directory + "/keyring")
        let files = try await HubProcess.start(dataDirectory: directory, databaseURL: database)
        #expect(try await files.stop() == 0)
        // The database describes the second directory from now on.
        let refused = try await province.hub.command("content", "check")
        #expect(refused.status == 2 && refused.errors.contains("[setup.store-mismatch]"), "\(refused.errors)")
        #expect(try await files.command("content", "check").status == 0)
    }
}
