// SPDX-License-Identifier: Apache-2.0
import Exchange
import Surfaces
import TestKit
import Testing

@Suite(.timeLimit(.minutes(2))) struct ExpectContinueTests {
    private func head(_ path: String, _ fields: String, version: String = "1.1") -> String {
        "POST \(path) HTTP/\(version)\r\nHost: h\r\nExpect: 100-continue\r\n\(fields)\r\n\r\n"
    }

    /// An Apache client sends the head, waits, and only then the body.
    @Test(arguments: ["Content-Length: 5", "Transfer-Encoding: chunked"])
    func isAnsweredAtOnce(framing: String) async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            for _ in 0..<2 {
                try await client.send(head("/body", framing))
                let goOn = try await client.receive()
                #expect(goOn.status == 100)
                #expect(goOn.fields.isEmpty)
                try await client.send(framing.hasPrefix("C") ? "hello" : "5\r\nhello\r\n0\r\n\r\n")
                let response = try await client.receive()
                #expect(response.status == 200 && response.text == "5")
            }
        }
    }

    @Test func isNotAnsweredWhenTheBodyIsTooLarge() async throws {
        try await EdgeTestServer.run {
            $0.bodyBytes = 1 << 20
        } _: { server in
            let client = try await server.client()
            try await client.send(head("/body", "Content-Length: \((1 << 20) + 1)"))
            let response = try await client.receive()
            #expect(response.status == 413)
            #expect(response.field("Connection") == "close")
            #expect(response.text.contains("request.body-too-large"))
        }
    }

    @Test func meansNothingWithoutContentOrFromHTTP10() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send(head("/body", "Content-Length: 0"))
            #expect(try await client.receive().status == 200)
            let old = try await server.client()
            try await old.send(head("/body", "Content-Length: 2", version: "1.0") + "ab")
            let response = try await old.receive()
            #expect(response.status == 200 && response.text == "2" && response.version == "HTTP/1.0")
            #expect(try await old.receiveToEnd().isEmpty)
        }
    }

    @Test func otherExpectationsAreIgnored() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nab")
            #expect(try await client.receive().status == 200)
        }
    }

    /// Written at once it would stand inside the answer to the request before.
    @Test func waitsForEarlierAnswers() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n" + head("/body", "Content-Length: 2"))
            try await server.surface.atGate.value
            server.surface.gate.give(())
            #expect(try await client.receive().text == "through")
            #expect(try await client.receive().status == 100)
            try await client.send("ab")
            #expect(try await client.receive().text == "2")
        }
    }
}

