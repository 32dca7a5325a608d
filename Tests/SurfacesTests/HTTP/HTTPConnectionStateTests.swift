// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Testing

@testable import Surfaces

/// The orders of events that a real connection cannot be made to produce at will.
@Suite struct HTTPConnectionStateTests {
    private typealias Facts = HTTPConnectionState.RequestFacts

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let withBody = HTTPConnectionState.RequestFacts(hasBody: true, contentLength: 1 << 20)

    private func open() -> HTTPConnectionState { HTTPConnectionState(limits: HTTPEdgeLimits(), now: start) }

    @Test func afterTheLastRequestNothingIsForwarded() {
        var state = open()
        let last = state.requestHead(Facts(isKeepAlive: false))
        #expect(last == .forward(sendContinue: false))
        _ = state.requestEnd()
        // A client that goes on although it said `Connection: close`.
        let next = state.requestHead(withBody)
        let body = state.requestBody(10, start)
        let end = state.requestEnd()
        #expect(next == .drop && body == .discard && end == .discard)
        let saysClose = state.responseHead()
        let action = state.responseEnd(start)
        #expect(saysClose && action == .closeWhenWritten)
        #expect(!state.acceptsAnswers)
    }

    @Test func anEndInsideARefusedRequestIsNobodysProblem() {
        var state = open()
        _ = state.requestHead(Facts(isKeepAlive: false))
        _ = state.requestEnd()
        _ = state.requestHead(withBody)
        let failure = state.inputFailed(.ended)
        #expect(failure == .nothing)
    }

    @Test func aHeadThatIsNotServedWaitsForTheAnswersBeforeIt() {
        var idle = open()
        let isAnsweredNow = idle.refuseHead(withBody)
        let itsBody = idle.requestBody(10, start)
        #expect(isAnsweredNow && itsBody == .discard)

        var owing = open()
        _ = owing.requestHead(Facts())
        _ = owing.requestEnd()
        let isAnswered = owing.refuseHead(withBody)
        // Its body is nobody's, least of all that of the request before.
        let (body, end, next) = (owing.requestBody(10, start), owing.requestEnd(), owing.requestHead(Facts()))
        #expect(!isAnswered && body == .discard && end == .discard && next == .drop)
        let saysClose = owing.responseHead()
        let action = owing.responseEnd(start)
        #expect(saysClose && action == .closeWhenWritten)
    }

    /// The parser keeps what comes after a request for another protocol: served, dropped or refused.
    @Test func afterARequestForAnotherProtocolNothingIsRead() {
        let upgrade = Facts(isKeepAlive: false, endsInput: true)
        var served = open()
        _ = served.requestHead(upgrade)
        #expect(!served.inputIsOver)
        _ = served.requestEnd()
        #expect(served.inputIsOver)
        _ = served.responseHead()
        _ = served.responseEnd(start)
        let written = served.finalAnswerWritten()
        #expect(!served.discardsInput && written == .close)

        var dropped = open()
        _ = dropped.requestHead(Facts(isKeepAlive: false))
        _ = dropped.requestEnd()
        _ = dropped.requestHead(upgrade)
        _ = dropped.requestEnd()
        #expect(dropped.inputIsOver)

        var refused = open()
        _ = refused.refuseHead(upgrade)
        _ = refused.requestEnd()
        #expect(refused.inputIsOver)
    }

    @Test func pipelinedRequestsAreAnsweredBeforeClosing() {
        var state = open()
        for facts in [Facts(), Facts(isKeepAlive: false)] {
            _ = state.requestHead(facts)
            _ = state.requestEnd()
        }
        let first = (state.responseHead(), state.responseEnd(start))
        #expect(first.0 == false && first.1 == .keepAlive(sendContinue: false))
        let second = (state.responseHead(), state.responseEnd(start))
        #expect(second.0 == true && second.1 == .closeWhenWritten)
        let written = state.finalAnswerWritten()
        #expect(written == .close)
    }

    /// The body that is still coming belongs to the later request, not to the one that is being answered.
    @Test func anEarlierAnswerDoesNotCloseOverALaterBody() {
        var state = open()
        _ = state.requestHead(Facts())
        _ = state.requestEnd()
        _ = state.requestHead(withBody)
        let saysClose = state.responseHead()
        #expect(!saysClose)
    }

    @Test func continueWaitsForItsTurn() {
        var state = open()
        _ = state.requestHead(Facts())
        _ = state.requestEnd()
        var expecting = withBody
        expecting.expectsContinue = true
        let head = state.requestHead(expecting)
        #expect(head == .forward(sendContinue: false))
        _ = state.responseHead()
        let end = state.responseEnd(start)
        #expect(end == .keepAlive(sendContinue: true))
        // The client did not wait for it: too late then.
        var hasty = open()
        _ = hasty.requestHead(Facts())
        _ = hasty.requestEnd()
        _ = hasty.requestHead(expecting)
        _ = hasty.requestEnd()
        _ = hasty.responseHead()
        let late = hasty.responseEnd(start)
        #expect(late == .keepAlive(sendContinue: false))
    }

