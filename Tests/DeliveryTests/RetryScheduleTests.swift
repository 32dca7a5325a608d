// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct RetryScheduleTests {
    private let due = Instant(microseconds: 1_795_000_000_000_000)

    /// Every attempt fails at once, until the schedule gives no further one.
    private func attempts(_ schedule: RetrySchedule, chance: Double) -> [Duration] {
        var times: [Duration] = [.zero]
        var now = due
        while let next = schedule.next(after: times.count, failedAt: now, dueAt: due, retryAfter: nil, chance: chance) {
            #expect(next > now)
            now = next
            times.append(now.duration(since: due))
            if times.count > 2_000 { break }
        }
        return times
    }

    @Test func anOrdinaryDeliveryIsTriedForThreeDays() {
        let times = attempts(.ordinary, chance: 0.5)
        #expect(times.prefix(4) == [.zero, .seconds(5), .seconds(35), .seconds(155)])
        #expect(times.last == .seconds(3 * 86_400))
        #expect(times.count == 18)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= .seconds(28_800) })
    }

    @Test func anUrgentOneNeverWaitsLongerThanMinutes() {
        for urgency in Urgency.allCases {
            let isImmediate = urgency == .immediate || urgency == .immediateTimed
            #expect((RetrySchedules.standard.of(urgency) == .immediate) == isImmediate)
        }
        let times = attempts(.immediate, chance: 0.5)
        #expect(times.last == .seconds(3 * 86_400))
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= .seconds(300) })
    }

    @Test(arguments: [(0.0, 4_000), (0.25, 4_500), (0.5, 5_000), (1.0, 6_000), (-3.0, 4_000), (9.0, 6_000)])
    func chanceMovesADelayByAFifth(_ chance: Double, _ milliseconds: Int) {
        let next = RetrySchedule.ordinary.next(after: 1, failedAt: due, dueAt: due, retryAfter: nil, chance: chance)
        #expect(next == due.advanced(by: .milliseconds(milliseconds)))
    }

    @Test func whoAsksToBeLeftAloneIs() {
        func next(_ retryAfter: Duration) -> Instant? {
            RetrySchedule.ordinary.next(after: 1, failedAt: due, dueAt: due, retryAfter: retryAfter, chance: 0.5)
        }
        #expect(next(.seconds(3)) == due.advanced(by: .seconds(5)))
        #expect(next(.seconds(90)) == due.advanced(by: .seconds(90)))
        #expect(next(.seconds(86_400 * 30)) == due.advanced(by: .seconds(3 * 86_400)))
    }

    @Test func theLastAttemptIsMadeWhenTheTimeEnds() {
        let end = due.advanced(by: .seconds(3 * 86_400))
        func next(_ failedAt: Instant) -> Instant? {
            RetrySchedule.ordinary.next(after: 40, failedAt: failedAt, dueAt: due, retryAfter: nil, chance: 1)
        }
        #expect(next(end.advanced(by: .microseconds(-1))) == end)
        #expect(next(end) == nil)
        #expect(next(end.advanced(by: .seconds(1))) == nil)
    }

    @Test func aProfileSaysWhenAndOtherwiseTheStandardHolds() {
        var profile = PolicyProfile(name: "a", title: "A", from: .earliest)
        #expect(RetrySchedules(profile) == .standard)
        let terms = RetryTerms(delays: [.seconds(7)], lifetime: .seconds(60))
        let long = RetryTerms(delays: [.seconds(9)], lifetime: .seconds(90))
        profile.retrySchedule = Sourced(RetryRule(ordinary: terms, immediate: long), source: "Điều 1")
        let retries = RetrySchedules(profile)
        #expect(retries.of(.veryUrgent).delays == [.seconds(7)] && retries.of(.immediate).delays == [.seconds(9)])
        #expect(retries.longestLifetime == .seconds(90))
    }
}
