// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Trust

/// A server on 127.0.0.1 that does with each connection exactly what its script says, on threads of its own.
final class Receiver: Sendable {
    let port: Int
    private let descriptor: Int32
    private let accepted = Mutex(0)
    private let script: @Sendable (ReceiverConnection) throws -> Void

    /// - Parameter receiveBuffer: of the kernel, in bytes; small ones fill up soon.
    init(
        receiveBuffer: Int32? = nil, _ script: @escaping @Sendable (ReceiverConnection) throws -> Void
    ) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard listening else { throw Broken(what: "listen") }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        self.script = script
        Thread.detachNewThread { [self] in serve() }
    }

    /// Connections so far.
    var count: Int { accepted.withLock { $0 } }

    /// Takes no further connections.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { break }
            accepted.withLock { $0 += 1 }
            let script = script
            Thread.detachNewThread {
                let connection = ReceiverConnection(connection)
                try? script(connection)
                connection.end()
            }
        }
        close(descriptor)
    }

    struct Broken: Error {
        let what: String
    }
}

/// What a script does with. Everything blocks, for at most `patience`.
final class ReceiverConnection {
    static let patience = 20
    /// `POLLRDHUP` of Linux, which Glibc's headers show to GNU sources only.
    private static let peerClosed: Int16 = 0x2000

    private let descriptor: Int32
    private var unread: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    struct Request: Sendable {
        let line: String
        let fields: [(name: String, value: String)]
        var length = 0
        var body: [UInt8] = []
        /// Of the body as it arrived.
        var digest = SHA256Digest(of: [UInt8]())

        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        var receipt: String { "{\"delivery\":\"\(field("webhook-id") ?? "")\",\"sha256\":\"\(digest.hex)\"}" }
    }

    /// Reads the head, and nothing behind it.
    func readHead() throws -> Request {
        var head: [UInt8] = []
        while !head.ends(with: [13, 10, 13, 10]) { head += try read(1) }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        return Request(
            line: lines[0],
            fields: lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
            })
    }

    /// Reads the whole request.
    ///
    /// - Parameter keeping: whether its body is kept, besides its digest.
    func readRequest(keeping: Bool = true) throws -> Request {
        var request = try readHead()
        var hash = SHA256()
        let length = Int(request.field("content-length") ?? "") ?? 0
        while request.length < length {
            let piece = try read(min(64 << 10, length - request.length), exactly: false)
            hash.update(piece)
            request.length += piece.count
            if keeping { request.body += piece }
        }
        request.digest = hash.current()
        return request
    }

    /// - Throws: at the end of the stream.
    func read(_ count: Int, exactly: Bool = true) throws -> [UInt8] {
        while unread.isEmpty || exactly && unread.count < count {
            guard let more = receive() else { throw Receiver.Broken(what: "the connection ended") }
            unread += more
        }
        defer { unread.removeFirst(min(count, unread.count)) }
        return Array(unread.prefix(count))
    }

    /// Reads until the other side ends the connection.
    ///
    /// - Returns: how many bytes there were.
    func readToEnd() -> Int {
        var count = unread.count
        unread = []
        while let more = receive() { count += more.count }
        return count
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw Receiver.Broken(what: "send") }
            rest = rest.dropFirst(sent)
        }
    }

    func answer(_ status: String, _ body: String = "", _ fields: String = "") throws {
        try send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }

    /// Whether the other side ended the connection within so many milliseconds; reads nothing.
    func ends(within milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Self.peerClosed, revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }

    /// Waits until the other side ends the connection; reads nothing.
    func waitForEnd() { _ = ends(within: Int32(Self.patience) * 1_000) }

    /// Ends it with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    fileprivate func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func receive() -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        return count > 0 ? Array(chunk[..<count]) : nil
    }
}

extension [UInt8] {
    fileprivate func ends(with mark: [UInt8]) -> Bool { suffix(mark.count).elementsEqual(mark) }
}
