// SPDX-License-Identifier: Apache-2.0
import Exchange
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Trust

/// One connection to one address that was judged before: nothing is looked up here, so nothing can change in between.
///
/// Not AsyncHTTPClient: that looks names up itself, can be held to an address only by a client of its own for each, and
/// has no limit for a peer that does not read (its limit for writing is one for the sender).
final class Line: Sendable {
    typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// The connection ended before it could be used, or before the answer did.
    struct Lost: Error {}

    /// What the kernel may hold of what is sent, in bytes: what stands there counts as sent although it may be stuck.
    /// Enough for 100 Mbit/s over 20 ms.
    static let sendBuffer = 256 << 10

    private struct State {
        var channel: (any NIOCore.Channel)?
        var isAborted = false
    }

    private let state = Mutex(State())

    /// Connects, with TLS where there is a context, until the peer's certificate has been verified.
    ///
    /// - Parameters:
    ///   - serverName: the name that the certificate must have; nil where it must have the address.
    ///   - limit: for TCP alone.
    func connect(
        to address: IPAddress, port: Int, tls: NIOSSLContext?, serverName: String?, limit: Duration
    ) async throws -> Channel {
        let target = try SocketAddress(ipAddress: address.description, port: port)
        let loops = MultiThreadedEventLoopGroup.singleton
        let handshake = loops.any().makePromise(of: Void.self)
        let channel: any NIOCore.Channel
        do {
            channel = try await ClientBootstrap(group: loops)
                .connectTimeout(.nanoseconds(limit.nanoseconds))
                .channelOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try self.adopt(channel)
                        let pipeline = channel.pipeline.syncOperations
                        if let tls {
                            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName))
                            try pipeline.addHandler(HandshakeHandler(handshake, serverName))
                        }
                        try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                    }
                }
                .connect(to: target).get()
        } catch {
            handshake.fail(error)
            throw error
        }
        if tls == nil { handshake.succeed() }
        try await handshake.futureResult.get()
        return try await channel.eventLoop.submit {
            guard channel.isActive else { throw Lost() }
            return try Channel(wrappingChannelSynchronously: channel)
        }.get()
    }

    /// Ends the connection at once with a reset, at any stage and from any thread: no end of TLS is said, and nothing that
    /// still waits is sent. A peer that does not read would keep the kernel waiting with it for minutes otherwise.
    func abort() {
        let channel = state.withLock { state in
            state.isAborted = true
            return state.channel
        }
        guard let channel else { return }
        channel.eventLoop.execute {
            // On its event loop this is done when it returns; where it fails, the end is an ordinary one.
            _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            // Closing from here on leaves out the handlers behind, TLS among them, which would say goodbye first.
            if let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) {
                tls.close(promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
    }

    private func adopt(_ channel: any NIOCore.Channel) throws {
        let isAborted = state.withLock { state in
            state.channel = channel
            return state.isAborted
        }
        if isAborted { throw CancellationError() }
    }
}

/// Tells when TLS stands with a certificate of the right name, or that it never will.
///
/// NIOSSL verifies chain, time and name; but where a name was asked for, it also takes a certificate for the address that
/// is connected to, and so would believe whoever can forge an answer of DNS and gets a certificate for his own address.
private final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let done: EventLoopPromise<Void>
    private let serverName: String?

    init(_ done: EventLoopPromise<Void>, _ serverName: String?) {
        self.done = done
        self.serverName = serverName
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            if isRightServer(context) {
                done.succeed()
            } else {
                done.fail(NIOSSLExtraError.failedToValidateHostname)
                context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func isRightServer(_ context: ChannelHandlerContext) -> Bool {
        guard let serverName else { return true }
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()?.toDERBytes()
        return ServerCertificate.isFor(serverName, der: certificate ?? [])
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(Line.Lost())
        context.fireChannelInactive()
    }
}

extension Duration {
    /// Whole nanoseconds, held within what 64 bits can say.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return Int64(clamping: Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000))
    }
}