    @Test func aStopWhileAnsweringClosesAfterwards() {
        var state = open()
        _ = state.requestHead(Facts())
        _ = state.requestEnd()
        let saysClose = state.responseHead()
        #expect(!saysClose)
        let closesNow = state.quiesce()
        #expect(!closesNow)
        let end = state.responseEnd(start)
        #expect(end == .closeWhenWritten)
        var idle = open()
        let idleCloses = idle.quiesce()
        #expect(idleCloses && idle.deadline == nil)
    }

    @Test func aBodyThatStallsAfterItsAnswerIsCut() {
        var state = open()
        _ = state.requestHead(Facts(hasBody: true, contentLength: 10))
        let saysClose = state.responseHead()
        let end = state.responseEnd(start)
        #expect(!saysClose && end == .keepAlive(sendContinue: false))
        state.willRead(start)
        let action = state.timeout(start + .seconds(30), waitingBytes: 0)
        #expect(action == .close)
    }

    @Test func deadlinesFollowWhatIsWaitedFor() {
        var state = open()
        #expect(state.deadline == start + .seconds(75))
        _ = state.requestHead(withBody)
        #expect(state.deadline == nil)
        state.willRead(start)
        #expect(state.deadline == start + .seconds(30))
        state.writability(false, waitingBytes: 100, start)
        state.writability(false, waitingBytes: 90, start + .seconds(5))
        _ = state.requestBody(1 << 20, start)
        _ = state.requestEnd()
        #expect(state.deadline == start + .seconds(30))
        state.writability(true, waitingBytes: 0, start + .seconds(6))
        #expect(state.deadline == nil)
        _ = state.responseHead()
        _ = state.responseEnd(start + .seconds(10))
        #expect(state.deadline == start + .seconds(85))
        let early = state.timeout(start + .seconds(84), waitingBytes: 0)
        let late = state.timeout(start + .seconds(85), waitingBytes: 0)
        #expect(early == .nothing && late == .close)
    }

    @Test func aBodyIsAskedForUpToTheLimitAndNotBeyond() {
        let limit = HTTPEdgeLimits().bodyBytes
        for (length, isAsked) in [(limit, true), (limit + 1, false)] {
            var state = open()
            let head = state.requestHead(Facts(hasBody: true, contentLength: length, expectsContinue: true))
            #expect(head == .forward(sendContinue: isAsked), "\(length)")
        }
    }

    @Test func aRestUpToTheBoundKeepsTheConnection() {
        let limit = HTTPEdgeLimits().keepAliveRestBytes
        for (length, closes) in [(limit, false), (limit + 1, true)] {
            var state = open()
            _ = state.requestHead(Facts(hasBody: true, contentLength: length))
            let saysClose = state.responseHead()
            #expect(saysClose == closes, "\(length)")
        }
        // What has come already is no rest.
        var state = open()
        _ = state.requestHead(Facts(hasBody: true, contentLength: limit + 1))
        _ = state.requestBody(1, start)
        let saysClose = state.responseHead()
        #expect(!saysClose)
    }

    @Test func soMuchOfARestIsThrownAwayAndNotOneByteMore() {
        let limits = HTTPEdgeLimits()
        var state = open()
        _ = state.requestHead(Facts(hasBody: true))
        _ = state.responseHead()
        _ = state.responseEnd(start)
        let written = state.finalAnswerWritten()
        #expect(written == .halfCloseAndDrain)
        let most = state.requestBody(limits.drainBytes, start)
        let more = state.requestBody(1, start)
        #expect(most == .discard && more == .close)
        // Nor longer than the bound in time.
        var slow = open()
        _ = slow.requestHead(Facts(hasBody: true))
        _ = slow.responseHead()
        _ = slow.responseEnd(start)
        _ = slow.finalAnswerWritten()
        #expect(slow.deadline == start + TimeAmount(limits.drainTime))
        let early = slow.timeout(start + TimeAmount(limits.drainTime) - .nanoseconds(1), waitingBytes: 0)
        let late = slow.timeout(start + TimeAmount(limits.drainTime), waitingBytes: 0)
        #expect(early == .nothing && late == .close)
    }

    /// Slow is not stalled: as long as the least pace is kept, the answer goes on.
    @Test func aSlowReaderIsGivenTime() {
        var state = open()
        _ = state.requestHead(Facts(isKeepAlive: false))
        _ = state.requestEnd()
        _ = state.responseHead()
        state.writability(false, waitingBytes: 10_000, start)
        _ = state.responseEnd(start)
        #expect(state.deadline == start + .seconds(30))
        let moving = state.timeout(start + .seconds(30), waitingBytes: 10_000 - 4_096)
        #expect(moving == .nothing && state.deadline == start + .seconds(60))
        state.writability(true, waitingBytes: 10, start + .seconds(40))
        #expect(state.deadline == start + .seconds(50))
        state.writability(false, waitingBytes: 10_000, start + .seconds(41))
        let stalled = state.timeout(start + .seconds(71), waitingBytes: 10_000 - 4_095)
        #expect(stalled == .close)
    }
}
