// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Exchange
import Foundation
import Store
import Synchronization

/// What the load generator saw.
struct LoadOutcome: Sendable {
    /// From the first byte sent to the last answer read, in nanoseconds.
    let elapsed: UInt64
    /// One for each package: from the moment at which it was to be sent to its answer read, in nanoseconds; sorted.
    let latencies: [UInt64]
    /// `DocId` of each answer.
    let docIDs: [String]
}

/// Sends prepared requests over blocking sockets, one thread and one connection each; a connection sends its next request
/// when it has read the answer to the last and, at a given rate, when its time has come.
///
/// The loop allocates nothing: the generator shares the machine with the hub that it measures.
struct LoadGenerator: Sendable {
    /// Longest wait for the hub to take or to give bytes.
    static let ioTimeoutSeconds = 60

    let port: Int
    let connections: Int
    /// Packages a second; nil for as many as are answered. What is late counts from when it should have been sent.
    var rate: Int?

    /// - Throws: `Refusal(.internalError)` with the first thing that went wrong: every answer must be HTTP 200 with
    ///   `ErrorCode` 0 and a `DocId`.
    func run(_ packages: BenchPackages) async throws -> LoadOutcome {
        let sockets = try (0..<connections).map { _ in try LoadConnection(port: port) }
        let start = MonotonicClock.now()
        let race = Race(count: packages.heads.count, start: start, interval: rate.map { 1_000_000_000 / UInt64($0) })
        let parts = try await withThrowingTaskGroup(of: LoadConnection.Result.self) { group in
            for socket in sockets {
                group.addTask {
                    let thread = DedicatedThread(name: "load", capacity: 1)
                    defer { thread.stop() }
                    return try await thread.run { try socket.send(packages, race) }
                }
            }
            return try await group.reduce(into: [LoadConnection.Result]()) { $0.append($1) }
        }
        let end = parts.map(\.end).max() ?? start
        return LoadOutcome(
            elapsed: end - start, latencies: parts.flatMap(\.latencies).sorted(),
            docIDs: parts.flatMap { part in
                stride(from: 0, to: part.docIDs.count, by: LoadConnection.docIDBytes).map { offset in
                    String(decoding: part.docIDs[offset..<offset + LoadConnection.docIDBytes], as: UTF8.self)
                }
            })
    }
}

/// Nanoseconds of a clock that only goes forward.
enum MonotonicClock {
    static func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
}

/// Deals the packages out: whoever is free takes the next. After a failure nobody gets one.
private final class Race: Sendable {
    private let next = Atomic(0)
    private let count: Int
    private let start: UInt64
    private let interval: UInt64?

    /// - Parameter interval: nanoseconds between two packages; nil for none.
    init(count: Int, start: UInt64, interval: UInt64?) {
        self.count = count
        self.start = start
        self.interval = interval
    }

    /// Waits for the time of a package, and tells it. Blocking.
    func wait(for index: Int) -> UInt64 {
        let now = MonotonicClock.now()
        guard let interval else { return now }
        let due = start + UInt64(index) * interval
        if due > now { Thread.sleep(forTimeInterval: Double(due - now) / 1e9) }
        return due
    }

    func take() -> Int? {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < count ? index : nil
    }

    func abandon() { next.store(count, ordering: .relaxed) }
}

/// One keep-alive connection.
private final class LoadConnection: Sendable {
    struct Result: Sendable {
        var latencies: [UInt64] = []
        var docIDs: [UInt8] = []
        var end: UInt64 = 0
    }

    /// A UUID as text.
    static let docIDBytes = 36
    /// Longest answer, head included.
    static let maxAnswerBytes = 16 << 10

    private let descriptor: Int32

