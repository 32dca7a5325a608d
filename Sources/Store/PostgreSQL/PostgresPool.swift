// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Exchange
import Logging
import Synchronization

/// A bounded number of connections to one database, each on a thread of its own.
///
/// Callers wait in the order of their coming, at most `Configuration.maxWait`, and can be cancelled while they wait.
/// While the server is away they are refused at once; the pool finds out by itself when it is back. A connection that
/// died while it lay idle is replaced unseen, because nothing of the caller's was sent over it. A body is never run
/// twice.
public final class PostgresPool: Sendable {
    public struct Configuration: Sendable {
        /// As `PostgresConnection` takes it.
        public var connectionString: String
        /// Shown in `pg_stat_activity`.
        public var applicationName: String
        /// Connections, and threads, at most. More than the server has cores for only move the waiting there.
        public var maxConnections = 8
        /// Callers that may wait for a connection; more are refused as overload.
        public var maxWaiting = 512
        /// Longest wait for a connection. Longer than a client of ours waits for its answer is of no use.
        public var maxWait: Duration = .seconds(5)
        /// Run on each new connection before anybody gets it: `SET` statements for time zone, timeouts and role.
        public var onConnect: [String] = []
        /// How long the server may be silent while an answer is awaited. Nil: for ever.
        public var silenceLimit: Duration?

        public init(connectionString: String, applicationName: String = "truc") {
            self.connectionString = connectionString
            self.applicationName = applicationName
        }
    }

    private struct Request: Sendable {
        /// Runs the body and returns what hands the outcome to the caller.
        let run: @Sendable (PostgresConnection) -> @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    private struct State {
        var machine: PoolStateMachine
        var requests: [Int: Request] = [:]
        var lastRequest = 0
        var timer: Task<Void, Never>?
        var hasFinished = false
        var onFinish: [@Sendable () -> Void] = []
        /// What was last logged, so that a server that stays away is told of once.
        var isReachable = true
    }

    /// A thread with its connection.
    ///
    /// `@unchecked`: `connection` is read and written only by work on `thread`, which does one piece at a time.
    private final class Worker: @unchecked Sendable {
        let thread: DedicatedThread
        var connection: PostgresConnection?
        init(name: String) { thread = DedicatedThread(name: name, capacity: 4) }
    }

    private let configuration: Configuration
    private let logger: Logger
    private let workers: [Worker]
    private let state: Mutex<State>
    private let origin = ContinuousClock.now
    private let waits = CoreMetrics.Timer(label: Metric.poolWait.rawValue, dimensions: [])

    /// Makes a pool that has not connected yet; the first callers make it connect.
    public init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        workers = (0..<configuration.maxConnections).map { Worker(name: "postgres-\($0)") }
        let limits = PoolStateMachine.Limits(
            connections: configuration.maxConnections, waiting: configuration.maxWaiting, wait: configuration.maxWait)
        state = Mutex(State(machine: PoolStateMachine(limits: limits)))
    }

    /// Returns when a first connection stands.
    ///
    /// - Throws: `Refusal(.databaseUnavailable)`; the pool goes on trying and may be used all the same.
    public func start() async throws { try await run { _ in } }

