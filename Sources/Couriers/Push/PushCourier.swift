// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Hub
import NIOCore
import Synchronization
import Trust

/// Pushes packages to the endpoints of agencies by HTTP (docs/push.md).
///
/// One connection for each attempt: what went wrong with one delivery cannot come back in another, and the address is
/// judged every time.
public final class PushCourier: Courier {
    /// Addresses of one name that are tried.
    static let maxTries = 3

    /// None of the addresses may be connected to.
    struct Forbidden: Error {
        /// What is wrong with the first of them.
        let objection: String
    }

    private let configuration: PushConfiguration
    private let tls: Mutex<PushTLS>
    private let lookup: NameLookup

    /// Reads the certificates that the configuration names. Blocking.
    ///
    /// - Throws: `Refusal(.tlsUnusable)` that names the file and what is wrong with it.
    public convenience init(_ configuration: PushConfiguration) throws(Refusal) {
        try self.init(configuration, lookup: NameLookup())
    }

    init(_ configuration: PushConfiguration, lookup: NameLookup) throws(Refusal) {
        tls = Mutex(try PushTLS(configuration))
        self.configuration = configuration
        self.lookup = lookup
    }

    /// Reads the certificates anew; connections from now on use them. Blocking.
    ///
    /// - Returns: false when they are the same.
    /// - Throws: `Refusal(.tlsUnusable)` as `init`; then the earlier ones stay.
    public func renew() throws(Refusal) -> Bool {
        let fresh = try PushTLS(configuration)
        return tls.withLock { tls in
            defer { tls = fresh }
            return tls.digest != fresh.digest
        }
    }

    public func carry(_ parcel: Parcel, to endpoint: PushEndpoint) async -> AttemptOutcome {
        guard endpoint.url.isTLS || configuration.allowsPlainHTTP else {
            return .failed(AttemptFailure(.pushPlainHTTP))
        }
        let watch = AttemptWatch(total: configuration.limits.total(length: parcel.length))
        let line = Line()
        do {
            let answer = try await watch.run(
                { try await self.attempt(parcel, endpoint, watch, line) }, abort: { line.abort() })
            return answer.outcome(
                expecting: PushReceipt(delivery: parcel.delivery, sha256: parcel.sha256.hex), now: .now())
        } catch {
            return .failed(AttemptFailure(Task.isCancelled ? CancellationError() : error))
        }
    }

    private func attempt(
        _ parcel: Parcel, _ endpoint: PushEndpoint, _ watch: AttemptWatch, _ line: Line
    ) async throws -> PushAnswer {
        let addresses = try await allowedAddresses(endpoint.url, watch)
        // Reading has no limit of its own: a slow disk is not the endpoint's fault. The whole attempt has one.
        watch.expect("the content was not read", within: configuration.limits.total(length: parcel.length))
        let request = try await PushRequest(parcel, to: endpoint, at: .now())
        let channel = try await connect(to: addresses, endpoint.url, watch, line)
        return try await PushExchange(
            parcel, request, limits: configuration.limits, watch: watch, line: line
        ).run(on: channel)
    }

    private func allowedAddresses(_ url: EndpointURL, _ watch: AttemptWatch) async throws -> [IPAddress] {
        let found: [IPAddress]
        switch url.host {
        case .address(let address): found = [address]
        case .name(let name):
            watch.expect("no answer from DNS", within: configuration.limits.connect)
            found = try await lookup.addresses(of: name)
        }
        let allowed = found.filter(configuration.addresses.allows)
        guard allowed.isEmpty else { return Array(allowed.prefix(Self.maxTries)) }
        throw Forbidden(objection: found.first.flatMap(configuration.addresses.objection) ?? "")
    }

    /// Connects to the first of the addresses that takes the connection.
    private func connect(
        to addresses: [IPAddress], _ url: EndpointURL, _ watch: AttemptWatch, _ line: Line
    ) async throws -> Line.Channel {
        let limit = configuration.limits.connect
        let context = url.isTLS ? tls.withLock { $0.context } : nil
        var serverName: String?
        if case .name(let name) = url.host { serverName = name }
        var problem: any Error = Line.Lost()
        for address in addresses {
            watch.expect("no connection", within: limit)
            do {
                return try await line.connect(
                    to: address, port: url.port, tls: context, serverName: serverName,
                    limit: limit)
            } catch let error where error is IOError || error is ChannelError {
                problem = error
            }
        }
        throw problem
    }
}
