// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// The bounds of a running hub, each just below and just above.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LimitTests {
    @Test func `a system over its rate is told when to come back, and the others notice nothing`() async throws {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let province = try await founded.restarted("--set", "system-rate=1")
        let wild = try province.client(Province.construction)
        for _ in 0..<5 { #expect(try await wild.call(.getAgenciesList).status == 200) }
        // The head alone: nothing of the body is waited for.
        let parameters: [VXPParameter] = [
            .from(try Sample.agency(Province.construction)), .serviceType(), .messageType(.edoc),
            .hashFile(HashFile(unpadded: .init(of: []))),
        ]
        let connection = try await RawHTTPClient.connect(port: province.hub.port)
        try await connection.send(try await wild.head(.sendEdoc, parameters, contentLength: 1 << 20))
        let refused = try await connection.receive()
        #expect(refused.status == 429)
        #expect(refused.field("Retry-After") == "1")
        #expect(try refused.reply.code == "request.too-many")
        #expect(try refused.reply.errorCode == "20")
        connection.reset()
        let calm = try province.client(Province.justice)
        for _ in 0..<5 { #expect(try await calm.call(.getAgenciesList).status == 200) }
        // A wrong secret is answered as such and costs the system nothing: nobody can lock another one out.
        let health = try province.client(Province.health)
        let forged = try province.client(Province.health, secret: "sai")
        for _ in 0..<20 { #expect(try await forged.call(.getAgenciesList).status == 401) }
        #expect(try await health.call(.getAgenciesList).status == 200)
        try await province.hub.stop()
    }

    @Test func `a system over its number of calls at a time`() async throws {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let province = try await founded.restarted("--set", "system-concurrent=2")
        let client = try province.client(Province.construction)
        let parameters: [VXPParameter] = [
            .from(try Sample.agency(Province.construction)), .serviceType(), .messageType(.edoc),
            .hashFile(HashFile(unpadded: .init(of: []))),
        ]
        // Two packages of which the hub waits for the body: the interim answer tells that they are being worked on.
        var stalled: [RawHTTPClient] = []
        for _ in 0..<2 {
            let connection = try await RawHTTPClient.connect(port: province.hub.port)
            try await connection.send(try await client.head(.sendEdoc, parameters, contentLength: 100, expects: true))
            #expect(try await connection.receive().status == 100)
            stalled.append(connection)
        }
        var refused = try await client.call(.getAgenciesList)
        // 100 Continue leaves before the call is counted.
        while refused.status == 200 { refused = try await client.call(.getAgenciesList) }
        #expect(refused.status == 429)
        #expect(try refused.reply.code == "request.too-many")
        // Somebody else's package is taken meanwhile.
        let other = try province.client(Province.justice)
        let package = try Sample.document("12", from: Province.justice, to: [Province.health])
        #expect(try await other.send(package, from: try Sample.agency(Province.justice)).status == 200)
        stalled.removeFirst().reset()
        while try await client.call(.getAgenciesList).status != 200 {}
        // The hub would wait for it before it stops.
        stalled.removeFirst().reset()
        try await province.hub.stop()
    }
}
