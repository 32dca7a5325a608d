// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Delivery
import Exchange
import Foundation
import Logging
import Store
import Synchronization

/// Carries what is due to the endpoints of agencies: the shell around `Dispatcher`, one on each node.
///
/// One task decides; claims, attempts and timers are tasks of their own and tell it what they found.
public final class Delivering: Sendable {
    /// Between two looks at the queue, which find what no signal told of: what waits for its time, what another node or
    /// an operator put there.
    static let tick = Duration.seconds(1)
    /// After a look it rests at least this many times as long as the look took.
    static let restFactor = 9
    /// How often the end of an attempt is told to a database that does not answer, and the time between.
    static let maxFinishTries = 5
    static let finishPause = Duration.seconds(1)
    /// Longest wait for the database to take note that this node leaves; it finds out by itself.
    static let leaveLimit = Duration.seconds(2)

    enum Event: Sendable {
        /// Something was put on its way.
        case due(Set<EndpointKey>)
        /// Something older than what was claimed may be free: look from the beginning.
        case freed(Set<EndpointKey>)
        /// Which endpoints there are, and which of them the operator has suspended.
        case endpoints([EndpointRecord])
        case ticked
        case claimed(Dispatcher.Claim, [ClaimedDelivery], PushEndpoint?, ClaimCursor)
        case finished(EndpointKey, AttemptOutcome, FinishedAttempt?)
        case stop
    }

    private let store: Store
    private let registry: Registry
    private let notices: SenderNotices
    private let alerts: CollectionAlerts
    private let courier: any Courier
    private let maxInFlight: Int
    private let name: String
    private let logger: Logger
    private let events: AsyncStream<Event>
    private let tell: AsyncStream<Event>.Continuation
    /// What others are to know of endpoints, in the order in which it was decided.
    private let changes: AsyncStream<(EndpointKey, DestinationHealth.Change)>
    private let announce: AsyncStream<(EndpointKey, DestinationHealth.Change)>.Continuation
    /// Under which name this node claims; another after it was taken for dead.
    private let node = Mutex(NodeID())
    /// Those of the policy that was in force at the latest look at the registry.
    private let retries = Mutex(RetrySchedules.standard)
    private let counters: [String: Counter]
    private let inFlight = Gauge(label: Metric.pushesInFlight.rawValue)

    /// - Parameters:
    ///   - maxInFlight: most deliveries on their way at once.
    ///   - name: of this node, for whoever looks into the table `node`.
    init(store: Store, registry: Registry, courier: any Courier, maxInFlight: Int, name: String, logger: Logger) {
        self.store = store
        self.registry = registry
        notices = SenderNotices(store: store, registry: registry, logger: logger)
        alerts = CollectionAlerts(store: store, registry: registry, logger: logger)
        self.courier = courier
        self.maxInFlight = maxInFlight
        self.name = name
        self.logger = logger
        // Bounded by who tells: three timers, and two events for each of at most `maxInFlight` deliveries.
        (events, tell) = AsyncStream.makeStream()
        // As many as attempts end.
        (changes, announce) = AsyncStream.makeStream()
        counters = Dictionary(
            uniqueKeysWithValues: ["entered", "refused", "gone", "failed", "late"].map {
                ($0, Counter(label: Metric.pushAttempts.rawValue, dimensions: [("outcome", $0)]))
            })
    }

    /// Takes nothing more; `run` returns when what is on its way has ended.
    public func stop() { tell.yield(.stop) }

