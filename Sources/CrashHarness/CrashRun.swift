// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import VXPProtocol

/// The cycles of a run: load, a fault in the middle of it, recovery, proof.
final class CrashRun {
    /// Longest wait for a hub that lives to be ready again.
    static let patience: Duration = .seconds(60)
    /// From this many waiting deliveries on, an office catches up while all is quiet, down to half.
    static let backlog = 60
    /// Up to this many packages the senders' lists are compared after each cycle, later now and then: they grow.
    static let smallLedger = 1_500
    static let comparedEvery = 25
    /// Longest wait at the end for all that still goes to the endpoint: what a dead hub carried is free after 15 s.
    static let drainPatience: Duration = .seconds(120)
    /// Between two looks at it.
    static let drainLook: Duration = .seconds(2)
    /// Deliveries of one `truc delivery retry`.
    static let maxRetried = 1_000

    private let place: Place
    private let book = Book(maxFailures: DeliveryLife.maxFailures)
    private var schedule: Schedule
    private let cycles: Int
    private var hub: HubProcess
    private let receiver: Receiver
    private let began = Instant.now()

    private init(seed: UInt64, cycles: Int, place: Place, hub: HubProcess) throws {
        receiver = try Receiver.start(Schedule.pushed, seed: seed, book: book)
        schedule = Schedule(seed: seed)
        self.cycles = cycles
        self.place = place
        self.hub = hub
    }

    /// Registers the agencies, goes through the cycles and says what came of it.
    ///
    /// - Parameters:
    ///   - place: fresh; kept.
    ///   - sabotage: called after each cycle with its number, with 0 before the first: a test makes the hub's world lie.
    /// - Returns: what did not hold.
    static func run(
        seed: UInt64, cycles: Int, place: Place, sabotage: (Int) async throws -> Void = { _ in }
    ) async throws -> [Ledger.Violation] {
        say("seed \(seed), \(cycles) cycles, in \(place.root)")
        if !place.canBeFull { say("the disk is never full: a file system of the run's own takes root's rights") }
        try place.allowLoopback()
        let run = try CrashRun(seed: seed, cycles: cycles, place: place, hub: try await start(place, .segments, nil))
        defer { run.receiver.stop() }
        do {
            try await run.register()
            try await sabotage(0)
            try await run.all(sabotage)
        } catch let violation as Ledger.Violation {
            run.book.violate(violation)
        } catch {
            run.book.violate(Ledger.Violation(what: "the run broke off: \(error)", name: nil))
        }
        let status = try? await run.hub.stop()
        if run.book.violations.isEmpty, status != 0 {
            run.book.violate(
                Ledger.Violation(what: "the last stop ended with \(status.map(String.init) ?? "nothing")", name: nil))
        }
        run.report(seed)
        return run.book.violations
    }

    private static func start(_ place: Place, _ backend: ContentBackend, _ point: String?) async throws -> HubProcess {
        // All load comes from three systems: what is looked for is loss, not patience.
        try await HubProcess.start(
            dataDirectory: place.dataDirectory, faultPoint: point,
            arguments: [
                "--set", "system-concurrent=1000", "--set", "system-rate=100000", "--set", "content-backend=\(backend)",
                // And the full disk itself, not the refusals that keep it from filling up.
                "--set", "disk-reserve-bytes=0", "--set", "intake-concurrent=1000",
            ])
    }

    private func register() async throws {
        for (agency, code) in Office.codes.enumerated() {
            let file = "\(place.root)/\(agency).secret"
            try Office.secret(agency).write(toFile: file, atomically: true, encoding: .utf8)
            let system = Office.system(agency)
            for outcome in [
                try await hub.command("system", "add", system, "--name", "QLVB \(agency)", "--secret-file", file),
                try await hub.command("agency", "add", code, "--name", "Sở \(agency)", "--system", system),
            ] where outcome.status != 0 { throw RawHTTPFailure(what: outcome.errors) }
        }
        let set = try await hub.command(
            "endpoint", "set", Office.codes[receiver.agency], "http://127.0.0.1:\(receiver.port)/truc")
        guard set.status == 0 else { throw RawHTTPFailure(what: set.errors) }
    }

