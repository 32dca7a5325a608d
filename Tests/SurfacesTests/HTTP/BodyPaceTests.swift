// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import Surfaces

@Suite struct BodyPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func onlyWaitingCounts() {
        var pace = BodyPace(window: .seconds(10), minBytes: 100)
        #expect(pace.deadline == nil)
        pace.beginWait(start)
        #expect(pace.deadline == start + .seconds(10))
        pace.received(10, start + .seconds(4))
        // The hub is busy for a minute.
        #expect(pace.deadline == nil)
        let ended1 = pace.endWindow(start + .seconds(60))
        #expect(!ended1)
        pace.beginWait(start + .seconds(64))
        pace.beginWait(start + .seconds(66))
        #expect(pace.deadline == start + .seconds(70))
        let ended2 = pace.endWindow(start + .seconds(69))
        #expect(!ended2)
        let ended3 = pace.endWindow(start + .seconds(70))
        #expect(ended3)
    }

    @Test func eachWindowIsJudgedAlone() {
        var pace = BodyPace(window: .seconds(10), minBytes: 100)
        pace.beginWait(start)
        pace.received(100, start + .seconds(1))
        pace.beginWait(start + .seconds(1))
        let ended4 = pace.endWindow(start + .seconds(10))
        #expect(!ended4)
        #expect(pace.deadline == start + .seconds(20))
        // One byte less than is asked for, whatever came before.
        pace.received(99, start + .seconds(11))
        pace.beginWait(start + .seconds(11))
        let ended5 = pace.endWindow(start + .seconds(20))
        #expect(ended5)
    }
}
