// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL
import NIOTLS
import Trust

extension TLSGuard {
    /// Puts TLS below everything else of a connection that was just accepted; on its event loop.
    ///
    /// - Parameter plainHTTP: makes the answer to a request that comes without TLS.
    func secure(_ channel: any Channel, plainHTTP: @escaping @Sendable () -> EdgeNotice) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(PlainHTTPHandler(answer: plainHTTP))
        try pipeline.addHandler(NIOSSLServerHandler(context: current.context))
        try pipeline.addHandler(TLSHandshakeHandler(handshakeTime: TimeAmount(handshakeTime)))
    }

    /// SHA-256 over the public key (SubjectPublicKeyInfo) of the certificate that the peer has shown; nil for none.
    ///
    /// It was verified by the client roots, or there would be no connection.
    func peerKey(_ channel: any Channel) async -> SHA256Digest? {
        guard current.asksForCertificate,
            let certificate = try? await channel.nioSSL_peerCertificate().get()
        else { return nil }
        return ClientCertificate.keyDigest(certificate)
    }
}

/// Right above TLS: ends a handshake that takes too long, and keeps from the layers above what is TLS's alone.
final class TLSHandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handshakeTime: TimeAmount
    private var deadline: Scheduled<Void>?

    init(handshakeTime: TimeAmount) { self.handshakeTime = handshakeTime }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTime) { self.giveUp(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { deadline?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown, NIOSSLError.handshakeFailed:
            // The end of the input follows, and HTTP knows by its framing whether something is missing; a client that
            // only half-closed still gets its answer.
            break
        default:
            context.fireErrorCaught(error)
        }
    }

    private func giveUp(_ context: ChannelHandlerContext) {
        // From below TLS: above it, closing would wait for the peer's goodbye.
        if let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
            tls.close(promise: nil)
        } else {
            context.close(promise: nil)
        }
    }
}
