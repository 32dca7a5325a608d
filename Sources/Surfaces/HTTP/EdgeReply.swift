// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// One HTTP answer.
public struct EdgeReply: Sendable {
    public typealias Writing = @Sendable (inout EdgeReplyWriter) async throws -> Void

    enum Body: Sendable {
        case bytes([UInt8])
        case stream(Writing)
    }

    public let status: Int
    public let contentType: String
    /// Further header fields.
    public var fields: [(name: String, value: String)] = []
    let body: Body

    /// An answer that is there as a whole.
    public init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.status = status
        self.contentType = contentType
        body = .bytes(bytes)
    }

    /// An answer that is written as it comes into being, in chunked transfer coding, no faster than the client reads.
    ///
    /// When `write` throws, the connection is cut so that the client cannot take what it got for the whole; say what
    /// went wrong inside the body where the format allows it.
    public init(status: Int = 200, contentType: String, write: @escaping Writing) {
        self.status = status
        self.contentType = contentType
        body = .stream(write)
    }

    /// The same answer, which keeps `object` alive until it is written, or given up.
    func keeping(_ object: some AnyObject & Sendable) -> EdgeReply {
        guard case .stream(let write) = body else { return self }
        var kept = EdgeReply(status: status, contentType: contentType) { writer in
            defer { withExtendedLifetime(object) {} }
            try await write(&writer)
        }
        kept.fields = fields
        return kept
    }
}

/// Where a streamed answer goes.
public struct EdgeReplyWriter {
    var writer: any ResponseBodyWriter

    /// Sends `bytes`; waits while the client does not keep up.
    public mutating func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await writer.write(ByteBuffer(bytes: bytes))
    }
}
