// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Foundation
import Synchronization
import Trust

@testable import Couriers
@testable import Hub

/// Parcels, endpoints and couriers that are soon out of patience.
enum Sample {
    static let secret = Array("an invented secret of 32 bytes..".utf8)

    static let limits = PushLimits(
        connect: .seconds(20), idle: .seconds(20), answer: .seconds(20), slowestPace: 1 << 20)

    /// Private networks are forbidden but for this machine.
    static func courier(
        _ limits: PushLimits = Sample.limits, allowed: [String] = ["127.0.0.0/8"], plain: Bool = true,
        ca: String? = nil, client: PushClientCertificate? = nil,
        names: @escaping @Sendable (String) -> Result<[IPAddress], NameLookup.NotFound> = NameLookup.system
    ) throws -> PushCourier {
        try PushCourier(
            PushConfiguration(
                addresses: AddressPolicy(allowedNetworks: try allowed.map { try NetworkPrefix(parsing: $0) }),
                allowsPlainHTTP: plain, caFile: ca, clientCertificate: client, limits: limits),
            lookup: NameLookup(resolve: names))
    }

    static func endpoint(_ url: String) throws -> PushEndpoint {
        PushEndpoint(id: EndpointKey(1), agency: AgencyKey(1), url: try EndpointURL(parsing: url), secrets: [secret])
    }

    static func endpoint(port: Int) throws -> PushEndpoint { try endpoint("http://127.0.0.1:\(port)/nhan?a=1") }

    static func parcel(_ bytes: [UInt8]) -> Parcel {
        Parcel(
            delivery: DeliveryID(), kind: .edoc, length: bytes.count, sha256: SHA256Digest(of: bytes),
            content: { content([bytes]) })
    }

    /// A package of `count` chunks of `length` bytes each, made while it is read.
    ///
    /// - Parameters:
    ///   - asked: counts the chunks that are read, in all passes.
    ///   - problem: for the pass of this number (from 0), what comes instead of the last chunk.
    static func parcel(
        chunks count: Int, of length: Int, asked: Counter = Counter(),
        problem: @escaping @Sendable (Int) -> Refusal? = { _ in nil }
    ) -> Parcel {
        var hash = SHA256()
        for index in 0..<count { hash.update(chunk(index, length)) }
        let passes = Counter()
        return Parcel(
            delivery: DeliveryID(), kind: .edoc, length: count * length, sha256: hash.current(),
            content: {
                let pass = passes.next()
                let chunks = Counter()
                return PackageContent(
                    chunks: AsyncThrowingStream<[UInt8], any Error> {
                        let index = chunks.next()
                        _ = asked.next()
                        if index == count - 1, let problem = problem(pass) { throw problem }
                        return index < count ? chunk(index, length) : nil
                    })
            })
    }

    static func content(_ chunks: [[UInt8]]) -> PackageContent {
        let rest = Counter()
        return PackageContent(
            chunks: AsyncThrowingStream<[UInt8], any Error> {
                let index = rest.next()
                return index < chunks.count ? chunks[index] : nil
            })
    }

    private static func chunk(_ index: Int, _ length: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: length)
    }
}

/// What happened, told from any thread and waited for by one task.
final class Event: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func happened() { continuation.yield() }
    func wait() async { for await _ in stream { return } }
}

final class Counter: Sendable {
    private let value = Mutex(0)

    /// 0, 1, 2, …
    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }

    var count: Int { value.withLock { $0 } }
}