    private func all(_ sabotage: (Int) async throws -> Void) async throws {
        for _ in 0..<cycles {
            let cycle = schedule.next()
            let before = book.counts
            try await self.cycle(cycle)
            let news = book.counts.map { ($0.key, $0.value - before[$0.key, default: 0]) }.filter { $0.1 != 0 }.sorted {
                $0.0 < $1.0
            }
            say(
                "\(cycle.number) \(cycle.fault) \(cycle.backend): \(news.map { "\($0.0) \($0.1)" }.joined(separator: ", "))"
            )
            guard book.violations.isEmpty else { return }
            try await sabotage(cycle.number)
        }
        for agency in Office.codes.indices {
            try await resendDoubted(Worker(agency, port: hub.port, book: book), statuses: nil)
        }
        let open = book.ledger { $0.doubted }
        for name in open { book.violate(Ledger.Violation(what: "a quiet hub did not take it", name: name)) }
        try await prove(Int.max)
        try await proveBytes()
        try await drain()
        try await prove(Int.max)
        try await proveHistory()
    }

    // MARK: One cycle

    private func cycle(_ cycle: Schedule.Cycle) async throws {
        book.begin(cycle.fault)
        try await arm(cycle)
        try await load(cycle)
        let isAlive = place.isMine(hub.pid)
        if book.ringNow(), isAlive { book.count("fault only after the load") }
        try await recover(cycle)
        try await prove(cycle.number)
    }

    /// Sees to it that the fault will come.
    private func arm(_ cycle: Schedule.Cycle) async throws {
        let (place, pid) = (place, hub.pid)
        switch cycle.fault {
        case .hubAt(let point, let pass):
            try await stopGracefully()
            hub = try await Self.start(place, cycle.backend, "\(point.rawValue):\(pass)")
            // A place that is not come to, or not so often: then after the load.
            let late = hub.pid
            book.set(bellAt: .max) { place.signal(late, SIGKILL) }
        case .hub(let after): book.set(bellAt: after) { place.signal(pid, SIGKILL) }
        case .stop(let after): book.set(bellAt: after) { place.signal(pid, SIGTERM) }
        case .postmaster(let after): book.set(bellAt: after) { place.signal(place.postmaster, SIGKILL) }
        case .backend(let after, let pick):
            book.set(bellAt: after) {
                let backends = place.backends
                if !backends.isEmpty { place.signal(backends[Int(pick % UInt64(backends.count))], SIGKILL) }
            }
        case .hubAndPostmaster(let after), .starting(let after, _):
            book.set(bellAt: after) {
                place.signal(pid, SIGKILL)
                place.signal(place.postmaster, SIGKILL)
            }
        case .diskFull(let after, let spare): book.set(bellAt: after) { place.fill(sparing: spare) }
        }
    }

    private func stopGracefully() async throws {
        let status = try await hub.stop()
        if status != 0 { book.violate(Ledger.Violation(what: "a stop by SIGTERM ended with \(status)", name: nil)) }
    }

