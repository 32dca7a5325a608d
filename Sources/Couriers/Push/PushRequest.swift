// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Hub
import NIOHTTP1
import Trust

/// The head of the request with which a package is pushed (docs/push.md).
struct PushRequest: Sendable {
    static let userAgent = "Truc"
    static let contentType = "application/xml"

    let head: HTTPRequestHead

    /// What reading a content failed with, as a refusal: never the endpoint's fault.
    static func contentProblem(_ error: any Error) -> Refusal {
        error as? Refusal ?? Refusal(.internalError, "\(error)")
    }

    /// Reads the whole content once, because its signature stands before it (Standard Webhooks: HMAC-SHA256 over
    /// `id.timestamp.body`).
    ///
    /// - Throws: `Refusal` when the content is not what was accepted, or cannot be read.
    init(_ parcel: Parcel, to endpoint: PushEndpoint, at now: Instant) async throws {
        let timestamp = now.microseconds / 1_000_000
        // A reference, because the closure that gets the chunks may not change a value that owns memory.
        let signatures = endpoint.secrets.map(Signature.init(secret:))
        for signature in signatures { signature.update(Array("\(parcel.delivery).\(timestamp).".utf8)) }
        var length = 0
        do {
            try await parcel.content().forEach { chunk in
                for signature in signatures { signature.update(chunk) }
                length += chunk.count
                try Task.checkCancellation()
            }
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            throw Self.contentProblem(error)
        }
        // Cancelled, a stream may just end.
        try Task.checkCancellation()
        guard length == parcel.length else {
            throw Refusal(.contentDamaged, "\(length) bytes where \(parcel.length) were accepted")
        }
        head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: endpoint.url.target,
            headers: [
                "host": endpoint.url.authority, "user-agent": Self.userAgent, "connection": "close",
                "content-type": Self.contentType, "content-length": "\(parcel.length)", "accept": "application/json",
                "webhook-id": "\(parcel.delivery)", "webhook-timestamp": "\(timestamp)",
                "webhook-signature": signatures.map { "v1,\(Data($0.code()).base64EncodedString())" }
                    .joined(separator: " "),
                "truc-message-type": parcel.kind.rawValue, "truc-sha256": parcel.sha256.hex,
            ])
    }
}

/// An HMAC computation that one task uses at a time.
private final class Signature {
    private var hash: HMACSHA256.Computation

    init(secret: [UInt8]) { hash = HMACSHA256.Computation(key: secret) }

    func update(_ bytes: [UInt8]) { hash.update(bytes) }
    func code() -> [UInt8] { hash.code() }
}
