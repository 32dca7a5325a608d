// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

@testable import Store

/// A hub on a database by URL: kinds other than new documents, damaged content, and connections cut at COMMIT.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DatabaseByURLTests {
    private struct Link: Equatable {
        let relation: String
        let documentID: String
        let agencies: String
    }

    @Test(arguments: [BusinessKind.recall, .update, .replacement])
    func `is carried as a document, with what it speaks of`(kind: BusinessKind) async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(databaseURL: database)
        let (sender, receiver) = (
            try province.client(Province.construction), try province.client(Province.justice)
        )
        let from = try Sample.agency(Province.construction)
        let document = try Sample.documentID("15").text
        let original = try Sample.document("15")
        #expect(try await sender.send(original, from: from).status == 200)
        try await receive(receiver, original)

        var business = Business(kind: kind)
        business.reason = "Sai nội dung"
        business.staff = Staff(department: "Văn thư", name: "Cán Bộ Mẫu")
        if kind == .replacement {
            business.replacements = [.init(documentIDText: document, organIDs: [Province.justice])]
        } else {
            business.documentIDText = document
        }
        let package = try Sample.document("16", business: business)
        let sent = try await sender.send(package, from: from)
        #expect(sent.status == 200, "\(sent.text)")
        let docID = try #require(try sent.reply.docID)
        // Recalls and updates are known by their bytes, replacements by their id: both are one package when sent again.
        #expect(try await sender.send(package, from: from).reply.docID == docID)
        #expect(try await receiver.received().count == 1)
        try await receive(receiver, package)

        let links = try await query(
            database,
            "SELECT relation, document_id, agencies::text AS agencies FROM package_link WHERE package_id = $1",
            [.uuid(try PackageID(parsing: docID).uuid)]
        ) {
            Link(
                relation: try $0.decode("relation"), documentID: try $0.decode("document_id"),
                agencies: try $0.decode("agencies"))
        }
        let (relation, agencies) =
            switch kind {
            case .recall: ("recalls", "[]")
            case .update: ("updates", "[]")
            case .new, .replacement: ("replaces", #"["\#(Province.justice)"]"#)
            }
        #expect(links == [Link(relation: relation, documentID: document, agencies: agencies)])
        // Who asks what became of the document is shown what was said of it.
        let trace = try await province.hub.command("trace", document, "--json")
        #expect(trace.status == 0 && trace.output.contains(docID), "\(trace.errors)")
        #expect(try await province.hub.stop() == 0)
    }

    /// 200 000 bytes lie in a segment beside others or in one chunk, 3 000 000 in a file of their own or in many chunks.
    @Test(arguments: [200_000, 3_000_000], ContentBackend.allCases)
    func `damaged content never ends in an OK`(length: Int, backend: ContentBackend) async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(
            databaseURL: database, arguments: ["--set", "content-backend=\(backend)"])
        let package = try Sample.document("51", content: Array(repeating: 0x61, count: length))
        let from = try Sample.agency(Province.construction)
        #expect(try await province.client(Province.construction).send(package, from: from).status == 200)
        let receiver = try province.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == package)

        let places = try await query(database, "SELECT place FROM content", []) {
            try ContentPlace(parsing: try $0.decode("place", as: String.self))
        }
        #expect(places.map(\.backend) == [backend])
        try await flipByte(at: try #require(places.first), below: province.hub.dataDirectory, database)
        let answer = try await receiver.call(.getEdoc, [.docID(line.docId)])
        let reply = try answer.reply
        #expect(!reply.isSuccess && reply.status == "FAIL" && reply.errorCode == "21", "\(answer.text.suffix(300))")
        #expect(reply.code == "content.damaged", "\(answer.text.suffix(300))")
        // It stands in the list as before: the operator can bring the content back.
        #expect(try await receiver.received().map(\.docId) == [line.docId])
        #expect(try await province.hub.stop() == 0)
    }

    /// What became of the transaction is unknown to the hub, and so to the sender; sending again settles it.
    @Test(arguments: [DatabaseProxy.Cut.beforeCommit, .afterCommit])
    func `the connection to the database is cut at COMMIT`(cut: DatabaseProxy.Cut) async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let proxy = try DatabaseProxy(database)
        let province = try await Province.open(databaseURL: proxy.connectionString)
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)
        let package = try Sample.document("71")
        // The registry is read in a transaction too, once.
        #expect(try await receiver.received().isEmpty)

        proxy.arm(cut)
        let unknown = try await sender.send(package, from: from)
        #expect(unknown.status == 503)
        #expect(try !unknown.reply.isSuccess && unknown.reply.code == "hub.database-unavailable", "\(unknown.text)")
        #expect(try await receiver.received().count == (cut == .afterCommit ? 1 : 0))

        let again = try await sender.send(package, from: from)
        #expect(again.status == 200, "\(again.text)")
        let docID = try again.reply.docID
        #expect(try await sender.send(package, from: from).reply.docID == docID)
        let lines = try await receiver.received()
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(try await receiver.fetch(line.docId) == package)

        proxy.arm(cut)
        #expect(try await receiver.confirm(line.docId, .done).status == 503)
        #expect(try await receiver.received().count == (cut == .afterCommit ? 0 : 1))
        #expect(try await receiver.confirm(line.docId, .done).status == 200)
        #expect(try await receiver.received().isEmpty)
        #expect(try await province.hub.stop() == 0)
    }

    /// Fetches the one package that waits, finds it to be these bytes, confirms it.
    private func receive(_ receiver: SDKClient, _ package: [UInt8]) async throws {
        let line = try #require(try await receiver.received(.edoc).first)
        #expect(try await receiver.fetch(line.docId) == package)
        #expect(try await receiver.confirm(line.docId, .done).status == 200)
        #expect(try await receiver.received(.edoc).isEmpty)
    }

    private func flipByte(at place: ContentPlace, below dataDirectory: String, _ database: String) async throws {
        let offset: UInt64
        switch place {
        case .segment(_, let start, let length): offset = UInt64(start) + 80 + UInt64(length / 2)
        case .file(_, let length): offset = UInt64(length / 2)
        case .chunks(let id, _):
            _ = try await query(
                database,
                """
                UPDATE content_chunk SET bytes = set_byte(bytes, 1000, get_byte(bytes, 1000) # 1)
                WHERE content_id = $1 AND position = 0 RETURNING position
                """, [.uuid(id.uuid)]
            ) { try $0.decode("position", as: Int32.self) }
            return
        }
        let file = try FileHandle(forUpdating: URL(filePath: "\(dataDirectory)/content/\(place.path)"))
        defer { try? file.close() }
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1]))
    }

    private func query<Value: Sendable>(
        _ database: String, _ sql: String, _ parameters: [PostgresValue],
        _ decode: @escaping @Sendable (PostgresRow) throws -> Value
    ) async throws -> [Value] {
        try await DedicatedThread(name: "test-query").run {
            let connection = try PostgresConnection(connectionString: database, applicationName: "truc-test")
            return try connection.query(sql, parameters).map(decode)
        }
    }
}
