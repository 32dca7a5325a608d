// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import VXPProtocol

/// The hub kills itself (SIGKILL) at a named place; what it had acknowledged is there afterwards, once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrashTests {
    @Test(
        arguments: [
            (FaultPoint.acceptBeforeContent, false, .segments), (.acceptAfterContentSync, false, .segments),
            (.acceptBeforeCommit, false, .segments), (.acceptAfterCommit, true, .segments),
            (.acceptBeforeAnswer, true, .segments), (.acceptBeforeCommit, false, .chunks),
            (.acceptAfterCommit, true, .chunks),
        ] as [(FaultPoint, Bool, ContentBackend)])
    func `killed while taking a package`(point: FaultPoint, isCommitted: Bool, backend: ContentBackend) async throws {
        let setting = "content-backend=\(backend)"
        let fallen = try await Province.open(faultPoint: point.rawValue, arguments: ["--set", setting])
        let from = try Sample.agency(Province.construction)
        let package = try Sample.document("61")
        await #expect(throws: (any Error).self) {
            try await fallen.client(Province.construction).send(package, from: from)
        }
        #expect(try await fallen.hub.ended() == -9)

        let province = try await fallen.restarted("--set", setting)
        let receiver = try province.client(Province.justice)
        #expect(try await receiver.received().count == (isCommitted ? 1 : 0))
        // The sender, who got no answer, sends again: now it is there, once.
        let again = try await province.client(Province.construction).send(package, from: from)
        #expect(again.status == 200)
        let lines = try await receiver.received()
        #expect(lines.count == 1)
        #expect(try await receiver.fetch(try #require(lines.first).docId) == package)
        try await province.hub.stop()
    }

    @Test func `killed after an acknowledgement`() async throws {
        let fallen = try await Province.open()
        let packages = try (0..<20).map { try Sample.document("7\($0)") }
        let client = try fallen.client(Province.construction)
        for package in packages {
            #expect(try await client.send(package, from: try Sample.agency(Province.construction)).status == 200)
        }
        try await fallen.hub.kill()
        let province = try await fallen.restarted()
        let receiver = try province.client(Province.justice)
        let lines = try await receiver.received()
        #expect(lines.count == packages.count)
        for (line, package) in zip(lines, packages) { #expect(try await receiver.fetch(line.docId) == package) }
        try await province.hub.stop()
    }

    @Test func `killed while handing a package out`() async throws {
        let fallen = try await Province.open(faultPoint: FaultPoint.fetchDuringContent.rawValue)
        let package = try Sample.document("81")
        _ = try await fallen.client(Province.construction).send(package, from: try Sample.agency(Province.construction))
        let receiver = try fallen.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        await #expect(throws: (any Error).self) { try await receiver.fetch(line.docId) }
        #expect(try await fallen.hub.ended() == -9)

        let province = try await fallen.restarted()
        let revived = try province.client(Province.justice)
        #expect(try await revived.received().map(\.docId) == [line.docId])
        #expect(try await revived.fetch(line.docId) == package)
        try await province.hub.stop()
    }

    @Test(arguments: [(FaultPoint.confirmBeforeCommit, true), (.confirmAfterCommit, false)])
    func `killed while taking a confirmation`(point: FaultPoint, isStillListed: Bool) async throws {
        let fallen = try await Province.open(faultPoint: point.rawValue)
        _ = try await fallen.client(Province.construction).send(
            try Sample.document("91"), from: try Sample.agency(Province.construction))
        let receiver = try fallen.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        await #expect(throws: (any Error).self) { try await receiver.confirm(line.docId, .done) }
        #expect(try await fallen.hub.ended() == -9)

        let province = try await fallen.restarted()
        let revived = try province.client(Province.justice)
        #expect(try await revived.received().count == (isStillListed ? 1 : 0))
        #expect(try await revived.confirm(line.docId, .done).status == 200)
        #expect(try await revived.received().isEmpty)
        try await province.hub.stop()
    }
}