/// Answers that come before the end of their request.
@Suite(.timeLimit(.minutes(2))) struct EarlyAnswerTests {
    private func post(_ path: String, _ length: Int) -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n"
    }

    /// A client that sends all before it reads anything must still get to read the answer, not a reset.
    @Test(arguments: ["/refuse", "/unread", "/small"], ["keep-alive", "close"])
    func theRestIsReadSoThatTheAnswerArrives(path: String, connection: String) async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            let length = 24 << 20
            let fields = "Host: h\r\nConnection: \(connection)\r\nContent-Length: \(length)"
            try await client.send("POST \(path) HTTP/1.1\r\n\(fields)\r\n\r\n")
            try await client.send([UInt8](repeating: 0x61, count: length))
            let response = try await client.receive()
            #expect(response.status == ["/refuse": 401, "/unread": 200, "/small": 413][path])
            #expect(response.field("Connection") == "close")
            #expect(try await client.receiveToEnd().isEmpty)
        }
    }

    @Test func chunkedBodiesToo() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("POST /refuse HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "100000\r\n" + String(repeating: "a", count: 1 << 20) + "\r\n"
            for _ in 0..<8 { try await client.send(chunk) }
            try await client.send("0\r\n\r\n")
            #expect(try await client.receive().status == 401)
            #expect(try await client.receiveToEnd().isEmpty)
        }
    }

    @Test func notForEver() async throws {
        try await EdgeTestServer.run {
            $0.drainBytes = 1 << 20
        } _: { server in
            let client = try await server.client()
            let length = 200 << 20
            try await client.send(post("/refuse", length))
            let piece = [UInt8](repeating: 0x61, count: 1 << 20)
            // The kernel's buffers take some more than the bound; 200 MB they do not.
            await #expect(throws: RawHTTPProblem.self) {
                for _ in 0..<200 { try await client.send(piece) }
            }
        }
    }

    /// Without the bound in time the connection would stay open for as long as the client keeps it.
    @Test func notForLong() async throws {
        try await EdgeTestServer.run {
            $0.drainTime = .milliseconds(200)
        } _: { server in
            let client = try await server.client()
            try await client.send(post("/refuse", 1 << 20) + "a")
            #expect(try await client.receive().status == 401)
            _ = try await client.receiveToEnd()
            // Half closed, that was only the end of the answer: the server has really gone when sending fails.
            await #expect(throws: RawHTTPProblem.self) {
                while true { try await client.send([0x61], pieces: 1, pause: .milliseconds(20)) }
            }
        }
    }

    /// Bodies that nobody reads, like the SDK's `{}`, must not cost a new connection each.
    @Test func aSmallRestKeepsTheConnection() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            for _ in 0..<3 {
                try await client.send(post("/unread", 2) + "{}")
                let response = try await client.receive()
                #expect(response.status == 200 && response.field("Connection") == nil)
            }
            try await client.send(post("/refuse", 1000))
            #expect(try await client.receive().status == 401)
            try await client.send(String(repeating: "a", count: 1000) + "GET /id HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.receive().status == 200)
        }
    }

    /// The answer to a chunked body where ten bytes are the most, and how its reader fared.
    private func answer(
        to chunks: String, _ judge: (RawHTTPResponse, Result<Int, Refusal>) -> Void
    ) async throws {
        try await EdgeTestServer.run {
            $0.bodyBytes = 10
        } _: { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            try await client.send(chunks)
            judge(try await client.receive(), try await server.surface.outcome.value)
        }
    }

    @Test func theLimitHoldsForChunkedBodies() async throws {
        try await answer(to: "9\r\n012345678\r\n1\r\n9\r\n0\r\n\r\n") { answer, outcome in
            #expect(answer.status == 200 && outcome == .success(10))
        }
        try await answer(to: "a\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n") { answer, outcome in
            #expect(answer.status == 413)
            #expect(outcome == .failure(Refusal(.bodyTooLarge, "the limit is 10 bytes")))
        }
    }

    /// That of the whole edge, and the smaller one of a single call.
    @Test(arguments: [("/body", 1_000), ("/small", 8)])
    func aBodyOfExactlyTheLimitIsTaken(path: String, limit: Int) async throws {
        try await EdgeTestServer.run {
            $0.bodyBytes = 1_000
        } _: { server in
            for (length, status) in [(limit, 200), (limit + 1, 413)] {
                let client = try await server.client()
                try await client.send(post(path, length) + String(repeating: "a", count: length))
                let answer = try await client.receive()
                #expect(answer.status == status, "\(length)")
                if status == 200 { #expect(answer.text == "\(length)") }
            }
        }
    }

    @Test func aClientThatWantsToCloseIsClosed() async throws {
        try await EdgeTestServer.run { server in
            for connection in ["close", "Close", "keep-alive, Close"] {
                let client = try await server.client()
                try await client.send("GET /id HTTP/1.1\r\nHost: h\r\nConnection: \(connection)\r\n\r\n")
                #expect(try await client.receive().field("Connection") == "close")
                #expect(try await client.receiveToEnd().isEmpty)
            }
        }
    }

    /// Closing must not throw away what the client has not taken yet.
    @Test func aLargeAnswerIsWholeBeforeTheClose() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client(receiveBuffer: 4096)
            try await client.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(try await client.receive().body.count == 16 << 20)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct BrokenBodyTests {
    /// Hummingbird by itself would take such a body for complete.
    @Test(arguments: [
        "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        "Content-Length: 10\r\n\r\n",
    ])
    func aHalfClosedBodyIsIncomplete(rest: String) async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\n\(rest)")
            client.halfClose()
            let response = try await client.receive()
            #expect(response.status == 400)
            #expect(response.text.contains("request.body-incomplete"))
            #expect(try await client.receiveToEnd().isEmpty)
        }
    }

    @Test func aBrokenChunkIsIncomplete() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send(
                "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n")
            let response = try await client.receive()
            #expect(response.text.contains("request.body-incomplete"))
        }
    }

    @Test func aResetIsIncomplete() async throws {
        try await EdgeTestServer.run { server in
            let client = try await server.client()
            try await client.send(
                "POST /body HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            _ = try await client.receive()
            try await client.send("abc")
            client.reset()
            guard case .failure(let refusal) = try await server.surface.outcome.value else {
                Issue.record("a body that broke off was taken for complete")
                return
            }
            #expect(refusal.code == .bodyIncomplete)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct SlowClientTests {
    private func hasty(_ limits: inout HTTPEdgeLimits) {
        limits.paceWindow = .milliseconds(200)
        limits.paceBytes = 100
        limits.drainTime = .milliseconds(200)
    }

    @Test(arguments: [
        "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab", "Content-Length: 10\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5;x=", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
    ])
    func aStalledBodyIsAnswered(rest: String) async throws {
        try await EdgeTestServer.run(hasty) { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\n\(rest)")
            let response = try await client.receive()
            #expect(response.status == 408)
            #expect(response.field("Connection") == "close")
            #expect(response.text.contains("request.body-too-slow"))
        }
    }

    /// One byte now and then never is idle.
    @Test func aTricklingBodyIsAnswered() async throws {
        try await EdgeTestServer.run(hasty) { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
            async let response = client.receive()
            await #expect(throws: RawHTTPProblem.self) {
                try await client.send([UInt8](repeating: 0x61, count: 100_000), pieces: 1, pause: .milliseconds(10))
            }
            #expect(try await response.status == 408)
        }
    }

    @Test func aSteadyBodyIsNot() async throws {
        try await EdgeTestServer.run {
            // Longer than a machine with too much to do holds a piece back, shorter than the whole.
            $0.paceWindow = .seconds(3)
            $0.paceBytes = 10
        } _: { server in
            let client = try await server.client()
            try await client.send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n")
            try await client.send([UInt8](repeating: 0x61, count: 2000), pieces: 20, pause: .milliseconds(40))
            #expect(try await client.receive().text == "2000")
        }
    }

    @Test(arguments: ["", "POST /body HTTP/1.1\r\nHos", "GET /id HTTP/1.1\r\nHost: h\r\n\r\n"])
    func anIdleConnectionIsClosed(bytes: String) async throws {
        try await EdgeTestServer.run {
            // The request must come before that, from a thread that may have to wait for its turn.
            $0.idleTime = .seconds(4)
        } _: { server in
            let client = try await server.client()
            try await client.send(bytes)
            if bytes.hasSuffix("\r\n\r\n") { _ = try await client.receive() }
            #expect(try await client.receiveToEnd().isEmpty)
        }
    }

    /// A byte now and then makes no progress: the head has to be whole in time.
    @Test func aTricklingHeadIsClosed() async throws {
        try await EdgeTestServer.run {
            $0.idleTime = .seconds(1)
        } _: { server in
            let client = try await server.client()
            try await client.send("GET /id HTTP/1.1\r\nHost: h\r\nX: ")
            await #expect(throws: RawHTTPProblem.self) {
                try await client.send([UInt8](repeating: 0x61, count: 60_000), pieces: 1, pause: .milliseconds(10))
            }
        }
    }

    /// The time that the hub itself takes for an answer is nobody's idleness.
    @Test func aSlowAnswerIsNotIdle() async throws {
        try await EdgeTestServer.run {
            $0.idleTime = .seconds(4)
            hasty(&$0)
        } _: { server in
            let client = try await server.client()
            try await client.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n")
            try await server.surface.atGate.value
            // Another connection idles out meanwhile.
            #expect(try await server.client().receiveToEnd().isEmpty)
            server.surface.gate.give(())
            #expect(try await client.receive().text == "through")
        }
    }

    @Test func aClientThatDoesNotReadIsCut() async throws {
        try await EdgeTestServer.run {
            $0.writeStallTime = .milliseconds(200)
        } _: { server in
            let client = try await server.client(receiveBuffer: 4096)
            try await client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await server.surface.outcome.value
            await #expect(throws: RawHTTPProblem.self) { try await client.receive() }
        }
    }
}
