// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// What a hostile or clumsy client gets: each refusal with its code, and nothing left behind.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPRefusalTests {
    @Test func `who is not who he says he is`() async throws {
        let province = try await Province.open()
        let wrong = try province.client(Province.construction, secret: "không phải khóa này")
        let nobody = SDKClient(port: province.hub.port, system: try SystemID(parsing: "qlvb.none"), secret: "x")
        for client in [wrong, nobody] {
            let answer = try await client.call(.getReceivedEdocList, [.serviceType(), .messageType(.edoc)])
            #expect(answer.status == 401)
            #expect(try answer.reply.code == "auth.signature-invalid")
            #expect(try answer.reply.errorCode == "15")
        }
        let early = try province.client(Province.construction, timestamp: .now().advanced(by: .seconds(3_600)))
        #expect(try await early.call(.getAgenciesList).reply.code == "auth.timestamp-invalid")
        let frozen = try province.client(Province.construction, timestamp: .now().advanced(by: .seconds(-86_400 * 30)))
        #expect(try await frozen.call(.getAgenciesList).status == 200)
        try await province.hub.stop()
    }

    @Test func `headers of one call do not open another`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let package = try Sample.document("11")
        _ = try await client.send(package, from: try Sample.agency(Province.construction))
        for (signedFor, replayedOn, parameters) in [
            (VXPOperation.getEdoc, VXPOperation.updateStatus, [VXPParameter.docID(DeliveryID().description)]),
            (.getReceivedEdocList, .sendEdoc, [.serviceType(), .messageType(.edoc)]),
        ] {
            let head = try await client.head(signedFor, parameters, contentLength: 2)
            let moved = head.replacing("/\(signedFor.pathComponent) ", with: "/\(replayedOn.pathComponent) ")
            let answer = try await raw(province, moved + "{}")
            #expect(answer.status == 400)
            #expect(try answer.reply.code == "request.parameter-missing")
        }
        try await province.hub.stop()
    }

    @Test func `only what is signed counts`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let head = try await client.head(.getEdoc, [], contentLength: 2)
        let unsigned = head.replacing("\r\n\r\n", with: "\r\nXroadVnpt-docId: \(DeliveryID())\r\n\r\n")
        #expect(try await raw(province, unsigned + "{}").reply.code == "request.parameter-missing")

        let signed = try await client.head(.getEdoc, [.docID(DeliveryID().description)], contentLength: 2)
        let altered = signed.replacing(
            "XroadVnpt-docId: ", with: "XroadVnpt-docId: 9", maxReplacements: 1)
        #expect(try await raw(province, altered + "{}").reply.code == "auth.header-mismatch")
        let repeated = signed.replacing("\r\n\r\n", with: "\r\nXroadVnpt-systemid: qlvb.07\r\n\r\n")
        #expect(try await raw(province, repeated + "{}").reply.code == "auth.header-repeated")
        try await province.hub.stop()
    }

    @Test func `who speaks for an agency that is not his`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let (own, foreign) = (try Sample.agency(Province.construction), try Sample.agency(Province.health))
        let forged = try Sample.document("12", from: Province.health)
        for answer in [try await client.send(forged, from: foreign), try await client.send(forged, from: own)] {
            #expect(answer.status == 403)
            #expect(try answer.reply.code == "package.sender-not-yours")
            #expect(try answer.reply.errorCode == "19")
        }
        let unknown = try await client.send(try Sample.document("12", from: "000.00.98.H52"), from: own)
        #expect(try unknown.reply.code == "package.sender-not-yours")
        #expect(try await province.client(Province.justice).received().isEmpty)
        try await province.hub.stop()
    }

    @Test func `packages that cannot be taken`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        let good = try Sample.document("13")
        let text = String(decoding: good, as: UTF8.self)
        func send(_ text: String, type: VXPMessageType = .edoc) async throws -> RawHTTPResponse {
            try await client.send(Array(text.utf8), from: from, type: type)
        }
        for (answer, status, code) in [
            (try await send("1212" + text), 422, "package.malformed"),
            (try await send(text.replacing("</edXML:To>", with: "")), 422, "package.malformed"),
            (try await send("<!DOCTYPE edXML [<!ENTITY a \"a\">]>" + text.dropFirst(38)), 422, "package.malformed"),
            (try await send(text.replacing("DocumentId>", with: "Ghichu>")), 422, "package.invalid"),
            (try await send(text, type: .status), 422, "package.kind-mismatch"),
            (
                try await client.send(good, from: from, to: [try Sample.agency(Province.health)]), 422,
                "recipient.not-addressed"
            ),
            (
                try await client.send(good, from: from, hash: HashFile(padded: SHA256Digest(of: [1]))), 422,
                "request.hash-mismatch"
            ),
        ] {
            #expect(answer.status == status)
            #expect(try answer.reply.code == code)
            #expect(try answer.reply.errorCode != "0")
            #expect(answer.field("X-Request-Id") != nil)
        }
        #expect(try await province.client(Province.justice).received().isEmpty)
        let content = province.hub.dataDirectory + "/content"
        #expect(try FileManager.default.contentsOfDirectory(atPath: content + "/spool").isEmpty)
        try await province.hub.stop()
    }

    @Test func `hash-file in either form, with the SDK's CRLF and without`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)
        let plain = try Sample.document("14")
        let package = plain + [0x0D, 0x0A]
        let digest = SHA256Digest(of: package)
        // The file itself ends with CRLF: hash-file tells which bytes are the package.
        #expect(try await client.send(package, from: from, hash: HashFile(padded: digest)).status == 200)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == package)
        #expect(try await client.send(package, from: from, hash: HashFile(unpadded: digest), ending: []).status == 200)
        #expect(try await client.send(plain, from: from, ending: [], expects: false).status == 200)
        #expect(try await receiver.received().count == 1)
        try await province.hub.stop()
    }

    @Test func `a body that is too large is refused before it is sent`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let parameters: [VXPParameter] = [
            .from(try Sample.agency(Province.construction)), .serviceType(), .messageType(.edoc),
            .hashFile(HashFile(padded: SHA256Digest(of: [1]))),
        ]
        let head = try await client.head(.sendEdoc, parameters, contentLength: 300 << 20, expects: true)
        let answer = try await raw(province, head)
        #expect(answer.status == 413)
        #expect(try answer.reply.code == "request.body-too-large")
        try await province.hub.stop()
    }

    @Test func `a body that breaks off leaves nothing`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let package = try Sample.document("16", content: [UInt8](repeating: 0x41, count: 3 << 20))
        let parameters: [VXPParameter] = [
            .from(try Sample.agency(Province.construction)), .serviceType(), .messageType(.edoc),
            .hashFile(HashFile(unpadded: SHA256Digest(of: package))),
        ]
        let connection = try await RawHTTPClient.connect(port: province.hub.port)
        try await connection.send(try await client.head(.sendEdoc, parameters, contentLength: package.count))
        try await connection.send(Array(package.prefix(2 << 20)))
        connection.halfClose()
        let answer = try await connection.receive()
        #expect(answer.status == 400)
        #expect(try answer.reply.code == "request.body-incomplete")
        #expect(try await province.client(Province.justice).received().isEmpty)
        let spool = province.hub.dataDirectory + "/content/spool"
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool).isEmpty)
        try await province.hub.stop()
    }

    @Test func `paths and methods that are none`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let head = try await client.head(.getAgenciesList, [], contentLength: 0)
        #expect(try await raw(province, head.replacing("/getAgenciesList ", with: "/getagencieslist ")).status == 404)
        let get = try await raw(province, head.replacing("POST ", with: "GET "))
        #expect(get.status == 405)
        #expect(try get.reply.code == "request.method-not-allowed")
        try await province.hub.stop()
    }

    @Test func `what a receiver reports as failed comes back, is counted, and is held at the bound`() async throws {
        let province = try await Province.open()
        _ = try await province.client(Province.construction).send(
            try Sample.document("17"), from: try Sample.agency(Province.construction))
        let receiver = try province.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        for failure in 1...5 {
            #expect(try await receiver.received().map(\.docId) == [line.docId])
            _ = try await receiver.fetch(line.docId)
            let answer = try await receiver.confirm(
                line.docId, .fail, description: "Lỗi lưu tệp \(failure)")
            #expect(answer.status == 200)
            // The answer may be lost; the report is repeated and counts once.
            #expect(try await receiver.confirm(line.docId, .fail).status == 200)
        }
        #expect(try await receiver.received().isEmpty)
        let trace = try await province.hub.command("trace", line.docId)
        #expect(trace.output.contains("tạm giữ"))
        #expect(trace.output.contains("Lỗi lưu tệp 5"))
        #expect(province.hub.logText.contains("delivery held"))
        let conflict = try await receiver.confirm(line.docId, .processing)
        #expect(conflict.status == 409)
        #expect(try conflict.reply.code == "delivery.state-conflict")
        #expect(try await province.hub.command("delivery", "list").output.contains(line.docId))
        #expect(
            try await province.hub.command("delivery", "release", line.docId, "--reason", "đã sửa").status
                == 0)
        #expect(try await receiver.received().map(\.docId) == [line.docId])
        try await province.hub.stop()
    }

    @Test func `a status for a document that is not there is delivered and marked`() async throws {
        let province = try await Province.open()
        let receiver = try province.client(Province.justice)
        let answer = try await receiver.send(
            try Sample.status(.accepted, about: try Sample.documentID("404")),
            from: try Sample.agency(Province.justice),
            type: .status)
        #expect(answer.status == 200)
        #expect(try await province.client(Province.construction).received(.status).count == 1)
        let trace = try await province.hub.command("trace", try #require(try answer.reply.docID), "--json")
        #expect(trace.output.contains(#""statusEffect" : "unknown-document""#))
        try await province.hub.stop()
    }

    @Test func `a database that is away is said at once, in JSON`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let server = try #require(Self.postmaster(of: province.hub))
        // Stopped, not killed: a killed one is back within milliseconds.
        kill(server, SIGSTOP)
        for child in Self.children(of: server) { kill(child, SIGKILL) }
        let answer = try await client.call(.getReceivedEdocList, [.serviceType(), .messageType(.edoc)])
        let ready = try await raw(province, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        let alive = try await raw(province, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        kill(server, SIGCONT)
        #expect(answer.status == 503)
        #expect(try answer.reply.code == "hub.database-unavailable")
        #expect(try answer.reply.errorCode == "20")
        #expect(ready.status == 503)
        #expect(alive.status == 200)
        try await province.hub.stop()
    }

    private func raw(_ province: Province, _ request: String) async throws -> RawHTTPResponse {
        let connection = try await RawHTTPClient.connect(port: province.hub.port)
        try await connection.send(request)
        return try await connection.receive()
    }

    private static func postmaster(of hub: HubProcess) -> pid_t? {
        let file = hub.dataDirectory + "/postgresql/data/postmaster.pid"
        return (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    private static func children(of parent: pid_t) -> [pid_t] {
        let listed = try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
        return (listed ?? "").split(separator: " ").compactMap { pid_t($0) }
    }
}
