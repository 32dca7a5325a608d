// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One of the few places for tests that open a whole hub: each hub has connections of its own, of which the server
/// allows fifty, and the tests of a process run all at once.
///
/// Given back when the last reference goes, so that a test that fails half-way keeps nobody waiting.
public final class TestSlot: Sendable {
    /// Hubs open at a time; each has its pool, a committer or two, and the test's own connection.
    public static let count = 4
    static let connectionsPerHub = 3

    private struct State {
        var free = TestSlot.count
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let state = Mutex(State())

    /// Waits for a place.
    public static func take() async -> TestSlot {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        return TestSlot()
    }

    private init() {}

    deinit {
        let next = Self.state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
