// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing

@testable import Delivery

@Suite struct DestinationHealthTests {
    private let start = Instant(microseconds: 1_795_000_000_000_000)
    private let failed = AttemptOutcome.failed(AttemptFailure(.pushUnreachable))

    /// As many as there is room for are carried, and all of them end so.
    @discardableResult
    private func round(
        _ health: inout DestinationHealth, _ outcome: AttemptOutcome, at now: Instant
    ) -> [DestinationHealth.Change] {
        let count = health.room(at: now)
        health.started(count)
        return (0..<count).compactMap { _ in health.finished(outcome, at: now) }
    }

    @Test func theWindowGrowsWithSuccess() {
        var health = DestinationHealth()
        #expect(health.room(at: start) == DestinationHealth.initialWindow)
        for window in DestinationHealth.initialWindow..<DestinationHealth.maxWindow {
            #expect(health.window == window)
            round(&health, .entered, at: start)
        }
        for _ in 0..<3 { round(&health, .entered, at: start) }
        #expect(health.window == DestinationHealth.maxWindow && health.inFlight == 0)
    }

    @Test func theWindowIsAllThatMayBeOnItsWay() {
        var health = DestinationHealth()
        health.started(3)
        #expect(health.room(at: start) == 1)
        health.started(1)
        #expect(health.room(at: start) == 0)
        _ = health.finished(.entered, at: start)
        #expect(health.room(at: start) == 1)
        health.abandoned(3)
        #expect(health.inFlight == 0 && health.room(at: start) == 4)
    }

    @Test func aWindowThatFailsHalvesItAndSeveralSuspend() {
        var health = DestinationHealth()
        let first = round(&health, failed, at: start)
        #expect(first == [])
        #expect(health.window == 2)
        let second = round(&health, failed, at: start)
        #expect(second == [])
        #expect(health.window == 1)
        let until = start.advanced(by: DestinationHealth.firstProbe)
        let third = round(&health, failed, at: start)
        #expect(third == [.suspended(until: until)])
        #expect(health.state == .suspended(until: until) && health.wakes == until)
        #expect(health.room(at: until.advanced(by: .microseconds(-1))) == 0)
        #expect(health.room(at: until) == 1)
    }

    @Test func oneSuccessInAWindowSuspendsNothing() {
        var health = DestinationHealth()
        for _ in 0..<50 {
            health.started(2)
            let failure = health.finished(failed, at: start)
            #expect(failure == nil)
            let success = health.finished(.entered, at: start)
            #expect(success == nil)
        }
        #expect(health.state == .open)
    }

    @Test func aProbeOpensOrWaitsTwiceAsLong() {
        var health = DestinationHealth()
        var now = start
        for _ in 0..<DestinationHealth.maxCohorts { round(&health, failed, at: now) }
        var delay = DestinationHealth.firstProbe
        for _ in 0..<10 {
            guard case .suspended(let until) = health.state else { return #expect(Bool(false)) }
            #expect(until == now.advanced(by: delay))
            now = until
            delay = min(delay * 2, DestinationHealth.longestProbe)
            // One alone, however much waits.
            health.started(health.room(at: now))
            #expect(health.inFlight == 1 && health.room(at: now) == 0)
            let probe = health.finished(failed, at: now)
            #expect(probe == .suspended(until: now.advanced(by: delay)))
        }
        #expect(delay == DestinationHealth.longestProbe)
        now = now.advanced(by: delay)
        let probe = round(&health, .entered, at: now)
        #expect(probe == [.resumed])
        #expect(health.state == .open && health.window == 1)
    }

    @Test func whatWasUnderWayWhenItWasSuspendedSaysNothingNew() {
        var health = DestinationHealth()
        health.started(20)
        var changes: [DestinationHealth.Change] = []
        for _ in 0..<20 { if let change = health.finished(failed, at: start) { changes.append(change) } }
        #expect(changes == [.suspended(until: start.advanced(by: DestinationHealth.firstProbe))])
    }

    @Test func theEndpointIsLeftAloneAsLongAsItAsksWithinReason() {
        for (asked, until) in [(1, 5), (60, 60), (86_400, 300)] {
            let failure = AttemptFailure(.pushAnswer, httpStatus: 503, retryAfter: .seconds(asked))
            var health = DestinationHealth()
            for _ in 0..<DestinationHealth.maxCohorts { round(&health, .failed(failure), at: start) }
            #expect(health.state == .suspended(until: start.advanced(by: .seconds(until))))
        }
    }

    @Test func whatIsGoneStaysClosedUntilTheOperatorHasLooked() {
        var health = DestinationHealth()
        let gone = AttemptOutcome.gone(AttemptFailure(.pushGone, httpStatus: 410))
        health.started(2)
        let first = health.finished(gone, at: start)
        #expect(first == .closed)
        let second = health.finished(gone, at: start)
        #expect(second == nil)
        #expect(health.room(at: .latest) == 0 && health.wakes == nil)
        let third = health.close()
        #expect(third == nil)
        health.resume()
        #expect(health.room(at: start) == 1)
    }

    private let refused = AttemptOutcome.refused(AttemptFailure(.pushRefused, httpStatus: 400))

    @Test func refusalsAmongSuccessesAndOurOwnFaultsHurtNoEndpoint() {
        var health = DestinationHealth()
        for _ in 0..<100 {
            for outcome in [refused, .failed(AttemptFailure(.contentDamaged)), .entered] {
                health.started(1)
                let change = health.finished(outcome, at: start)
                #expect(change == nil)
            }
        }
        #expect(health.state == .open && health.window > DestinationHealth.initialWindow)
    }

    @Test func whoRefusesEverythingIsNotFedABacklog() {
        var health = DestinationHealth()
        for number in 1...DestinationHealth.maxRefusals {
            health.started(1)
            let change = health.finished(refused, at: start)
            #expect(change == (number == DestinationHealth.maxRefusals ? .refusing : nil))
        }
        #expect(health.room(at: .latest) == 0 && health.window == DestinationHealth.initialWindow)
        // Those that were on their way say nothing new.
        health.started(1)
        let late = health.finished(refused, at: start)
        #expect(late == nil)
        // After the operator has looked it counts from the beginning.
        health.resume()
        health.started(1)
        let again = health.finished(refused, at: start)
        #expect(again == nil && health.state == .open)
    }
}
