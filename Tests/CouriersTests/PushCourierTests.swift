// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Synchronization
import TestKit
import Testing
import Trust

@testable import Couriers
@testable import Hub

@Suite(.timeLimit(.minutes(2))) struct PushCourierTests {
    @Test func `the exact bytes go out under the headers of docs push_md, and a receipt makes them entered`()
        async throws
    {
        let seen = Mutex<[ReceiverConnection.Request]>([])
        let receiver = try Receiver { connection in
            let request = try connection.readRequest()
            seen.withLock { $0.append(request) }
            try connection.answer("200 OK", request.receipt)
        }
        defer { receiver.stop() }
        let bytes = Array("<edXML>đúng từng byte\u{0}\r\n</edXML>".utf8)
        let parcel = Sample.parcel(bytes)
        let courier = try Sample.courier()
        for _ in 0..<2 {
            #expect(await courier.carry(parcel, to: try Sample.endpoint(port: receiver.port)) == .entered)
        }
        let requests = seen.withLock { $0 }
        #expect(requests.count == 2)
        for request in requests {
            #expect(request.line == "POST /nhan?a=1 HTTP/1.1")
            #expect(request.body == bytes)
            #expect(request.field("host") == "127.0.0.1:\(receiver.port)")
            #expect(request.field("content-length") == "\(bytes.count)")
            #expect(request.field("content-type") == "application/xml")
            #expect(request.field("connection") == "close")
            #expect(request.field("user-agent") == "Truc")
            #expect(request.field("webhook-id") == "\(parcel.delivery)")
            #expect(request.field("truc-message-type") == "edoc")
            #expect(request.field("truc-sha256") == SHA256Digest(of: bytes).hex)
            let timestamp = try #require(request.field("webhook-timestamp"))
            let age = Instant.now().microseconds / 1_000_000 - (Int64(timestamp) ?? 0)
            #expect((0...60).contains(age))
            let signed = Array("\(parcel.delivery).\(timestamp).".utf8) + bytes
            let code = Data(HMACSHA256.code(key: Sample.secret, message: signed)).base64EncodedString()
            #expect(request.field("webhook-signature") == "v1,\(code)")
            for name in ["transfer-encoding", "accept-encoding", "cookie", "expect", "authorization"] {
                #expect(request.field(name) == nil)
            }
            #expect(Set(request.fields.map(\.name)).count == request.fields.count)
        }
    }

    @Test func `an independent peer takes our signature by the recipe of docs push_md, and no other`() async throws {
        let receiver = try await PythonReceiver.start(secret: Sample.secret)
        let endpoint = try Sample.endpoint(port: receiver.port)
        let courier = try Sample.courier()
        #expect(await courier.carry(Sample.parcel(chunks: 5, of: 100_000), to: endpoint) == .entered)
        #expect(await courier.carry(Sample.parcel([]), to: endpoint) == .entered)
        let other = PushEndpoint(
            id: endpoint.id, agency: endpoint.agency, url: endpoint.url, secrets: [Sample.secret + [0x2E]])
        // Signed with both while one follows the other: either is enough.
        let overlapping = PushEndpoint(
            id: endpoint.id, agency: endpoint.agency, url: endpoint.url,
            secrets: [Sample.secret + [0x2E], Sample.secret])
        #expect(await courier.carry(Sample.parcel([1]), to: overlapping) == .entered)
        guard case .refused(let failure) = await courier.carry(Sample.parcel([1]), to: other) else {
            Issue.record("taken with another secret")
            return
        }
        #expect(failure.code == .pushRefused && failure.httpStatus == 401)
        #expect(failure.detail.contains("not signed with our secret"))
    }

    @Test func `plain HTTP goes only where it is allowed`() async throws {
        let receiver = try Receiver { _ in }
        defer { receiver.stop() }
        let outcome = await (try Sample.courier(plain: false)).carry(
            Sample.parcel([1]), to: try Sample.endpoint(port: receiver.port))
        #expect(outcome == .failed(AttemptFailure(.pushPlainHTTP)))
        #expect(receiver.count == 0)
    }

    // MARK: Where it leads

    @Test func `the address that was judged is the one that is connected to, and each attempt is judged anew`()
        async throws
    {
        let receiver = try Receiver { connection in
            let request = try connection.readRequest()
            #expect(request.field("host")?.hasPrefix("nhan.invalid:") == true)
            try connection.answer("200 OK", request.receipt)
        }
        defer { receiver.stop() }
        // The system knows no such name: whoever looks it up by himself does not come here.
        let answers = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1", "127.0.0.1"]
        let lookups = Counter()
        let courier = try Sample.courier(names: { name in
            #expect(name == "nhan.invalid")
            return Result { try IPAddress(parsing: answers[lookups.next()]) }.map { [$0] }
                .mapError { NameLookup.NotFound(reason: "\($0)") }
        })
        let endpoint = try Sample.endpoint("http://nhan.invalid:\(receiver.port)/")
        for answer in answers {
            let outcome = await courier.carry(Sample.parcel([1, 2, 3]), to: endpoint)
            guard answer != "127.0.0.1" else {
                #expect(outcome == .entered)
                continue
            }
            guard case .failed(let failure) = outcome else {
                Issue.record("\(answer): \(outcome)")
                continue
            }
            #expect(failure.code == .pushTargetForbidden)
            #expect(failure.detail.contains(answer.replacing("::ffff:10.0.0.1", with: "stands for 10.0.0.1")))
        }
        #expect(lookups.count == answers.count)
        #expect(receiver.count == 2)
    }

    @Test func `of several addresses the forbidden are left out and a dead one gives way to the next`() async throws {
        let receiver = try Receiver { connection in
            try connection.answer("200 OK", try connection.readRequest().receipt)
        }
        defer { receiver.stop() }
        let courier = try Sample.courier(names: { _ in
            // Nothing listens at 127.0.0.9.
            .success([.v4(0x0A00_0001), .v4(0x7F00_0009), .v4(0x7F00_0001)])
        })
        let endpoint = try Sample.endpoint("http://nhan.invalid:\(receiver.port)/")
        #expect(await courier.carry(Sample.parcel([1]), to: endpoint) == .entered)
    }

    @Test(arguments: [
        "http://127.0.0.1:9/", "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/", "http://169.254.169.254/",
    ])
    func `a literal address is judged as well`(url: String) async throws {
        let outcome = await (try Sample.courier(allowed: [])).carry(Sample.parcel([1]), to: try Sample.endpoint(url))
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.code == .pushTargetForbidden)
    }

    @Test func `a name that is not found says so`() async throws {
        let outcome = await (try Sample.courier()).carry(
            Sample.parcel([1]), to: try Sample.endpoint("http://khong-co.invalid/"))
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.code == .pushNameUnknown)
    }

    // MARK: Large and damaged

    @Test func `memory does not grow with the package`() async throws {
        let receiver = try Receiver { connection in
            try connection.answer("200 OK", try connection.readRequest(keeping: false).receipt)
        }
        defer { receiver.stop() }
        let courier = try Sample.courier()
        let endpoint = try Sample.endpoint(port: receiver.port)
        #expect(await courier.carry(Sample.parcel(chunks: 20, of: 256 << 10), to: endpoint) == .entered)
        let before = try peakKilobytes()
        let outcome = await courier.carry(Sample.parcel(chunks: 600, of: 256 << 10), to: endpoint)
        #expect(outcome == .entered)
        // Of 150 MB; other tests run beside this one.
        #expect(try peakKilobytes() - before < 48 << 10)
    }

    @Test(arguments: [0, 1])
    func `damaged content never looks whole to the endpoint`(pass: Int) async throws {
        let arrived = Mutex(0)
        let ended = Event()
        let receiver = try Receiver { connection in
            let length = Int(try connection.readHead().field("content-length") ?? "") ?? 0
            let count = connection.readToEnd()
            #expect(length == 40 * (64 << 10) && count < length)
            arrived.withLock { $0 = count }
            ended.happened()
        }
        defer { receiver.stop() }
        let parcel = Sample.parcel(chunks: 40, of: 64 << 10) {
            $0 == pass ? Refusal(.contentDamaged, "invented") : nil
        }
        let outcome = await (try Sample.courier()).carry(parcel, to: try Sample.endpoint(port: receiver.port))
        #expect(outcome == .failed(AttemptFailure(.contentDamaged, detail: "invented")))
        // The first pass over the content is before the connection.
        guard pass == 1 else {
            #expect(receiver.count == 0)
            return
        }
        await ended.wait()
        #expect(arrived.withLock { $0 } <= 39 * (64 << 10))
    }

    @Test(arguments: [0, 1])
    func `what keeps the content from being read is not the endpoint's fault`(pass: Int) async throws {
        struct Unheard: Error {}
        let receiver = try Receiver { connection in _ = connection.readToEnd() }
        defer { receiver.stop() }
        let passes = Counter()
        let parcel = Parcel(
            delivery: DeliveryID(), kind: .edoc, length: 3, sha256: SHA256Digest(of: [1, 2, 3]),
            content: {
                let (fails, chunks) = (passes.next() == pass, Counter())
                return PackageContent(
                    chunks: AsyncThrowingStream<[UInt8], any Error> {
                        if fails { throw Unheard() }
                        return chunks.next() == 0 ? [1, 2, 3] : nil
                    })
            })
        let outcome = await (try Sample.courier()).carry(parcel, to: try Sample.endpoint(port: receiver.port))
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.code == .internalError)
    }

    @Test(arguments: [-1, 1])
    func `content of another length is damaged`(difference: Int) async throws {
        let receiver = try Receiver { connection in _ = connection.readToEnd() }
        defer { receiver.stop() }
        let bytes = [UInt8](repeating: 7, count: 1_000)
        let parcel = Parcel(
            delivery: DeliveryID(), kind: .status, length: bytes.count + difference,
            sha256: SHA256Digest(of: bytes), content: { Sample.content([bytes]) })
        let outcome = await (try Sample.courier()).carry(parcel, to: try Sample.endpoint(port: receiver.port))
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.code == .contentDamaged)
        #expect(receiver.count == 0)
    }

    private func peakKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) })
    }
}