    init(port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("socket") }
        self.descriptor = descriptor
        // A `timeval`, whose fields the importer gives to a module that cannot be imported.
        var timeout = (seconds: LoadGenerator.ioTimeoutSeconds, microseconds: 0)
        var on: Int32 = 1
        let intLength = socklen_t(MemoryLayout<Int32>.size)
        let timeLength = socklen_t(MemoryLayout.size(ofValue: timeout))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, intLength)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, timeLength)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, timeLength)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let connected = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Self.failure("connect") }
    }

    deinit { close(descriptor) }

    /// Sends until no package is left. Blocking.
    func send(_ packages: BenchPackages, _ race: Race) throws -> Result {
        var result = Result()
        result.latencies.reserveCapacity(packages.heads.count)
        result.docIDs.reserveCapacity(packages.heads.count * Self.docIDBytes)
        do {
            try packages.tail.withUnsafeBytes { tail in
                try withUnsafeTemporaryAllocation(byteCount: Self.maxAnswerBytes, alignment: 16) { buffer in
                    while let index = race.take() {
                        let start = race.wait(for: index)
                        try packages.heads[index].withUnsafeBytes { try write($0, tail) }
                        let answer = try readAnswer(into: buffer)
                        result.latencies.append(MonotonicClock.now() - start)
                        result.docIDs.append(contentsOf: try Answer.docID(answer))
                    }
                }
            }
        } catch {
            race.abandon()
            throw error
        }
        result.end = MonotonicClock.now()
        return result
    }

    private func write(_ head: UnsafeRawBufferPointer, _ tail: UnsafeRawBufferPointer) throws {
        var (head, tail) = (head, tail)
        while !head.isEmpty || !tail.isEmpty {
            var parts = (
                iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
                iovec(iov_base: UnsafeMutableRawPointer(mutating: tail.baseAddress), iov_len: tail.count)
            )
            let written = withUnsafeBytes(of: &parts) { bytes in
                bytes.withMemoryRebound(to: iovec.self) { writev(descriptor, $0.baseAddress, 2) }
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.failure("write")
            }
            let ofHead = min(written, head.count)
            head = UnsafeRawBufferPointer(rebasing: head[ofHead...])
            tail = UnsafeRawBufferPointer(rebasing: tail[(written - ofHead)...])
        }
    }

    private func readAnswer(into buffer: UnsafeMutableRawBufferPointer) throws -> UnsafeRawBufferPointer {
        var filled = 0
        while true {
            let count = recv(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(count == 0 ? "the hub closed the connection" : "read") }
            filled += count
            let answer = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
            if try Answer.isWhole(answer) { return answer }
            guard filled < buffer.count else { throw Refusal(.internalError, "an answer is too long") }
        }
    }

    private static func failure(_ what: String) -> Refusal {
        Refusal(.internalError, "\(what): \(String(cString: strerror(errno)))")
    }
}

/// What the generator reads in an HTTP answer, without making strings.
enum Answer {
    private static let headEnd: StaticString = "\r\n\r\n"
    private static let status: StaticString = "HTTP/1.1 200 "
    private static let length: StaticString = "\r\ncontent-length: "
    private static let success: StaticString = #""ErrorCode":"0""#
    private static let docID: StaticString = #""DocId":""#

    /// Whether head and body are there as a whole.
    ///
    /// - Throws: when the head has no `Content-Length`.
    static func isWhole(_ answer: UnsafeRawBufferPointer) throws -> Bool {
        guard let headEnd = find(headEnd, in: answer) else { return false }
        let head = UnsafeRawBufferPointer(rebasing: answer[..<headEnd])
        guard let digits = find(length, in: head, ignoringCase: true) else { throw refused(answer) }
        var count = 0
        for byte in answer[digits...].prefix(9).prefix(while: { (0x30...0x39).contains($0) }) {
            count = count * 10 + Int(byte - 0x30)
        }
        return answer.count >= headEnd + count
    }

    /// The `DocId` of a success.
    ///
    /// - Throws: `Refusal` with the answer when it says anything else.
    static func docID(_ answer: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        guard answer.starts(with: bytes(status)), find(success, in: answer) != nil,
            let start = find(docID, in: answer), answer.count > start + LoadConnection.docIDBytes,
            answer[start + LoadConnection.docIDBytes] == UInt8(ascii: "\"")
        else { throw refused(answer) }
        return UnsafeRawBufferPointer(rebasing: answer[start..<start + LoadConnection.docIDBytes])
    }

    private static func refused(_ answer: UnsafeRawBufferPointer) -> Refusal {
        Refusal(.internalError, "the hub answered: \(String(decoding: answer.prefix(2_000), as: UTF8.self))")
    }

    /// Where the text ends in the answer; an answer is short.
    ///
    /// - Parameter ignoringCase: the text is in lower case then.
    private static func find(
        _ text: StaticString, in answer: UnsafeRawBufferPointer, ignoringCase: Bool = false
    ) -> Int? {
        let wanted = bytes(text)
        guard answer.count >= wanted.count else { return nil }
        var start = 0
        while start <= answer.count - wanted.count {
            var length = 0
            while length < wanted.count {
                let byte = answer[start + length]
                let folded = ignoringCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
                guard folded == wanted[length] else { break }
                length += 1
            }
            if length == wanted.count { return start + length }
            start += 1
        }
        return nil
    }

    private static func bytes(_ text: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
