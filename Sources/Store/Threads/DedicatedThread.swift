// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// One thread of the operating system with a bounded mailbox: the place for calls that block.
///
/// Work runs in the order in which it was given, one piece at a time, and never on Swift's cooperative pool, whose few
/// threads a blocked call would take from everybody. Work that has begun cannot be interrupted: a cancelled caller of
/// `run` still waits for its result. The thread ends after `stop()`, or when the last reference to it goes.
public final class DedicatedThread: Sendable {
    /// Why the thread took no work.
    public enum Problem: Error, Equatable, Sendable {
        /// As many pieces of work wait already as the mailbox holds.
        case mailboxFull
        /// `stop()` was called.
        case stopped
    }

    /// Pieces of work that may wait, where the maker of the thread names no other number.
    public static let defaultCapacity = 1_024

    /// Bytes of stack. libpq, OpenSSL and file calls need far less; secondary threads get no more by default.
    public static let stackBytes = 1 << 20

    /// Longest name that Linux keeps for a thread, in bytes.
    public static let maxNameLength = 15

    public let name: String
    private let mailbox: Mailbox

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H` and debuggers; Linux cuts it after `maxNameLength` bytes.
    ///   - capacity: how many pieces of work may wait, not counting the one that runs.
    public init(name: String, capacity: Int = DedicatedThread.defaultCapacity) {
        self.name = name
        let mailbox = Mailbox(capacity: capacity)
        self.mailbox = mailbox
        // The thread holds the mailbox and not `self`, so that dropping the last reference to `self` ends it.
        let thread = Thread { mailbox.drain() }
        thread.name = String(name.prefix(Self.maxNameLength))
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    deinit { mailbox.close() }

    /// Runs `body` on the thread and returns what it returns or throws what it throws.
    ///
    /// - Throws: `Problem` when the body was not taken and will not run; otherwise only errors of `body`.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            do throws(Problem) {
                try mailbox.put { continuation.resume(with: Result(catching: body)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Gives the thread work whose end nobody waits for.
    ///
    /// - Throws: `Problem` when the body was not taken and will not run.
    public func post(_ body: @escaping @Sendable () -> Void) throws(Problem) {
        try mailbox.put(body)
    }

    /// Takes no more work. What waits already is still done, then the thread ends. May be called more than once.
    public func stop() { mailbox.close() }

    /// Returns when the thread has done its last work; only `stop()` brings that about.
    public func ended() async {
        await withCheckedContinuation { continuation in
            mailbox.whenEnded { continuation.resume() }
        }
    }
}

/// The queue between the thread and its callers.
private final class Mailbox: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        /// Index in `waiting` of the next work: taking from the front of an array would move all the rest.
        var next = 0
        var isClosed = false
        var hasEnded = false
        var listeners: [@Sendable () -> Void] = []

        mutating func take() -> (@Sendable () -> Void)? {
            guard next < waiting.count else { return nil }
            let work = waiting[next]
            // What the work holds must go with the work, not with the queue.
            waiting[next] = {}
            next += 1
            if next == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                next = 0
            } else if next >= 64, next * 2 >= waiting.count {
                waiting.removeFirst(next)
                next = 0
            }
            return work
        }
    }

    private let capacity: Int
    private let state = Mutex(State())
    /// Counts the pieces of work that wait, plus one for the closing.
    private let arrivals = DispatchSemaphore(value: 0)

    init(capacity: Int) { self.capacity = capacity }

    func put(_ work: @escaping @Sendable () -> Void) throws(DedicatedThread.Problem) {
        let problem: DedicatedThread.Problem? = state.withLock { state in
            if state.isClosed { return .stopped }
            if state.waiting.count - state.next >= capacity { return .mailboxFull }
            state.waiting.append(work)
            return nil
        }
        if let problem { throw problem }
        arrivals.signal()
    }

    func close() {
        let closed = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if closed { arrivals.signal() }
    }

    func whenEnded(_ listener: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.listeners.append(listener) }
            return state.hasEnded
        }
        if hasEnded { listener() }
    }

    /// The life of the thread.
    func drain() {
        while true {
            arrivals.wait()
            // Work is put before its signal and nothing is put after the closing, so nothing left to take means closed.
            guard let work = state.withLock({ $0.take() }) else { break }
            work()
        }
        let listeners = state.withLock { state in
            state.hasEnded = true
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener() }
    }
}
