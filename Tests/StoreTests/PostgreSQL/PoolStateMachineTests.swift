// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Store

@Suite struct PoolStateMachineTests {
    private typealias Action = PoolStateMachine.Action

    private func machine(_ connections: Int = 2, waiting: Int = 3) -> PoolStateMachine {
        PoolStateMachine(limits: .init(connections: connections, waiting: waiting, wait: .seconds(5)))
    }

    /// A machine whose connections are all open and idle.
    private func warm(_ connections: Int = 2, waiting: Int = 3) -> PoolStateMachine {
        var machine = machine(connections, waiting: waiting)
        for slot in 0..<connections { _ = machine.request(-slot, now: .zero) }
        for slot in 0..<connections { _ = machine.opened(slot: slot, now: .zero) }
        for slot in 0..<connections { _ = machine.released(slot: slot, .usable, now: .zero) }
        return machine
    }

    @Test func opensAConnectionForEachThatWaitsUpToTheBound() {
        var machine = machine()
        #expect(machine.request(1, now: .zero) == [.open(slot: 0), .wake(at: .seconds(5))])
        #expect(machine.request(2, now: .seconds(1)) == [.open(slot: 1)])
        #expect(machine.request(3, now: .seconds(1)) == [])
        #expect(machine.opened(slot: 1, now: .seconds(1)) == [.run(1, slot: 1)])
        #expect(machine.opened(slot: 0, now: .seconds(1)) == [.run(2, slot: 0)])
        #expect(machine.released(slot: 1, .usable, now: .seconds(2)) == [.run(3, slot: 1)])
        #expect(machine.released(slot: 1, .usable, now: .seconds(2)) == [])
        #expect(machine.request(4, now: .seconds(2)) == [.run(4, slot: 1)])
    }

    @Test func refusesBeyondTheQueueBound() {
        var machine = machine(1, waiting: 2)
        _ = machine.request(1, now: .zero)
        _ = machine.request(2, now: .zero)
        #expect(machine.request(3, now: .zero) == [.refuse(3, .overloaded)])
        #expect(machine.opened(slot: 0, now: .zero) == [.run(1, slot: 0)])
        #expect(machine.request(4, now: .zero) == [])
    }

    @Test func refusesWhoWaitedTooLongAndOnlyThem() {
        var machine = warm(1)
        _ = machine.request(1, now: .zero)
        // A time to wake was told while the machine was warmed up.
        #expect(machine.request(2, now: .zero) == [])
        #expect(machine.request(3, now: .seconds(3)) == [])
        #expect(machine.timer(now: .seconds(5)) == [.refuse(2, .overloaded), .wake(at: .seconds(8))])
        #expect(machine.released(slot: 0, .usable, now: .seconds(6)) == [.run(3, slot: 0)])
        #expect(machine.timer(now: .seconds(8)) == [])
    }

    @Test func cancelTakesOnlyWhoWaits() {
        var machine = warm(1)
        _ = machine.request(1, now: .zero)
        _ = machine.request(2, now: .zero)
        _ = machine.request(3, now: .zero)
        #expect(machine.cancel(1) == false)
        #expect(machine.cancel(2) == true)
        #expect(machine.cancel(2) == false)
        #expect(machine.released(slot: 0, .usable, now: .zero) == [.run(3, slot: 0)])
    }

