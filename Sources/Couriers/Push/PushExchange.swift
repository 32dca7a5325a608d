// SPDX-License-Identifier: Apache-2.0
import Delivery
import Exchange
import Hub
import NIOCore
import NIOHTTP1
import Synchronization

/// One request and its answer on a connection that stands.
final class PushExchange: Sendable {
    /// Most bytes that are written at once: the pace is looked at after each write.
    static let pieceLength = 64 << 10

    /// The endpoint says that it has a package of which it cannot have all.
    struct AnsweredTooEarly: Error {
        let status: Int
    }

    private struct Progress {
        var isAllSent: Bool
        /// Why the content could not be read to its end.
        var contentProblem: Refusal?
    }

    private let parcel: Parcel
    private let request: PushRequest
    private let limits: PushLimits
    private let watch: AttemptWatch
    private let line: Line
    private let progress: Mutex<Progress>

    init(_ parcel: Parcel, _ request: PushRequest, limits: PushLimits, watch: AttemptWatch, line: Line) {
        self.parcel = parcel
        self.request = request
        self.limits = limits
        self.watch = watch
        self.line = line
        progress = Mutex(Progress(isAllSent: parcel.length == 0))
    }

    /// Sends the request and reads the answer, which may come before all is sent.
    ///
    /// - Throws: `Refusal` when the content turned out damaged: then its last bytes were withheld and the connection was
    ///   cut, so that nobody takes what arrived for a package; `AnsweredTooEarly`; else what became of the connection.
    func run(on channel: Line.Channel) async throws -> PushAnswer {
        do {
            return try await channel.executeThenClose { inbound, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await self.send(channel.channel) }
                    do {
                        let answer = try await self.receive(inbound)
                        // What is still to be sent nobody wants.
                        if !self.progress.withLock({ $0.isAllSent }) {
                            group.cancelAll()
                            self.line.abort()
                        }
                        return answer
                    } catch {
                        // Nothing is to be waited for any more; the sending may be stuck.
                        self.line.abort()
                        throw error
                    }
                }
            }
        } catch {
            throw progress.withLock { $0.contentProblem } ?? error
        }
    }

    private func send(_ channel: any Channel) async {
        do {
            watch.expect("nothing of the package could be sent", within: limits.idle)
            try await write(.head(request.head), on: channel)
            try await sendContent(channel)
            try await write(.end(nil), on: channel)
        } catch is Line.Lost {
            // An answer may have come before that: whoever reads knows.
        } catch is CancellationError {
            // Nobody wants the package any more.
        } catch {
            progress.withLock { $0.contentProblem = PushRequest.contentProblem(error) }
            line.abort()
        }
        watch.expect("no answer", within: limits.answer)
    }

    /// Writes a piece when the kernel has taken the one before: so no more than one waits in memory, and what counts as
    /// sent is sent.
    private func sendContent(_ channel: any Channel) async throws {
        var rest = parcel.length
        try await parcel.content().forEach { chunk in
            guard chunk.count <= rest else { throw Refusal(.contentDamaged, "more bytes than were accepted") }
            var bytes = chunk[...]
            while !bytes.isEmpty {
                let piece = bytes.prefix(Self.pieceLength)
                bytes = bytes.dropFirst(piece.count)
                rest -= piece.count
                try await write(.body(.byteBuffer(ByteBuffer(bytes: piece))), on: channel, isLast: rest == 0)
                watch.expect("nothing of the package could be sent", within: limits.idle)
            }
        }
        // Cancelled, a stream may just end.
        try Task.checkCancellation()
        guard rest == 0 else { throw Refusal(.contentDamaged, "fewer bytes than were accepted") }
    }

    /// Returns when the kernel has all of it.
    private func write(_ part: HTTPClientRequestPart, on channel: any Channel, isLast: Bool = false) async throws {
        let written = channel.eventLoop.makePromise(of: Void.self)
        if isLast {
            // Asked for before the write is, so that the event loop tells it before it reads the answer.
            written.futureResult.whenSuccess { self.progress.withLock { $0.isAllSent = true } }
        }
        channel.writeAndFlush(part, promise: written)
        do { try await written.futureResult.get() } catch { throw Line.Lost() }
    }

    private func receive(_ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> PushAnswer {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
        for try await part in inbound {
            switch part {
            case .head(let received):
                let status = Int(received.status.code)
                let claimsAll = (200..<300).contains(status) || status == 409
                guard !claimsAll || progress.withLock({ $0.isAllSent }) else {
                    throw AnsweredTooEarly(status: status)
                }
                head = received
            case .body(let buffer):
                body += buffer.readableBytesView.prefix(PushReceipt.maxLength + 1 - body.count)
                if let head, body.count > PushReceipt.maxLength {
                    // Whatever else it says, it is too long.
                    line.abort()
                    return PushAnswer(head, body)
                }
            case .end:
                if let head { return PushAnswer(head, body) }
            }
        }
        throw Line.Lost()
    }
}

extension PushAnswer {
    fileprivate init(_ head: HTTPResponseHead, _ body: [UInt8]) {
        self.init(
            status: Int(head.status.code), retryAfter: head.headers.first(name: "retry-after"), body: body)
    }
}
