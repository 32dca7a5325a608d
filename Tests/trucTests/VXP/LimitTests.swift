// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import Hub
import Store
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

    // MARK: Packages on their way in

    private struct Intake {
        let client: SDKClient
        let from: AgencyID
        let package: [UInt8]

        init(_ province: Province, _ agency: String, to: String, number: String) throws {
            client = try province.client(agency)
            from = try Sample.agency(agency)
            package = try Sample.document(number, from: agency, to: [to])
        }

        /// Sends head and half of the body; the rest is held back.
        func begin(_ province: Province) async throws -> RawHTTPClient {
            let connection = try await announce(province)
            try await connection.send(Array(package.prefix(package.count / 2)))
            return connection
        }

        /// Sends the head alone.
        func announce(_ province: Province) async throws -> RawHTTPClient {
            let parameters: [VXPParameter] = [
                .from(from), .serviceType(), .messageType(.edoc),
                .hashFile(HashFile(unpadded: SHA256Digest(of: package))),
            ]
            let connection = try await RawHTTPClient.connect(port: province.hub.port)
            try await connection.send(try await client.head(.sendEdoc, parameters, contentLength: package.count))
            return connection
        }

        func finish(_ connection: RawHTTPClient) async throws -> RawHTTPResponse {
            try await connection.send(Array(package.dropFirst(package.count / 2)))
            return try await connection.receive()
        }
    }

    /// Packages that are on their way in, as the hub counts them.
    private func underWay(_ province: Province) async throws -> Int {
        let page = try await province.hub.get("/metrics").text
        return try #require(page.firstMatch(of: /\ntruc_intakes (\d+)\n/).flatMap { Int($0.1) })
    }

    private func expectRefused(_ answer: RawHTTPResponse) throws {
        #expect(answer.status == 503)
        #expect(answer.field("Retry-After") == "2")
        let reply = try answer.reply
        #expect(reply.code == Refusal.Code.overloaded.rawValue)
        #expect(reply.errorCode == "20")
    }

    @Test func `so many packages come in at a time and not one more, and reads go on`() async throws {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let province = try await founded.restarted("--set", "intake-concurrent=2")
        let first = try Intake(province, Province.construction, to: Province.justice, number: "41")
        let second = try Intake(province, Province.justice, to: Province.health, number: "42")
        // Nobody's share, but that of all: the third system has nothing on its way.
        let third = try Intake(province, Province.health, to: Province.justice, number: "43")
        let earlier = try Sample.document("40")
        #expect(try await first.client.send(earlier, from: first.from).status == 200)
        while try await underWay(province) > 0 {}

        let held = try await first.begin(province)
        while try await underWay(province) < 1 {}
        // The last place is taken, and given back when its package is in.
        #expect(try await second.client.send(second.package, from: second.from).status == 200)
        while try await underWay(province) > 1 {}
        let alsoHeld = try await third.begin(province)
        while try await underWay(province) < 2 {}

        // Refused by the head alone, whoever it is, as often as it tries, and no place is taken by that.
        let more = try Intake(province, Province.justice, to: Province.health, number: "44")
        for _ in 0..<5 { try expectRefused(try await more.announce(province).receive()) }
        try expectRefused(try await first.client.send(earlier, from: first.from, expects: false))
        #expect(try await underWay(province) == 2)

        let lines = try await second.client.received()
        #expect(lines.count == 1)
        let docID = try #require(lines.first?.docId)
        #expect(try await second.client.fetch(docID) == earlier)
        #expect(try await second.client.confirm(docID, .done).status == 200)
        #expect(try await third.client.count(.countReceiveEdoc) == 1)
        for path in ["/healthz", "/readyz"] { #expect(try await province.hub.get(path).status == 200) }

        // What was held back all the while is taken, and its place is the next one's.
        #expect(try await first.finish(held).status == 200)
        while try await underWay(province) > 1 {}
        let next = try await more.begin(province)
        while try await underWay(province) < 2 {}
        try expectRefused(try await first.announce(province).receive())
        // So is the place of one that breaks off.
        alsoHeld.reset()
        while try await underWay(province) > 1 {}
        #expect(try await third.client.send(third.package, from: third.from).status == 200)
        #expect(try await more.finish(next).status == 200)
        #expect(try await second.client.received().count == 2)
        #expect(try await province.hub.stop() == 0)
    }

    // MARK: Sizes

    @Test func `a package of exactly the largest size is taken, with and without what the SDK puts behind it`()
        async throws
    {
        let founded = try await Province.open()
        try await founded.hub.stop()
        let largest = 1 << 20
        let province = try await founded.restarted("--set", "package-max-bytes=\(largest)")
        let client = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        // Blanks in the attachment's base64 text are no content.
        func package(_ number: String, _ length: Int) throws -> [UInt8] {
            let own = try Sample.document(number)
            let end = try #require(own.firstRange(of: Array("</edXML:ContentTransferEncoded>".utf8)))
            let blanks = [UInt8](repeating: 0x20, count: length - own.count)
            return own[..<end.lowerBound] + blanks + own[end.lowerBound...]
        }
        for (number, ending) in [("51", VXPClientSigner.bodyEnding), ("52", [])] {
            let fits = try package(number, largest)
            #expect(try await client.send(fits, from: from, ending: ending).status == 200)
            // Announced as too long, or only found to be.
            let refused = try await client.send(try package(number, largest + 1), from: from, ending: ending)
            #expect(refused.status == 413)
            #expect(try refused.reply.code == Refusal.Code.bodyTooLarge.rawValue)
        }
        let receiver = try province.client(Province.justice)
        let lines = try await receiver.received()
        #expect(lines.count == 2)
        for line in lines { #expect(try await receiver.fetch(line.docId).count == largest) }
        #expect(try await province.hub.stop() == 0)
    }

    /// What comes before the header has ended is kept in memory.
    @Test func `a header that ends within the first 4 MiB is judged, one that ends later is not waited for`()
        async throws
    {
        let province = try await Province.open()
        let client = try province.client(Province.construction)
        let from = try Sample.agency(Province.construction)
        let text = String(decoding: try Sample.document("61"), as: UTF8.self)
        let end = try #require(text.range(of: "</edXML:edXMLHeader>"))
        func package(headerEndsAt offset: Int) -> [UInt8] {
            let before = Array(text[..<end.lowerBound].utf8)
            let blanks = [UInt8](repeating: 0x0A, count: offset - before.count)
            return before + blanks + Array(text[end.lowerBound...].utf8)
        }
        // The reader is a block late, and what it gets at once depends on the connection.
        let margin = 256 << 10
        let late = try await client.send(
            package(headerEndsAt: PackageLimits.standard.headerBytes + margin), from: from, ending: [])
        #expect(late.status == 422)
        #expect(try late.reply.code == Refusal.Code.packageInvalid.rawValue)
        #expect(late.text.contains("\(PackageLimits.standard.headerBytes) bytes"))
        let early = package(headerEndsAt: PackageLimits.standard.headerBytes - margin)
        #expect(try await client.send(early, from: from, ending: []).status == 200)
        let receiver = try province.client(Province.justice)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == early)
        #expect(try await province.hub.stop() == 0)
    }

    // MARK: Lists

    /// So many more packages like the one that is there, each with its delivery.
    private static func copies(_ count: Int) -> String {
        """
        WITH copy AS (
            INSERT INTO package SELECT (jsonb_populate_record(one, jsonb_build_object('id', gen_random_uuid()))).*
            FROM (SELECT package FROM package LIMIT 1) AS original (one), generate_series(1, \(count)) RETURNING id
        )
        INSERT INTO delivery SELECT (jsonb_populate_record(one, jsonb_build_object(
            'id', gen_random_uuid(), 'package_id', copy.id, 'document_package_id', copy.id))).*
        FROM (SELECT delivery FROM delivery LIMIT 1) AS original (one), copy
        """
    }

    @Test func `a list has so many lines and no more, and the count tells of all`() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(databaseURL: database)
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        #expect(
            try await sender.send(try Sample.document("71"), from: try Sample.agency(Province.construction)).status
                == 200)
        for (more, all) in [(Mailbox.maxLines - 1, Mailbox.maxLines), (1, Mailbox.maxLines + 1)] {
            try await DedicatedThread(name: "test-copies").run {
                try PostgresConnection(connectionString: database, applicationName: "truc-test").execute(
                    Self.copies(more))
            }
            #expect(try await receiver.count(.countReceiveEdoc) == all)
            let received = try await receiver.received()
            #expect(received.count == Mailbox.maxLines)
            #expect(Set(received.map(\.docId)).count == Mailbox.maxLines)
            let answer = try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)])
            let sent = try VXPReceivedReply.items(VXPSentItem.self, parsing: answer.body)
            #expect(Set(sent.map(\.receiverDocId)).count == Mailbox.maxLines)
        }
        #expect(try await province.hub.stop() == 0)
    }

    /// The most memory that the daemon has had, in megabytes.
    private func peakMegabytes(_ hub: HubProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(hub.pid)/status", encoding: .utf8)
        let peak = try #require(status.firstMatch(of: /\nVmHWM:\s+(\d+) kB\n/))
        return try #require(Int(peak.1)) / 1_024
    }

    /// 30 MB for each page, if it were not for the bound; a gigabyte for these eight when this was written.
    @Test func `subjects as long as a package may have them cost a list nothing`() async throws {
        let database = try await TestCluster.shared().freshDatabase()
        let province = try await Province.open(databaseURL: database)
        let sender = try province.client(Province.construction)
        let package = try Sample.document("81", subject: String(repeating: "x", count: 60_000))
        #expect(try await sender.send(package, from: try Sample.agency(Province.construction)).status == 200)
        try await DedicatedThread(name: "test-copies").run {
            try PostgresConnection(connectionString: database, applicationName: "truc-test").execute(Self.copies(999))
        }
        let before = try peakMegabytes(province.hub)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                let client = try province.client(Province.construction)
                group.addTask {
                    let answer = try await client.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)])
                    return try VXPReceivedReply.items(VXPSentItem.self, parsing: answer.body).count
                }
            }
            for try await lines in group { #expect(lines == 1_000) }
        }
        let after = try peakMegabytes(province.hub)
        #expect(after - before < 100, "\(before) MB before, \(after) MB at most")
        #expect(try await province.hub.stop() == 0)
    }
}
