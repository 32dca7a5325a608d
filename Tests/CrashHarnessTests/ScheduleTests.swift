// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import CrashHarness

@Suite struct ScheduleTests {
    private func cycles(seed: UInt64, _ count: Int) -> [Schedule.Cycle] {
        var schedule = Schedule(seed: seed)
        return (0..<count).map { _ in schedule.next() }
    }

    @Test func `the seed decides everything`() {
        #expect(cycles(seed: 7, 50) == cycles(seed: 7, 50))
        #expect(cycles(seed: 7, 50) != cycles(seed: 8, 50))
        // A longer run begins like a shorter one.
        #expect(Array(cycles(seed: 7, 50).prefix(20)) == cycles(seed: 7, 20))
    }

    @Test func `all faults come, and nobody sends to itself`() {
        let all = cycles(seed: 1, 400)
        var kinds: Set<String> = []
        var points: Set<FaultPoint> = []
        for cycle in all {
            kinds.insert(String("\(cycle.fault)".prefix { $0 != "(" }))
            if case .hubAt(let point, _) = cycle.fault { points.insert(point) }
            for (agency, script) in cycle.senders {
                #expect(script.count == Schedule.sendsPerSender)
                for case .document(let recipients, _) in script {
                    #expect(!recipients.isEmpty && !recipients.contains(agency))
                    #expect(Set(recipients).count == recipients.count)
                }
            }
        }
        #expect(
            kinds == ["hubAt", "hub", "postmaster", "backend", "hubAndPostmaster", "starting", "diskFull", "stop"])
        #expect(points == Set(FaultPoint.allCases))
    }

    @Test func `something goes to the endpoint, and somebody sends from there`() {
        let scripts = cycles(seed: 3, 10).flatMap(\.senders)
        #expect(scripts.contains { $0.agency == Schedule.pushed })
        let recipients = scripts.flatMap(\.script).flatMap { send in
            if case .document(let recipients, _) = send { recipients } else { [Int]() }
        }
        #expect(recipients.filter { $0 == Schedule.pushed }.count > recipients.count / 5)
    }

    @Test func `an endpoint is well most of the time, odd in every way, and well at the third time`() {
        let answers = (0..<2_000).map { number in
            Schedule.answer(seed: 5, sha256: String(number * 7_919, radix: 16), time: 1)
        }
        #expect(Set(answers) == Set(Schedule.Answer.allCases))
        #expect(answers.filter { $0 == .receipt }.count > 1_400)
        for seed in 0...100 as ClosedRange<UInt64> {
            #expect(Schedule.answer(seed: seed, sha256: "ab", time: Schedule.lastOddTime) == .receipt)
        }
    }

    /// That is what every change is tried with.
    @Test func `forty cycles meet every named place`() {
        for seed in 1...50 as ClosedRange<UInt64> {
            let points = cycles(seed: seed, 40).compactMap { cycle in
                if case .hubAt(let point, _) = cycle.fault { point } else { nil }
            }
            #expect(Set(points) == Set(FaultPoint.allCases), "seed \(seed)")
        }
    }
}
