// SPDX-License-Identifier: Apache-2.0
import Surfaces
import TestKit
import Testing

/// The bounds of connections, over real ones.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ConnectionBoundTests {
    private let request = "GET /id HTTP/1.1\r\nHost: h\r\n\r\n"

    /// A connection with a request that is being worked on until the gate opens.
    private func atWork(_ server: EdgeTestServer) async throws -> RawHTTPClient {
        let client = try await server.client()
        try await client.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n")
        try await server.surface.atGate.value
        return client
    }

    @Test func silentConnectionsStarveNobody() async throws {
        try await EdgeTestServer.run {
            $0.connections = 20
        } _: { server in
            var silent: [RawHTTPClient] = []
            for number in 0..<60 {
                let client = try await server.client()
                // Half a head is as silent as none.
                if number.isMultiple(of: 2) { try await client.send("GET /id HT") }
                silent.append(client)
            }
            for _ in 0..<5 {
                let client = try await server.client()
                try await client.send(request)
                #expect(try await client.receive().status == 200)
            }
            // The first came first and went first.
            #expect(try await silent[1].receiveToEnd().isEmpty)
        }
    }

    @Test func theLastConnectionIsTakenAndTheNextIsForHealthOnly() async throws {
        try await EdgeTestServer.run {
            $0.connections = 1
        } _: { server in
            let working = try await atWork(server)
            let refused = try await server.client()
            try await refused.send(request)
            let answer = try await refused.receive()
            #expect(answer.status == 503)
            #expect(answer.field("Connection") == "close")
            #expect(answer.text.contains("hub.overloaded"))
            for _ in 0..<HTTPEdgeLimits.reservedConnections + 2 {
                let health = try await server.client()
                try await health.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try await health.receive()
                #expect(answer.text == "healthy")
                #expect(answer.field("Connection") == "close")
            }
            server.surface.gate.give(())
            #expect(try await working.receive().status == 200)
            // Idle now, so it gives way.
            let next = try await server.client()
            try await next.send(request)
            #expect(try await next.receive().status == 200)
            #expect(try await working.receiveToEnd().isEmpty)
        }
    }

    @Test func aPeerOverItsBoundIsClosedAndAProxyIsNot() async throws {
        for (uncounted, isTaken) in [(Set<String>(), false), (["127.0.0.1"], true)] {
            try await EdgeTestServer.run {
                $0.connectionsPerPeer = 1
                $0.uncountedPeers = uncounted
            } _: { server in
                let working = try await atWork(server)
                let next = try await server.client()
                if isTaken {
                    try await next.send(request)
                    #expect(try await next.receive().status == 200)
                } else {
                    #expect(try await next.receiveToEnd().isEmpty)
                }
                server.surface.gate.give(())
                #expect(try await working.receive().text == "through")
            }
        }
    }

    @Test func aReaderThatTakesABitNowAndThenIsCut() async throws {
        try await EdgeTestServer.run {
            $0.writeStallTime = .milliseconds(300)
            $0.writePaceBytes = 1 << 30
        } _: { server in
            let client = try await server.client(receiveBuffer: 4_096)
            try await client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
            let outcome = try await server.surface.outcome.value
            if case .success = outcome { Issue.record("the writer ended well") }
            client.reset()
        }
    }
}
