// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// The only answer that is no JSON.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPDownloadTests {
    @Test func `whose package it is gets its bytes, a third system nothing`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let package = try Sample.document("61")
        let receipt = try #require(
            try await sender.send(package, from: try Sample.agency(Province.construction)).reply.docID)
        let line = try #require(try await receiver.received().first)
        for (client, id) in [(receiver, line.docId), (sender, receipt)] {
            let answer = try await client.call(.downloadEdoc, [.docID(id), VXPParameter("filePath", "/tmp/a.edxml")])
            #expect(answer.status == 200)
            #expect(answer.field("Content-Type") == "application/octet-stream")
            #expect(answer.body == package)
        }
        #expect(try await receiver.received().count == 1)
        let stranger = try province.client(Province.health)
        for (client, id) in [(stranger, line.docId), (stranger, receipt), (receiver, receipt)] {
            let answer = try await client.call(.downloadEdoc, [.docID(id)])
            #expect(answer.status == 404)
            #expect(try answer.reply.code == "package.not-found")
        }
        let wrong = try province.client(Province.justice, secret: "khác")
        #expect(try await wrong.call(.downloadEdoc, [.docID(line.docId)]).reply.code == "auth.signature-invalid")

        let list = try await receiver.head(
            .getReceivedEdocList, [.serviceType(), .messageType(.edoc)], contentLength: 0)
        let moved = list.replacing("POST /getReceivedEdocList ", with: "GET /downloadEdoc ")
        let connection = try await RawHTTPClient.connect(port: province.hub.port)
        try await connection.send(moved)
        #expect(try await connection.receive().reply.code == "request.parameter-missing")
        try await province.hub.stop()
    }

    @Test(arguments: [1_000, 3 << 20])
    func `damage cuts the connection`(length: Int) async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let package = try Sample.document("62", content: Array(repeating: 0x41, count: length))
        #expect(try await sender.send(package, from: try Sample.agency(Province.construction)).status == 200)
        let line = try #require(try await receiver.received().first)
        let root = province.hub.dataDirectory + "/content"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        let name = try #require(names.first { $0.hasSuffix(".seg") || $0.hasSuffix(".edxml") })
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: "\(root)/\(name)"))
        let offset = UInt64(package.count * 3 / 4)
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: [~byte])
        try handle.close()
        await #expect(throws: RawHTTPProblem.self) {
            try await receiver.call(.downloadEdoc, [.docID(line.docId)])
        }
        let page = try await province.hub.get("/metrics").text
        #expect(page.contains(#"truc_refusals_total{code="content.damaged"} 1"#))
        try await province.hub.stop()
    }
}
