// SPDX-License-Identifier: Apache-2.0
import Exchange
import Synchronization

/// Tells the dispatcher of this process that deliveries were just put on their way: no look at the database is nearer.
/// What comes while nobody listens is kept; many signals are one.
public final class DueSignal: Sendable {
    private let endpoints = Mutex<Set<EndpointKey>>([])
    private let continuation: AsyncStream<Void>.Continuation
    /// One element for all that came since the last; for one listener.
    public let arrivals: AsyncStream<Void>

    init() { (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Puts endpoints for which something is due now before the one who listens.
    public func signal(_ due: Set<EndpointKey>) {
        guard !due.isEmpty else { return }
        endpoints.withLock { $0.formUnion(due) }
        continuation.yield()
    }

    /// The endpoints that came since the last call.
    public func take() -> Set<EndpointKey> {
        endpoints.withLock { endpoints in
            let taken = endpoints
            endpoints.removeAll()
            return taken
        }
    }
}

/// Tells the scanning of this process that files wait for it. Many signals are one.
public final class ScanSignal: Sendable {
    private let continuation: AsyncStream<Void>.Continuation
    /// One element for all that came since the last; for one listener.
    public let arrivals: AsyncStream<Void>

    init() { (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    public func signal() { continuation.yield() }
}
