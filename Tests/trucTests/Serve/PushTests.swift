// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Store
import TestKit
import Testing
import VXPProtocol

/// A running hub that carries packages to a receiver in Python, which checks them by the lines of docs/push.md.
@Suite(.timeLimit(.minutes(5))) struct PushTests {
    /// In the data directory's own file, so that commands know them too.
    private static let settings = "push-networks = 127.0.0.0/8\npush-plain-http = true\n"

    private struct Shown: Decodable {
        struct Attempt: Decodable {
            let number: Int
            let outcome: String
            let isLate: Bool
        }
        let state: String
        let attempts: [Attempt]
    }

    /// A province in which Justice has an endpoint.
    private func open(
        faultPoint: FaultPoint? = nil, databaseURL: String? = nil, holdsFirst: Bool = false, status: Int? = nil
    ) async throws -> (province: Province, receiver: PythonReceiver) {
        let directory = try TestCluster.temporaryDirectory() + "/d"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        try Self.settings.write(toFile: directory + "/truc.conf", atomically: true, encoding: .utf8)
        let province = try await Province.open(
            faultPoint: faultPoint?.rawValue, databaseURL: databaseURL,
            arguments: databaseURL == nil ? [] : ["--set", "content-backend=chunks"], dataDirectory: directory)
        let receiver = try await PythonReceiver.start(
            secret: Array(province.secret(Province.justice).utf8), holdsFirst: holdsFirst, status: status)
        let set = try await province.hub.command(
            "endpoint", "set", Province.justice, "http://127.0.0.1:\(receiver.port)/truc")
        #expect(set.status == 0, "\(set)")
        return (province, receiver)
    }

    private func send(_ number: String, in province: Province) async throws {
        let answer = try await province.client(Province.construction).send(
            try Sample.document(number, to: [Province.justice]), from: try Sample.agency(Province.construction))
        #expect(answer.status == 200)
    }

    /// The delivery of a document, as soon as it has entered.
    private func delivered(_ province: Province) async throws -> (id: String, shown: Shown) {
        try await delivery(in: .delivered, province)
    }

    private func delivery(in state: DeliveryState, _ province: Province) async throws -> (id: String, shown: Shown) {
        while true {
            let list = try await province.hub.command("delivery", "list", "--state", state.rawValue, "--json")
            struct Line: Decodable { let docId: String }
            let lines = try JSONDecoder().decode([Line].self, from: Data(list.output.utf8))
            guard let line = lines.first else { continue }
            let show = try await province.hub.command("delivery", "show", line.docId, "--json")
            return (line.docId, try JSONDecoder().decode(Shown.self, from: Data(show.output.utf8)))
        }
    }

    @Test func `a document is carried to its recipient's endpoint, and the sender sees that it entered`() async throws {
        let (province, receiver) = try await open()
        try await send("81", in: province)
        let (id, shown) = try await delivered(province)
        #expect(shown.state == "delivered" && shown.attempts.map(\.outcome) == ["entered"])
        #expect(try await province.client(Province.justice).received().isEmpty)
        let trace = try await province.hub.command("trace", id)
        #expect(trace.output.contains("delivery.delivered"))
        let metrics = try await province.hub.get("/metrics")
        #expect(
            String(decoding: metrics.body, as: UTF8.self).contains(#"truc_push_attempts_total{outcome="entered"} 1"#))
        let test = try await province.hub.command("endpoint", "test", Province.justice, "--json")
        #expect(test.status == 0 && test.output.contains(#""outcome" : "entered""#), "\(test)")
        let list = try await province.hub.command("endpoint", "list", "--json")
        #expect(list.output.contains(#""state" : "open""#) && list.output.contains(#""waiting" : 0"#))
        try await province.hub.stop()
        withExtendedLifetime(receiver) {}
    }

    /// The schedule of the policy, and not the hub's own: that waits 5 s first, and gives up after three days.
    @Test func `what fails is tried again, and given up, when the policy says so`() async throws {
        let url = try await TestCluster.shared().freshDatabase()
        let (province, receiver) = try await open(databaseURL: url, status: 500)
        let file = try TestCluster.temporaryDirectory() + "/lich.json"
        let terms = #"{"delay-seconds": [2], "lifetime-seconds": 60}"#
        let policy = #"""
            {"name": "lich", "title": "Lịch", "from": "2020-01-01", "rules": {"retry-schedule": {
                "value": {"ordinary": \#(terms), "immediate": \#(terms)}, "source": "Điều 3"}}}
            """#
        try policy.write(toFile: file, atomically: true, encoding: .utf8)
        let activated = try await province.hub.command("policy", "activate", "--file", file, "--reason", "Thử")
        #expect(activated.status == 0, "\(activated)")
        try await send("84", in: province)
        for _ in 1...2 { try await receiver.held() }
        let owner = DedicatedThread(name: "test")
        // While it waits, from the end of the latest attempt: 2 s, moved by chance by a fifth at most.
        let wait = try await owner.run {
            let owner = try PostgresConnection(connectionString: url, applicationName: "truc-test")
            while true {
                let waiting = try owner.query(
                    """
                    SELECT (extract(epoch FROM queue.due_at - max(ended_at)) * 1000)::bigint AS wait
                    FROM queue JOIN delivery_attempt USING (delivery_id)
                    WHERE queue.due_at IS NOT NULL GROUP BY queue.due_at
                    """)
                if let row = waiting.first { return try row.decode("wait", as: Int64.self) }
            }
        }
        #expect((1_600...2_400).contains(wait), "\(wait)")
        // As if its minute were over.
        try await owner.run {
            let owner = try PostgresConnection(connectionString: url, applicationName: "truc-test")
            try owner.query("UPDATE queue SET first_due = first_due - interval '60 seconds'")
        }
        let (id, shown) = try await delivery(in: .expired, province)
        #expect(shown.attempts.count >= 2 && shown.attempts.allSatisfy { $0.outcome == "failed" })
        #expect(try await province.hub.command("trace", id).output.ranges(of: "delivery.expired").count >= 1)
        let sender = try province.client(Province.construction)
        var told: [VXPReceivedItem] = []
        while told.isEmpty { told = try await sender.received(.status) }
        let text = String(decoding: try await sender.fetch(told[0].docId), as: UTF8.self)
        #expect(text.contains("[delivery.expired]"))
        try await province.hub.stop()
        withExtendedLifetime(receiver) {}
    }

    /// The recipient has it, the hub dies before it could say so: the same delivery comes again, and one finish counts.
    @Test(arguments: [FaultPoint.claimAfterCommit, .pushAfterAnswer, .finishBeforeCommit])
    func `a hub that dies while it carries carries again`(_ point: FaultPoint) async throws {
        let (fallen, receiver) = try await open(faultPoint: point)
        // It may die before its answer is out; accepted is accepted.
        try? await send("82", in: fallen)
        #expect(try await fallen.hub.ended() == -SIGKILL)
        let province = try await fallen.restarted()
        let (id, shown) = try await delivered(province)
        #expect(shown.attempts.filter { !$0.isLate }.map(\.outcome) == ["entered"])
        let trace = try await province.hub.command("trace", id)
        #expect(trace.output.ranges(of: "delivery.delivered").count == 1)
        try await province.hub.stop()
        withExtendedLifetime(receiver) {}
    }

    /// A node stands still with a push under way, long enough to be taken for dead; then it goes on as if nothing had been.
    @Test func `what a node that stood still carried is carried by another, and its late word does not count`()
        async throws
    {
        let (stopped, receiver) = try await open(
            databaseURL: try await TestCluster.shared().freshDatabase(), holdsFirst: true)
        try await send("83", in: stopped)
        try await receiver.held()
        kill(stopped.hub.pid, SIGSTOP)
        let living = try await stopped.beside(arguments: [
            "--set", "push-networks=127.0.0.0/8", "--set", "push-plain-http=true", "--set", "content-backend=chunks",
        ])
        let (id, first) = try await delivered(living)
        #expect(first.attempts.map(\.outcome) == ["entered"])
        try receiver.letGo()
        kill(stopped.hub.pid, SIGCONT)
        var shown = first
        while shown.attempts.count < 2 {
            let show = try await living.hub.command("delivery", "show", id, "--json")
            shown = try JSONDecoder().decode(Shown.self, from: Data(show.output.utf8))
        }
        // The recipient saw the same id twice; one finish counts, the other is written down.
        #expect(shown.state == "delivered" && shown.attempts.filter(\.isLate).count == 1)
        #expect(try await living.hub.command("trace", id).output.ranges(of: "delivery.delivered").count == 1)
        #expect(try await stopped.hub.stop() == 0)
        #expect(try await living.hub.stop() == 0)
        withExtendedLifetime(receiver) {}
    }

    @Test func `an address that the hub may not connect to is not taken`() async throws {
        let province = try await Province.open()
        for (url, code) in [
            ("http://qlvb.example/", "push.plain-http"), ("https://10.1.2.3/", "push.target-forbidden"),
            ("https://169.254.169.254/", "push.target-forbidden"), ("ftp://qlvb.example/", "registry.invalid-value"),
        ] {
            let set = try await province.hub.command("endpoint", "set", Province.justice, url)
            #expect(set.status != 0 && set.errors.contains("[\(code)]"), "\(url): \(set.errors)")
        }
        let set = try await province.hub.command("endpoint", "set", Province.justice, "https://khong-co.invalid/")
        #expect(set.status == 0)
        let test = try await province.hub.command("endpoint", "test", Province.justice)
        #expect(test.status == 3 && test.errors.contains("[push.name-unknown]"), "\(test)")
        #expect(
            try await province.hub.command("endpoint", "remove", Province.justice, "--reason", "thử").status == 0)
        let none = try await province.hub.command("endpoint", "resume", Province.justice, "--reason", "thử")
        #expect(none.status == 1 && none.errors.contains("[endpoint.not-found]"))
        try await province.hub.stop()
    }
}
