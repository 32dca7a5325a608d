// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Who gets which connection, and when: the decisions of `PostgresPool`.
///
/// A plain value: no I/O, no lock, no clock. Each event returns the actions that its owner has to perform, in their
/// order. Time is the span since any fixed moment.
///
/// A slot is a place for one connection:
/// `closed → opening → idle ⇄ busy → closed`. A lost connection goes back to `closed` and is opened again when somebody
/// waits. While no connection is live and the last attempt failed, the server counts as *away*: requests are refused at
/// once, and one slot tries again and again after growing pauses.
struct PoolStateMachine {
    struct Limits: Sendable {
        /// Connections open at most.
        var connections: Int
        /// Requests that may wait; more are refused as overload.
        var waiting: Int
        /// Longest wait for a connection.
        var wait: Duration
        /// Pause after the first failed attempt to connect; it doubles with each further one.
        var firstPause: Duration = .milliseconds(50)
        /// Longest pause between attempts to connect.
        var longestPause: Duration = .seconds(1)
    }

    enum Action: Equatable {
        /// Run the request on the slot's connection and tell `released`.
        case run(Int, slot: Int)
        /// Tell the caller; the request is forgotten.
        case refuse(Int, Refusal.Code)
        /// Connect and tell `opened` or `openFailed`.
        case open(slot: Int)
        case close(slot: Int)
        /// Tell `timer` at this time, and forget other times told before.
        case wake(at: Duration)
        /// Everything is closed and nothing will come any more.
        case finish
    }

    /// How a connection came back.
    enum Condition {
        case usable
        /// Lost while it was used.
        case broken
        /// Found dead before it was used, and the server did not take another one. The caller was told.
        case unreachable
    }

    private enum Slot { case closed, opening, idle, busy }

    private struct Waiting {
        let request: Int
        let deadline: Duration
    }

    private let limits: Limits
    private var slots: [Slot]
    /// In the order of arrival, hence of their deadlines.
    private var waiting: [Waiting] = []
    /// Attempts to connect that failed in a row.
    private var failures = 0
    /// No attempt to connect before this time.
    private var retryAt: Duration?
    private(set) var isAway = false
    private var isStopping = false
    private var armedAt: Duration?

    init(limits: Limits) {
        self.limits = limits
        slots = Array(repeating: .closed, count: limits.connections)
    }

    var waitingCount: Int { waiting.count }

    mutating func request(_ request: Int, now: Duration) -> [Action] {
        if isStopping { return [.refuse(request, .stopping)] }
        if let slot = slots.firstIndex(of: .idle) {
            slots[slot] = .busy
            return [.run(request, slot: slot)]
        }
        if isAway { return [.refuse(request, .databaseUnavailable)] }
        guard waiting.count < limits.waiting else { return [.refuse(request, .overloaded)] }
        waiting.append(Waiting(request: request, deadline: now + limits.wait))
        return openForWaiting(now) + wakeIfNeeded()
    }

    /// The caller no longer wants it.
    ///
    /// - Returns: whether the request was still waiting; if so it is forgotten and the caller has to be told.
    mutating func cancel(_ request: Int) -> Bool {
        guard let place = waiting.firstIndex(where: { $0.request == request }) else { return false }
        waiting.remove(at: place)
        return true
    }

    mutating func opened(slot: Int, now: Duration) -> [Action] {
        failures = 0
        retryAt = nil
        isAway = false
        if isStopping {
            slots[slot] = .closed
            return [.close(slot: slot)] + finishIfClosed()
        }
        return occupy(slot) + openForWaiting(now)
    }

    mutating func openFailed(slot: Int, now: Duration) -> [Action] {
        slots[slot] = .closed
        if isStopping { return finishIfClosed() }
        // Attempts that began together and fail together are one failure.
        if retryAt == nil {
            failures += 1
            retryAt = now + pause
        }
        return refuseIfAway() + wakeIfNeeded()
    }

    mutating func released(slot: Int, _ condition: Condition, now: Duration) -> [Action] {
        switch condition {
        case .unreachable:
            // What else lies idle is as dead as this one, and each would cost its caller an attempt to connect.
            let idle = slots.indices.filter { slots[$0] == .idle }
            for slot in idle { slots[slot] = .closed }
            return idle.map { .close(slot: $0) } + openFailed(slot: slot, now: now)
        case .broken:
            slots[slot] = .closed
            return isStopping ? finishIfClosed() : openForWaiting(now) + refuseIfAway() + wakeIfNeeded()
        case .usable:
            if isStopping {
                slots[slot] = .closed
                return [.close(slot: slot)] + finishIfClosed()
            }
            return occupy(slot)
        }
    }

    /// The time has come that `wake` asked for.
    mutating func timer(now: Duration) -> [Action] {
        armedAt = nil
        if isStopping { return [] }
        let late = waiting.prefix { $0.deadline <= now }
        waiting.removeFirst(late.count)
        var actions = late.map { Action.refuse($0.request, .overloaded) }
        if isAway, let retryAt, retryAt <= now, let slot = slots.firstIndex(of: .closed) {
            self.retryAt = nil
            slots[slot] = .opening
            actions.append(.open(slot: slot))
        }
        return actions + openForWaiting(now) + wakeIfNeeded()
    }

    /// Refuses who waits, closes what is idle and lets the busy finish.
    mutating func stop() -> [Action] {
        guard !isStopping else { return [] }
        isStopping = true
        var actions = waiting.map { Action.refuse($0.request, .stopping) }
        waiting = []
        for slot in slots.indices where slots[slot] == .idle {
            slots[slot] = .closed
            actions.append(.close(slot: slot))
        }
        return actions + finishIfClosed()
    }

    /// Gives a live connection to who waited longest.
    private mutating func occupy(_ slot: Int) -> [Action] {
        guard let next = waiting.first else {
            slots[slot] = .idle
            return []
        }
        waiting.removeFirst()
        slots[slot] = .busy
        return [.run(next.request, slot: slot)]
    }

    /// Opens as many connections as there are requests for them and slots.
    private mutating func openForWaiting(_ now: Duration) -> [Action] {
        if let retryAt {
            if isAway || now < retryAt { return [] }
            self.retryAt = nil
        }
        var actions: [Action] = []
        var missing = waiting.count - slots.count(where: { $0 == .opening })
        for slot in slots.indices where missing > 0 && slots[slot] == .closed {
            slots[slot] = .opening
            actions.append(.open(slot: slot))
            missing -= 1
        }
        return actions
    }

    /// No connection is live and an attempt has failed since the last that was: nobody waits for such a server.
    private mutating func refuseIfAway() -> [Action] {
        guard retryAt != nil, slots.allSatisfy({ $0 == .closed }) else { return [] }
        isAway = true
        defer { waiting = [] }
        return waiting.map { .refuse($0.request, .databaseUnavailable) }
    }

    private mutating func wakeIfNeeded() -> [Action] {
        let times = [waiting.first?.deadline, isAway || !waiting.isEmpty ? retryAt : nil].compactMap(\.self)
        guard let next = times.min(), armedAt.map({ next < $0 }) ?? true else { return [] }
        armedAt = next
        return [.wake(at: next)]
    }

    private func finishIfClosed() -> [Action] { slots.allSatisfy { $0 == .closed } ? [.finish] : [] }

    private var pause: Duration {
        // The shift is held small enough to stay far from overflow.
        min(limits.firstPause * (1 << min(failures - 1, 16)), limits.longestPause)
    }
}
