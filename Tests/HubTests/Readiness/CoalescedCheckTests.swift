// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import Hub

@Suite(.timeLimit(.minutes(1))) struct CoalescedCheckTests {
    /// A clock that stands until it is moved, and a check that waits until it is let go.
    private final class Bench: Sendable {
        let time = Mutex(Duration.zero)
        let runs = Mutex(0)
        let gate = AsyncStream<Void>.makeStream()
    }

    @Test func aFindingHoldsForAWhile() async {
        let bench = Bench()
        let check = CoalescedCheck(reuse: .seconds(1), now: { bench.time.withLock { $0 } }) {
            bench.runs.withLock { runs in
                runs += 1
                return runs
            }
        }
        #expect(await check.finding() == 1)
        bench.time.withLock { $0 = .milliseconds(999) }
        #expect(await check.finding() == 1)
        bench.time.withLock { $0 = .seconds(1) }
        #expect(await check.finding() == 2)
    }

    @Test func manyWhoAskAtOnceShareOneRun() async {
        let bench = Bench()
        let check = CoalescedCheck(reuse: .seconds(1), now: { bench.time.withLock { $0 } }) {
            bench.runs.withLock { $0 += 1 }
            for await _ in bench.gate.stream { break }
            return bench.runs.withLock { $0 }
        }
        await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<50 { tasks.addTask { await check.finding() } }
            bench.gate.continuation.yield()
            for await finding in tasks { #expect(finding == 1) }
        }
        #expect(bench.runs.withLock { $0 } == 1)
    }

    @Test func whoGivesUpDoesNotEndItForTheOthers() async {
        let bench = Bench()
        let check = CoalescedCheck(reuse: .seconds(1), now: { bench.time.withLock { $0 } }) {
            for await _ in bench.gate.stream { break }
            return Task.isCancelled
        }
        let first = Task { await check.finding() }
        first.cancel()
        async let second = check.finding()
        bench.gate.continuation.yield()
        #expect(await second == false)
        #expect(await first.value == false)
    }

    @Test func whatBeganBeforeItWasAskedIsNotNew() async {
        let bench = Bench()
        let begun = AsyncStream<Void>.makeStream()
        let check = CoalescedCheck(reuse: .seconds(1), now: { .zero }) {
            let run = bench.runs.withLock { runs in
                runs += 1
                return runs
            }
            begun.continuation.yield()
            for await _ in bench.gate.stream { break }
            return run
        }
        async let first = check.finding()
        for await _ in begun.stream { break }
        async let new = check.newFinding()
        bench.gate.continuation.yield()
        #expect(await first == 1)
        bench.gate.continuation.yield()
        #expect(await new == 2)
        #expect(await check.finding() == 2)
    }
}
