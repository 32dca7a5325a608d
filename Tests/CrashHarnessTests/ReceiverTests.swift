// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing
import Trust

@testable import CrashHarness

/// The harness's own endpoint, spoken to as a hub would.
@Suite(.timeLimit(.minutes(1))) struct ReceiverTests {
    private let body = Array("<a/>".utf8)
    private var sha256: String { SHA256Digest(of: body).hex }

    /// A seed by which the first answer is so.
    private func seed(_ answer: Schedule.Answer) throws -> UInt64 {
        try #require(
            (0...10_000 as ClosedRange<UInt64>).first { Schedule.answer(seed: $0, sha256: sha256, time: 1) == answer })
    }

    private func book() -> Book {
        let book = Book(maxFailures: 5)
        let name = Ledger.Name(agency: 0, number: 1)
        book.ledger { $0.sending(name, sha256: sha256, to: [Schedule.pushed], isStatus: false) }
        return book
    }

    private func push(
        to receiver: Receiver, delivery: String = "d1", sha256: String? = nil
    ) async throws -> RawHTTPResponse {
        let connection = try await RawHTTPClient.connect(port: receiver.port)
        try await connection.send(
            "POST /truc HTTP/1.1\r\nHost: h\r\nwebhook-id: \(delivery)\r\ntruc-sha256: \(sha256 ?? self.sha256)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n")
        try await connection.send(body)
        return try await connection.receive()
    }

    private func receipts(_ book: Book) -> Int {
        book.ledger { ledger in ledger.deliveries.values.map(\.receipts).reduce(0, +) }
    }

    @Test(arguments: Schedule.Answer.allCases)
    func `it answers by the seed, and with a receipt at last`(_ answer: Schedule.Answer) async throws {
        let book = book()
        let receiver = try Receiver.start(Schedule.pushed, seed: try seed(answer), book: book)
        defer { receiver.stop() }
        let first = try? await push(to: receiver)
        switch answer {
        case .receipt, .slowReceipt: #expect(first?.text.contains(sha256) == true && first?.status == 200)
        case .failure: #expect(first?.status == 500)
        case .busy: #expect(first?.status == 503 && first?.field("Retry-After") == "1")
        case .cut, .cutAfterStoring: #expect(first == nil)
        }
        #expect(receipts(book) == (answer.isReceipt ? 1 : 0))
        receiver.getWell()
        #expect(try await push(to: receiver).text == #"{"delivery":"d1","sha256":"\#(sha256)"}"#)
        #expect(book.violations == [])
        #expect(book.ledger { $0.deliveries.values.map(\.arrivals) } == [2])
    }

    @Test func `what is not what was sent is violated`() async throws {
        for (delivery, stated, sent) in [("d1", nil, false), ("d1", String(repeating: "0", count: 64), true)] {
            let book = sent ? book() : Book(maxFailures: 5)
            let receiver = try Receiver.start(Schedule.pushed, seed: 1, book: book)
            defer { receiver.stop() }
            _ = try? await push(to: receiver, delivery: delivery, sha256: stated)
            #expect(book.violations.count == 1 && receipts(book) == 0)
        }
    }

    @Test func `what breaks off is nothing`() async throws {
        let book = book()
        let receiver = try Receiver.start(Schedule.pushed, seed: 1, book: book)
        defer { receiver.stop() }
        let connection = try await RawHTTPClient.connect(port: receiver.port)
        try await connection.send(
            "POST /truc HTTP/1.1\r\nwebhook-id: d1\r\ntruc-sha256: \(sha256)\r\nContent-Length: 4\r\n\r\n<a")
        connection.halfClose()
        #expect(try await connection.receiveToEnd() == [])
        #expect(book.violations == [] && book.ledger { $0.deliveries.values.map(\.arrivals) } == [0])
    }

    @Test func `a head that is no push is found out`() throws {
        let right = "POST / HTTP/1.1\r\nwebhook-id: d1\r\ntruc-sha256: aa\r\ncontent-length: 3"
        #expect(try PushHead(parsing: right).length == 3)
        for (part, other) in [
            ("POST", "GET"), ("webhook-id", "x"), ("truc-sha256", "x"), ("content-length", "x"), (": 3", ": -3"),
            (": 3", ": 99999999"),
        ] {
            #expect(throws: Ledger.Violation.self, "\(part)") {
                try PushHead(parsing: right.replacing(part, with: other))
            }
        }
    }
}
