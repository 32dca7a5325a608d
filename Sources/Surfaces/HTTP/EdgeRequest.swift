// SPDX-License-Identifier: Apache-2.0
import Exchange
import HummingbirdCore
import Logging
import NIOCore
import Trust

/// The value of a `Content-Length`; one that no number holds is as large as can be, never "no body".
func declaredLength(_ value: String?) -> Int? {
    guard let value else { return nil }
    return Int(value) ?? .max
}

/// One HTTP request as a surface sees it.
public struct EdgeRequest: Sendable {
    /// Stands in the answer (`X-Request-Id`), in every line that `logger` writes, and is to be written into history.
    public let id: Exchange.RequestID
    /// As sent, for example `POST`.
    public let method: String
    /// Path with query, as sent, not decoded.
    public let path: String
    /// All header fields in the order sent, repetitions included, names in the letters sent, values without blanks at
    /// their ends. Bytes that are not UTF-8 are replaced, which breaks a signature over them, as it should.
    public let fields: [(name: String, value: String)]
    /// The body, to be read at most once. It need not be read: the edge throws the rest away.
    public let body: EdgeBody
    /// Carries the request id.
    public let logger: Logger
    /// Address of the peer, for logs.
    public let peer: String
    /// Address of the peer without its port; empty where it has none. A proxy's own, when it came through one.
    public let peerAddress: String
    /// Whether it came over TLS that the hub itself ended. What a proxy in front says of itself does not count.
    public let isSecure: Bool
    /// SHA-256 over the public key (SubjectPublicKeyInfo, DER) of the verified certificate that the client has shown; nil
    /// when it has shown none or none was asked for.
    public let peerKey: SHA256Digest?

    /// The first value of a header field; the name in any case.
    public func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The body of a request as it comes, in chunks that the connection delivers (some tens of kilobytes); no faster than
/// it is read. One iteration only.
///
/// Iterating throws `bodyTooLarge` when more than the limit has come, `bodyIncomplete` when the connection ended or its
/// framing broke before the end, `bodyTooSlow` when the client fell below the least pace.
public struct EdgeBody: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    public typealias Failure = Refusal

    let source: RequestBody
    /// Largest body that is passed on, in bytes.
    public let limit: Int

    /// The same body with a smaller limit, for calls that expect little.
    public func limited(to bytes: Int) -> EdgeBody { EdgeBody(source: source, limit: Swift.min(limit, bytes)) }

    public func makeAsyncIterator() -> Iterator { Iterator(source: source.makeAsyncIterator(), limit: limit) }

    /// The whole body; for small ones.
    public func collect() async throws(Refusal) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes.append(contentsOf: chunk.readableBytesView) }
        return bytes
    }

    public struct Iterator: AsyncIteratorProtocol {
        private var source: RequestBody.AsyncIterator
        private let limit: Int
        private var received = 0

        init(source: RequestBody.AsyncIterator, limit: Int) {
            self.source = source
            self.limit = limit
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(Refusal) -> ByteBuffer? {
            let chunk: ByteBuffer?
            do {
                chunk = try await source.next(isolation: actor)
            } catch RequestBodyProblem.tooSlow {
                throw Refusal(.bodyTooSlow)
            } catch {
                throw Refusal(.bodyIncomplete, "\(received) bytes came")
            }
            received += chunk?.readableBytes ?? 0
            guard received <= limit else { throw Refusal(.bodyTooLarge, "the limit is \(limit) bytes") }
            return chunk
        }
    }
}
