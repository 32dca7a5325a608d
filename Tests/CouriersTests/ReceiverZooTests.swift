// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import TestKit
import Testing
import Trust

@testable import Couriers
@testable import Hub

/// Endpoints that do everything but what they should.
@Suite(.timeLimit(.minutes(2))) struct ReceiverZooTests {
    /// More than all the buffers between us and a receiver that does not read.
    private static let large = (chunks: 160, length: 256 << 10)

    private func carry(
        _ parcel: Parcel = Sample.parcel([1, 2, 3]), _ limits: PushLimits = Sample.limits, receiveBuffer: Int32? = nil,
        to script: @escaping @Sendable (ReceiverConnection) throws -> Void
    ) async throws -> AttemptOutcome {
        let receiver = try Receiver(receiveBuffer: receiveBuffer, script)
        defer { receiver.stop() }
        return await (try Sample.courier(limits)).carry(parcel, to: try Sample.endpoint(port: receiver.port))
    }

    private var largeParcel: Parcel { Sample.parcel(chunks: Self.large.chunks, of: Self.large.length) }

    private func failed(_ outcome: AttemptOutcome) -> AttemptFailure? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure
    }

    private func limits(
        connect: Duration = .seconds(20), idle: Duration = .seconds(20), answer: Duration = .seconds(20),
        pace: Int = 1 << 20
    ) -> PushLimits {
        PushLimits(connect: connect, idle: idle, answer: answer, slowestPace: pace)
    }

    // MARK: Answers

    @Test func `answers mean what docs push_md says`() async throws {
        for (status, fields, expected) in [
            (
                "500 Internal Server Error", "",
                AttemptOutcome.failed(AttemptFailure(.pushAnswer, httpStatus: 500, detail: "no"))
            ),
            (
                "429 Too Many Requests", "Retry-After: 17\r\n",
                .failed(AttemptFailure(.pushAnswer, httpStatus: 429, detail: "no", retryAfter: .seconds(17)))
            ),
            ("410 Gone", "", .gone(AttemptFailure(.pushGone, httpStatus: 410, detail: "no"))),
            ("403 Forbidden", "", .refused(AttemptFailure(.pushRefused, httpStatus: 403, detail: "no"))),
        ] {
            let outcome = try await carry { connection in
                _ = try connection.readRequest()
                try connection.answer(status, "no", fields)
            }
            #expect(outcome == expected)
        }
    }

    @Test func `a receipt must be there, and be the right one`() async throws {
        let none = try await carry { connection in
            _ = try connection.readRequest()
            try connection.answer("200 OK", "<html>Chào mừng</html>")
        }
        #expect(failed(none)?.code == .pushReceiptMissing)
        let empty = try await carry { connection in
            _ = try connection.readRequest()
            try connection.answer("204 No Content")
        }
        #expect(failed(empty)?.code == .pushReceiptMissing)
        let wrong = try await carry { connection in
            let request = try connection.readRequest()
            try connection.answer(
                "200 OK", request.receipt.replacing(request.digest.hex, with: SHA256Digest(of: [0]).hex))
        }
        #expect(failed(wrong)?.code == .pushReceiptWrong)
        let again = try await carry { connection in
            try connection.answer("409 Conflict", try connection.readRequest().receipt)
        }
        #expect(again == .entered)
    }

    @Test func `a redirect into a private network is not followed`() async throws {
        let trap = try Receiver { _ in }
        defer { trap.stop() }
        for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
            let outcome = try await carry { connection in
                _ = try connection.readRequest()
                try connection.answer(status, "", "Location: http://127.0.0.1:\(trap.port)/\r\n")
            }
            guard case .refused(let failure) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(failure.code == .pushRedirected)
        }
        #expect(trap.count == 0)
    }

    @Test(arguments: ["200 OK", "500 Oops", "409 Conflict"])
    func `a huge answer is read to its bound only`(status: String) async throws {
        let cut = Event()
        let outcome = try await carry { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 1000000000000\r\n\r\n")
            let spam = [UInt8](repeating: 0x20, count: 64 << 10)
            do { while true { try connection.send(spam) } } catch { cut.happened() }
        }
        #expect(failed(outcome)?.code == (status.hasPrefix("500") ? .pushAnswer : .pushAnswerTooLarge))
        await cut.wait()
    }

    @Test func `a head without end is no answer`() async throws {
        let outcome = try await carry { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n")
            let field = "X-A: " + String(repeating: "a", count: 1_000) + "\r\n"
            while true { try connection.send(field) }
        }
        #expect(failed(outcome) != nil)
    }

    @Test func `what is not HTTP is no answer`() async throws {
        for answer in [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        ] {
            let outcome = try await carry { connection in
                _ = try connection.readRequest()
                try connection.send(answer)
                _ = connection.readToEnd()
            }
            #expect(failed(outcome)?.code == .pushAnswer, "\(answer)")
        }
    }

    @Test func `HTTP 1_0 and informational answers are understood`() async throws {
        let old = try await carry { connection in
            let receipt = try connection.readRequest().receipt
            try connection.send("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n\(receipt)")
        }
        #expect(old == .entered)
        let chunked = try await carry { connection in
            let receipt = try connection.readRequest().receipt
            try connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in [String(receipt.prefix(10)), String(receipt.dropFirst(10))] {
                try connection.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
            }
            try connection.send("0\r\n\r\n")
        }
        #expect(chunked == .entered)
    }

    @Test func `who answers before it has the package has not got it`() async throws {
        let claimed = try await carry(largeParcel, receiveBuffer: 4_096) { connection in
            let head = try connection.readHead()
            let (id, digest) = (head.field("webhook-id") ?? "", head.field("truc-sha256") ?? "")
            try connection.answer("200 OK", "{\"delivery\":\"\(id)\",\"sha256\":\"\(digest)\"}")
            _ = connection.readToEnd()
        }
        #expect(failed(claimed)?.code == .pushAnswer)
        #expect(failed(claimed)?.httpStatus == 200)
        let refused = try await carry(largeParcel, receiveBuffer: 4_096) { connection in
            _ = try connection.readHead()
            try connection.answer("413 Content Too Large", "at most 10 MB")
            connection.waitForEnd()
        }
        #expect(
            refused == .refused(AttemptFailure(.pushRefused, httpStatus: 413, detail: "at most 10 MB")))
    }

    // MARK: Time

    @Test func `a tarpit that never reads is left, and little of the package waits for it`() async throws {
        let (left, asked) = (Event(), Counter())
        let parcel = Sample.parcel(chunks: Self.large.chunks, of: Self.large.length, asked: asked)
        let outcome = try await carry(parcel, limits(idle: .milliseconds(300)), receiveBuffer: 4_096) { connection in
            connection.waitForEnd()
            left.happened()
        }
        #expect(failed(outcome)?.code == .pushTimeout)
        #expect(failed(outcome)?.detail.hasPrefix("nothing of the package could be sent") == true)
        await left.wait()
        // The first pass read all of it; the second no more than kernels and one piece hold.
        let sent = asked.count - (Self.large.chunks + 1)
        #expect((1...8).contains(sent), "\(sent)")
    }

    @Test func `who reads everything and says nothing is left`() async throws {
        let left = Event()
        let outcome = try await carry(Sample.parcel([1]), limits(answer: .milliseconds(300))) { connection in
            _ = try connection.readRequest()
            connection.waitForEnd()
            left.happened()
        }
        #expect(failed(outcome)?.code == .pushTimeout)
        #expect(failed(outcome)?.detail.hasPrefix("no answer") == true)
        await left.wait()
    }

    @Test func `an answer that drips does not keep the hub`() async throws {
        let left = Event()
        let outcome = try await carry(Sample.parcel([1]), limits(answer: .milliseconds(400))) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
            while !connection.ends(within: 20) { try connection.send(" ") }
            left.happened()
        }
        #expect(failed(outcome)?.code == .pushTimeout)
        await left.wait()
    }

    @Test func `who takes a little at a time is held to a pace on the whole`() async throws {
        let left = Event()
        let outcome = try await carry(
            largeParcel, limits(connect: .seconds(2), idle: .seconds(2), answer: .milliseconds(100), pace: 100 << 20)
        ) { connection in
            defer { left.happened() }
            _ = try connection.readHead()
            while !connection.ends(within: 20) { _ = try connection.read(64 << 10, exactly: false) }
        }
        #expect(failed(outcome)?.code == .pushTimeout)
        #expect(failed(outcome)?.detail.hasPrefix("not done") == true, "\(outcome)")
        await left.wait()
    }

    // MARK: Broken connections

    @Test func `a refused connection, and one that breaks anywhere, may go well another time`() async throws {
        let closed = try Receiver { _ in }
        closed.stop()
        let refused = await (try Sample.courier()).carry(
            Sample.parcel([1]), to: try Sample.endpoint("http://127.0.0.1:1/"))
        #expect(failed(refused)?.code == .pushUnreachable)
        let atOnce = try await carry { $0.reset() }
        #expect(failed(atOnce)?.code == .pushUnreachable)
        let inBody = try await carry(largeParcel) { connection in
            _ = try connection.readHead()
            _ = try connection.read(300_000)
            connection.reset()
        }
        #expect(failed(inBody)?.code == .pushUnreachable)
        let beforeAnswer = try await carry { _ = try $0.readRequest() }
        #expect(failed(beforeAnswer)?.code == .pushUnreachable)
        let inAnswer = try await carry { connection in
            let receipt = try connection.readRequest().receipt
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(receipt.utf8.count + 1)\r\n\r\n\(receipt)")
        }
        #expect(failed(inAnswer) != nil)
    }

    // MARK: Cancellation

    @Test(arguments: ["lookup", "sending", "answer"])
    func `a cancelled attempt ends at once and leaves the connection`(stage: String) async throws {
        let (reached, left, lookupGoesOn) = (Event(), Event(), DispatchSemaphore(value: 0))
        defer { lookupGoesOn.signal() }
        let receiver = try Receiver(receiveBuffer: 4_096) { connection in
            if stage == "answer" { _ = try connection.readRequest() }
            reached.happened()
            connection.waitForEnd()
            left.happened()
        }
        defer { receiver.stop() }
        let courier = try Sample.courier(
            PushLimits(connect: .seconds(600), idle: .seconds(600), answer: .seconds(600)),
            names: { _ in
                reached.happened()
                lookupGoesOn.wait()
                return .failure(NameLookup.NotFound(reason: "late"))
            })
        let host = stage == "lookup" ? "ten.invalid" : "127.0.0.1"
        let endpoint = try Sample.endpoint("http://\(host):\(receiver.port)/")
        let parcel = stage == "sending" ? largeParcel : Sample.parcel([1])
        let attempt = Task { await courier.carry(parcel, to: endpoint) }
        await reached.wait()
        attempt.cancel()
        #expect(await attempt.value == .failed(AttemptFailure(.pushInterrupted)))
        if stage != "lookup" { await left.wait() }
    }

    @Test(arguments: [false, true])
    func `an attempt may be cancelled at any moment`(overTLS: Bool) async throws {
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let identity = overTLS ? try await certificates.issue("server", by: root) : nil
        let receiver = try await PythonReceiver.start(secret: Sample.secret, identity: identity)
        let endpoint = try Sample.endpoint("\(overTLS ? "https" : "http")://127.0.0.1:\(receiver.port)/")
        let courier = try Sample.courier(ca: root.certificate)
        var outcomes: [AttemptOutcome] = []
        for round in 0..<120 {
            let attempt = Task { await courier.carry(Sample.parcel(chunks: 4, of: 100_000), to: endpoint) }
            for _ in 0..<round * 5 { await Task.yield() }
            attempt.cancel()
            outcomes.append(await attempt.value)
        }
        let interrupted = outcomes.count { $0 == .failed(AttemptFailure(.pushInterrupted)) }
        #expect(interrupted + outcomes.count { $0 == .entered } == outcomes.count)
        #expect(interrupted > 0)
        #expect(await courier.carry(Sample.parcel([1]), to: endpoint) == .entered)
    }

    @Test func `many at once do not disturb one another`() async throws {
        let good = try Receiver { connection in
            try connection.answer("200 OK", try connection.readRequest().receipt)
        }
        let bad = try Receiver { $0.waitForEnd() }
        defer {
            good.stop()
            bad.stop()
        }
        let courier = try Sample.courier()
        let (endpoint, tarpit) = (try Sample.endpoint(port: good.port), try Sample.endpoint(port: bad.port))
        try await withThrowingTaskGroup(of: AttemptOutcome.self) { group in
            let stuck = Task { await courier.carry(Sample.parcel([1]), to: tarpit) }
            for number in 0..<100 {
                group.addTask { await courier.carry(Sample.parcel(chunks: number % 5 + 1, of: 70_000), to: endpoint) }
            }
            for try await outcome in group { #expect(outcome == .entered) }
            stuck.cancel()
            #expect(await stuck.value == .failed(AttemptFailure(.pushInterrupted)))
        }
    }
}
