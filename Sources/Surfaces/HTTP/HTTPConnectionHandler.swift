// SPDX-License-Identifier: Apache-2.0
import Exchange
import NIOCore
import NIOHTTP1

/// Why a request body ends early; what the reader of the body gets thrown.
enum RequestBodyProblem: Error {
    /// The connection ended, or its framing broke, before the end of the body.
    case incomplete
    /// The client fell below the least pace.
    case tooSlow
}

/// A whole answer that the edge gives without asking the service.
struct EdgeNotice: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]
}

/// The shell around `HTTPConnectionState`: stands between NIO's HTTP/1 codec and everything above it, where the
/// protocol version and the raw end of the connection can still be seen.
final class HTTPConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var state: HTTPConnectionState
    private let seat: ConnectionSeat?
    private let notice: @Sendable (Refusal) -> EdgeNotice
    private var timer: (deadline: NIODeadline, scheduled: Scheduled<Void>)?

    /// - Parameters:
    ///   - seat: the connection's place; nil where connections are not counted.
    ///   - notice: makes the answers that the edge gives by itself.
    init(
        limits: HTTPEdgeLimits, now: NIODeadline, seat: ConnectionSeat? = nil,
        notice: @escaping @Sendable (Refusal) -> EdgeNotice
    ) {
        state = HTTPConnectionState(limits: limits, now: now)
        self.seat = seat
        self.notice = notice
    }

    func handlerAdded(context: ChannelHandlerContext) { reschedule(context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.scheduled.cancel() }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard isServed(head) else { return refuse(Refusal(.overloaded, "all connections are at work"), context) }
            if let problem = RequestHeadCheck.problem(head) {
                let isAnswered = state.refuseHead(Self.facts(head))
                return isAnswered ? refuse(Refusal(.parameterInvalid, problem), context) : reschedule(context)
            }
            guard case .forward(let sendContinue) = state.requestHead(Self.facts(head)) else { return }
            seat?.busy()
            // One request, so that the next who asks finds a place.
            if seat?.isReserved == true { _ = state.quiesce() }
            context.fireChannelRead(data)
            if sendContinue { writeContinue(context) }
        case .body(let buffer):
            perform(state.requestBody(buffer.readableBytes, context.eventLoop.now), data, context)
        case .end:
            perform(state.requestEnd(), data, context)
        }
        reschedule(context)
    }

    /// On a reserved connection only the paths of health, and one of them.
    private func isServed(_ head: HTTPRequestHead) -> Bool {
        guard seat?.isReserved == true, state.isIdle, state.acceptsAnswers else { return true }
        let path = head.uri.prefix { $0 != "?" }
        return HTTPEdgeLimits.reservedPaths.contains(String(path))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Above, a full buffer that nobody reads any more would hold reads back for ever.
        if state.discardsInput { context.read() }
    }

    func read(context: ChannelHandlerContext) {
        guard !state.inputIsOver else { return }
        state.willRead(context.eventLoop.now)
        reschedule(context)
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(state.inputFailed(.ended), context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            if state.quiesce() { context.close(promise: nil) }
            return
        case is ConnectionGivesWay:
            if state.giveWay() { context.close(promise: nil) }
            return
        case ChannelEvent.inputClosed:
            perform(state.inputFailed(.ended), context)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case ByteToMessageDecoderError.dataReceivedInErrorState(_, let buffer):
            if state.discard(buffer.readableBytes) == .close { context.close(promise: nil) }
        case is HTTPParserError:
            perform(state.inputFailed(.notHTTP), context)
        default:
            context.fireErrorCaught(error)
        }
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state.acceptsAnswers else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where !head.status.isInformational:
            if state.answersHTTP10 { head.version = .http1_0 }
            if state.responseHead() { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        case .end:
            writeEnd(context, data, promise)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writability(
            context.channel.isWritable, waitingBytes: Self.waitingBytes(context), context.eventLoop.now)
        reschedule(context)
        context.fireChannelWritabilityChanged()
    }

    private func writeEnd(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        switch state.responseEnd(context.eventLoop.now) {
        case .keepAlive(let sendContinue):
            let written = promise ?? context.eventLoop.makePromise()
            written.futureResult.assumeIsolated().whenComplete { _ in self.noteIdle() }
            context.write(data, promise: written)
            if sendContinue { writeContinue(context) }
        case .closeWhenWritten:
            let written = promise ?? context.eventLoop.makePromise()
            // Closing before that would throw the unwritten part of the answer away.
            written.futureResult.assumeIsolated().whenComplete { _ in self.finalAnswerWritten(context) }
            context.writeAndFlush(data, promise: written)
            if state.discardsInput { context.read() }
        }
        reschedule(context)
    }

    /// Not before the last byte is written: who is idle may be closed for another.
    private func noteIdle() {
        if state.isIdle { seat?.idle() }
    }

    private func finalAnswerWritten(_ context: ChannelHandlerContext) {
        noteIdle()
        switch state.finalAnswerWritten() {
        case .close:
            context.close(promise: nil)
        case .halfCloseAndDrain:
            context.close(mode: .output, promise: nil)
            context.read()
        }
        reschedule(context)
    }

    private func writeContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    /// Answers what came by itself, as the last answer of the connection.
    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        state.beginMalformedAnswer()
        let notice = notice(refusal)
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: notice.status))
        for (name, value) in notice.fields { head.headers.add(name: name, value: value) }
        head.headers.replaceOrAdd(name: "Content-Length", value: String(notice.body.count))
        write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(bytes: notice.body)
        write(context: context, data: wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: Doing what the state says

    private func perform(_ action: HTTPConnectionState.PartAction, _ data: NIOAny, _ context: ChannelHandlerContext) {
        switch action {
        case .forward: context.fireChannelRead(data)
        case .discard: break
        case .close: context.close(promise: nil)
        }
    }

    private func perform(_ action: HTTPConnectionState.FailureAction, _ context: ChannelHandlerContext) {
        switch action {
        case .reportIncomplete: context.fireErrorCaught(RequestBodyProblem.incomplete)
        case .reportTooSlow: context.fireErrorCaught(RequestBodyProblem.tooSlow)
        case .answerMalformed:
            refuse(Refusal(.parameterInvalid, "not an HTTP/1.1 request, or its head is over the limits"), context)
        case .close: context.close(promise: nil)
        case .nothing: break
        }
        reschedule(context)
    }

    /// Sees to it that the timer rings no later than the state's next deadline.
    ///
    /// It is left alone when it rings earlier: on a busy connection that saves one timer per read.
    private func reschedule(_ context: ChannelHandlerContext) {
        guard let deadline = state.deadline else { return }
        if let timer, timer.deadline <= deadline { return }
        timer?.scheduled.cancel()
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.ring(context) }
        timer = (deadline, scheduled)
    }

    private func ring(_ context: ChannelHandlerContext) {
        timer = nil
        guard context.channel.isActive else { return }
        perform(state.timeout(context.eventLoop.now, waitingBytes: Self.waitingBytes(context)), context)
    }

    private static func waitingBytes(_ context: ChannelHandlerContext) -> Int {
        // A channel that cannot tell counts as not moving.
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? .max
    }

    private static func facts(_ head: HTTPRequestHead) -> HTTPConnectionState.RequestFacts {
        let length = declaredLength(head.headers.first(name: "Content-Length"))
        let isChunked = head.headers.contains(name: "Transfer-Encoding")
        return HTTPConnectionState.RequestFacts(
            isHTTP11: head.version.major > 1 || (head.version.major == 1 && head.version.minor >= 1),
            isKeepAlive: head.isKeepAlive && !RequestHeadCheck.asksForOtherProtocol(head),
            endsInput: RequestHeadCheck.asksForOtherProtocol(head),
            hasBody: isChunked || (length ?? 0) > 0,
            contentLength: isChunked ? nil : length,
            expectsContinue: head.headers[canonicalForm: "Expect"].contains { $0.lowercased() == "100-continue" })
    }
}

extension HTTPResponseStatus {
    fileprivate var isInformational: Bool { (100..<200).contains(code) }
}