    private func load(_ cycle: Schedule.Cycle) async throws {
        let (book, port) = (book, hub.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, sender) in cycle.senders.enumerated() {
                let worker = try Worker(sender.agency, port: port, book: book)
                let isFirst = index < Schedule.agencies || sender.agency == Schedule.pushed
                group.addTask {
                    if isFirst { try await resendDoubted(worker, statuses: false) }
                    await worker.send(cycle.number, index, sender.script)
                }
            }
            for (agency, script) in cycle.receivers.enumerated() {
                let worker = try Worker(agency, port: port, book: book)
                group.addTask {
                    try await resendDoubted(worker, statuses: true)
                    await worker.receive(cycle.number, script)
                }
            }
            try await group.waitForAll()
        }
    }

    /// After this the hub is ready, whatever was done to it.
    private func recover(_ cycle: Schedule.Cycle) async throws {
        place.empty()
        switch cycle.fault {
        case .hubAt, .hub, .hubAndPostmaster:
            let status = try await hub.ended()
            if status != -SIGKILL { book.violate(Ledger.Violation(what: "killed, it ended with \(status)", name: nil)) }
            hub = try await Self.start(place, cycle.backend, nil)
        case .starting(_, let moments):
            try await hub.ended()
            for moment in moments {
                let isListening = try await HubProcess.startAndKill(
                    dataDirectory: place.dataDirectory, after: .milliseconds(moment))
                place.signal(place.postmaster, SIGKILL)
                book.count(isListening ? "killed just after its start" : "killed while starting")
            }
            hub = try await Self.start(place, cycle.backend, nil)
        case .stop:
            let status = try await hub.ended()
            if status != 0 { book.violate(Ledger.Violation(what: "a stop under load ended with \(status)", name: nil)) }
            hub = try await Self.start(place, cycle.backend, nil)
        case .postmaster, .backend, .diskFull: break
        }
        try await waitUntilReady()
    }

    private func waitUntilReady() async throws {
        guard let trouble = try await Readiness.wait(port: hub.port, atMost: Self.patience) else { return }
        throw RawHTTPFailure(what: "the hub was not ready in \(Self.patience): \(trouble)")
    }

    // MARK: The proof

    /// Compares the ledger with all lists of the quiet hub.
    private func prove(_ number: Int) async throws {
        book.ledger { $0.beginLook() }
        var lists: [[Ledger.Listed]] = []
        var backlogs: [(Worker, [VXPReceivedItem])] = []
        for agency in Office.codes.indices {
            let worker = try Worker(agency, port: hub.port, book: book)
            var list: [Ledger.Listed] = []
            for type in [VXPMessageType.edoc, .status] {
                let lines = try await quiet { try await worker.list(type) }
                for line in lines { list.append(try await listed(line, worker)) }
                if lines.count > Self.backlog, agency != receiver.agency { backlogs.append((worker, lines)) }
            }
            lists.append(list)
        }
        for violation in book.ledger({ $0.compare(lists) }) { book.violate(violation) }
        if number == .max || number % Self.comparedEvery == 0 || book.ledger({ $0.packages.count }) < Self.smallLedger {
            for agency in Office.codes.indices { try await proveSent(by: agency) }
        }
        for (worker, lines) in backlogs {
            for line in lines.prefix(lines.count - Self.backlog / 2) { try await worker.confirm(line.docId, .done) }
        }
    }

    private func listed(_ line: VXPReceivedItem, _ worker: Worker) async throws -> Ledger.Listed {
        let known = book.ledger { ledger in ledger.target(line.docId).flatMap { ledger.packages[$0.name]?.sha256 } }
        if let known { return Ledger.Listed(docID: line.docId, sha256: known) }
        return Ledger.Listed(docID: line.docId, sha256: try await quiet { try await worker.digest(line.docId) })
    }

    private func proveSent(by agency: Int) async throws {
        let worker = try Worker(agency, port: hub.port, book: book)
        var lines: Set<Ledger.SentLine> = []
        for type in [VXPMessageType.edoc, .status] {
            let answer = try await quiet {
                try await worker.answered(.getSentEdocList, [.serviceType(), .messageType(type)])
            }
            for item in try VXPReceivedReply.items(VXPSentItem.self, parsing: answer.body) {
                guard let recipient = Office.codes.firstIndex(of: item.toCode) else {
                    throw RawHTTPFailure(what: "a line to \(item.toCode)")
                }
                let line = Ledger.SentLine(
                    receipt: item.senderDocId, docID: item.receiverDocId, recipient: recipient,
                    isHeld: item.sendStatus == "held", isDone: item.receiveStatus == VXPItemStatus.done.rawValue,
                    isWithdrawn: item.sendStatus == "withdrawn",
                    word: DocumentStatus.allCases.first { $0.state.vietnamese == item.receiveStatusDesc })
                if !lines.insert(line).inserted {
                    book.violate(Ledger.Violation(what: "\(item.receiverDocId) stands twice in one list", name: nil))
                }
            }
        }
        for violation in book.ledger({ $0.compare(sentBy: agency, Array(lines)) }) { book.violate(violation) }
    }

    /// Every delivery that was ever seen, the confirmed ones too, byte for byte.
    private func proveBytes() async throws {
        let all = book.ledger { ledger in
            ledger.deliveries.compactMap { target, delivery in
                delivery.docID.map { ($0, target, ledger.packages[target.name]?.sha256 ?? "") }
            }.sorted { $0.0 < $1.0 }
        }
        let workers = try Office.codes.indices.map { try Worker($0, port: hub.port, book: book) }
        for (docID, target, sha256) in all {
            let found = try await quiet { try await workers[target.recipient].digest(docID) }
            if found != sha256 {
                book.violate(
                    Ledger.Violation(what: "\(docID) has SHA-256 \(found), sent was \(sha256)", name: target.name))
            }
            book.count("compared at the end")
        }
    }

    /// What still waits for its endpoint is tried again, as an operator would have it, until nothing waits. From now on the
    /// endpoint answers well.
    private func drain() async throws {
        receiver.getWell()
        let worker = try Worker(receiver.agency, port: hub.port, book: book)
        let clock = ContinuousClock()
        let deadline = clock.now + Self.drainPatience
        while true {
            var waiting: [String] = []
            for type in [VXPMessageType.edoc, .status] {
                waiting += try await quiet { try await worker.list(type) }.map(\.docId)
            }
            guard !waiting.isEmpty else { return }
            guard clock.now < deadline else {
                for docID in waiting {
                    let name = book.ledger { $0.target(docID)?.name }
                    book.violate(
                        Ledger.Violation(what: "\(docID) was not carried in \(Self.drainPatience)", name: name))
                }
                return
            }
            // It ends at one that was delivered in the meantime; the next look is without that one.
            _ = try await CommandOutcome.run(
                ["delivery", "retry"] + waiting.prefix(Self.maxRetried) + [
                    "--reason", "the endpoint is well", "--data-dir", place.dataDirectory,
                ])
            try await Task.sleep(for: Self.drainLook)
        }
    }

    /// Traces each document of which something went to the endpoint.
    private func proveHistory() async throws {
        let all = book.ledger { $0.carried.map(\.docID) }
        var delivered: [String: Int] = [:]
        // A trace tells of a document and its statuses: of several deliveries at once.
        for docID in all where delivered[docID] == nil {
            let trace = try await hub.command("trace", docID)
            guard trace.status == 0 else { throw RawHTTPFailure(what: trace.errors) }
            var found: [String: Int] = [:]
            for line in trace.output.split(separator: "\n") where line.contains("  delivery.delivered  ") {
                if let id = line.split(separator: " ").last { found[String(id), default: 0] += 1 }
            }
            delivered.merge(found) { $1 }
            book.count("traced at the end")
        }
        for violation in book.ledger({ $0.compare(history: delivered) }) { book.violate(violation) }
    }

    /// A quiet hub has no reason to refuse but what it has not recovered from. That it is ready may be an answer that is a
    /// second old: readiness is shared by those who ask for it.
    private func quiet<Value>(_ body: () async throws -> Value?) async throws -> Value {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        repeat {
            if let value = try await body() { return value }
            book.count("refused while quiet")
            // Readiness is asked for, not told, and what it says may stand for a second.
            try await Task.sleep(for: Readiness.look)
            try await waitUntilReady()
        } while clock.now < deadline
        throw Ledger.Violation(what: "a quiet hub refused for \(Self.patience)", name: nil)
    }

    private func report(_ seed: UInt64) {
        say("\n\(Instant.now().iso8601), since \(began.iso8601)")
        for (what, number) in book.counts.sorted(by: { $0.key < $1.key }) { say("  \(what): \(number)") }
        let violations = book.violations
        guard !violations.isEmpty else { return say("everything held") }
        // What was violated stands last: of a long log the end is what is read first, and kept.
        say("the hub's last words:\n\(hub.logText.suffix(4_000))")
        say("\nVIOLATED, seed \(seed), cycle \(schedule.number):")
        for violation in violations.prefix(20) {
            say("- \(violation)")
            if let name = violation.name { say(book.ledger { $0.extract(name) }) }
        }
        if violations.count > 20 { say("… and \(violations.count - 20) more") }
        say("again: make crash CYCLES=\(cycles) SEED=\(seed)")
        say("kept: \(place.root)\(place.canBeFull ? " (a mounted file system; umount it when done)" : "")")
    }
}

/// Sends once more what got no answer: that settles it.
///
/// - Parameter statuses: those, documents, or both.
private func resendDoubted(_ worker: Worker, statuses: Bool?) async throws {
    for name in worker.book.ledger({ $0.doubted }) where name.agency == worker.agency {
        guard let recipe = worker.book.recipe(name) else { continue }
        let isStatus = if case .status = recipe { true } else { false }
        guard statuses == nil || statuses == isStatus else { continue }
        guard await worker.send(name, recipe) else { return }
    }
}

/// Whether a hub can take packages again.
enum Readiness {
    /// Between two looks.
    static let look: Duration = .milliseconds(50)

    /// Waits until the hub says so.
    ///
    /// - Returns: nil, or what it said last when the time was up.
    static func wait(port: Int, atMost patience: Duration) async throws -> String? {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var last = "no answer"
        repeat {
            if let connection = try? await RawHTTPClient.connect(port: port) {
                try? await connection.send("GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                let answer = try? await connection.receive()
                if answer?.status == 200 { return nil }
                last = answer?.text ?? last
            }
            // Readiness is asked for, not told: there is nothing to wait for but the next look.
            try await Task.sleep(for: look)
        } while clock.now < deadline
        return last
    }
}
