// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Stands between a hub and a PostgreSQL server and breaks a connection at an exact word of their talk: what a network
/// that fails, or a server that dies, does to a commit.
///
/// It listens on a Unix socket of its own and passes every byte on unchanged; each connection has two threads. It ends
/// with the process.
public final class DatabaseProxy: Sendable {
    /// Where the next COMMIT is cut.
    public enum Cut: Sendable {
        /// The server never hears of it and rolls back.
        case beforeCommit
        /// The server has committed; its answer is lost.
        case afterCommit
    }

    /// A connection string for the proxy instead of the server.
    public let connectionString: String
    private let upstream: String
    private let listener: Int32
    private let armed = Mutex<Cut?>(nil)

    /// - Parameter connectionString: as `PrivateCluster` makes it: `host` is the directory of the server's socket.
    public init(_ connectionString: String) throws {
        guard let host = connectionString.firstMatch(of: /host='([^']*)'/),
            let port = connectionString.firstMatch(of: /port=(\d+)/)
        else { throw RawHTTPProblem(what: "no socket directory in \(connectionString)") }
        let socket = ".s.PGSQL.\(port.1)"
        let directory = try TestCluster.temporaryDirectory()
        upstream = "\(host.1)/\(socket)"
        self.connectionString = connectionString.replacingCharacters(
            in: host.1.startIndex..<host.1.endIndex, with: directory)
        listener = try Self.socket(at: "\(directory)/\(socket)") { bind($0, $1, $2) }
        guard listen(listener, 64) == 0 else { throw RawHTTPProblem(call: "listen") }
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                serve(client)
            }
        }
    }

    /// Cuts the connection on which the next COMMIT is said.
    public func arm(_ cut: Cut) { armed.withLock { $0 = cut } }

    private func serve(_ client: Int32) {
        guard let server = try? Self.socket(at: upstream, { connect($0, $1, $2) }) else {
            close(client)
            return
        }
        let talk = Talk(client: client, server: server)
        Thread.detachNewThread { [self] in
            var commits = CommitWatch()
            while let bytes = Self.read(client) {
                if commits.hears(bytes), let cut = armed.withLock({ $0.take() }) {
                    if cut == .beforeCommit { break }
                    talk.isAnswerLost.withLock { $0 = true }
                }
                guard Self.write(bytes, to: server) else { break }
            }
            talk.end()
        }
        Thread.detachNewThread {
            while let bytes = Self.read(server) {
                if talk.isAnswerLost.withLock({ $0 }) {
                    // "COMMIT" and NUL: the tag of the server's CommandComplete.
                    if bytes.firstRange(of: Array("COMMIT\0".utf8)) != nil { break }
                    continue
                }
                guard Self.write(bytes, to: client) else { break }
            }
            talk.end()
        }
    }

    /// Both ends of one connection; closed when both threads have ended.
    private final class Talk: Sendable {
        let client: Int32
        let server: Int32
        /// What the server says is swallowed until it has committed.
        let isAnswerLost = Mutex(false)

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        deinit {
            close(client)
            close(server)
        }

        func end() {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    private static func socket(
        at path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RawHTTPProblem(call: "socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw RawHTTPProblem(what: "\(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let problem = RawHTTPProblem(call: path)
            close(descriptor)
            throw problem
        }
        return descriptor
    }

    private static func read(_ descriptor: Int32) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}

/// Reads along what a client says in PostgreSQL's protocol (version 3), to notice a COMMIT, also one that was prepared.
struct CommitWatch {
    private var unread: [UInt8] = []
    private var hasStarted = false
    private var commits: Set<String> = []

    /// - Returns: whether these bytes complete a COMMIT.
    mutating func hears(_ bytes: [UInt8]) -> Bool {
        unread += bytes
        var isCommit = false
        // The first message has no type.
        while let message = next(hasType: hasStarted) {
            hasStarted = true
            let words = message.body.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            switch message.type {
            case UInt8(ascii: "P") where words.count > 1:
                if words[1] == "COMMIT" { commits.insert(words[0]) } else { commits.remove(words[0]) }
            case UInt8(ascii: "B") where words.count > 1: isCommit = isCommit || commits.contains(words[1])
            case UInt8(ascii: "Q"): isCommit = isCommit || words.first == "COMMIT"
            default: break
            }
        }
        return isCommit
    }

    private mutating func next(hasType: Bool) -> (type: UInt8, body: [UInt8])? {
        let start = hasType ? 1 : 0
        guard unread.count >= start + 4 else { return nil }
        let length = unread[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard unread.count >= start + length else { return nil }
        defer { unread.removeFirst(start + length) }
        return (hasType ? unread[0] : 0, Array(unread[start + 4..<start + length]))
    }
}