    /// Carries until `stop`. Cancelled, it ends what is on its way at once; what was not carried to its end is free for
    /// others.
    public func run() async {
        await withTaskGroup(of: Void.self) { timers in
            timers.addTask { await self.listen() }
            timers.addTask { await self.keepTime() }
            timers.addTask { await self.keepAlive() }
            timers.addTask { await self.keepFreeing() }
            timers.addTask { await self.keepPromises() }
            timers.addTask { await self.alerts.run() }
            timers.addTask { for await (endpoint, change) in self.changes { await self.note(endpoint, change) } }
            await withTaskCancellationHandler {
                await withDiscardingTaskGroup { await decide(in: &$0) }
            } onCancel: {
                stop()
            }
            timers.cancelAll()
        }
        let node = node.withLock { $0 }
        // Not in the cancelled task: its last word shall come through.
        await Task { [store] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await store.database.leave(node) }
                group.addTask { try? await Task.sleep(for: Self.leaveLimit) }
                await group.next()
                group.cancelAll()
            }
        }.value
    }

    private func decide(in group: inout DiscardingTaskGroup) async {
        var state = DispatchState(maxInFlight: maxInFlight)
        var isStopping = false
        for await event in events {
            if case .stop = event { isStopping = true }
            if case .claimed(_, let claimed, let endpoint?, _) = event {
                for delivery in claimed {
                    group.addTask { await self.carry(delivery, to: endpoint) }
                }
            }
            if case .finished(_, let outcome, let finished) = event { count(outcome, finished) }
            // Written by another task: a database that is slow with it keeps no endpoint waiting.
            if let change = state.take(event, at: .now()) { announce.yield((change.endpoint, change.change)) }
            inFlight.record(state.inFlight)
            if isStopping {
                if state.inFlight == 0 { return }
                continue
            }
            for (claim, cursor) in state.claims(at: .now()) {
                group.addTask { await self.claim(claim, from: cursor) }
            }
        }
    }

    // MARK: Claims and attempts

    private func claim(_ claim: Dispatcher.Claim, from cursor: ClaimCursor) async {
        let database = store.database
        let node = node.withLock { $0 }
        do {
            let snapshot = try await look()
            guard let endpoint = snapshot.pushEndpoint(claim.endpoint, at: .now()) else {
                return tell(.claimed(claim, [], nil, cursor))
            }
            let (claimed, next) = try await database.claim(
                claim.endpoint, limit: claim.limit, node: node, cursor: cursor)
            tell(.claimed(claim, claimed, endpoint, next))
        } catch {
            logger.warning("push: nothing could be claimed", metadata: ["error": "\(error)"])
            // It may have been written although nobody told us: under another name nothing is carried by nobody.
            await rejoin(after: node)
            tell(.claimed(claim, [], nil, cursor))
        }
    }

    private func carry(_ delivery: ClaimedDelivery, to endpoint: PushEndpoint) async {
        let beganAt = Instant.now()
        let outcome: AttemptOutcome
        switch delivery.content {
        case .failure(let refusal):
            outcome = .failed(AttemptFailure(refusal.code, detail: refusal.detail ?? ""))
        case .success(let content):
            let reader = store.content
            outcome = await courier.carry(
                Parcel(
                    delivery: delivery.id, kind: Parcel.Kind(delivery.messageType), length: content.length,
                    sha256: delivery.sha256, content: { PackageContent(chunks: reader.read(content)) }), to: endpoint)
        }
        FaultPoint.pushAfterAnswer.pass()
        // The word of what has happened outlives the task that is cancelled.
        let finished = await Task { await self.finish(delivery, outcome, beganAt: beganAt) }.value
        tell(.finished(delivery.endpoint, outcome, finished))
    }

    /// - Returns: nil when the database could not be told.
    private func finish(
        _ delivery: ClaimedDelivery, _ outcome: AttemptOutcome, beganAt: Instant
    ) async -> FinishedAttempt? {
        let (node, endedAt) = (node.withLock { $0 }, Instant.now())
        for _ in 0..<Self.maxFinishTries {
            do {
                if case .failed(let failure) = outcome, failure.code == .pushInterrupted {
                    try await store.database.abandon(delivery)
                    return .late
                }
                return try await store.database.finish(
                    delivery, outcome, node: node, beganAt: beganAt, endedAt: endedAt,
                    chance: Double.random(in: 0...1), retries: retries.withLock { $0 })
            } catch {
                logger.error(
                    "push: the end of an attempt could not be written",
                    metadata: ["delivery": "\(delivery.id)", "error": "\(error)"])
                try? await Task.sleep(for: Self.finishPause)
            }
        }
        // Under another name nothing of the old one's is carried by anybody: it is tried again.
        await rejoin(after: node)
        return nil
    }

    /// The registry, whose policy says when what fails from now on is tried again.
    private func look() async throws -> RegistrySnapshot {
        let snapshot = try await registry.current()
        let found = RetrySchedules(snapshot.policy(at: .now()).profile)
        retries.withLock { $0 = found }
        return snapshot
    }

    private func tell(_ event: Event) { tell.yield(event) }

    private func note(_ endpoint: EndpointKey, _ change: DestinationHealth.Change) async {
        switch change {
        case .suspended(let until):
            logger.warning("push: endpoint fails", metadata: ["endpoint": "\(endpoint.value)", "until": "\(until)"])
            try? await store.database.setFailing(endpoint, isFailing: true, at: .now())
        case .resumed:
            logger.notice("push: endpoint is well again", metadata: ["endpoint": "\(endpoint.value)"])
            try? await store.database.setFailing(endpoint, isFailing: false, at: .now())
        case .refusing:
            logger.warning("push: endpoint refuses everything", metadata: ["endpoint": "\(endpoint.value)"])
            await suspendRefusing(endpoint)
        case .closed:
            logger.warning("push: endpoint is gone", metadata: ["endpoint": "\(endpoint.value)"])
        }
    }

    /// Until it is written, and where it cannot be, a look at the endpoints opens it again with its refusals forgotten: then
    /// it may refuse `maxRefusals` more before this is tried again.
    private func suspendRefusing(_ endpoint: EndpointKey) async {
        do {
            try await store.database.suspendEndpoint(
                endpoint,
                reason:
                    "từ chối \(DestinationHealth.maxRefusals) gói tin liền nhau; xem truc delivery list --state refused",
                at: .now())
        } catch {
            logger.warning("push: the endpoint could not be suspended", metadata: ["error": "\(error)"])
        }
    }

    private func count(_ outcome: AttemptOutcome, _ finished: FinishedAttempt?) {
        counters[finished == .late ? "late" : outcome.name]?.increment()
    }

    // MARK: Timers

    private func listen() async {
        for await _ in store.due.arrivals { tell(.due(store.due.take())) }
    }

    private func keepTime() async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let began = clock.now
            do {
                var isMore = true
                while isMore {
                    let swept = try await store.database.sweep(at: .now())
                    if !swept.endpoints.isEmpty { tell(.freed(swept.endpoints)) }
                    isMore = swept.isMore
                }
                tell(.endpoints(try await look().endpoints))
                let endpoints = try await store.database.endpointsWithWork()
                if !endpoints.isEmpty { tell(.due(endpoints)) }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("push: the queue could not be read", metadata: ["error": "\(error)"])
            }
            tell(.ticked)
            try? await clock.sleep(for: max(Self.tick, began.duration(to: .now) * Self.restFactor))
        }
    }

    /// Ends what a change of an endpoint has left, gives up what its time is over for, and tells senders; in its own time, so
    /// that none of it keeps anything from being carried.
    private func keepPromises() async {
        let clock = ContinuousClock()
        var told: DeliveryID?
        while !Task.isCancelled {
            let began = clock.now
            do {
                while let due = try await store.database.settleEndpoints(at: .now()) {
                    if !due.isEmpty { tell(.due(due)) }
                }
                let retries = retries.withLock { $0 }
                for id in try await store.database.overdue(at: .now(), retries: retries) {
                    do {
                        _ = try await store.database.order(
                            .expire, id, reason: "không giao được trong thời hạn", actor: "hub", at: .now())
                    } catch let refusal as Refusal where refusal.code == .confirmationConflict {
                        // It has moved on since.
                    }
                }
                told = try await notices.tell(after: told)
            } catch {
                logger.warning("push: senders could not be told", metadata: ["error": "\(error)"])
            }
            try? await clock.sleep(for: max(Self.tick, began.duration(to: .now)))
        }
    }

    private func keepAlive() async {
        await rejoin(after: nil)
        while !Task.isCancelled {
            try? await Task.sleep(for: Lease.heartbeatInterval)
            if Task.isCancelled { return }
            let node = node.withLock { $0 }
            do {
                if try await !store.database.beat(node) { await rejoin(after: node) }
            } catch {
                logger.warning("push: no heartbeat", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Frees what silent nodes carried; in its own time, so that it keeps no heartbeat waiting.
    private func keepFreeing() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Lease.heartbeatInterval)
            if Task.isCancelled { return }
            do {
                let freed = try await store.database.freeSilent()
                if !freed.isEmpty { tell(.freed(freed)) }
            } catch {
                logger.warning("push: what silent nodes carried is not free yet", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Becomes another node, unless somebody was faster: what the old one carried is free.
    private func rejoin(after old: NodeID?) async {
        let fresh: NodeID? = node.withLock { node in
            guard let old else { return node }
            guard node == old else { return nil }
            node = NodeID()
            return node
        }
        guard let fresh else { return }
        do {
            if let old { try await store.database.leave(old) }
            try await store.database.enter(fresh, name: name)
        } catch {
            // The next heartbeat finds that nobody knows this node.
            logger.warning("push: the node is not entered", metadata: ["error": "\(error)"])
        }
    }
}

extension RegistrySnapshot {
    /// An endpoint that may be carried to now; nil for one that is gone, suspended, or whose address or system cannot be
    /// used.
    func pushEndpoint(_ key: EndpointKey, at now: Instant) -> PushEndpoint? {
        guard let record = endpoints.first(where: { $0.key == key && !$0.isSuspended }),
            let agency = agency(record.agency)
        else { return nil }
        // What waits for an agency that has ended is its successor's, and moves there.
        if case .agency(let heir) = heir(of: agency, in: .knownDocument, at: now), heir != record.agency { return nil }
        return pushEndpoint(record, at: now)
    }

    /// How to reach an endpoint; nil for one whose address or system cannot be used.
    func pushEndpoint(_ record: EndpointRecord, at now: Instant) -> PushEndpoint? {
        guard let url = try? EndpointURL(parsing: record.url),
            let system = agency(record.agency)?.system.flatMap({ self.system($0) }), !system.isDisabled,
            case let secrets = system.secrets(at: now), !secrets.isEmpty
        else { return nil }
        return PushEndpoint(id: record.key, agency: record.agency, url: url, secrets: secrets)
    }
}
