// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// Requests that are made to be read in two ways, against a hub in a process of its own.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RequestShapeTests {
    private static let health = #"{"status":"ok"}"#

    /// What the hub answers until it closes.
    private func exchange(_ bytes: [UInt8], _ hub: HubProcess) async throws -> String {
        let client = try await RawHTTPClient.connect(port: hub.port)
        try await client.send(bytes)
        return String(decoding: try await client.receiveToEnd(), as: UTF8.self)
    }

    private func statuses(_ answers: String) -> [Int] {
        answers.matches(of: #/HTTP/1\.[01] (\d{3}) /#).compactMap { Int($0.1) }
    }

    @Test func `each shape has its answer, and no request is taken from where none stands`() async throws {
        let hub = try await HubProcess.start()
        for shape in RequestShape.all {
            let answers = try await exchange(shape.bytes, hub)
            #expect(statuses(answers) == shape.statuses, "\(shape.name)")
            #expect(answers.ranges(of: Self.health).count == shape.statuses.count { $0 == 200 }, "\(shape.name)")
            // Every refusal says which: the SDK shows nothing but what stands in the body.
            #expect(
                answers.ranges(of: #""requestId":"#).count == shape.statuses.count { $0 != 200 }, "\(shape.name)")
        }
        #expect(!hub.logText.contains("unexpected error"))
        #expect(try await hub.stop() == 0)
    }

    /// In small pieces, so that no answer depends on how the bytes came.
    @Test func `a shape in pieces has the same answer`() async throws {
        let hub = try await HubProcess.start()
        for shape in RequestShape.all where shape.bytes.count < 200 && !shape.isCutShort {
            let client = try await RawHTTPClient.connect(port: hub.port)
            // The hub may have answered and closed before the last byte.
            try? await client.send(shape.bytes, pieces: 7, pause: .zero)
            let answers = String(decoding: (try? await client.receiveToEnd()) ?? [], as: UTF8.self)
            #expect(statuses(answers) == shape.statuses, "\(shape.name)")
        }
        #expect(try await hub.stop() == 0)
    }

    @Test func `a bad request ends the connection that was good so far`() async throws {
        let hub = try await HubProcess.start()
        let client = try await RawHTTPClient.connect(port: hub.port)
        for _ in 0..<2 {
            try await client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.receive().text == Self.health)
        }
        try await client.send("GET /healthz HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        let refused = try await client.receive()
        #expect(refused.status == 400 && refused.field("Connection") == "close")
        #expect(try refused.reply.code == Refusal.Code.parameterInvalid.rawValue)
        #expect(try await client.receiveToEnd().isEmpty)
        #expect(try await hub.stop() == 0)
    }

    @Test func `what a parser would keep for another protocol is not read`() async throws {
        let hub = try await HubProcess.start()
        let client = try await RawHTTPClient.connect(port: hub.port)
        try await client.send("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n")
        let chunk = [UInt8](repeating: 0x61, count: 1 << 20)
        var sent = 0
        while sent < 64, (try? await client.send(chunk)) != nil { sent += 1 }
        #expect(sent < 64, "the connection was not closed")
        #expect(try await hub.stop() == 0)
    }

    // MARK: Signed calls

    private func signedHead(
        _ client: SDKClient, _ package: [UInt8], framing: String? = nil
    ) async throws -> String {
        let parameters: [VXPParameter] = [
            .from(try Sample.agency(Province.construction)), .serviceType(), .messageType(.edoc),
            .hashFile(HashFile(unpadded: SHA256Digest(of: package))),
        ]
        let head = try await client.head(.sendEdoc, parameters, contentLength: package.count)
        return framing.map { head.replacing("Content-Length: \(package.count)", with: $0) } ?? head
    }

    @Test func `a header of the protocol that comes twice is refused and named`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let package = try Sample.document("900")
        let head = try await signedHead(client, package)
        let lines = head.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("xroadvnpt-") }
        #expect(lines.count >= 8)
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            for repeated in [line, line.uppercased(), parts[0].lowercased() + ": other"] {
                let doubled = head.replacing("\r\n\r\n", with: "\r\n\(repeated)\r\n\r\n")
                let connection = try await RawHTTPClient.connect(port: province.hub.port)
                try await connection.send(doubled)
                let answer = try await connection.receive()
                #expect(answer.status == 400)
                let reply = try answer.reply
                #expect(reply.code == Refusal.Code.headerRepeated.rawValue)
                #expect(answer.text.lowercased().contains(parts[0].lowercased()), "\(repeated)")
            }
        }
        let receiver = try province.client(Province.justice)
        #expect(try await receiver.count(.countReceiveEdoc) == 0)
        #expect(try await client.send(package, from: try Sample.agency(Province.construction)).status == 200)
        #expect(try await receiver.count(.countReceiveEdoc) == 1)
        try await province.hub.stop()
    }

    @Test func `a body whose frame breaks, or that never comes, is no package`() async throws {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let province = try await founded.restarted("--set", "http-pace-seconds=1")
        let client = try province.client(Province.construction)
        let package = try Sample.document("901")
        let text = String(decoding: package, as: UTF8.self)
        let size = String(package.count, radix: 16)
        let chunked = try await signedHead(client, package, framing: "Transfer-Encoding: chunked")
        for body in [
            "\(size)\n\(text)\r\n0\r\n\r\n", "\(size)\r\n\(text)\n0\r\n\r\n", "+\(size)\r\n\(text)\r\n0\r\n\r\n",
            "0x\(size)\r\n\(text)\r\n0\r\n\r\n", "\(size)\r\n\(text)0\r\n\r\n", "\(size)\r\n\(text)\r\n0\r\nX\r\n\r\n",
            "FFFFFFFFFFFFFFFFF\r\n\(text)\r\n0\r\n\r\n",
        ] {
            let answers = try await exchange(Array((chunked + body).utf8), province.hub)
            #expect(statuses(answers) == [400] && answers.contains(Refusal.Code.bodyIncomplete.rawValue), "\(answers)")
        }
        let plain = try await signedHead(client, package)
        for (sent, ends, code) in [
            (package.count / 2, true, Refusal.Code.bodyIncomplete), (0, true, .bodyIncomplete),
            (package.count - 1, true, .bodyIncomplete), (100, false, .bodyTooSlow), (0, false, .bodyTooSlow),
        ] {
            let connection = try await RawHTTPClient.connect(port: province.hub.port)
            try await connection.send(Array(plain.utf8) + package.prefix(sent))
            if ends { connection.halfClose() }
            let answer = try await connection.receive()
            #expect(try answer.reply.code == code.rawValue, "\(sent)")
            #expect(answer.field("Connection") == "close")
        }
        let receiver = try province.client(Province.justice)
        #expect(try await receiver.count(.countReceiveEdoc) == 0)
        // The same package in chunks that are sound.
        let (first, rest) = (text.utf8.prefix(10), text.utf8.dropFirst(10))
        let sound =
            "A;x=y\r\n\(String(decoding: first, as: UTF8.self))\r\n\(String(rest.count, radix: 16))\r\n"
            + "\(String(decoding: rest, as: UTF8.self))\r\n0\r\nX: y\r\n\r\n"
        let connection = try await RawHTTPClient.connect(port: province.hub.port)
        try await connection.send(chunked + sound)
        #expect(try await connection.receive().status == 200)
        #expect(try await receiver.count(.countReceiveEdoc) == 1)
        try await province.hub.stop()
    }

    @Test func `clients that go away at any moment leave nothing behind`() async throws {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let package = try Sample.document("902")
        let head = Array(try await signedHead(client, package).utf8)
        let whole = head + package
        for end in stride(from: 1, to: whole.count, by: whole.count / 40) {
            let connection = try await RawHTTPClient.connect(port: province.hub.port)
            try await connection.send(Array(whole.prefix(end)))
            connection.reset()
        }
        let receiver = try province.client(Province.justice)
        #expect(try await receiver.count(.countReceiveEdoc) == 0)
        // Whole, but nobody waits for the receipt: accepted, and the same one is given to who asks again.
        let hasty = try await RawHTTPClient.connect(port: province.hub.port)
        try await hasty.send(whole)
        try await province.hub.logged("package accepted")
        hasty.reset()
        #expect(try await client.send(package, from: try Sample.agency(Province.construction)).status == 200)
        #expect(try await receiver.count(.countReceiveEdoc) == 1)
        #expect(!province.hub.logText.contains("unexpected error"))
        #expect(try await province.hub.stop() == 0)
    }
}
