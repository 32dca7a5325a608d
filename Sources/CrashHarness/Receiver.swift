// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit
import Trust

/// The system behind an agency's endpoint: it outlives every hub and forgets nothing. What it reads goes into the ledger
/// before it answers, and it answers by the seed.
///
/// Accepting and each connection have a thread of their own, never one of the cooperative pool.
final class Receiver: Sendable {
    /// Twice what a hub carries to one endpoint at once; what comes beyond waits in the kernel's queue.
    static let maxConnections = 64
    /// Longest wait for one byte to come or go.
    static let patience = 20
    /// How long a slow answer takes.
    static let slowness: TimeInterval = 0.3

    let agency: Int
    let port: Int
    private let seed: UInt64
    private let book: Book
    private let listener: Int32
    private let room = DispatchSemaphore(value: Receiver.maxConnections)
    private let isWell = Mutex(false)

    /// Listens on a port of its own on loopback, until `stop`.
    static func start(_ agency: Int, seed: UInt64, book: Book) throws -> Receiver {
        let receiver = try Receiver(agency, seed: seed, book: book)
        Thread.detachNewThread { receiver.serve() }
        return receiver
    }

    private init(_ agency: Int, seed: UInt64, book: Book) throws {
        let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let listener = socket(AF_INET, stream, 0)
        guard listener >= 0 else { throw RawHTTPFailure(what: "no socket for the receiver") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, Int32(Self.maxConnections)) == 0
                    && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else {
            close(listener)
            throw RawHTTPFailure(what: "the receiver cannot listen: \(String(cString: strerror(errno)))")
        }
        self.agency = agency
        self.seed = seed
        self.book = book
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// From now on it answers everything with a receipt at once.
    func getWell() { isWell.withLock { $0 = true } }

    /// Takes no further connections.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        while true {
            room.wait()
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                room.signal()
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            Thread.detachNewThread { [self] in
                var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
                for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                    setsockopt(connection, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
                }
                serve(connection)
                close(connection)
                room.signal()
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        do {
            // A push that breaks off is nothing: the hub has died in the middle of it.
            guard let (head, body) = try read(connection) else { return }
            let sha256 = SHA256Digest(of: body).hex
            guard head.sha256 == sha256 else {
                throw Ledger.Violation(what: "\(head.delivery) came as \(head.sha256) and is \(sha256)", name: nil)
            }
            let isWell = isWell.withLock { $0 }
            let (time, answer) = try book.ledger { ledger in
                let time = try ledger.arrived(Ledger.Listed(docID: head.delivery, sha256: sha256), at: agency)
                let answer = isWell ? .receipt : Schedule.answer(seed: seed, sha256: sha256, time: time)
                if answer.isReceipt { ledger.receipted(head.delivery) }
                return (time, answer)
            }
            if time > 1 { book.count("pushed again") }
            book.count("pushed, \(answer.rawValue)")
            give(answer, to: connection, Self.receipt(head.delivery, sha256))
        } catch let violation as Ledger.Violation {
            book.violate(violation)
        } catch {
            book.violate(Ledger.Violation(what: "the receiver: \(error)", name: nil))
        }
    }

    private static func receipt(_ delivery: String, _ sha256: String) -> String {
        #"{"delivery":"\#(delivery)","sha256":"\#(sha256)"}"#
    }

    private func give(_ answer: Schedule.Answer, to connection: Int32, _ receipt: String) {
        switch answer {
        case .receipt: write("200 OK", "", receipt, to: connection)
        case .slowReceipt:
            Thread.sleep(forTimeInterval: Self.slowness)
            write("200 OK", "", receipt, to: connection)
        case .failure: write("500 Internal Server Error", "", "", to: connection)
        case .busy: write("503 Service Unavailable", "Retry-After: 1\r\n", "", to: connection)
        case .cut, .cutAfterStoring:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        }
    }

    private func write(_ status: String, _ fields: String, _ body: String, to connection: Int32) {
        let text =
            "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // A hub that is no more reads nothing.
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// - Returns: nil when the connection ends before the push does.
    private func read(_ connection: Int32) throws -> (head: PushHead, body: ArraySlice<UInt8>)? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var head: (fields: PushHead, end: Int)?
        while true {
            if head == nil, let end = bytes.prefix(PushHead.maxLength).firstRange(of: Array("\r\n\r\n".utf8)) {
                head = (
                    try PushHead(parsing: String(decoding: bytes[..<end.lowerBound], as: UTF8.self)), end.upperBound
                )
            }
            if let head {
                let body = bytes[head.end...]
                guard body.count <= head.fields.length else {
                    throw Ledger.Violation(what: "\(head.fields.delivery) came longer than it said", name: nil)
                }
                if body.count == head.fields.length { return (head.fields, body) }
            } else if bytes.count >= PushHead.maxLength {
                throw Ledger.Violation(what: "a push with a head of more than \(PushHead.maxLength) bytes", name: nil)
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }
}

/// What the first lines of a push say (docs/push.md).
struct PushHead: Equatable {
    /// More than any hub has to say, in bytes.
    static let maxLength = 16 << 10
    /// Longer than anything that the schedule sends.
    static let maxBody = 4 << 20

    let delivery: String
    let length: Int
    let sha256: String

    /// - Parameter text: without the empty line at its end.
    /// - Throws: for what is no push.
    init(parsing text: String) throws(Ledger.Violation) {
        let lines = text.components(separatedBy: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        guard lines.first?.hasPrefix("POST ") == true, let delivery = fields["webhook-id"],
            let length = fields["content-length"].flatMap({ Int($0) }), (1...Self.maxBody).contains(length),
            let sha256 = fields["truc-sha256"]
        else { throw Ledger.Violation(what: "this is no push: \(text)", name: nil) }
        self.delivery = delivery
        self.length = length
        self.sha256 = sha256
    }
}
