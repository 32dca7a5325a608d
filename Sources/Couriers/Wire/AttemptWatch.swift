// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// The time limits of one attempt: one over the whole of it, and one over the step that is going on.
///
/// Counts the monotonic clock. A new step costs a lock; the timer is set anew only where it would ring too late.
final class AttemptWatch: Sendable {
    /// A step took too long.
    struct TimeIsUp: Error, Equatable {
        /// As an English clause: `no connection`, for example.
        let what: String
        let limit: Duration
    }

    private struct State {
        var step: TimeIsUp
        var deadline: NIODeadline
        var timer: Scheduled<Void>?
        /// When the timer rings.
        var alarm: NIODeadline
        var waiter: CheckedContinuation<TimeIsUp, any Error>?
        /// What the waiter gets or would get; set once.
        var outcome: Result<TimeIsUp, any Error>?
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.any()
    private let total: TimeIsUp
    private let end: NIODeadline
    private let state: Mutex<State>

    init(total: Duration) {
        let total = TimeIsUp(what: "not done", limit: total)
        self.total = total
        let end = NIODeadline.now() + .nanoseconds(total.limit.nanoseconds)
        self.end = end
        state = Mutex(State(step: total, deadline: end, alarm: .distantFuture))
    }

    /// From now on, `what` is to be said when nothing else is expected within `limit`.
    func expect(_ what: String, within limit: Duration) {
        let deadline = NIODeadline.now() + .nanoseconds(limit.nanoseconds)
        state.withLock { state in
            state.step = TimeIsUp(what: what, limit: limit)
            state.deadline = deadline
        }
        setTimer()
    }

    /// Runs `work` and returns its end, or cancels it when a limit is passed.
    ///
    /// - Parameter abort: called when a limit is passed or the task is cancelled; makes `work` end although it may be
    ///   waiting for what knows no cancellation.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value, abort: @escaping @Sendable () -> Void
    ) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Value.self) { group in
                group.addTask(operation: work)
                group.addTask { throw try await self.timeIsUp() }
                defer { group.cancelAll() }
                do {
                    guard let value = try await group.next() else { throw CancellationError() }
                    return value
                } catch {
                    abort()
                    throw error
                }
            }
        } onCancel: {
            abort()
        }
    }

    /// Returns when a limit is passed.
    private func timeIsUp() async throws -> TimeIsUp {
        setTimer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let outcome = state.withLock { state in
                    if state.outcome == nil { state.waiter = waiter }
                    return state.outcome
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    private func setTimer() {
        state.withLock { state in
            let due = min(state.deadline, end)
            guard state.outcome == nil, due < state.alarm else { return }
            state.timer?.cancel()
            state.alarm = due
            state.timer = loop.scheduleTask(deadline: due) { self.ring() }
        }
    }

    private func ring() {
        let now = NIODeadline.now()
        let passed: TimeIsUp? = state.withLock { state in
            state.alarm = .distantFuture
            if now >= end { return total }
            return now >= state.deadline ? state.step : nil
        }
        if let passed { finish(.success(passed)) } else { setTimer() }
    }

    private func finish(_ outcome: Result<TimeIsUp, any Error>) {
        let waiter: CheckedContinuation<TimeIsUp, any Error>? = state.withLock { state in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            state.timer?.cancel()
            state.timer = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: outcome)
    }
}
