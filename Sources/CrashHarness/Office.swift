// SPDX-License-Identifier: Apache-2.0
import EdXML
import Exchange
import Foundation
import Synchronization
import TestKit
import Trust
import VXPProtocol

/// The agencies of a run: who they are, and the packages that the schedule has them send.
enum Office {
    static let codes = ["000.00.31.H52", "000.00.32.H52", "000.00.33.H52", "000.00.34.H52"]

    static func system(_ agency: Int) -> String { "qlvb.crash\(agency)" }
    static func secret(_ agency: Int) -> String { "crash-\(agency)-0123456789abcdef" }

    static func client(_ agency: Int, port: Int) throws -> SDKClient {
        SDKClient(port: port, system: try SystemID(parsing: system(agency)), secret: secret(agency))
    }

    /// The same name and length give the same bytes.
    static func document(_ name: Ledger.Name, to recipients: [Int], bytes: Int) throws -> [UInt8] {
        try builder(name, to: recipients, bytes: bytes).document()
    }

    /// What takes back a document at these recipients.
    static func recall(of document: Ledger.Name, to recipients: [Int], said: Ledger.Name) throws -> [UInt8] {
        var builder = builder(said, to: recipients, bytes: 100)
        var business = Business(kind: .recall)
        business.documentIDText = try Self.builder(document, to: recipients, bytes: 0).documentID.text
        business.reason = "Ban hành nhầm"
        builder.business = business
        return try builder.document()
    }

    /// What `recipient` of a document says of it; `said` makes every saying a package of its own.
    static func status(
        _ status: DocumentStatus, of document: Ledger.Name, by recipient: Int, said: Ledger.Name
    ) throws -> [UInt8] {
        try builder(document, to: [recipient], bytes: 0).status(
            status, from: codes[recipient], description: "Lần \(said.agency).\(said.number)")
    }

    private static func builder(_ name: Ledger.Name, to recipients: [Int], bytes: Int) -> PackageBuilder {
        var builder = PackageBuilder(number: name.number)
        builder.from = codes[name.agency]
        builder.to = recipients.map { codes[$0] }
        builder.attachmentLength = bytes
        builder.seed = UInt64(name.agency) << 32 | UInt64(name.number)
        return builder
    }
}

/// What all actors of a run share: the ledger, what went wrong, and the count of requests that sets the fault off.
final class Book: Sendable {
    /// How a package is made again, so that nothing but its digest is kept.
    enum Recipe: Hashable, Sendable {
        case document(to: [Int], bytes: Int)
        case status(DocumentStatus, of: Ledger.Name)
        case recall(of: Ledger.Name, from: [Int])
    }

    private struct State {
        var ledger: Ledger
        var recipes: [Ledger.Name: Recipe] = [:]
        var violations: [Ledger.Violation] = []
        var requests = 0
        var bell: (at: Int, ring: @Sendable () -> Void)?
        var counts: [String: Int] = [:]
        var excuses: Set<Refusal.Code> = []
        var owesAnswers = false
    }

    private let state: Mutex<State>

    init(maxFailures: Int) {
        state = Mutex(State(ledger: Ledger(maxFailures: maxFailures, pushed: [Schedule.pushed])))
    }

    func ledger<Value: Sendable>(_ body: (inout Ledger) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0.ledger) }
    }

    func recipe(_ name: Ledger.Name) -> Recipe? { state.withLock { $0.recipes[name] } }

    func remember(_ name: Ledger.Name, _ recipe: Recipe) { state.withLock { $0.recipes[name] = recipe } }

    /// Everything sent so far, in a fixed order.
    func sent(by agency: Int) -> [Ledger.Name] {
        state.withLock { state in state.recipes.keys.filter { $0.agency == agency }.sorted() }
    }

    func violate(_ violation: Ledger.Violation) { state.withLock { $0.violations.append(violation) } }
    var violations: [Ledger.Violation] { state.withLock { $0.violations } }

    /// One request begins; the `at`-th since `set` rings the bell.
    func request() {
        let ring = state.withLock { state -> (@Sendable () -> Void)? in
            state.requests += 1
            guard let bell = state.bell, state.requests >= bell.at else { return nil }
            state.bell = nil
            return bell.ring
        }
        ring?()
    }

    func set(bellAt requests: Int, _ ring: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.requests = 0
            state.bell = (requests, ring)
        }
    }

    /// Rings now if the bell has not rung.
    ///
    /// - Returns: whether it had not.
    func ringNow() -> Bool {
        let ring = state.withLock { state in
            defer { state.bell = nil }
            return state.bell?.ring
        }
        ring?()
        return ring != nil
    }

    /// What the hub may answer from now on because of what is done to it.
    var excuses: Set<Refusal.Code> { state.withLock { $0.excuses } }

    func begin(_ fault: Schedule.Fault) {
        state.withLock { state in
            state.excuses = fault.excuses
            state.owesAnswers = fault.isSurvived
        }
    }

    /// A request got no answer: a defect of a hub that lives.
    func unanswered(_ what: String, _ error: any Error) {
        count("unanswered")
        if state.withLock({ $0.owesAnswers }) {
            violate(Ledger.Violation(what: "a hub that lives did not answer \(what): \(error)", name: nil))
        }
    }

    func count(_ what: String, _ number: Int = 1) { state.withLock { $0.counts[what, default: 0] += number } }
    var counts: [String: Int] { state.withLock { $0.counts } }
}

