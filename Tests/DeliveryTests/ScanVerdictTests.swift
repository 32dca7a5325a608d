// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Testing

@Suite struct ScanVerdictTests {
    private let start = Instant(microseconds: 0)

    @Test func oneThatDoesNotAnswerIsAskedByOneAtATimeAndEverMoreSeldom() {
        var health = ScannerHealth()
        for _ in 1..<ScannerHealth.maxFailures {
            health.failed(at: start)
            #expect(!health.isAway && health.places(4, running: 0, at: start) == 4)
        }
        var now = start
        for pause in ScannerHealth.pauses + [ScannerHealth.pauses[ScannerHealth.pauses.count - 1]] {
            health.failed(at: now)
            #expect(health.isAway)
            #expect(health.places(4, running: 0, at: now.advanced(by: pause - .milliseconds(1))) == 0)
            now = now.advanced(by: pause)
            #expect(health.places(4, running: 0, at: now) == 1)
            #expect(health.places(3, running: 1, at: now) == 0)
        }
        health.answered()
        #expect(!health.isAway && health.places(4, running: 0, at: now) == 4)
    }

    @Test func itWaitsForEverOrPassesAsThePolicyHasIt() {
        for failures in 1...50 {
            guard case .again(let delay) = ScanRetry.decide(failures: failures, whenAway: .hold, isAway: true) else {
                Issue.record("passed after \(failures)")
                return
            }
            #expect(delay <= .seconds(600))
        }
        // What it never answers although it answers others is somebody's to look at.
        let last = ScanRetry.maxTries
        #expect(ScanRetry.decide(failures: last - 1, whenAway: .hold, isAway: false) == .again(after: .seconds(600)))
        #expect(ScanRetry.decide(failures: last, whenAway: .hold, isAway: false) == .giveUp)
        #expect(ScanRetry.decide(failures: last, whenAway: .pass, isAway: false) == .pass)
        #expect(ScanRetry.decide(failures: 1, whenAway: .pass, isAway: false) == .again(after: .seconds(2)))
        #expect(ScanRetry.decide(failures: ScanRetry.maxTriesBeforePass, whenAway: .pass, isAway: false) == .pass)
        #expect(ScanRetry.decide(failures: 1, whenAway: .pass, isAway: true) == .pass)
    }
}
