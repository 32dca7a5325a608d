// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import Trust
import VXPProtocol

/// A document's whole way between systems that embed the national SDK, against the real daemon.
@Suite(.serialized, .timeLimit(.minutes(5))) struct VXPRoundTests {
    @Test(arguments: ContentBackend.allCases)
    func `two systems exchange a document and its statuses, a third sees nothing of it`(
        backend: ContentBackend
    ) async throws {
        let province = try await Province.open(arguments: ["--set", "content-backend=\(backend)"])
        let sender = try province.client(Province.construction, leaksParameters: true, prefix: "/XrdAdapter/adapter")
        let receiver = try province.client(Province.justice, leaksParameters: true)
        let stranger = try province.client(Province.health)
        let package = try Sample.document("15")

        let sent = try await sender.send(package, from: try Sample.agency(Province.construction))
        #expect(sent.status == 200)
        let docID = try #require(try sent.reply.docID)

        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.received().count == 1)
        #expect(line.from == Province.construction && line.to == Province.justice && line.status == "initial")
        #expect(line.docId != docID)
        #expect(try await receiver.fetch(line.docId) == package)

        #expect(try await receiver.count(.countReceiveEdoc) == 1)
        #expect(try await receiver.count(.countReceiveStatus) == 0)
        #expect(try await sender.count(.countReceiveEdoc) == 0)
        #expect(try await stranger.count(.countReceiveEdoc) == 0)
        let forger = try province.client(Province.justice, secret: "another secret")
        let forged = try await forger.call(.countReceiveEdoc)
        #expect(try forged.status == 401 && forged.reply.errorCode == "15")

        #expect(try await stranger.received().isEmpty)
        for (operation, parameters) in [
            (VXPOperation.getEdoc, [VXPParameter.docID(line.docId)]), (.getEdoc, [.docID(docID)]),
            (.updateStatus, [.docID(line.docId), .confirmation(.done)]),
        ] {
            let answer = try await stranger.call(operation, parameters)
            let nonexistent = try await stranger.call(
                operation, [.docID(DeliveryID().description)] + parameters.dropFirst())
            #expect(answer.status == 404)
            #expect(try answer.reply.code == "package.not-found")
            #expect(try answer.reply.errorCode == nonexistent.reply.errorCode)
            #expect(try nonexistent.reply.code == "package.not-found")
        }

        #expect(try await receiver.confirm(line.docId, .processing).status == 200)
        #expect(try await receiver.received().first?.status == "processing")
        #expect(try await receiver.count(.countReceiveEdoc) == 1)
        #expect(try await receiver.confirm(line.docId, .done).status == 200)
        #expect(try await receiver.received().isEmpty)
        #expect(try await receiver.count(.countReceiveEdoc) == 0)
        #expect(try await receiver.fetch(line.docId) == package)

        for status in [DocumentStatus.arrived, .accepted, .completed] {
            let answer = try await receiver.send(
                try Sample.status(status, about: try Sample.documentID("15")),
                from: try Sample.agency(Province.justice),
                type: .status)
            #expect(answer.status == 200)
        }
        #expect(try await sender.received(.edoc).isEmpty)
        let statuses = try await sender.received(.status)
        #expect(statuses.count == 3)
        #expect(try await sender.count(.countReceiveStatus) == 3)
        #expect(try await stranger.count(.countReceiveStatus) == 0)
        for (line, code) in zip(statuses, ["01", "03", "06"]) {
            let bytes = try await sender.fetch(line.docId)
            #expect(String(decoding: bytes, as: UTF8.self).contains("<edXML:StatusCode>\(code)</edXML:StatusCode>"))
            #expect(try await sender.confirm(line.docId, .done).status == 200)
        }
        #expect(try await sender.received(.status).isEmpty)

        let trace = try await province.hub.command("trace", "15/SXD-VP", "--json")
        let report = try JSONSerialization.jsonObject(with: Data(trace.output.utf8)) as? [String: Any]
        let packages = try #require(report?["packages"] as? [[String: Any]])
        #expect(packages.count == 4)
        let delivery = try #require((packages.first?["deliveries"] as? [[String: Any]])?.first)
        #expect(delivery["state"] as? String == "delivered")
        #expect(delivery["latestStatus"] as? String == "06")
        let entered = try Instant(iso8601: try #require(delivery["enteredAt"] as? String))
        let legal = try Instant(iso8601: try #require(delivery["legalAt"] as? String))
        #expect(try WorkingCalendar().legalInstant(entered: entered) == legal)
        #expect((delivery["timeliness"] as? [String: Any])?["verdict"] as? String == "same-day")
        #expect((packages.first?["timeliness"] as? [[String: Any]])?.count == 2)
        #expect(try await legalInstant(afterTurning: entered.vietnamDate, province.hub) == turned(entered))
        #expect(packages.first?["sha256"] as? String == SHA256Digest(of: package).hex)
        let segments = try? FileManager.default.contentsOfDirectory(
            atPath: province.hub.dataDirectory + "/content/segments")
        #expect(segments?.isEmpty == (backend == .chunks))
        #expect(try await province.hub.stop() == 0)
    }

    /// The year in which this day is off where it was worked, and worked where it was off.
    private func turned(_ day: CalendarDate) throws -> CalendarYear {
        let calendar = WorkingCalendar()
        var entries = try calendar.year(day.year).entries.filter { $0.day != day }
        let decision = Decision(number: "1/QĐ", date: day)
        let isWorked = try calendar.isWorkingDay(day)
        // A holiday in the week is worked without its entry.
        if isWorked || !calendar.hours.weekdays.contains(day.weekday) {
            entries.append(
                CalendarEntry(day: day, kind: isWorked ? .holiday : .makeUp, name: "Thử", decision: decision))
        }
        return CalendarYear(day.year, origin: .imported, entries: entries)
    }

    private func turned(_ entered: Instant) throws -> Instant {
        try WorkingCalendar(imported: [turned(entered.vietnamDate)]).legalInstant(entered: entered)
    }

    /// What a trace says once such a year was imported.
    private func legalInstant(afterTurning day: CalendarDate, _ hub: HubProcess) async throws -> Instant {
        let file = try TestCluster.temporaryDirectory() + "/year.csv"
        try CalendarFile.text(turned(day)).write(toFile: file, atomically: true, encoding: .utf8)
        let imported = try await hub.command("calendar", "import", file)
        #expect(imported.status == 0, "\(imported.output) \(imported.errors)")
        let trace = try await hub.command("trace", "15/SXD-VP", "--json")
        let report = try JSONSerialization.jsonObject(with: Data(trace.output.utf8)) as? [String: Any]
        let package = try #require((report?["packages"] as? [[String: Any]])?.first)
        let delivery = try #require((package["deliveries"] as? [[String: Any]])?.first)
        return try Instant(iso8601: try #require(delivery["legalAt"] as? String))
    }

    /// The reference's own vector: header order, frozen timestamp of 2025, `+0456` that is no zone.
    @Test func `the literal bytes of an SDK request`() async throws {
        let hub = try await HubProcess.start()
        let secret = hub.dataDirectory + ".secret"
        try "TEST-SECRET-NOT-REAL\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let added = try await hub.command("system", "add", "vxp.saas.03", "--name", "Thử", "--secret-file", secret)
        #expect(added.status == 0, "\(added.errors)")
        let request = """
            POST /XrdAdapter/adapter/getReceivedEdocList HTTP/1.1\r
            XroadVnpt-timestamp: 13102025T142233+0456\r
            XroadVnpt-systemid: vxp.saas.03\r
            XroadVnpt-Content-Type: application/json\r
            XroadVnpt-servicetype: eDoc\r
            XroadVnpt-messagetype: edoc\r
            XroadVnpt-sign-header: {"XroadVnpt-timestamp":"13102025T142233+0456","XroadVnpt-systemid":"vxp.saas.03",\
            "XroadVnpt-Content-Type":"application/json","XroadVnpt-servicetype":"eDoc","XroadVnpt-messagetype":"edoc"}\r
            XroadVnpt-sign-header-key: timestamp;systemid;Content-Type;servicetype;messagetype\r
            XroadVnpt-hash-header: 7244d17e87765d4f53c73ead040c7a41217e7c65e9fb323147c9ec5c42d54cd6\r
            Content-Type: application/json\r
            User-Agent: JAVASDKAgent/1.0.0 XRoad/VPCP\r
            XroadVnpt-version: 3.0.201608\r
            Content-Length: 0\r
            Host: 127.0.0.1\r
            Connection: Keep-Alive\r
            \r

            """
        let connection = try await RawHTTPClient.connect(port: hub.port)
        try await connection.send(request)
        let answer = try await connection.receive()
        #expect(answer.status == 200)
        #expect(answer.text == #"{"data":[],"status":"OK","ErrorCode":"0","ErrorDesc":"Th\u00e0nh c\u00f4ng"}"#)
        try await hub.stop()
    }

    @Test func `the same document again, rebuilt, to one more recipient, and another one under its id`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let third = try province.client(Province.health)
        let from = try Sample.agency(Province.construction)

        let first = try Sample.document("21")
        let docID = try await sender.send(first, from: from).reply.docID
        #expect(docID != nil)
        #expect(try await sender.send(first, from: from).reply.docID == docID)
        // New content ids, one more hop: other bytes, the same meaning.
        let rebuilt = try Sample.document("21", hops: 2)
        #expect(rebuilt != first)
        #expect(try await sender.send(rebuilt, from: from).reply.docID == docID)
        #expect(try await receiver.received().count == 1)

        let wider = try Sample.document("21", to: [Province.justice, "H52.21"], hops: 3)
        #expect(try await sender.send(wider, from: from).reply.docID == docID)
        #expect(try await receiver.received().count == 1)
        let added = try await third.received()
        #expect(added.map(\.to) == ["H52.21"])
        #expect(try await third.fetch(try #require(added.first).docId) == wider)

        let other = try await sender.send(try Sample.document("21", subject: "V/v việc khác"), from: from)
        #expect(other.status == 409)
        #expect(try other.reply.code == "package.conflict")
        #expect(try await receiver.received().count == 1)
        try await province.hub.stop()
    }

    @Test func `an unknown recipient is refused alone, in the hub's own name`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let from = try Sample.agency(Province.construction)

        let package = try Sample.document("31", to: [Province.justice, "000.00.99.H52", "000.00.00.G22"])
        #expect(try await sender.send(package, from: from).status == 200)
        #expect(try await receiver.received().count == 1)
        let notices = try await sender.received(.status)
        #expect(notices.map(\.from) == ["00.00.W00"])
        let notice = String(decoding: try await sender.fetch(try #require(notices.first).docId), as: UTF8.self)
        #expect(notice.contains("000.00.99.H52") && notice.contains("recipient.unknown"))
        #expect(notice.contains("000.00.00.G22") && notice.contains("recipient.no-route"))

        let sent = try VXPReceivedReply.items(
            VXPSentItem.self,
            parsing: try await sender.call(.getSentEdocList, [.serviceType(), .messageType(.edoc)]).body)
        #expect(sent.map(\.toCode) == [Province.justice, "000.00.99.H52", "000.00.00.G22"])
        #expect(sent.map(\.sendStatus) == ["done", "fail", "fail"])
        #expect(sent.map(\.receiveStatus) == ["initial", "initial", "initial"])

        for (recipient, code, errorCode) in [
            ("000.00.99.H52", "recipient.unknown", "18"), ("000.00.00.G22", "recipient.no-route", "18"),
        ] {
            let answer = try await sender.send(try Sample.document("32", to: [recipient]), from: from)
            #expect(answer.status == 422)
            #expect(try answer.reply.code == code)
            #expect(try answer.reply.errorCode == errorCode)
        }
        try await province.hub.stop()
    }

    @Test func `a change of the registry holds from the next request`() async throws {
        let province = try await Province.open()
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.health)
        let from = try Sample.agency(Province.construction)
        let package = try Sample.document("41", to: ["000.00.44.H52"])
        #expect(try await sender.send(package, from: from).status == 422)
        let added = try await province.hub.command(
            "agency", "add", "000.00.44.H52", "--name", "Chi cục", "--system", Province.systemID(Province.health))
        #expect(added.status == 0, "\(added.errors)")
        #expect(try await sender.send(package, from: from).status == 200)
        #expect(try await receiver.received().map(\.to) == ["000.00.44.H52"])
        // Not before what was accepted for it.
        let yesterday = CalendarDate(daysSince1970: Instant.now().vietnamDate.daysSince1970 - 1)
        let early = try await province.hub.command("agency", "close", "000.00.44.H52", "--last-day", yesterday.iso8601)
        #expect(early.status == 1 && early.errors.contains("[registry.closed-too-early]"))
        let closed = try await province.hub.command(
            "agency", "merge", "000.00.44.H52", "--into", "H52.21", "--effective", "now", "--decision", "1/QĐ",
            "--date", "2026-11-20")
        #expect(closed.status == 0, "\(closed.errors)")
        let late = try await sender.send(try Sample.document("42", to: ["000.00.44.H52"]), from: from)
        #expect(try late.status == 200 && late.reply.errorDescription.contains(Province.health))
        #expect(try await receiver.received().count == 2)
        let agencies = try VXPReceivedReply.items(
            VXPAgencyItem.self, parsing: try await sender.call(.getAgenciesList).body)
        #expect(agencies.map(\.code).sorted() == [Province.justice, Province.construction, Province.health])
        try await province.hub.stop()
    }

    @Test(arguments: ContentBackend.allCases)
    func `a package of many megabytes arrives whole`(backend: ContentBackend) async throws {
        let province = try await Province.open(arguments: ["--set", "content-backend=\(backend)"])
        let sender = try province.client(Province.construction)
        let receiver = try province.client(Province.justice)
        let content = (0..<(6 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let package = try Sample.document("51", content: content)
        #expect(try await sender.send(package, from: try Sample.agency(Province.construction)).status == 200)
        let line = try #require(try await receiver.received().first)
        #expect(try await receiver.fetch(line.docId) == package)
        try await province.hub.stop()
    }
}
