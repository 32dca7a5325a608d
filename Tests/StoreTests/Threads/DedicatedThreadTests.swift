// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Store
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct DedicatedThreadTests {
    @Test func runsInOrderOnOneThreadOfItsOwn() async throws {
        let thread = DedicatedThread(name: "test")
        let seen = Mutex<[Int]>([])
        for number in 0..<500 { try thread.post { seen.withLock { $0.append(number) } } }
        let first = try await thread.run { pthread_self() }
        let second = try await thread.run { pthread_self() }
        let another = try await DedicatedThread(name: "other").run { pthread_self() }
        #expect(seen.withLock { $0 } == Array(0..<500))
        #expect(first == second)
        #expect(first != another)
    }

    @Test func handsOnResultAndError() async throws {
        struct Told: Error, Equatable {}
        let thread = DedicatedThread(name: "test")
        #expect(try await thread.run { 42 } == 42)
        await #expect(throws: Told()) { try await thread.run { throw Told() } }
    }

    @Test func refusesWhenFullAndTakesAgainAfterwards() async throws {
        let thread = DedicatedThread(name: "test", capacity: 2)
        let started = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        try thread.post {
            started.signal()
            gate.wait()
        }
        #expect(waitSynchronously(started))
        try thread.post {}
        try thread.post {}
        #expect(throws: DedicatedThread.Problem.mailboxFull) { try thread.post {} }
        await #expect(throws: DedicatedThread.Problem.mailboxFull) { try await thread.run {} }
        gate.signal()
        thread.stop()
        await thread.ended()
    }

    @Test func stopFinishesWhatWaitsAndTakesNoMore() async throws {
        let thread = DedicatedThread(name: "test")
        let gate = DispatchSemaphore(value: 0)
        let done = Mutex(0)
        try thread.post { gate.wait() }
        for _ in 0..<100 { try thread.post { done.withLock { $0 += 1 } } }
        thread.stop()
        thread.stop()
        await #expect(throws: DedicatedThread.Problem.stopped) { try await thread.run {} }
        gate.signal()
        await thread.ended()
        await thread.ended()
        #expect(done.withLock { $0 } == 100)
    }

    @Test func endsWithItsLastReference() async throws {
        let witness = Witness()
        // What a thread keeps for itself goes with the thread.
        try DedicatedThread(name: "test").post { Thread.current.threadDictionary["token"] = Token(witness) }
        await witness.wait()
    }

    @Test func carriesManyCallersAtOnce() async throws {
        let thread = DedicatedThread(name: "test", capacity: 10_000)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<2_000 { group.addTask { try await thread.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1_999_000)
    }
}

/// Waiting on a semaphore is barred from asynchronous code; here the other side is known to signal at once.
private func waitSynchronously(_ semaphore: DispatchSemaphore) -> Bool {
    semaphore.wait(timeout: .now() + .seconds(10)) == .success
}

private final class Token: Sendable {
    private let witness: Witness
    init(_ witness: Witness) { self.witness = witness }
    deinit { witness.tell() }
}

private final class Witness: Sendable {
    private let stream = AsyncStream<Void>.makeStream()
    func tell() { stream.continuation.yield() }
    func wait() async { for await _ in stream.stream { return } }
}
