// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A TCP connection that sends exactly the bytes it is given, for showing what a server does with requests that no
/// decent client makes: halves, slow ones, broken ones.
///
/// Every call blocks a thread of its own, never one of the cooperative pool. One reader and one writer at a time.
public final class RawHTTPClient: Sendable {
    /// Longest wait for one byte to come or go: a test that hangs fails.
    public static let patience: Duration = .seconds(20)

    private let descriptor: Int32
    /// Read from the socket and not yet used.
    private let unread = Mutex<[UInt8]>([])

    /// Connects.
    ///
    /// - Parameter receiveBuffer: size of the kernel's buffer for what comes; small ones make a slow reader.
    public static func connect(
        host: String = "127.0.0.1", port: Int, receiveBuffer: Int? = nil
    ) async throws -> RawHTTPClient {
        try await onThread { try RawHTTPClient(host: host, port: port, receiveBuffer: receiveBuffer) }
    }

    private init(host: String, port: Int, receiveBuffer: Int?) throws {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else {
            throw RawHTTPProblem(what: "no address \(host)")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { throw RawHTTPProblem(call: "socket") }
        if var bytes = receiveBuffer.map(Int32.init) {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = timeval(tv_sec: Int(Self.patience.components.seconds), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        guard Glibc.connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
            let problem = RawHTTPProblem(call: "connect")
            Glibc.close(descriptor)
            throw problem
        }
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Sends all of `bytes`; throws when the server has closed.
    public func send(_ bytes: [UInt8]) async throws {
        try await Self.onThread { try self.sendNow(bytes[...]) }
    }

    /// Sends UTF-8; write `\r\n` where the protocol wants it.
    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends in pieces with pauses between them, as a bad line would.
    public func send(_ bytes: [UInt8], pieces: Int, pause: Duration) async throws {
        try await Self.onThread {
            let seconds = Double(pause.components.seconds) + Double(pause.components.attoseconds) / 1e18
            var rest = bytes[...]
            while !rest.isEmpty {
                try self.sendNow(rest.prefix(pieces))
                rest = rest.dropFirst(pieces)
                Thread.sleep(forTimeInterval: seconds)
            }
        }
    }

    /// Ends the sending direction; reading goes on.
    public func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions with a reset, as a crashed client would.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        // The descriptor stays ours until deinit; connecting to nothing drops the connection behind it.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// The next answer, an informational one included.
    ///
    /// - Throws: `RawHTTPProblem` when the connection ends before the answer does.
    public func receive() async throws -> RawHTTPResponse {
        try await Self.onThread { try self.receiveNow() }
    }

    /// Everything until the server closes; throws when it resets.
    public func receiveToEnd() async throws -> [UInt8] {
        try await Self.onThread {
            while try self.readMore() {}
            return self.unread.withLock { bytes in
                defer { bytes = [] }
                return bytes
            }
        }
    }

    // MARK: Blocking parts

    private func sendNow(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw RawHTTPProblem(call: "send") }
            rest = rest.dropFirst(sent)
        }
    }

    /// - Returns: false at the end of the stream.
    private func readMore() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw RawHTTPProblem(call: "recv") }
        unread.withLock { $0.append(contentsOf: chunk[..<count]) }
        return count > 0
    }

    private func receiveNow() throws -> RawHTTPResponse {
        let head = String(decoding: try take(through: Array("\r\n\r\n".utf8)), as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, let status = Int(words[1]) else {
            throw RawHTTPProblem(what: "no status line: \(head)")
        }
        var response = RawHTTPResponse(version: String(words[0]), status: status)
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw RawHTTPProblem(what: "no header line: \(line)") }
            response.fields.append((String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)))
        }
        if (100..<200).contains(status) { return response }
        if let length = response.field("Content-Length").flatMap({ Int($0) }) {
            response.body = try take(length)
        } else if response.field("Transfer-Encoding") == "chunked" {
            response.body = try takeChunks()
        } else {
            while try readMore() {}
            response.body = unread.withLock { bytes in
                defer { bytes = [] }
                return bytes
            }
        }
        return response
    }

    private func takeChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try take(through: Array("\r\n".utf8)).dropLast(2), as: UTF8.self)
            guard let count = Int(line, radix: 16) else { throw RawHTTPProblem(what: "no chunk size: \(line)") }
            body += try take(count)
            _ = try take(2)
            if count == 0 { return body }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while unread.withLock({ $0.count < count }) {
            guard try readMore() else { throw RawHTTPProblem(what: "the connection ended inside an answer") }
        }
        return unread.withLock { bytes in
            defer { bytes.removeFirst(count) }
            return Array(bytes.prefix(count))
        }
    }

    private func take(through mark: [UInt8]) throws -> [UInt8] {
        while true {
            let end = unread.withLock { bytes in
                bytes.indices.first { bytes[$0...].starts(with: mark) }.map { $0 + mark.count }
            }
            if let end { return try take(end) }
            guard try readMore() else { throw RawHTTPProblem(what: "the connection ended before an answer") }
        }
    }

    private static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// An answer as it stood on the wire.
public struct RawHTTPResponse: Sendable {
    /// `HTTP/1.1`, for example.
    public let version: String
    public let status: Int
    public internal(set) var fields: [(name: String, value: String)] = []
    public internal(set) var body: [UInt8] = []

    init(version: String, status: Int) {
        self.version = version
        self.status = status
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    public func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why no answer could be had.
public struct RawHTTPProblem: Error, CustomStringConvertible {
    public let description: String
    /// The system's error number, where a call failed.
    public let number: Int32?

    init(what: String) {
        description = what
        number = nil
    }

    init(call: String) {
        number = errno
        description = "\(call): \(String(cString: strerror(errno)))"
    }
}
