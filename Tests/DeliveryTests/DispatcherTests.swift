// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct DispatcherTests {
    private let start = Instant(microseconds: 1_795_000_000_000_000)
    private let one = EndpointKey(1)
    private let two = EndpointKey(2)
    private let three = EndpointKey(3)
    private let failed = AttemptOutcome.failed(AttemptFailure(.pushUnreachable))

    @Test func nothingIsClaimedWithoutWork() {
        var dispatcher = Dispatcher(maxInFlight: 8)
        let before = dispatcher.claims(at: start)
        #expect(before == [] && dispatcher.wakes == nil)
        dispatcher.work(at: [one])
        let claims = dispatcher.claims(at: start)
        #expect(claims == [Dispatcher.Claim(endpoint: one, limit: 4)])
        let again = dispatcher.claims(at: start)
        #expect(again == [])
        dispatcher.claimed(claims[0], 0)
        let after = dispatcher.claims(at: start)
        #expect(dispatcher.inFlight == 0 && after == [])
    }

    @Test func aFullClaimIsFollowedByAnother() {
        var dispatcher = Dispatcher(maxInFlight: 64)
        dispatcher.work(at: [one])
        let claim = dispatcher.claims(at: start)[0]
        dispatcher.claimed(claim, claim.limit)
        let further = dispatcher.claims(at: start)
        #expect(further == [])
        let change = dispatcher.finished(one, .entered, at: start)
        #expect(change == nil)
        let next = dispatcher.claims(at: start)
        #expect(next == [Dispatcher.Claim(endpoint: one, limit: 1)])
    }

    @Test func whatComesWhileAClaimRunsIsNotForgotten() {
        var dispatcher = Dispatcher(maxInFlight: 64)
        dispatcher.work(at: [one])
        let claim = dispatcher.claims(at: start)[0]
        dispatcher.work(at: [one])
        let meanwhile = dispatcher.claims(at: start)
        #expect(meanwhile == [])
        dispatcher.claimed(claim, 0)
        let next = dispatcher.claims(at: start)
        #expect(next.map(\.endpoint) == [one])
    }

    @Test func whatIsFreeIsSharedAndTheTurnGoesRound() {
        // A quarter is kept.
        var dispatcher = Dispatcher(maxInFlight: 6)
        dispatcher.work(at: [one, two, three])
        let first = dispatcher.claims(at: start)
        #expect(first.map(\.endpoint) == [one, two, three] && first.map(\.limit) == [1, 2, 2])
        for claim in first { dispatcher.claimed(claim, claim.limit) }
        let further = dispatcher.claims(at: start)
        #expect(dispatcher.inFlight == 5 && further == [])
        // With one place free, each gets it in turn.
        var order: [EndpointKey] = []
        for _ in 0..<6 {
            let back = order.last ?? two
            _ = dispatcher.finished(back, .entered, at: start)
            let claims = dispatcher.claims(at: start)
            #expect(claims.count == 1 && claims[0].limit == 1)
            order.append(claims[0].endpoint)
            dispatcher.claimed(claims[0], 1)
        }
        #expect(order == [one, two, three, one, two, three])
    }

    @Test func aDeadDestinationHoldsNobodyUp() {
        var dispatcher = Dispatcher(maxInFlight: 8)
        var now = start
        var entered = 0
        for _ in 0..<200 {
            dispatcher.work(at: [one, two])
            for claim in dispatcher.claims(at: now) {
                dispatcher.claimed(claim, claim.limit)
                for _ in 0..<claim.limit {
                    _ = dispatcher.finished(claim.endpoint, claim.endpoint == one ? failed : .entered, at: now)
                    if claim.endpoint == two { entered += 1 }
                }
            }
            now = now.advanced(by: .milliseconds(10))
        }
        #expect(entered > 1_000 && dispatcher.inFlight == 0)
        guard case .suspended = dispatcher.health(of: one)?.state else { return #expect(Bool(false)) }
    }

    /// However many hang: who is well goes on, one at a time.
    @Test func manyThatHangHoldNobodyUp() {
        var dispatcher = Dispatcher(maxInFlight: 16)
        dispatcher.work(at: [one])
        for claim in dispatcher.claims(at: start) {
            dispatcher.claimed(claim, 1)
            _ = dispatcher.finished(one, .entered, at: start)
        }
        dispatcher.work(at: (10..<60).map { EndpointKey($0) })
        for _ in 0..<5 {
            for claim in dispatcher.claims(at: start) { dispatcher.claimed(claim, claim.limit) }
        }
        #expect(dispatcher.inFlight == 12)
        for _ in 0..<20 {
            dispatcher.work(at: [one])
            let claims = dispatcher.claims(at: start)
            #expect(claims == [Dispatcher.Claim(endpoint: one, limit: 1)])
            dispatcher.claimed(Dispatcher.Claim(endpoint: one, limit: 1), 1)
            _ = dispatcher.finished(one, .entered, at: start)
        }
        // One that hangs is not well, and gets nothing of what is kept.
        _ = dispatcher.finished(EndpointKey(10), failed, at: start)
        dispatcher.work(at: [EndpointKey(10)])
        let others = dispatcher.claims(at: start).filter { $0.endpoint != one }
        #expect(others.map(\.limit) == [1])
    }

    @Test func itSaysWhenToLookAgain() throws {
        var dispatcher = Dispatcher(maxInFlight: 8)
        for _ in 0..<3 {
            dispatcher.work(at: [one])
            for claim in dispatcher.claims(at: start) {
                dispatcher.claimed(claim, claim.limit)
                for _ in 0..<claim.limit { _ = dispatcher.finished(one, failed, at: start) }
            }
        }
        let until = try #require(dispatcher.wakes)
        #expect(until == start.advanced(by: DestinationHealth.firstProbe))
        let early = dispatcher.claims(at: start)
        #expect(early == [])
        let due = dispatcher.claims(at: until)
        #expect(due == [Dispatcher.Claim(endpoint: one, limit: 1)])
        #expect(dispatcher.wakes == nil)
    }

    @Test func whatTheOperatorClosedWaitsForTheOperator() {
        var dispatcher = Dispatcher(maxInFlight: 8)
        dispatcher.setClosed(one, true)
        dispatcher.work(at: [one])
        let closed = dispatcher.claims(at: .latest)
        #expect(closed == [] && dispatcher.wakes == nil)
        dispatcher.setClosed(one, false)
        let open = dispatcher.claims(at: start)
        #expect(open.map(\.endpoint) == [one])
    }
}
