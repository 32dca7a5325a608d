// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import Delivery

/// An endpoint that answers 500 for an hour, by a clock of the test's own, beside one that is well.
@Suite struct OutageTests {
    private static let sick = EndpointKey(1)
    private static let well = EndpointKey(2)
    private static let backlog = 1_000
    private static let hour = 3_600

    /// One node, second by second: what waits for the sick endpoint, and one delivery a second for the other.
    private struct Node {
        private struct Waiting {
            var due = 0
            var attempts = 0
        }

        private let start = Instant(microseconds: 1_795_000_000_000_000)
        private let schedule: RetrySchedule
        private var dispatcher = Dispatcher(maxInFlight: 64)
        private var waiting: [Waiting]
        /// By the second after which it entered; nil: it has not.
        private(set) var entered: [Int?]
        /// Attempts at the sick endpoint before it was well again.
        private(set) var attempts = 0
        private(set) var tried: Set<Int> = []
        private(set) var expired = 0
        /// Deliveries for the other that were not carried in their second.
        private(set) var delayed = 0

        init(_ schedule: RetrySchedule) {
            self.schedule = schedule
            waiting = Array(repeating: Waiting(), count: OutageTests.backlog)
            entered = Array(repeating: nil, count: OutageTests.backlog)
        }

        mutating func pass(_ second: Int) {
            let now = start.advanced(by: .seconds(second))
            dispatcher.work(at: [OutageTests.sick, OutageTests.well])
            var isCarried = false
            for claim in dispatcher.claims(at: now) {
                if claim.endpoint == OutageTests.well {
                    dispatcher.claimed(claim, 1)
                    _ = dispatcher.finished(claim.endpoint, .entered, at: now)
                    isCarried = true
                } else {
                    carry(claim, second, now)
                }
            }
            if !isCarried { delayed += 1 }
        }

        private mutating func carry(_ claim: Dispatcher.Claim, _ second: Int, _ now: Instant) {
            // The oldest first, as the queue has them.
            var taken: [Int] = []
            for number in waiting.indices where taken.count < claim.limit {
                if waiting[number].due <= second, entered[number] == nil { taken.append(number) }
            }
            dispatcher.claimed(claim, taken.count)
            for number in taken {
                waiting[number].attempts += 1
                if second >= OutageTests.hour {
                    _ = dispatcher.finished(claim.endpoint, .entered, at: now)
                    entered[number] = second
                    continue
                }
                let failure = AttemptFailure(.pushAnswer, httpStatus: 500)
                _ = dispatcher.finished(claim.endpoint, .failed(failure), at: now)
                attempts += 1
                tried.insert(number)
                let next = schedule.next(
                    after: waiting[number].attempts, failedAt: now, dueAt: start, retryAfter: nil, chance: 0.5)
                guard let next else {
                    expired += 1
                    continue
                }
                waiting[number].due = second + Int((next.duration(since: now)).components.seconds)
            }
        }
    }

    @Test(arguments: [RetrySchedule.ordinary, .immediate])
    func `500 for an hour costs some attempts, nobody else's time, and no delivery`(_ schedule: RetrySchedule) throws {
        var node = Node(schedule)
        for second in 0..<3 * Self.hour { node.pass(second) }
        #expect(node.delayed == 0)
        // Three windows at first (4, 2, 1), then a probe now and then, five minutes apart in the end.
        #expect((20...30).contains(node.attempts), "\(node.attempts)")
        #expect(node.expired == 0 && !node.entered.contains(nil))
        // What was never tried goes with the first probe that is answered, and what comes in after it.
        let untried = node.entered.indices.filter { !node.tried.contains($0) }.compactMap { node.entered[$0] }
        #expect(untried.count > Self.backlog - 30)
        let probe = Int(DestinationHealth.longestProbe.components.seconds)
        #expect(try #require(untried.max()) <= Self.hour + probe + 120)
        // What was tried waits for its own turn: never longer than the delay after as many attempts.
        let last = try #require(node.entered.compactMap(\.self).max())
        #expect(last <= Self.hour + probe + Int(schedule.delays.prefix(6).max()?.components.seconds ?? 0))
    }
}
