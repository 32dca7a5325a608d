// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Below TLS: tells a client that speaks plain HTTP what it does wrong, where TLS would only cut the connection.
///
/// TLS begins with the byte 22, a request with a letter; so the first byte decides, and from then on this is not there
/// or throws away what comes. The handshake's deadline ends the connection.
final class PlainHTTPHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that are read and thrown away so that the client gets to read the answer.
    static let drainBytes = 1 << 20

    private let answer: @Sendable () -> EdgeNotice
    private var discarded = 0
    private var isPlain = false

    init(answer: @escaping @Sendable () -> EdgeNotice) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard !isPlain else { return discard(bytes.readableBytes, context) }
        guard let first = bytes.readableBytesView.first else { return }
        guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            return
        }
        isPlain = true
        let notice = answer()
        var head = "HTTP/1.1 \(notice.status) Bad Request\r\n"
        for (name, value) in notice.fields { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(notice.body.count)\r\nConnection: close\r\n\r\n"
        var buffer = context.channel.allocator.buffer(string: head)
        buffer.writeBytes(notice.body)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
        discard(bytes.readableBytes, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isPlain, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func discard(_ count: Int, _ context: ChannelHandlerContext) {
        discarded += count
        if discarded > Self.drainBytes { context.close(promise: nil) }
    }
}
