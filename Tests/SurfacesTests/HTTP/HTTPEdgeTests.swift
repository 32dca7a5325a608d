// SPDX-License-Identifier: Apache-2.0
import Exchange
import Logging
import Surfaces
import TestKit
import Testing

/// What the edge does, seen from the other end of a real TCP connection.
@Suite(.timeLimit(.minutes(2))) struct HTTPEdgeTests {
    @Test func everyAnswerCarriesTheRequestID() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("GET /id HTTP/1.1\r\nHost: h\r\n\r\n")
            let response = try await client.receive()
            let id = try #require(response.field("X-Request-Id"))
            #expect(response.text == "\(id) \(id)")
            try await client.send("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n")
            let refused = try await client.receive()
            #expect(refused.status == 404)
            let other = try #require(refused.field("X-Request-Id"))
            #expect(other != id)
            #expect(refused.text == #"{"code":"request.unknown-operation","requestId":"\#(other)"}"#)
        }
    }

    @Test func theRawHeaderListReachesTheSurface() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("GET /fields HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\nX-Ă: 3\r\n\r\n")
            let response = try await client.receive()
            // A name that is no token is refused by the parser.
            #expect(response.status == 400)
            let second = try await server.client()
            try await second.send(
                "GET /fields HTTP/1.1\r\nHost: h\r\nXroadVnpt-docId:  1 \r\nxroadvnpt-docid: đ\r\n\r\n")
            #expect(try await second.receive().text == "XroadVnpt-docId=1\nxroadvnpt-docid=đ")
        }
    }

    @Test func unexpectedErrorsAndEmptyAnswersBecomeRefusals() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            for path in ["/unexpected", "/empty"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try await client.receive()
                #expect(response.status == 500)
                #expect(response.text.contains("hub.internal-error"))
            }
        }
    }

    @Test func streamedAnswers() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
            let response = try await client.receive()
            let expected = (0..<1000).map { "\($0)," }.joined() + (response.field("X-Request-Id") ?? "")
            #expect(response.field("Transfer-Encoding") == "chunked")
            #expect(response.text == expected)
            // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
            let old = try await server.client()
            try await old.send("GET /stream HTTP/1.0\r\n\r\n")
            let oldResponse = try await old.receive()
            #expect(oldResponse.field("Transfer-Encoding") == nil)
            #expect(oldResponse.text.hasPrefix("0,1,2,") && oldResponse.text.contains(",999,"))
        }
    }

    /// A client must be able to tell half an answer from a whole one.
    @Test func aStreamThatBreaksOffIsCut() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n")
            await #expect(throws: RawHTTPProblem.self) { try await client.receive() }
        }
    }

    @Test(arguments: ["GARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /a\r\n", "\u{16}\u{03}\u{01}\r\n\r\n"])
    func whatIsNoRequestIsAnswered(bytes: String) async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send(bytes)
            client.halfClose()
            let response = try await client.receive()
            #expect(response.status == 400)
            #expect(response.field("Connection") == "close")
            #expect(response.text.contains(try #require(response.field("X-Request-Id"))))
            #expect(try await client.receiveToEnd().isEmpty)
        }
    }

    /// Two framings in one request are how requests are smuggled past a proxy.
    @Test func twoLengthsAreRefused() async throws {
        try await EdgeTestServer.run { server in
            for lengths in [
                "Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 4",
                "Content-Length: -1", "Content-Length: 3x",
            ] {
                let client = try await server.client()
                try await client.send("POST /body HTTP/1.1\r\nHost: h\r\n\(lengths)\r\n\r\n0\r\n\r\n")
                #expect(try await client.receive().status == 400, "\(lengths)")
            }
        }
    }

    @Test func aHeadHasABound() async throws {
        try await EdgeTestServer.run { server in
            let fits = try await server.client()
            let long = String(repeating: "a", count: 60 << 10)
            try await fits.send("GET /id HTTP/1.1\r\nHost: h\r\nX: \(long)\r\n\r\n")
            #expect(try await fits.receive().status == 200)
            let client = try await server.client()
            let tooLong = String(repeating: "a", count: 4 * HTTPEdgeLimits.headBytes)
            try await client.send("GET /id HTTP/1.1\r\nHost: h\r\nX: \(tooLong)\r\n\r\n")
            #expect(try await client.receive().status == 400)
            #expect(try await client.receiveToEnd().isEmpty)
            let many = try await server.client()
            let fields = (0...HTTPEdgeLimits.headFields).map { "X\($0): a\r\n" }.joined()
            try await many.send("GET /id HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
            #expect(try await many.receive().status == 400)
        }
    }

    private func expect(_ status: Int, of head: String, _ server: EdgeTestServer) async throws {
        let client = try await server.client()
        try await client.send("\(head)\r\n\r\n")
        let answer = try await client.receive()
        #expect(answer.status == status, "\(head.prefix(20)), \(head.utf8.count) bytes")
    }

    @Test func aHeadUpToItsBoundsIsServedAndNothingBeyond() async throws {
        let most = HTTPEdgeLimits.headBytes
        try await EdgeTestServer.run { server in
            // Target, names and values count together.
            let field = most - "/idHosthX".utf8.count
            for (length, status) in [(field, 200), (field + 1, 400)] {
                let value = String(repeating: "a", count: length)
                try await expect(status, of: "GET /id HTTP/1.1\r\nHost: h\r\nX: \(value)", server)
                let (one, other) = (value.prefix(1_000), value.dropFirst(1_001))
                try await expect(status, of: "GET /id HTTP/1.1\r\nHost: h\r\nX: \(one)\r\nX: \(other)", server)
            }
            let target = most - "/Hosth".utf8.count
            for (length, status) in [(target, 404), (target + 1, 400)] {
                let path = "/" + String(repeating: "a", count: length)
                try await expect(status, of: "GET \(path) HTTP/1.1\r\nHost: h", server)
            }
            for (count, status) in [(HTTPEdgeLimits.headFields, 200), (HTTPEdgeLimits.headFields + 1, 400)] {
                let fields = (1..<count).map { "\r\nX\($0): a" }.joined()
                try await expect(status, of: "GET /id HTTP/1.1\r\nHost: h\(fields)", server)
            }
        }
    }

    @Test func anAddressInUseIsARefusal() async throws {
        try await EdgeTestServer.run { server in
            let edge = HTTPEdge(
                surface: ProbeSurface(), address: ListenAddress(host: "127.0.0.1", port: server.port),
                logger: Logger(label: "edge-test"))
            await #expect {
                try await edge.run()
            } throws: { error in
                (error as? Refusal)?.code == .settingInvalid
            }
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct GracefulStopTests {
    @Test func whatIsDueIsAnsweredAndTheRestClosed() async throws {
        try await EdgeTestServer.run { server in
            let idle = try await server.client()
            try await idle.send("GET /id HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await idle.receive()
            let busy = try await server.client()
            try await busy.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n")
            try await server.surface.atGate.value

            await server.stop()
            // The idle one is closed while the busy one still waits.
            #expect(try await idle.receiveToEnd().isEmpty)
            server.surface.gate.give(())
            let response = try await busy.receive()
            #expect(response.text == "through")
            // Said in the answer or not: the word to stop comes to the connections one after the other.
            #expect(try await busy.receiveToEnd().isEmpty)
            // The port is not tried: another test may have it.
            try await server.ended.value
        }
    }
    /// A test that fails while an answer is due must say so, not wait for ever for the server's end.
    @Test func aTestThatFailsEndsItsServer() async throws {
        await #expect(throws: ProbeSurface.Unexpected.self) {
            try await EdgeTestServer.run { server in
                let busy = try await server.client()
                try await busy.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n")
                try await server.surface.atGate.value
                throw ProbeSurface.Unexpected()
            }
        }
    }

    @Test func aWaitEndsWithItsTask() async throws {
        let signal = Signal<Void>()
        let waiting = Task { try await signal.value }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