    /// Runs `body` on a connection that nobody else uses meanwhile, on that connection's thread.
    ///
    /// A transaction that the body leaves open is rolled back. The body must not keep the connection.
    ///
    /// - Throws: what the body throws, but `Refusal(.databaseUnavailable)` in place of a connection loss: whether the
    ///   body's last transaction took effect is then unknown. Without the body having run: `Refusal` with
    ///   `.databaseUnavailable`, `.overloaded` or `.stopping`, or `CancellationError`.
    public func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let asked = ContinuousClock.now
        let id = state.withLock { state in
            state.lastRequest += 1
            return state.lastRequest
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let request = Request(
                    run: { [waits] connection in
                        waits.record(asked.duration(to: .now))
                        let outcome = Result { try body(connection) }
                        return { continuation.resume(with: outcome.mapError(Self.told)) }
                    },
                    refuse: { continuation.resume(throwing: $0) })
                handle { state, now in
                    state.requests[id] = request
                    return state.machine.request(id, now: now)
                }
                // A cancellation that came before the request was known has found nothing to cancel.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Takes no more callers, refuses those that wait, lets running bodies end, then closes everything.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            let hasFinished = state.withLock { state in
                if !state.hasFinished { state.onFinish.append { continuation.resume() } }
                return state.hasFinished
            }
            if hasFinished { return continuation.resume() }
            handle { state, _ in state.machine.stop() }
        }
        for worker in workers {
            worker.thread.stop()
            await worker.thread.ended()
        }
    }

    /// Callers waiting for a connection now.
    public var waitingCount: Int { state.withLock { $0.machine.waitingCount } }

    // MARK: Events and actions

    private static func told(_ error: any Error) -> any Error {
        if let error = error as? PostgresError, error.isConnectionLoss { return error.refusal }
        return error
    }

    private func cancel(_ id: Int) {
        let request = state.withLock { state in state.machine.cancel(id) ? state.requests.removeValue(forKey: id) : nil
        }
        request?.refuse(CancellationError())
    }

    /// Tells the machine an event and performs what it decides.
    private func handle(_ event: (inout sending State, Duration) -> [PoolStateMachine.Action]) {
        let now = origin.duration(to: .now)
        let effects = state.withLock { state in
            event(&state, now).compactMap { effect(of: $0, in: &state) }
        }
        for effect in effects { effect() }
    }

    /// What is left to do outside of the lock. Timers are set within it, so that a later time cannot replace an
    /// earlier.
    private func effect(of action: PoolStateMachine.Action, in state: inout State) -> (@Sendable () -> Void)? {
        switch action {
        case .run(let id, let slot):
            guard let request = state.requests.removeValue(forKey: id) else { return nil }
            return { self.run(request, on: slot) }
        case .refuse(let id, let code):
            guard let request = state.requests.removeValue(forKey: id) else { return nil }
            return { request.refuse(Refusal(code)) }
        case .open(let slot):
            return { self.open(slot) }
        case .close(let slot):
            return { self.post(to: slot) { $0.connection = nil } }
        case .wake(let time):
            state.timer?.cancel()
            let deadline = origin.advanced(by: time)
            state.timer = Task { [weak self] in
                // The machine's own clock: it asked to be told when this time has come, and nothing else is waited for.
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
                self?.handle { state, now in state.machine.timer(now: now) }
            }
            return nil
        case .finish:
            state.timer?.cancel()
            state.hasFinished = true
            let listeners = state.onFinish
            state.onFinish = []
            return { for listener in listeners { listener() } }
        }
    }

    // MARK: On the connections' threads

    private func post(to slot: Int, _ work: @escaping @Sendable (Worker) -> Void) {
        let worker = workers[slot]
        // A slot has at most one thing to do at a time and its thread stops after all slots are closed.
        do { try worker.thread.post { work(worker) } } catch {
            logger.critical("database: a connection's thread took no work", metadata: ["error": "\(error)"])
        }
    }

    private func open(_ slot: Int) {
        post(to: slot) { worker in
            worker.connection = self.connect()
            let isOpen = worker.connection != nil
            self.handle { state, now in
                isOpen ? state.machine.opened(slot: slot, now: now) : state.machine.openFailed(slot: slot, now: now)
            }
        }
    }

    private func run(_ request: Request, on slot: Int) {
        post(to: slot) { worker in
            if worker.connection?.isStillThere() != true {
                worker.connection = nil
                worker.connection = self.connect()
            }
            guard let connection = worker.connection else {
                self.handle { state, now in state.machine.released(slot: slot, .unreachable, now: now) }
                return request.refuse(Refusal(.databaseUnavailable))
            }
            let tell = request.run(connection)
            let isUsable = connection.reset()
            if !isUsable { worker.connection = nil }
            // Released before the caller knows, so that a caller who comes again at once finds it.
            self.handle { state, now in
                state.machine.released(slot: slot, isUsable ? .usable : .broken, now: now)
            }
            tell()
        }
    }

    private func connect() -> PostgresConnection? {
        do throws(PostgresError) {
            let connection = try PostgresConnection(
                connectionString: configuration.connectionString, applicationName: configuration.applicationName)
            connection.silenceLimit = configuration.silenceLimit
            for statement in configuration.onConnect { try connection.query(statement) }
            if note(isReachable: true) { logger.notice("database: reachable again") }
            return connection
        } catch {
            if note(isReachable: false) { logger.warning("database: not reachable", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    /// Whether this is news.
    private func note(isReachable: Bool) -> Bool {
        state.withLock { state in
            defer { state.isReachable = isReachable }
            return state.isReachable != isReachable
        }
    }
}