    @Test func serverAwayRefusesAtOnceAndTriesAgainWithGrowingPauses() {
        var machine = machine(2)
        _ = machine.request(1, now: .zero)
        _ = machine.request(2, now: .zero)
        #expect(machine.openFailed(slot: 0, now: .zero) == [.wake(at: .milliseconds(50))])
        #expect(
            machine.openFailed(slot: 1, now: .zero) == [
                .refuse(1, .databaseUnavailable), .refuse(2, .databaseUnavailable),
            ])
        #expect(machine.isAway)
        #expect(machine.request(3, now: .zero) == [.refuse(3, .databaseUnavailable)])
        var now = Duration.milliseconds(50)
        var pauses: [Duration] = []
        for _ in 0..<8 {
            #expect(machine.timer(now: now) == [.open(slot: 0)])
            // While the attempt runs nobody waits for it either.
            #expect(machine.request(4, now: now) == [.refuse(4, .databaseUnavailable)])
            guard case .wake(let next) = machine.openFailed(slot: 0, now: now).first else {
                Issue.record("no further attempt")
                return
            }
            pauses.append(next - now)
            now = next
        }
        #expect(pauses == [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000].map { .milliseconds($0) })
        #expect(machine.timer(now: now) == [.open(slot: 0)])
        #expect(machine.opened(slot: 0, now: now) == [])
        #expect(!machine.isAway)
        #expect(machine.request(5, now: now) == [.run(5, slot: 0)])
    }

    @Test func aLostConnectionIsOpenedAgainWhenSomebodyWaits() {
        var machine = warm(1)
        _ = machine.request(1, now: .zero)
        #expect(machine.released(slot: 0, .broken, now: .zero) == [])
        #expect(machine.request(2, now: .zero) == [.open(slot: 0)])
        _ = machine.request(3, now: .zero)
        _ = machine.opened(slot: 0, now: .zero)
        #expect(machine.released(slot: 0, .broken, now: .zero) == [.open(slot: 0)])
    }

    @Test func anUnreachableServerDropsAllIdleConnections() {
        var machine = warm(3)
        _ = machine.request(1, now: .zero)
        #expect(
            machine.released(slot: 0, .unreachable, now: .zero)
                == [.close(slot: 1), .close(slot: 2), .wake(at: .milliseconds(50))])
        #expect(machine.isAway)
        #expect(machine.request(2, now: .zero) == [.refuse(2, .databaseUnavailable)])
    }

    @Test func whileSomeConnectionLivesAFailedAttemptOnlyPauses() {
        var machine = machine(2)
        _ = machine.request(1, now: .zero)
        _ = machine.opened(slot: 0, now: .zero)
        #expect(machine.request(2, now: .zero) == [.open(slot: 1)])
        #expect(machine.openFailed(slot: 1, now: .zero) == [.wake(at: .milliseconds(50))])
        #expect(!machine.isAway)
        #expect(machine.request(3, now: .zero) == [])
        #expect(machine.timer(now: .milliseconds(50)) == [.open(slot: 1), .wake(at: .seconds(5))])
        #expect(machine.released(slot: 0, .usable, now: .milliseconds(60)) == [.run(2, slot: 0)])
        // The last live one breaks while the attempt has failed: now the server is away.
        _ = machine.openFailed(slot: 1, now: .milliseconds(60))
        #expect(machine.released(slot: 0, .broken, now: .milliseconds(60)).contains(.refuse(3, .databaseUnavailable)))
        #expect(machine.isAway)
    }

    @Test func stopRefusesWaitersClosesIdleAndWaitsForBusy() {
        var machine = warm(3)
        _ = machine.request(1, now: .zero)
        _ = machine.request(2, now: .zero)
        #expect(machine.stop() == [.close(slot: 2)])
        #expect(machine.stop() == [])
        #expect(machine.request(3, now: .zero) == [.refuse(3, .stopping)])
        #expect(machine.released(slot: 0, .usable, now: .zero) == [.close(slot: 0)])
        #expect(machine.released(slot: 1, .broken, now: .zero) == [.finish])
        var opening = self.machine(1)
        _ = opening.request(1, now: .zero)
        #expect(opening.stop() == [.refuse(1, .stopping)])
        #expect(opening.opened(slot: 0, now: .zero) == [.close(slot: 0), .finish])
        var unused = self.machine(1)
        #expect(unused.stop() == [.finish])
    }

    /// Random events against what must always hold: no slot given out twice, every request answered exactly once, none
    /// left waiting while a connection is idle.
    @Test(arguments: 0..<50) func holdsItsPromisesUnderAnyOrderOfEvents(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var world = PoolWorld(machine: machine(3, waiting: 5))
        for _ in 0..<2_000 { world.step(using: &random) }
        world.drain()
        #expect(world.problems == [])
        #expect(world.unanswered.isEmpty)
        #expect(world.isFinished)
    }
}

/// A pool without threads: performs actions in its books and picks what may happen next.
private struct PoolWorld {
    var machine: PoolStateMachine
    var now: Duration = .zero
    var unanswered: Set<Int> = []
    var busy: [Int: Int] = [:]
    var opening: Set<Int> = []
    var wakeAt: Duration?
    var isFinished = false
    var problems: [String] = []
    private var lastRequest = 0

    init(machine: PoolStateMachine) { self.machine = machine }

    mutating func step(using random: inout SeededGenerator) {
        now += .milliseconds(Int.random(in: 0...200, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3:
            lastRequest += 1
            unanswered.insert(lastRequest)
            perform(machine.request(lastRequest, now: now))
        case 4:
            if let request = unanswered.subtracting(busy.values).randomElement(using: &random), machine.cancel(request)
            {
                unanswered.remove(request)
            }
        case 5:
            guard let slot = opening.sorted().randomElement(using: &random) else { return }
            opening.remove(slot)
            let works = Int.random(in: 0..<3, using: &random) > 0
            perform(works ? machine.opened(slot: slot, now: now) : machine.openFailed(slot: slot, now: now))
        case 6...8:
            guard let slot = busy.keys.sorted().randomElement(using: &random) else { return }
            let conditions: [PoolStateMachine.Condition] = [.usable, .usable, .usable, .broken, .unreachable]
            release(slot, conditions.randomElement(using: &random) ?? .usable)
        default:
            guard let wakeAt else { return }
            now = max(now, wakeAt)
            self.wakeAt = nil
            perform(machine.timer(now: now))
        }
    }

    mutating func drain() {
        perform(machine.stop())
        for slot in opening.sorted() {
            opening.remove(slot)
            perform(machine.opened(slot: slot, now: now))
        }
        for slot in busy.keys.sorted() { release(slot, .usable) }
    }

    private mutating func release(_ slot: Int, _ condition: PoolStateMachine.Condition) {
        if let request = busy.removeValue(forKey: slot) { unanswered.remove(request) }
        perform(machine.released(slot: slot, condition, now: now))
    }

    private mutating func perform(_ actions: [PoolStateMachine.Action]) {
        for action in actions {
            switch action {
            case .run(let request, let slot):
                if busy[slot] != nil || opening.contains(slot) { problems.append("slot \(slot) given out twice") }
                if !unanswered.contains(request) { problems.append("request \(request) run after its answer") }
                busy[slot] = request
            case .refuse(let request, _):
                if unanswered.remove(request) == nil { problems.append("request \(request) answered twice") }
            case .open(let slot):
                if busy[slot] != nil || !opening.insert(slot).inserted { problems.append("slot \(slot) opened twice") }
            case .close(let slot):
                if busy[slot] != nil { problems.append("slot \(slot) closed while busy") }
            case .wake(let time): wakeAt = time
            case .finish: isFinished = true
            }
        }
        if machine.waitingCount > 0, opening.isEmpty, busy.isEmpty, wakeAt == nil {
            problems.append("forgotten waiters")
        }
    }
}
