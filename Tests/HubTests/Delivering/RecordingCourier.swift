// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Hub
import Synchronization
import Trust

/// A courier that carries nowhere: it reads each parcel to its end, answers as it is told, and remembers.
final class RecordingCourier: Courier {
    struct Carried: Sendable, Equatable {
        let delivery: DeliveryID
        let endpoint: EndpointKey
        let bytes: [UInt8]
    }

    private let answer: @Sendable (Parcel, PushEndpoint) async -> AttemptOutcome
    private let log = Mutex<[Carried]>([])
    private let told: AsyncStream<Carried>.Continuation
    /// One element for each parcel whose answer is given.
    let carried: AsyncStream<Carried>

    init(_ answer: @escaping @Sendable (Parcel, PushEndpoint) async -> AttemptOutcome = { _, _ in .entered }) {
        self.answer = answer
        (carried, told) = AsyncStream.makeStream()
    }

    func carry(_ parcel: Parcel, to endpoint: PushEndpoint) async -> AttemptOutcome {
        var bytes: [UInt8] = []
        do {
            try await parcel.content().forEach { bytes += $0 }
        } catch {
            return .failed(AttemptFailure(.contentDamaged))
        }
        guard bytes.count == parcel.length, SHA256Digest(of: bytes) == parcel.sha256 else {
            return .failed(AttemptFailure(.contentDamaged))
        }
        let outcome = await answer(parcel, endpoint)
        let carried = Carried(delivery: parcel.delivery, endpoint: endpoint.id, bytes: bytes)
        log.withLock { $0.append(carried) }
        told.yield(carried)
        return outcome
    }

    var all: [Carried] { log.withLock { $0 } }

    /// Returns when `count` further parcels were carried.
    func wait(for count: Int) async -> [Carried] {
        var found: [Carried] = []
        for await one in carried {
            found.append(one)
            if found.count == count { break }
        }
        return found
    }
}

/// Lets nobody through until it is opened, and tells who waits.
final class Gate: Sendable {
    private let waiting = Mutex<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))
    private let told: AsyncStream<Void>.Continuation
    /// One element for each who came to the gate.
    let arrivals: AsyncStream<Void>

    init() { (arrivals, told) = AsyncStream.makeStream() }

    func pass() async {
        told.yield()
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = waiting.withLock { state in
            state.isOpen = true
            let waiters = state.waiters
            state.waiters.removeAll()
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