/// One system at work: every request is written into the book before it is made, and its answer after it has come.
struct Worker: Sendable {
    /// Longest wait after an answer that the hub cannot now.
    static let patience: Duration = .milliseconds(500)

    let agency: Int
    let client: SDKClient
    let book: Book
    private let port: Int

    init(_ agency: Int, port: Int, book: Book) throws {
        self.agency = agency
        self.port = port
        self.book = book
        client = try Office.client(agency, port: port)
    }

    // MARK: Sending

    func send(_ cycle: Int, _ actor: Int, _ script: [Schedule.Send]) async {
        for (step, action) in script.enumerated() {
            let name = Ledger.Name(agency: agency, number: cycle * 1_000 + actor * 20 + step)
            var isAnswered = true
            switch action {
            case .document(let recipients, let bytes):
                isAnswered = await send(name, .document(to: recipients, bytes: bytes))
            case .again(let pick):
                let earlier = book.sent(by: agency).filter { name in
                    // Statuses are said again by their receiver alone, in its own order.
                    if case .status = book.recipe(name) { false } else { true }
                }
                guard !earlier.isEmpty else { continue }
                let chosen = earlier[Int(pick % UInt64(earlier.count))]
                if let recipe = book.recipe(chosen) { isAnswered = await send(chosen, recipe) }
            case .recall(let back):
                guard let (document, recipients) = recallable(back) else { continue }
                book.count("recalls begun")
                isAnswered = await send(name, .recall(of: document, from: recipients))
            }
            guard isAnswered else { return }
        }
    }

    /// The acknowledged document so many before the latest, and those of its recipients that fetch: from an endpoint
    /// something may be on its way back that nobody counts.
    private func recallable(_ back: Int) -> (document: Ledger.Name, recipients: [Int])? {
        book.ledger { ledger in
            guard let document = ledger.recallable(by: agency).dropLast(back).last else { return nil }
            let recipients = (ledger.packages[document]?.recipients ?? []).filter { $0 != Schedule.pushed }
            return recipients.isEmpty ? nil : (document, recipients)
        }
    }

    /// - Returns: false when the connection broke: the hub is gone.
    @discardableResult
    func send(_ name: Ledger.Name, _ recipe: Book.Recipe) async -> Bool {
        do {
            let isFirst = book.recipe(name) == nil
            let (bytes, recipients, isStatus) = try make(name, recipe)
            let from = try AgencyID(parsing: Office.codes[agency])
            book.remember(name, recipe)
            book.ledger {
                let recalls: Ledger.Name? = if case .recall(let document, _) = recipe { document } else { nil }
                $0.sending(
                    name, sha256: SHA256Digest(of: bytes).hex, to: recipients, isStatus: isStatus, recalls: recalls)
                if case .status(let word, let document) = recipe {
                    $0.speaking(Ledger.Target(name: document, recipient: agency), word)
                }
            }
            book.request()
            let answer = try await client.send(bytes, from: from, type: isStatus ? .status : .edoc, expects: false)
            guard try judge(answer, "send", name) else {
                _ = try await Readiness.wait(port: port, atMost: Self.patience)
                return true
            }
            guard let receipt = try answer.reply.docID else { throw RawHTTPFailure(what: "OK without a DocId") }
            book.count("acknowledged")
            try book.ledger { ledger in
                try ledger.acknowledged(name, receipt: receipt)
                if case .status(let word, let document) = recipe {
                    ledger.spoke(Ledger.Target(name: document, recipient: agency), word, atOnce: isFirst)
                }
            }
            return true
        } catch let violation as Ledger.Violation {
            book.violate(violation)
            return true
        } catch {
            book.unanswered("a sender", error)
            return false
        }
    }

    private func make(
        _ name: Ledger.Name, _ recipe: Book.Recipe
    ) throws -> (bytes: [UInt8], recipients: [Int], isStatus: Bool) {
        switch recipe {
        case .document(let recipients, let bytes):
            (try Office.document(name, to: recipients, bytes: bytes), recipients, false)
        case .status(let word, let document):
            (try Office.status(word, of: document, by: agency, said: name), [document.agency], true)
        case .recall(let document, let recipients):
            (try Office.recall(of: document, to: recipients, said: name), recipients, false)
        }
    }

    // MARK: Receiving

