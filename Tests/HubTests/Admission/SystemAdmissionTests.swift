// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Hub

@Suite struct TokenBucketTests {
    @Test func aFullBucketHoldsItsBurstAndNotOneMore() {
        var bucket = TokenBucket(perSecond: 10, burst: 3)
        for _ in 0..<3 { #expect(bucket.take(.seconds(7)) == nil) }
        #expect(bucket.take(.seconds(7)) == .milliseconds(100))
        // What was refused took nothing.
        #expect(bucket.take(.seconds(7) + .milliseconds(60)) == .milliseconds(40))
        #expect(bucket.take(.seconds(7) + .milliseconds(99)) == .milliseconds(1))
        #expect(bucket.take(.seconds(7) + .milliseconds(100)) == nil)
        #expect(bucket.take(.seconds(7) + .milliseconds(100)) == .milliseconds(100))
    }

    @Test func aLongRestFillsItNoFurtherThanFull() {
        var bucket = TokenBucket(perSecond: 1, burst: 2)
        #expect(bucket.take(.zero) == nil)
        for _ in 0..<2 { #expect(bucket.take(.seconds(86_400)) == nil) }
        #expect(bucket.take(.seconds(86_400)) == .seconds(1))
    }

    /// Over a long time no more than rate and burst allow, whatever the rhythm of the calls.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func neverMoreThanRateAndBurst(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bucket = TokenBucket(perSecond: 20, burst: 5)
        var now = Duration.zero
        var taken = 0
        for _ in 0..<5_000 {
            now += .microseconds(Int64.random(in: 0...60_000, using: &generator))
            if bucket.take(now) == nil { taken += 1 }
        }
        let seconds = Double(now.components.seconds)
        #expect(Double(taken) <= 20 * (seconds + 1) + 5)
        #expect(taken > 1_000)
    }
}

@Suite struct SystemAdmissionTests {
    private func limits(concurrent: Int = 2, perSecond: Int = 10, burst: Int = 100) -> SystemLimits {
        var limits = SystemLimits()
        limits.concurrent = concurrent
        limits.perSecond = perSecond
        limits.burst = burst
        return limits
    }

    @Test func theLastAllowedCallGoesAndTheNextDoesNot() throws {
        let (one, other) = (try SystemID(parsing: "qlvb.1"), try SystemID(parsing: "qlvb.2"))
        var admission = SystemAdmission(limits: limits())
        #expect(admission.begin(one, now: .zero) == .admit)
        #expect(admission.begin(one, now: .zero) == .admit)
        #expect(admission.begin(one, now: .zero) == .refuseConcurrent)
        // What one does is nothing to the other.
        #expect(admission.begin(other, now: .zero) == .admit)
        admission.end(one)
        #expect(admission.begin(one, now: .zero) == .admit)
        #expect(admission.running(one) == 2)
    }

    @Test func callsRefusedForTheirNumberCostNoToken() throws {
        let system = try SystemID(parsing: "qlvb.1")
        var admission = SystemAdmission(limits: limits(concurrent: 1, burst: 2))
        #expect(admission.begin(system, now: .zero) == .admit)
        for _ in 0..<50 { #expect(admission.begin(system, now: .zero) == .refuseConcurrent) }
        admission.end(system)
        #expect(admission.begin(system, now: .zero) == .admit)
        admission.end(system)
        #expect(admission.begin(system, now: .zero) == .refuseRate(retryAfter: .milliseconds(100)))
        // Refused calls are not going on.
        #expect(admission.running(system) == 0)
        #expect(admission.begin(system, now: .milliseconds(100)) == .admit)
    }

    @Test func thePassIsGivenBackWithItsLastReference() throws {
        let gate = SystemGate(limits: limits(concurrent: 1, perSecond: 1_000))
        let system = try SystemID(parsing: "qlvb.1")
        do {
            let pass = try gate.admit(system)
            let refusal = #expect(throws: Refusal.self) { try gate.admit(system) }
            #expect(refusal?.code == .tooManyRequests)
            #expect(refusal?.retryAfterSeconds == 1)
            withExtendedLifetime(pass) {}
        }
        _ = try gate.admit(system)
    }
}
