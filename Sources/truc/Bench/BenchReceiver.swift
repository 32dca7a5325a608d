// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import NIOCore
import Surfaces
import Trust

/// Takes what the hub brings, as agencies' systems do: reads it all and answers with the receipt. It stores nothing and
/// checks no signature: what is measured is the hub.
struct BenchReceiver: HTTPEdgeService {
    /// Longest package, in bytes.
    static let maxBytes = 256 << 20
    static let maxConnections = 1_000

    /// Receives while `body` runs.
    ///
    /// - Parameter body: gets the port.
    static func serving<T: Sendable>(_ body: @escaping @Sendable (Int) async throws -> T) async throws -> T {
        let (ports, tell) = AsyncStream<Int>.makeStream()
        var limits = HTTPEdgeLimits()
        limits.bodyBytes = maxBytes
        limits.connections = maxConnections
        let edge = HTTPEdge(
            surface: BenchReceiver(), address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits,
            logger: Log.quiet
        ) { tell.yield($0.port) }
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                defer { tell.finish() }
                try await edge.run()
                return nil
            }
            group.addTask {
                for await port in ports { return try await body(port) }
                return nil
            }
            defer { group.cancelAll() }
            for try await result in group {
                if let result { return result }
            }
            throw Refusal(.internalError, "the receiver of the measurement did not listen")
        }
    }

    func respond(to request: EdgeRequest) async throws -> EdgeReply {
        guard let id = request.field("webhook-id") else { throw Refusal(.internalError, "a push without webhook-id") }
        var hash = SHA256()
        for try await chunk in request.body { hash.update(chunk.readableBytesView) }
        return EdgeReply(
            contentType: "application/json",
            bytes: Array(#"{"delivery":"\#(id)","sha256":"\#(hash.current().hex)"}"#.utf8))
    }

    func refusalBody(_ refusal: Refusal, requestID: RequestID) -> (contentType: String, bytes: [UInt8]) {
        ("text/plain; charset=utf-8", Array("\(refusal)".utf8))
    }
}

/// A port that takes connections and never says a word: the worst that an endpoint can be.
final class SilentEndpoint {
    let port: Int
    private let descriptor: Int32

    /// - Throws: `Refusal(.internalError)`.
    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, length) == 0 && listen(descriptor, SOMAXCONN) == 0
                    && getsockname(descriptor, $0.baseAddress, &length) == 0
            }
        }
        guard descriptor >= 0, isListening else {
            throw Refusal(.internalError, "a silent endpoint: \(String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
