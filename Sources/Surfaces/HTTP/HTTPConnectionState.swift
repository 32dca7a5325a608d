// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// What to do with one HTTP/1 connection. Pure: `HTTPConnectionHandler` tells it what happens and does what it answers.
///
/// It keeps four promises that the layers above and below do not make: `100 Continue` at once, no reset over an early
/// answer, an end to clients that stall, and an error for a body that breaks off (Hummingbird takes a closed
/// connection for the end of the body).
struct HTTPConnectionState {
    /// What the head of a request says about its connection and its body.
    struct RequestFacts {
        var isHTTP11 = true
        var isKeepAlive = true
        /// After it the parser reads nothing any more and keeps whatever comes.
        var endsInput = false
        var hasBody = false
        /// Nil for a chunked body.
        var contentLength: Int?
        var expectsContinue = false
    }

    enum HeadAction: Equatable {
        case forward(sendContinue: Bool)
        case drop
    }

    enum PartAction: Equatable { case forward, discard, close }

    enum EndAction: Equatable {
        case keepAlive(sendContinue: Bool)
        /// Close, or half-close and drain, when the last byte of the answer is written.
        case closeWhenWritten
    }

    enum WrittenAction: Equatable { case close, halfCloseAndDrain }

    enum InputFailure { case notHTTP, ended }

    enum FailureAction: Equatable {
        /// The body cannot be finished: tell the reader of the body.
        case reportIncomplete
        case reportTooSlow
        /// What came is no request: answer it.
        case answerMalformed
        case close
        case nothing
    }

    private enum Phase {
        case open
        /// The last answer was given, its bytes are on their way.
        case closing
        /// Written; what the client still sends is thrown away.
        case draining
        case closed
    }

    private let limits: HTTPEdgeLimits
    private var phase = Phase.open
    /// Requests that came and are not answered to the end.
    private var owed = 0
    private var latest = RequestFacts()
    /// A request has begun and its end has not come.
    private var isReading = false
    private var restBytes: Int?
    private var bodyFailed = false
    /// A request came that will not be answered; it and all after it are thrown away.
    private var refusesInput = false
    private var inputEnded = false
    private var continueOwed = false
    /// The next answer, or the one that is being given, is the last.
    private var mustClose = false
    private var drainedBytes = 0
    private var pace: BodyPace
    private var idleSince: NIODeadline
    private var closingSince: NIODeadline?
    /// Since when, and with how many bytes waiting, the client takes less than the hub has for it.
    private var congestion: (since: NIODeadline, bytes: Int)?

    init(limits: HTTPEdgeLimits, now: NIODeadline) {
        self.limits = limits
        idleSince = now
        pace = BodyPace(window: TimeAmount(limits.paceWindow), minBytes: limits.paceBytes)
    }

    /// Whether what comes is thrown away, so that somebody must go on reading.
    var discardsInput: Bool { !inputIsOver && (phase == .closing || phase == .draining) }

    /// Whether nothing may be read any more, because it would be kept and never looked at.
    private(set) var inputIsOver = false
    /// `RequestFacts.endsInput` of the request that came last, served or not.
    private var endsInput = false

    /// Whether an answer may still be written; after the one that closes, no other.
    var acceptsAnswers: Bool { phase == .open }

    /// Whether the answer that is due must be framed for HTTP/1.0 (no chunks, end of connection as end of body).
    var answersHTTP10: Bool { owed == 1 && !latest.isHTTP11 }

    // MARK: The request

    mutating func requestHead(_ facts: RequestFacts) -> HeadAction {
        endsInput = facts.endsInput
        guard phase == .open, !mustClose, owed == 0 || (latest.isKeepAlive && latest.isHTTP11) else {
            refusesInput = true
            isReading = true
            return .drop
        }
        owed += 1
        latest = facts
        isReading = true
        restBytes = facts.hasBody ? facts.contentLength : 0
        pace = BodyPace(window: TimeAmount(limits.paceWindow), minBytes: limits.paceBytes)
        // RFC 9110 §10.1.1: ignored from HTTP/1.0 and without content. Too large a body is not asked for: the refusal
        // is then the first and final answer. Other expectations than 100-continue may be ignored and are.
        let wants =
            facts.expectsContinue && facts.isHTTP11 && facts.hasBody && (facts.contentLength ?? 0) <= limits.bodyBytes
        // Before the answers to earlier requests it would stand in the middle of one of them.
        continueOwed = wants && owed > 1
        return .forward(sendContinue: wants && owed == 1)
    }

    /// A head came that is not to be served; nothing after it is.
    ///
    /// - Returns: whether to answer it now. If not, answers are due to earlier requests, and the last of them closes.
    mutating func refuseHead(_ facts: RequestFacts) -> Bool {
        endsInput = facts.endsInput
        guard phase == .open, !refusesInput else { return false }
        refusesInput = true
        isReading = true
        mustClose = true
        return owed == 0
    }

    mutating func requestBody(_ count: Int, _ now: NIODeadline) -> PartAction {
        restBytes = restBytes.map { $0 - count }
        pace.received(count, now)
        guard phase == .open, !refusesInput else { return discard(count) }
        return bodyFailed ? .discard : .forward
    }

    mutating func requestEnd() -> PartAction {
        isReading = false
        if endsInput { inputIsOver = true }
        continueOwed = false
        switch phase {
        case .open: return refusesInput ? .discard : .forward
        case .closing: return .discard
        case .draining, .closed:
            phase = .closed
            return .close
        }
    }