    func receive(_ cycle: Int, _ script: [(pick: UInt64, take: Schedule.Take)]) async {
        for (step, (pick, take)) in script.enumerated() {
            let said = Ledger.Name(agency: agency, number: cycle * 1_000 + 500 + step)
            do {
                try await receive(pick, take, said: said)
            } catch let violation as Ledger.Violation {
                book.violate(violation)
            } catch {
                book.unanswered("a receiver", error)
                return
            }
        }
    }

    private func receive(_ pick: UInt64, _ take: Schedule.Take, said: Ledger.Name) async throws {
        guard let lines = try await list(take == .status ? .status : .edoc), !lines.isEmpty else { return }
        let line = lines[Int(pick % UInt64(lines.count))]
        guard let target = try await fetch(line.docId) else { return }
        switch take {
        case .look: break
        case .processing: _ = try await answered(.updateStatus, [.docID(line.docId), .confirmation(.processing)])
        case .fail: try await confirm(line.docId, .fail)
        case .done, .status: try await confirm(line.docId, .done)
        case .doneAndSay(let word):
            // What is said of a recall is an answer to it, and nobody answers here.
            guard try await confirm(line.docId, .done), book.ledger({ $0.packages[target.name]?.recalls }) == nil else {
                return
            }
            guard await send(said, .status(word, of: target.name)) else { throw RawHTTPFailure(what: "gone") }
        }
    }

    /// The whole list; nil when the hub answers that it cannot now.
    func list(_ type: VXPMessageType) async throws -> [VXPReceivedItem]? {
        guard let answer = try await answered(.getReceivedEdocList, [.serviceType(), .messageType(type)]) else {
            return nil
        }
        return try VXPReceivedReply.items(VXPReceivedItem.self, parsing: answer.body)
    }

    /// Fetches a delivery that is listed and finds it in the ledger by its bytes; nil when the hub cannot now.
    func fetch(_ docID: String) async throws -> Ledger.Target? {
        guard let sha256 = try await digest(docID) else { return nil }
        return try book.ledger { try $0.sees(Ledger.Listed(docID: docID, sha256: sha256), by: agency) }
    }

    /// SHA-256 of what the hub hands out.
    func digest(_ docID: String) async throws -> String? {
        book.ledger { $0.fetching(docID, by: agency) }
        book.request()
        let answer = try await client.call(.getEdoc, [.docID(docID)])
        if (try? answer.reply)?.code == Refusal.Code.deliveryWithdrawn.rawValue,
            book.ledger({ $0.mayBeWithdrawn(docID, from: agency) })
        {
            book.ledger { $0.refused(docID, to: agency) }
            book.count("recalled before it was fetched")
            return nil
        }
        guard try await isAccepted(answer, "getEdoc") else { return nil }
        book.count("fetched")
        return SHA256Digest(of: try VXPReceivedReply.content(parsing: answer.body)).hex
    }

    @discardableResult
    func confirm(_ docID: String, _ confirmation: Ledger.Confirmation) async throws -> Bool {
        book.ledger { $0.confirming(docID, confirmation) }
        let parameters: [VXPParameter] = [
            .docID(docID), .confirmation(confirmation == .done ? .done : .fail), .description("thu lai"),
        ]
        guard try await answered(.updateStatus, parameters) != nil else { return false }
        book.ledger { $0.confirmed(docID, confirmation) }
        book.count(confirmation == .done ? "confirmed" : "failed")
        return true
    }

    /// - Returns: nil when the hub answers that it cannot now.
    /// - Throws: when there is no answer; `Ledger.Violation` for a refusal that nothing here deserves.
    func answered(_ operation: VXPOperation, _ parameters: [VXPParameter]) async throws -> RawHTTPResponse? {
        book.request()
        let answer = try await client.call(operation, parameters)
        return try await isAccepted(answer, operation.rawValue) ? answer : nil
    }

    private func isAccepted(_ answer: RawHTTPResponse, _ what: String) async throws -> Bool {
        if try judge(answer, what, nil) { return true }
        // What comes next shall meet a hub that has recovered, if it does soon.
        _ = try await Readiness.wait(port: port, atMost: Self.patience)
        return false
    }

    /// Whether it is a success. What may be refused is what the fault of this cycle explains.
    private func judge(_ answer: RawHTTPResponse, _ what: String, _ name: Ledger.Name?) throws -> Bool {
        let reply: VXPReceivedReply
        do { reply = try answer.reply } catch {
            throw Ledger.Violation(what: "\(what) got a whole answer that is no reply: \(error)", name: name)
        }
        if answer.status == 200, reply.isSuccess { return true }
        // A stream whose source failed ends in a refusal under a 200; so does a body that broke off.
        guard !reply.isSuccess, let code = reply.code.flatMap(Refusal.Code.init), book.excuses.contains(code) else {
            throw Ledger.Violation(
                what: "\(what) was answered with \(answer.status) \(reply.code ?? "") \(reply.errorDescription)",
                name: name)
        }
        book.count("refused \(reply.code ?? "?")")
        return false
    }
}

/// The hub is not there, or talks nonsense.
struct RawHTTPFailure: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
}