    /// Counts bytes that nobody will look at.
    mutating func discard(_ count: Int) -> PartAction {
        drainedBytes += count
        guard discardsInput, drainedBytes > limits.drainBytes else { return .discard }
        phase = .closed
        return .close
    }

    /// The hub asks the client for more.
    mutating func willRead(_ now: NIODeadline) {
        if isReading, phase == .open { pace.beginWait(now) }
    }

    // MARK: The answer

    /// - Returns: whether the answer must say `Connection: close`.
    mutating func responseHead() -> Bool {
        if owed == 1 {
            let restIsSmall = !bodyFailed && (restBytes ?? .max) <= limits.keepAliveRestBytes
            if !latest.isKeepAlive || !latest.isHTTP11 || (isReading && !restIsSmall) { mustClose = true }
        }
        return mustClose
    }

    mutating func responseEnd(_ now: NIODeadline) -> EndAction {
        owed = max(0, owed - 1)
        idleSince = now
        if mustClose {
            phase = .closing
            closingSince = now
            return .closeWhenWritten
        }
        defer { if owed == 1 { continueOwed = false } }
        return .keepAlive(sendContinue: continueOwed && owed == 1)
    }

    mutating func finalAnswerWritten() -> WrittenAction {
        guard isReading, !inputEnded, phase == .closing else {
            phase = .closed
            return .close
        }
        phase = .draining
        return .halfCloseAndDrain
    }

    /// The answer to something that was no request, given by the handler itself.
    mutating func beginMalformedAnswer() {
        owed = 1
        latest = RequestFacts()
        isReading = true
        bodyFailed = true
        mustClose = true
    }

    /// The client has fallen behind with reading, or has caught up.
    ///
    /// - Parameter waitingBytes: what waits to be written.
    mutating func writability(_ isWritable: Bool, waitingBytes: Int, _ now: NIODeadline) {
        if isWritable {
            congestion = nil
            if phase == .closing { closingSince = now }
        } else if congestion == nil {
            congestion = (now, waitingBytes)
        }
    }

    // MARK: Ends

    mutating func inputFailed(_ failure: InputFailure) -> FailureAction {
        if failure == .ended { inputEnded = true }
        switch phase {
        case .closing, .closed: return .nothing
        case .draining:
            guard failure == .ended else { return .nothing }
            phase = .closed
            return .close
        case .open: break
        }
        if isReading, owed > 0 {
            guard !bodyFailed, !refusesInput else { return .nothing }
            bodyFailed = true
            mustClose = true
            return .reportIncomplete
        }
        if owed > 0 {
            mustClose = true
            return .nothing
        }
        if failure == .notHTTP, !isReading { return .answerMalformed }
        phase = .closed
        return .close
    }

    /// The server stops.
    ///
    /// - Returns: whether to close now; if not, after the answer that is due.
    mutating func quiesce() -> Bool {
        guard phase == .open else { return false }
        mustClose = true
        guard owed == 0 else { return false }
        phase = .closed
        return true
    }

    /// Whether nobody works for this connection: no request has come whole that is not answered.
    var isIdle: Bool { owed == 0 }

    /// The connection has to make room for another one.
    ///
    /// - Returns: whether to close now; if not, after the answer that is due: a request came in the same moment.
    mutating func giveWay() -> Bool {
        mustClose = true
        guard owed == 0 else { return false }
        phase = .closed
        return true
    }

    // MARK: Time

    /// When `timeout` is to be asked next; nil while there is nothing to wait for.
    var deadline: NIODeadline? { deadlines.compactMap { $0 }.min() }

    /// Does what is due at this time.
    ///
    /// - Parameter waitingBytes: what waits to be written: when it has become less, the client is slow but not stalled.
    mutating func timeout(_ now: NIODeadline, waitingBytes: Int) -> FailureAction {
        if let congestion, waitingBytes <= congestion.bytes - limits.writePaceBytes, let stallDeadline,
            now >= stallDeadline
        {
            self.congestion = (now, waitingBytes)
        }
        let (idle, drain, stall) = (idleDeadline, drainDeadline, stallDeadline)
        if [idle, drain, stall].contains(where: { $0.map { now >= $0 } ?? false }) {
            phase = .closed
            return .close
        }
        guard paceDeadline != nil, pace.endWindow(now) else { return .nothing }
        guard owed > 0 else {
            phase = .closed
            return .close
        }
        bodyFailed = true
        mustClose = true
        return .reportTooSlow
    }

    private var deadlines: [NIODeadline?] { [idleDeadline, drainDeadline, stallDeadline, paceDeadline] }

    private var idleDeadline: NIODeadline? {
        phase == .open && owed == 0 && !isReading ? idleSince + TimeAmount(limits.idleTime) : nil
    }

    private var drainDeadline: NIODeadline? {
        // While much waits to be written, the stall of the client is what is watched.
        discardsInput && congestion == nil ? closingSince.map { $0 + TimeAmount(limits.drainTime) } : nil
    }

    private var stallDeadline: NIODeadline? {
        phase == .closed ? nil : congestion.map { $0.since + TimeAmount(limits.writeStallTime) }
    }

    private var paceDeadline: NIODeadline? {
        phase == .open && isReading && !bodyFailed && !refusesInput ? pace.deadline : nil
    }
}
